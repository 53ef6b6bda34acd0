"""What Whisper understood, how far it can be believed, and what of it nobody said. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum

SURE = -0.3
"""Score from which a short window is as good as the full one (benchmarks/ears_accuracy.py)."""


class Window(Enum):
    """Frames of 10 ms that Whisper encodes, whatever the length of the sound."""

    SHORT = 1000
    MIDDLE = 1500
    FULL = 3000

    @classmethod
    def for_guess(cls, seconds: float) -> Window:
        """The shortest that leaves silence behind the sound: Whisper goes on talking where there is none."""
        return next((window for window in cls if seconds <= window.value / 100 - 2), cls.FULL)


@dataclass(frozen=True, slots=True)
class Heard:
    """What was understood of one stretch of sound."""

    text: str
    score: float
    """Mean log probability of a token; 0.0 is certain."""
    no_speech: float
    """Probability that nobody spoke."""
    seconds: float
    """Length of the sound."""
    window: Window = Window.FULL

    @property
    def is_final(self) -> bool:
        """Whether looking again with the full window is of no use."""
        if self.window is Window.FULL:
            return True
        words = _WORD.findall(self.text.casefold())
        half = len(words) // 2
        is_doubled = half > 1 and words[:half] == words[half:]
        return bool(words) and self.score >= SURE and not is_doubled


_STOCK = {
    "you", "thank you", "thanks", "thank you very much", "thank you so much", "thanks for watching", "bye", "bye bye",
    "thank you for watching", "please subscribe", "okay", "oh", "so", "the end", "hmm", "mm", "uh", "i", "and", "yeah",
    "subtitles by the amara org community", "i'm sorry",
}  # fmt: skip
"""What it writes into noise, in lower case without marks."""
_SIGNS = re.compile(r"\[[^\]]*\]|\([^)]*\)|\*[^*]*\*|[♪♫]+|<\|[^|]*\|>")
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_FASTEST = 8.0
"""Words a second that a person may say."""
_NOBODY = 0.6
"""Probability that nobody spoke from which a text needs a good score."""


def cleaned(heard: Heard) -> Heard:
    """Take out what nobody said; the text is empty where nothing is left."""
    text = " ".join(_SIGNS.sub(" ", heard.text).split())
    words = _WORD.findall(text.casefold())
    if not words or _is_made_up(words, heard) or _loops(words):
        text = ""
    return replace(heard, text=text)


def _loops(words: list[str]) -> bool:
    """Whether one to eight words come again and again: the loop that Whisper falls into."""
    for size in range(1, 9):
        times = 6 if size == 1 else 4
        same = 0
        for index in range(size, len(words)):
            same = same + 1 if words[index] == words[index - size] else 0
            if same >= (times - 1) * size:
                return True
    return False


def _is_made_up(words: list[str], heard: Heard) -> bool:
    if len(words) > 2 + _FASTEST * heard.seconds:
        return True
    if heard.no_speech > _NOBODY and heard.score < SURE:
        return True
    return " ".join(words) in _STOCK and (heard.no_speech > _NOBODY / 2 or heard.score < 2 * SURE)
