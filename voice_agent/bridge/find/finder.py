"""Finds the tools that a spoken request may want: by words, by what people say for them, and by meaning."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from voice_agent.bridge.find import spoken as phrases
from voice_agent.bridge.find.lexical import Counts, LexicalIndex, count
from voice_agent.bridge.find.text import content, words

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from voice_agent.bridge.find.meaning import MeaningIndex, Senses
    from voice_agent.bridge.find.spoken import Spoken
    from voice_agent.bridge.find.vectors import Vectors
    from voice_agent.bridge.types import Tool

MEMORY = "tool-meanings.npz"
"""The file in the user's folder that remembers what tools mean."""

_SAID = 0.5
"""By words alone: what a word counts that tools have for what was said, beside 1 for a word that was said."""
_WORDS, _OWN = 0.05, 0.1
"""What the score by words counts beside the cosine, and what the best one by the request's own words gains."""
_KNOWN = 0.03
"""What a tool gains when its server was used before."""
_NOTHING_WORDS, _WORDED = 8.0, 3.5
"""By words alone: what it counts against a request that all of it is what no tool does, and the least score."""
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

    def __init__(self, folder: Path | None = None, *, by_meaning: bool = True, spoken: Spoken | None = None) -> None:
        """Index nothing yet.

        Args:
            folder: The user's folder, where `learn` remembers; None: nowhere.
            by_meaning: False: go by words alone.
            spoken: What people say for the words of tools; what comes with the program where None.
        """
        self._file = folder / MEMORY if folder is not None else None
        self._by_meaning = by_meaning
        self._spoken = spoken or phrases.spoken()
        self._vectors: Vectors | None = None
        self._senses: Senses | None = None
        self._state = _State((), {}, LexicalIndex(()), None)
        self._updating = threading.Lock()
        self._learning = threading.Lock()
        self._closed = False

    @property
    def tools(self) -> tuple[Tool, ...]:
        """What is indexed."""
        return self._state.tools

    def update(self, tools: Sequence[Tool]) -> None:
        """Index exactly `tools`, by words; those that were known are not read again. Half a second for thousands."""
        with self._updating:
            old = self._state
            if tuple(tools) != old.tools:
                counts = {tool: old.counts.get(tool) or count(tool) for tool in tools}
                self._state = _State(tuple(counts), counts, LexicalIndex(list(counts.values())), None)

    def learn(self) -> bool:
        """Index by meaning too; True if that could be done. Takes 6 ms for each tool never seen: use a thread."""
        with self._learning:
            if self._vectors is None and self._by_meaning and not self._closed:
                self._vectors = _load(self._file)
                self._by_meaning = self._vectors is not None
            return self._vectors is not None and self._learn(self._vectors)

    def _learn(self, vectors: Vectors) -> bool:
        from voice_agent.bridge.find.meaning import MeaningIndex, Senses
        from voice_agent.bridge.find.vectors import Stopped

        vectors.stopped = self._closed
        while True:
            state = self._state
            try:
                self._senses = self._senses or Senses(vectors, self._spoken)
                meanings = MeaningIndex(vectors, state.tools, self._senses)
            except Stopped:
                return False
            with self._updating:
                if self._state is state:
                    self._state = replace(state, meanings=meanings)
                    return True
            # The catalog has changed meanwhile.

    def close(self) -> None:
        """Have a `learn` that is under way give up soon; what it has learnt is remembered."""
        self._closed = True
        if self._vectors is not None:
            self._vectors.stopped = True

    def find(self, text: str, limit: int = 20, *, used: Collection[str] = ()) -> Found:
        """Return at most `limit` tools for a request in a person's words.

        `used`: names of servers that the person has used before.
        """
        state, senses = self._state, self._senses
        text = text[-_LONGEST:]
        asked = words(text)
        if not state.tools or not asked or limit <= 0:
            return Found((), fits=False)
        said = self._spoken.hits(asked)
        if state.meanings is None or senses is None:
            scores = state.words.score(self._wanted(text, {line: _SAID * clarity for line, clarity in said.items()}))
            fits = self._is_worded(text, max(scores))
        else:
            meant = senses.meant(text, said)
            by_words = state.words.score(self._wanted(text, meant.senses))
            own = state.words.score(self._wanted(text, {}))
            best_own = max(own) or 1.0
            cosines = state.meanings.score(meant.direction).tolist()
            scores = [
                cosine + _WORDS * wanted + _OWN * word / best_own
                for cosine, wanted, word in zip(cosines, by_words, own, strict=True)
            ]
            fits = state.meanings.fits(meant, max(scores), is_noted=self._spoken.is_noted(asked))
        places = [place for place, score in enumerate(scores) if score > 0]
        gains = [_KNOWN if tool.server in used else 0.0 for tool in state.tools]
        places.sort(key=lambda place: (-scores[place] - gains[place], place))
        return Found(tuple(state.tools[place] for place in places[:limit]), fits=fits)

    def _wanted(self, text: str, senses: Mapping[int, float]) -> dict[str, float]:
        """Return the stems to look for: those that were said, and those that tools have for it."""
        wanted: dict[str, float] = {}
        for line, weight in senses.items():
            for word in self._spoken.lines[line].stems:
                wanted[word] = max(wanted.get(word, 0.0), weight)
        for word in content(text):
            wanted[word] = max(wanted.get(word, 0.0), 1.0)
        return wanted

    def _is_worded(self, text: str, best: float) -> bool:
        """Weigh the best score by words against how much of the request is what no tool does."""
        nothing = 0.0 if self._spoken.is_noted(words(text)) else self._spoken.nothing_in(content(text))
        return best - _NOTHING_WORDS * nothing > _WORDED


def _load(file: Path | None) -> Vectors | None:
    try:
        from voice_agent.bridge.find.vectors import load_vectors
    except ImportError:
        # NumPy comes with the extra.
        return None
    return load_vectors(file)
