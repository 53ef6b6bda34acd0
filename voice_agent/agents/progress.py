"""What a server tells of its progress, in words for the ear (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voice_agent.bridge.cleaning import clean

if TYPE_CHECKING:
    from voice_agent.agents.sentences import Sentences
    from voice_agent.bridge.types import Progress

_LONGEST = 120


def in_words(progress: Progress, sentences: Sentences) -> str:
    """Return one sentence; the server's own where it has one, empty where there is nothing to tell."""
    message = clean(progress.message or "", _LONGEST, one_line=True).strip()
    if message:
        sentence = message[:1].upper() + message[1:]
        return sentence if sentence[-1] in ".!?…" else f"{sentence}."
    if progress.total and progress.total > 0 and 0 < progress.done < progress.total:
        return sentences("percent", percent=str(round(100 * progress.done / progress.total)))
    return ""
