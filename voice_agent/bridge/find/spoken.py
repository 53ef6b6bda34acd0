"""What people say, and the words that tools have for it: `spoken.txt`, general to any catalog."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from voice_agent.bridge.find.text import content, stem, stems

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_NOTHING = "-"
"""Stands in place of tool words: what no tool does."""
_NOTED = "+"
"""The same: what is said to have something noted down."""
_LONGEST_NOTED = 4
"""Words of the longest phrase of that kind."""
_SEVERAL = 1.5
"""How much more a phrase of several words tells than one word."""
_MOST = 2.0


@dataclass(frozen=True, slots=True)
class Line:
    """One sense: words of tools, and phrases of people."""

    tools: str
    stems: tuple[str, ...]
    """Of the words of tools."""
    said: str


class Spoken:
    """The phrases of people, to be found in requests."""

    def __init__(self, text: str) -> None:
        """Read lines `words of tools: phrase, phrase, …`; `#` begins a comment.

        `-:` phrases that no tool serves; `+:` those by which people have something noted down.
        """
        self.lines: list[Line] = []
        self.nothing: list[str] = []
        self._noted: set[tuple[str, ...]] = set()
        self._phrases: dict[tuple[str, ...], list[int]] = {}
        for line in text.splitlines():
            tools, colon, said = line.partition("#")[0].partition(":")
            if not colon:
                continue
            phrases = [phrase.strip() for phrase in said.split(",")]
            if tools.strip() == _NOTHING:
                self.nothing.extend(phrases)
                continue
            if tools.strip() == _NOTED:
                self._noted.update(tuple(stems(phrase)) for phrase in phrases)
                continue
            self.lines.append(Line(tools.strip(), tuple(dict.fromkeys(stems(tools))), said.strip()))
            for phrase in phrases:
                self._phrases.setdefault(tuple(stems(phrase)), []).append(len(self.lines) - 1)
        self._longest = max(map(len, self._phrases), default=0)
        self._nothing = [words for phrase in self.nothing if (words := frozenset(content(phrase)))]

    def hits(self, request: Sequence[str]) -> dict[int, float]:
        """Return how clearly each line, by its place, is said in the words of a request: up to 2, absent if not."""
        found: dict[int, float] = {}
        heard = [stem(word) for word in request]
        for start in range(len(heard)):
            for length in range(1, min(self._longest, len(heard) - start) + 1):
                for line in self._phrases.get(tuple(heard[start : start + length]), ()):
                    found[line] = min(_MOST, found.get(line, 0.0) + (1.0 if length == 1 else _SEVERAL))
        return found

    def is_noted(self, request: Sequence[str]) -> bool:
        """Tell whether the words of a request ask to note down what they name, rather than to do it."""
        heard = [stem(word) for word in request]
        return any(
            tuple(heard[start:end]) in self._noted
            for start in range(len(heard))
            for end in range(start + 1, min(start + _LONGEST_NOTED, len(heard)) + 1)
        )

    def nothing_in(self, asked: Collection[str]) -> float:
        """Return how much of a request (the stems of `content`) is in one phrase that no tool serves: 0 to 1."""
        several = set(asked)
        if not several:
            return 1.0
        shares = [len(several & words) / len(several) for words in self._nothing if words <= several]
        return max(shares, default=0.0)


@cache
def spoken() -> Spoken:
    """The phrases that come with the program."""
    return Spoken(files("voice_agent.bridge.find").joinpath("spoken.txt").read_text(encoding="utf-8"))
