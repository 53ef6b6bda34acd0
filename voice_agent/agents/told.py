"""What a server itself has told of the things that the user named, or pointed to (pure)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from voice_agent.agents.word_forms import STEM, is_among, split, tokens
from voice_agent.bridge.find.text import words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from livekit.agents.llm import ChatItem

    from voice_agent.bridge.types import Json, Tool

PLACES = {word: place for place, word in enumerate(words("first second third fourth fifth sixth"))} | {
    word: place for place, word in enumerate(words("1st 2nd 3rd 4th 5th 6th"))
}
PLACES["last"] = -1
_EVERY, _THAT = split("all both them these those everything"), split("it that this")
UNSENT = "Not done yet"
"""Begins what a model is told of a call that its server has not seen: its words are those of the call."""
_SENTENCE = 200
"""Characters of a result that tells of one thing."""


@dataclass(frozen=True, slots=True)
class Told:
    """The words of each thing that one server has told of."""

    results: Sequence[Sequence[set[str]]]
    """Of each result, oldest first."""

    def named(self, heard: Collection[str]) -> list[set[str]]:
        """Return the things of which a word was said."""
        return [
            one
            for records in self.results
            for one in records
            if any(len(word) >= STEM and is_among(word, heard) for word in one)
        ]

    def pointed_to(self, heard: Collection[str]) -> list[set[str]]:
        """Return those of the things that were told last which “the second one”, “it” or “all” mean."""
        records = self.results[-1] if self.results else ()
        places = [place for word, place in PLACES.items() if word in heard and -len(records) <= place < len(records)]
        if not _EVERY.isdisjoint(heard) or (len(records) == 1 and not _THAT.isdisjoint(heard)):
            return list(records)
        return [records[place] for place in places]


def told_by(tool: Tool, items: Sequence[ChatItem], servers: Mapping[str, str]) -> Told:
    """Return what the server of `tool` has told; `servers`: by the keys of their tools."""
    results = [item for item in items if item.type == "function_call_output" and servers.get(item.name) == tool.server]
    return Told(
        [
            [tokens(" ".join(_leaves(record))) for record in _records(item.output)]
            for item in results
            if not item.output.startswith(UNSENT)
        ]
    )


def _records(output: str) -> Iterator[Json]:
    """Yield the innermost objects of the data that a result ends with, in order; of a short text, that text."""
    try:
        data: Any = json.loads(output.rsplit("\n", 1)[-1])
    except ValueError:
        if len(output) <= _SENTENCE:
            yield {"": output}
        return
    yield from _innermost(data)


def _innermost(value: Any) -> Iterator[Json]:
    found = False
    for one in _inside(value):
        for record in _innermost(one):
            found = True
            yield record
    if isinstance(value, dict) and not found:
        yield cast("Json", value)


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return cast("dict[str, Any]", value).values()
    return cast("list[Any]", value) if isinstance(value, list) else ()


def _leaves(value: Any) -> Iterator[str]:
    """Yield texts and numbers as text."""
    if isinstance(value, str) or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        yield str(value)
    for one in _inside(value):
        yield from _leaves(one)
