"""Which tools share words with a request: BM25 over the fields of a tool (Robertson and Zaragoza 2009, BM25F)."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

from voice_agent.bridge.find.text import content, spaced, stems

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from voice_agent.bridge.types import Json, Tool

_SATURATION = 1.2
_FIRST, _REST = 250, 600
"""Characters of a description: its first sentence, and what comes after it."""
_PARAMETERS, _TEXTS, _TEXT = 300, 400, 80
"""Characters of all names of parameters, of all their descriptions and choices, and of one description."""


@dataclass(frozen=True, slots=True)
class _Field:
    weight: float
    length: float
    """How far a long field counts for less (0 to 1)."""


_FIELDS = {
    "server": _Field(1.5, 0.0),
    "name": _Field(3.0, 0.3),
    "first": _Field(1.5, 0.5),
    "rest": _Field(0.5, 0.6),
    "parameters": _Field(0.6, 0.5),
    "texts": _Field(0.3, 0.5),
}

Counts = dict[str, Counter[str]]
"""How often each stem is in each field."""


class LexicalIndex:
    """An immutable index of tools by words."""

    def __init__(self, documents: Sequence[Counts]) -> None:
        """Index what `count` returned for each tool."""
        self.size = len(documents)
        averages = {
            name: sum(document[name].total() for document in documents) / max(1, self.size) or 1.0 for name in _FIELDS
        }
        places: dict[str, dict[int, float]] = {}
        for place, document in enumerate(documents):
            for name, counts in document.items():
                field = _FIELDS[name]
                share = field.weight / (1 - field.length + field.length * counts.total() / averages[name])
                for word, number in counts.items():
                    at = places.setdefault(word, {})
                    at[place] = at.get(place, 0.0) + share * number
        self._scores: dict[str, list[tuple[int, float]]] = {}
        for word, at in places.items():
            rarity = math.log(1 + (self.size - len(at) + 0.5) / (len(at) + 0.5))
            self._scores[word] = [(place, rarity * weight / (weight + _SATURATION)) for place, weight in at.items()]

    def score(self, wanted: Mapping[str, float]) -> list[float]:
        """Return a score for each tool; `wanted` maps stems to how much they count."""
        scores = [0.0] * self.size
        for word, weight in wanted.items():
            for place, score in self._scores.get(word, ()):
                scores[place] += weight * score
        return scores


def count(tool: Tool) -> Counts:
    """Return how often each stem is in each field of a tool."""
    description = " ".join(tool.description.split())
    first = first_sentence(description)[:_FIRST]
    names, texts = _parameters(tool.original_schema)
    return {
        "server": Counter(content(tool.server)),
        "name": Counter(stems(tool.name)),
        "first": Counter(content(first)),
        "rest": Counter(content(description[len(first) : len(first) + _REST])),
        "parameters": Counter(content(" ".join(names)[:_PARAMETERS])),
        "texts": Counter(content(" ".join(texts)[:_TEXTS])),
    }


def first_sentence(description: str) -> str:
    """Return the first sentence of at least a few words."""
    shortest = 20
    for end, (mark, after) in enumerate(pairwise(description)):
        if end >= shortest and mark in ".!?" and after == " ":
            return description[: end + 1]
    return description


def _parameters(schema: Json) -> tuple[list[str], list[str]]:
    names: list[str] = []
    texts: list[str] = []
    for name, node in _properties(schema):
        names.append(spaced(name))
        description = node.get("description")
        texts.append(description[:_TEXT] if isinstance(description, str) else "")
        choices = node.get("enum")
        texts.extend(map(str, cast("list[Any]", choices)) if isinstance(choices, list) else ())
    return names, texts


def _properties(schema: Json) -> Iterator[tuple[str, Json]]:
    properties = schema.get("properties")
    if isinstance(properties, dict):
        for name, node in cast("Json", properties).items():
            yield name, cast("Json", node) if isinstance(node, dict) else {}
