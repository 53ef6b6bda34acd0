"""What was talked about: the things that “it”, “the first one” and “both” can mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voice_agent.offline.brain.results import Item, read_output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voice_agent.offline.brain.dialogue import Call, Turn

_ORDER = {
    word: number
    for number, words in enumerate(
        (
            "first 1st one 1",
            "second 2nd two 2",
            "third 3rd three 3",
            "fourth 4th four 4",
            "fifth 5th five 5",
            "sixth six 6",
        )
    )
    for word in words.split()
}


@dataclass(frozen=True, slots=True)
class Memory:
    """The things of the last results, newest first."""

    groups: tuple[tuple[Item, ...], ...] = ()


def remember(turns: Sequence[Turn]) -> Memory:
    """What the calls of the last few turns were about."""
    groups: list[tuple[Item, ...]] = []
    for turn in reversed(turns[-6:]):
        together: list[Item] = []
        for call in turn.calls:
            together.extend(_about(call))
        if together:
            groups.append(tuple(together))
    return Memory(tuple(groups))


def _about(call: Call) -> list[Item]:
    if call.output is None or call.is_error:
        return []
    output = read_output(call.output)
    if items := output.items:
        return items
    named = next(
        (
            value
            for key, value in call.arguments.items()
            if key in ("title", "task", "name", "content", "text") and isinstance(value, str)
        ),
        None,
    )
    return [Item(named, named, {})] if named else []


def resolve(reference: str, memory: Memory) -> list[Item]:
    """The things that a reference points at; empty where there are none."""
    if not memory.groups:
        return []
    words = set(re.findall(r"\w+", reference.lower()))
    latest = memory.groups[0]
    several = (
        max(memory.groups, key=lambda group: len(group) > 1)
        if any(len(group) > 1 for group in memory.groups)
        else latest
    )
    if words & {"them", "those", "these", "both", "they", "all", "two"} and not words & {"first", "last", "second"}:
        return list(several[:10])
    if "last" in words:
        return [several[-1]] if several is latest else [latest[-1]]
    if "other" in words:
        return list(several[1:2])
    for word, number in _ORDER.items():
        if word in words and (word != "one" or words & {"number", "task", "item"} or len(words) == 1):
            return list(several[number : number + 1])
    return list(latest[:1])
