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
"""How far the sense of what was said draws the request towards the words of tools."""
_NEAREST, _NEAR, _NEAR_WEIGHT = 4, 0.3, 0.6
"""How many senses may be heard that were not said word by word, from which cosine on, and what they count."""
_BEST = 5


@dataclass(frozen=True, slots=True)
class Meant:
    """What a request means."""

    direction: Floats
    senses: dict[int, float]
    """Lines of the spoken words that are near though not said, with what they count."""
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

    def meant(self, text: str, said: Mapping[int, float]) -> tuple[Floats, Meant]:
        """Return the direction of the words themselves, and what they mean with the lines that they say."""
        plain = self._vectors.of_request(text)
        near = self._whole @ plain
        senses = {
            int(line): _NEAR_WEIGHT * float(near[line])
            for line in np.argsort(-near)[:_NEAREST]
            if int(line) not in said and near[line] > _NEAR
        }
        direction = plain
        if said:
            weights = np.zeros(len(near), np.float32)
            for line, clarity in said.items():
                # A line counts as far as it fits the whole of the request.
                weights[line] = clarity * max(0.0, float(near[line])) ** 2
            pull = weights @ self._tools
            size = float(np.linalg.norm(pull))
            direction = _one(plain + _PULL * pull / size) if size else plain
        nothing = float((self._nothing @ plain).max()) if len(self._nothing) else 0.0
        return plain, Meant(direction, senses, nothing)


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
        """Return the mean cosine of the best few descriptions to the words themselves."""
        near = self._told @ plain
        return float(np.sort(near)[-_BEST:].mean()) if len(near) else 0.0


def _told(tool: Tool) -> str:
    description = first_sentence(" ".join(tool.description.split()))[:_DESCRIPTION]
    return f"{spaced(tool.server)} {spaced(tool.name)}: {description}"


def _one(row: Floats) -> Floats:
    return row / np.linalg.norm(row)
