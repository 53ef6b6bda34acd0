"""Which tools mean what a request means, whatever words either uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from voice_agent.bridge.find.lexical import first_sentence
from voice_agent.bridge.find.text import spaced

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from voice_agent.bridge.find.encoder import Floats
    from voice_agent.bridge.find.spoken import Spoken
    from voice_agent.bridge.find.vectors import Vectors
    from voice_agent.bridge.types import Tool

_DESCRIPTION = 250
_PULL = 0.3
"""How far what was said draws the request towards the words of tools."""
_NEAREST, _NEAR, _NEAR_WEIGHT = 12, 0.3, 0.6
"""How many senses may be heard that were not said word by word, from which cosine on, and what they count."""
_FITTING, _FITS_WHOLLY, _MOST = 0.05, 0.35, 1.3
"""The cosines at which a line that was said word by word counts nothing and once, and what it counts at most."""
_FEW = 3
"""How many of the nearest phrases and lines tell whether a request fits."""
_SERVED, _ALIKE = 0.55, 0.45
"""The cosines from which on a tool serves a phrase that tools seldom serve, and with it those that are like it."""
_USUAL = 0.4
"""The cosine to such phrases of a request that a tool serves."""
_BEST, _COVERED, _LINES, _SIZE, _LEAST = 0.265, 0.39, -0.19, -0.031, -0.49
"""What the best score, the cosines to lines, covered and at all, and the logarithm of the number of tools count beside
the cosines to phrases that no tool serves, and the least sum; fitted to requests and catalogs of 3 to 1,647 tools."""


@dataclass(frozen=True, slots=True)
class Meant:
    """What a request means."""

    direction: Floats
    """The direction of its own words, drawn towards the words of tools."""
    senses: dict[int, float]
    """Lines of the spoken words, by their place, with what they count."""
    lines: Floats
    """Cosine to each line."""
    nothing: Floats
    """Cosine to each phrase that tools seldom serve."""


class Senses:
    """The lines of the spoken words as directions; made once, they belong to no catalog."""

    def __init__(self, vectors: Vectors, spoken: Spoken) -> None:
        """Work through the lines, from memory where they are known."""
        self._vectors = vectors
        self._tools = vectors.of([line.tools for line in spoken.lines])
        self._whole = vectors.of([f"{line.tools}: {line.said}" for line in spoken.lines])
        self._nothing = vectors.of(spoken.nothing)

    def covered(self, told: Floats) -> Floats:
        """Return how near each line is to one of the tools, whose directions are `told`."""
        return np.maximum((self._tools @ told.T).max(axis=1, initial=0), 0)

    def served(self, told: Floats) -> Floats:
        """Return for each phrase of what tools seldom do how near it is to one that these tools do; 0: they do not."""
        done = self._nothing[(self._nothing @ told.T).max(axis=1, initial=0) >= _SERVED]
        near = (self._nothing @ done.T).max(axis=1, initial=0)
        return np.where(near >= _ALIKE, near, 0)

    def meant(self, text: str, said: Mapping[int, float]) -> Meant:
        """Return what a request means; `said` tells how clearly it says each line word by word."""
        plain = self._vectors.of_request(text)
        near = self._whole @ plain
        senses: dict[int, float] = {}
        for line, clarity in said.items():
            # A word that is said in passing belongs to a line that does not fit the whole of the request.
            fitting = (float(near[line]) - _FITTING) / (_FITS_WHOLLY - _FITTING)
            senses[line] = clarity * min(_MOST, max(0.0, fitting))
        for line in map(int, np.argsort(-near)[:_NEAREST]):
            if near[line] > _NEAR:
                senses[line] = max(senses.get(line, 0.0), _NEAR_WEIGHT * float(near[line]))
        return Meant(self._drawn(plain, near, senses), senses, near, self._nothing @ plain)

    def _drawn(self, plain: Floats, near: Floats, senses: Mapping[int, float]) -> Floats:
        if not senses:
            return plain
        lines = list(senses)
        weights = np.array([senses[line] for line in lines], np.float32) * np.maximum(near[lines], 0)
        pull = weights @ self._tools[lines]
        size = float(np.linalg.norm(pull))
        return _one(plain + _PULL * pull / size) if size else plain


class MeaningIndex:
    """An immutable index of tools by meaning."""

    def __init__(self, vectors: Vectors, tools: Sequence[Tool], senses: Senses) -> None:
        """Work through the tools, from memory where they are known."""
        told = vectors.of([_told(tool) for tool in tools])
        self._both = (told + vectors.of([spaced(tool.name) for tool in tools])) / 2
        self._covered, self._served = senses.covered(told), senses.served(told)

    def score(self, direction: Floats) -> Floats:
        """Return a cosine for each tool."""
        return self._both @ direction

    def fits(self, meant: Meant, best: float, *, is_noted: bool = False) -> bool:
        """Weigh the best tool's score and what is known of these tools against what no tool does.

        `is_noted`: what the request names is only to be noted down, be it something that no tool does.
        """
        covered = _few(np.concatenate((meant.lines * self._covered, meant.nothing * self._served)))
        nothing = _few(np.where(self._served > 0, 0, meant.nothing))
        nothing = min(nothing, _USUAL) if is_noted else nothing
        size = float(np.log(max(1, len(self._both))))
        known = _BEST * best + _COVERED * covered + _LINES * _few(meant.lines) + _SIZE * size
        return known - nothing > _LEAST


def _few(cosines: Floats) -> float:
    """Return the mean of the highest few."""
    return float(np.sort(cosines)[-_FEW:].mean()) if len(cosines) else 0.0


def _told(tool: Tool) -> str:
    description = first_sentence(" ".join(tool.description.split()))[:_DESCRIPTION]
    return f"{spaced(tool.server)} {spaced(tool.name)}: {description}"


def _one(row: Floats) -> Floats:
    return row / np.linalg.norm(row)
