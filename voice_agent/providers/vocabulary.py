"""The vocabulary on its way to the recogniser: Deepgram's key terms, Whisper's prompt."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from voice_agent.providers.stack import Member

SETTLE = 1.5
"""Seconds without a further change before a recogniser that reconnects for it is told."""
_MAX_TERMS = 100
_MAX_CHARACTERS = 1500
"""About the 500 tokens that Deepgram allows (developers.deepgram.com/docs/keyterm)."""


class Vocabulary:
    """Tells every recogniser of a stack; those that reconnect at each change only once the words have settled."""

    def __init__(self, ears: Sequence[Member], *, settle: float = SETTLE) -> None:
        self._ears = ears
        self._settle = settle
        self._words: tuple[str, ...] = ()
        self._told: tuple[str, ...] = ()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether somebody is still to be told of the last change."""
        return self._timer is not None

    def set(self, words: Iterable[str]) -> None:
        """Replace the words, the likeliest first. The first are told at once, later ones when they have settled."""
        self._words = tuple(dict.fromkeys(clean for word in words if (clean := " ".join(word.split()))))
        for ear in self._ears:
            if ear.candidate.provider != "deepgram":
                _tell(ear, self._words)
        if not any(ear.candidate.provider == "deepgram" for ear in self._ears):
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._told:
            self._tell_deepgram()
        elif self._words != self._told:
            self._timer = asyncio.get_running_loop().call_later(self._settle, self._tell_deepgram)

    def close(self) -> None:
        """Tell nobody any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tell_deepgram(self) -> None:
        self._timer = None
        self._told = self._words
        for ear in self._ears:
            if ear.candidate.provider == "deepgram":
                _tell(ear, self._words)


def _tell(ear: Member, words: tuple[str, ...]) -> None:
    recogniser: Any = ear.instance
    if ear.candidate.provider in ("openai", "openai-compatible"):
        recogniser.update_options(prompt=", ".join(_within_limits(words)))
    elif ear.candidate.provider == "offline":
        recogniser.set_vocabulary(words)
    elif ear.candidate.model.startswith("nova-3"):
        # LiveKit's own seam for words that change: unlike `update_options`, it waits for the end of an utterance.
        recogniser._update_session_keyterms(list(_within_limits(words)))  # noqa: SLF001


def _within_limits(words: Sequence[str]) -> Iterable[str]:
    room = _MAX_CHARACTERS
    for word in words[:_MAX_TERMS]:
        room -= len(word) + 1
        if room < 0:
            return
        yield word
