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
_BEST, _FEW = 5, 50
"""How many of the nearest tools are weighed, one in so many."""


@dataclass(frozen=True, slots=True)
class Meant:
    """What a request means."""

    plain: Floats
    """The direction of its own words."""
    direction: Floats
    """The same, drawn towards the words of tools."""
    senses: dict[int, float]
    """Lines of the spoken words, by their place, with what they count."""
    near_nothing: float
    """Cosine to the nearest phrase that no tool serves."""


class Senses:
    """The lines of the spoken words as directions; made once, they belong to no catalog."""

    def __init__(self, vectors: Vectors, spoken: Spoken) -> None:
        """Work through the lines, from memory where they are known."""
        self._vectors = vectors
        self._tools = vectors.of([line.tools for line in spoken.lines])
        self._whole = vectors.of([f"{line.tools}: {line.said}" for line in spoken.lines])
        self._nothing = vectors.of(spoken.nothing)

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
        nothing = float((self._nothing @ plain).max()) if len(self._nothing) else 0.0
        return Meant(plain, self._drawn(plain, near, senses), senses, nothing)

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

    def __init__(self, vectors: Vectors, tools: Sequence[Tool]) -> None:
        """Work through the tools, from memory where they are known."""
        self._told = vectors.of([_told(tool) for tool in tools])
        self._both = (self._told + vectors.of([spaced(tool.name) for tool in tools])) / 2

    def score(self, direction: Floats) -> Floats:
        """Return a cosine for each tool."""
        return self._both @ direction

    def nearest(self, plain: Floats) -> float:
        """Return the mean cosine of the best few descriptions to a request's own words."""
        near = self._told @ plain
        best = max(1, min(_BEST, len(near) // _FEW))
        return float(np.sort(near)[-best:].mean()) if len(near) else 0.0


def _told(tool: Tool) -> str:
    description = first_sentence(" ".join(tool.description.split()))[:_DESCRIPTION]
    return f"{spaced(tool.server)} {spaced(tool.name)}: {description}"


def _one(row: Floats) -> Floats:
    return row / np.linalg.norm(row)
