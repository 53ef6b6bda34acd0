"""Finds the tools that a spoken request may want: by words, by what people say for them, and by meaning."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voice_agent.bridge.find.lexical import Counts, LexicalIndex, count
from voice_agent.bridge.find.spoken import spoken
from voice_agent.bridge.find.text import content, words

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from voice_agent.bridge.find.meaning import MeaningIndex, Senses
    from voice_agent.bridge.find.vectors import Vectors
    from voice_agent.bridge.types import Tool

MEMORY = "tool-meanings.npz"
"""The file in the user's folder that remembers what tools mean."""

_SAID = 0.5
"""What a word counts that was not said but is what tools have for it, beside 1 for one that was."""
_WORDS = 0.05
"""What the score by words counts beside the cosine."""
_KNOWN = 0.03
"""What a tool gains when its server was used before."""
_LONGEST = 400
"""Characters of a request that are looked at: its end, where people come to the point."""


@dataclass(frozen=True, slots=True)
class Found:
    """What fits a request."""

    tools: tuple[Tool, ...]
    """The best first."""
    fits: bool
    """Whether any of them is likely to do what was asked."""


@dataclass(frozen=True, slots=True)
class _State:
    tools: tuple[Tool, ...]
    counts: dict[Tool, Counts]
    words: LexicalIndex
    meanings: MeaningIndex | None


class Finder:
    """An index of tools that follows the catalog. `find` may be called at any time, from any thread.

    Without the weights (the extra `search`), or before `learn` is through, it goes by words alone.
    """

    def __init__(self, folder: Path | None = None, *, by_meaning: bool = True) -> None:
        """Take the user's folder, where `learn` remembers; None: nowhere. Not `by_meaning`: go by words alone."""
        self._file = folder / MEMORY if folder is not None else None
        self._by_meaning = by_meaning
        self._vectors: Vectors | None = None
        self._senses: Senses | None = None
        self._state = _State((), {}, LexicalIndex(()), None)
        self._working = threading.Lock()

    @property
    def tools(self) -> tuple[Tool, ...]:
        """What is indexed."""
        return self._state.tools

    def update(self, tools: Sequence[Tool]) -> None:
        """Index exactly `tools`, by words; those that were known are not read again. Half a second for thousands."""
        with self._working:
            old = self._state
            if tuple(tools) == old.tools:
                return
            counts = {tool: old.counts.get(tool) or count(tool) for tool in tools}
            self._state = _State(tuple(counts), counts, LexicalIndex(list(counts.values())), None)

    def learn(self) -> bool:
        """Index by meaning too; True if that could be done. Takes 4 ms for each tool never seen: use a thread."""
        with self._working:
            return self._learn()

    def _learn(self) -> bool:
        if self._vectors is None and self._by_meaning:
            self._vectors = _load(self._file)
            self._by_meaning = self._vectors is not None
        if self._vectors is None:
            return False
        from voice_agent.bridge.find.meaning import MeaningIndex, Senses

        self._senses = self._senses or Senses(self._vectors, spoken())
        state = self._state
        self._state = _State(state.tools, state.counts, state.words, MeaningIndex(self._vectors, state.tools))
        return True

    def find(self, text: str, limit: int = 20, *, used: Collection[str] = ()) -> Found:
        """Return at most `limit` tools for a request in a person's words.

        `used`: names of servers that the person has used before.
        """
        state, senses = self._state, self._senses
        text = text[-_LONGEST:]
        asked = words(text)
        if not state.tools or not asked or limit <= 0:
            return Found((), fits=False)
        said = spoken().hits(asked)
        if state.meanings is None or senses is None:
            scores = state.words.score(_wanted(text, said, {}))
            best = max(scores)
            fits = best >= _enough_words(text)
        else:
            plain, meant = senses.meant(text, said)
            by_words = state.words.score(_wanted(text, said, meant.senses))
            cosines = state.meanings.score(meant.direction).tolist()
            scores = [cosine + _WORDS * score for cosine, score in zip(cosines, by_words, strict=True)]
            fits = _fits(max(scores), state.meanings.nearest(plain), meant.near_nothing)
            best = math.inf
        if used:
            scores = [score + _KNOWN * (tool.server in used) for score, tool in zip(scores, state.tools, strict=True)]
        order = sorted(range(len(scores)), key=lambda place: (-scores[place], place))[:limit]
        return Found(tuple(state.tools[place] for place in order if best > 0), fits=fits)


def _wanted(text: str, said: Mapping[int, float], near: Mapping[int, float]) -> dict[str, float]:
    """Return the stems to look for: those that were said, and those that tools have for it."""
    lines = spoken().lines
    wanted: dict[str, float] = {}
    for line, weight in [*((line, _SAID * clarity) for line, clarity in said.items()), *near.items()]:
        for word in lines[line].stems:
            wanted[word] = max(wanted.get(word, 0.0), weight)
    for word in content(text):
        wanted[word] = 1.0
    return wanted


_FITS = 0.45
_ENOUGH = 5.0


def _fits(best: float, nearest: float, near_nothing: float) -> bool:
    """Weigh the best tool against what no tool does."""
    return best + 2 * nearest - near_nothing > _FITS


def _enough_words(_text: str) -> float:
    return _ENOUGH


def _load(file: Path | None) -> Vectors | None:
    try:
        from voice_agent.bridge.find.vectors import load_vectors
    except ImportError:
        # NumPy comes with the extra.
        return None
    return load_vectors(file)
