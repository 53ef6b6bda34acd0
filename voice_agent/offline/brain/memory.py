"""What was talked about: the things that “it”, “the first two” and “all but the last” can mean."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from voice_agent.offline.brain.grammar import understand
from voice_agent.offline.brain.lookup import matching
from voice_agent.offline.brain.phrases import load
from voice_agent.offline.brain.render import OFFER
from voice_agent.offline.brain.results import Item, read_output, told_in
from voice_agent.offline.brain.which import Trait, Which, sift
from voice_agent.offline.brain.wishes import Action

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from voice_agent.offline.brain.dialogue import Call, Turn

_TURNS = 6
"""How far back things are remembered."""
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
            "seventh seven 7",
            "eighth eight 8",
        )
    )
    for word in words.split()
}
_CARDINAL = frozenset(word for word in _ORDER if word.isdigit() or not re.search(r"\d|st$|nd$|rd$|th$", word))
_COUNTED = re.compile(rf"\b(first|last|next|top|other|final|previous) ({'|'.join(sorted(_CARDINAL))})\b")
_EXCEPT = re.compile(rf"\b{load('titles').text('EXCEPT')} (?P<these>.+)$")
_ALL = load("titles").pattern("all")


@dataclass(frozen=True, slots=True)
class Memory:
    """The things of the last results, newest first."""

    groups: tuple[tuple[Item, ...], ...] = ()
    """As they were told: of a long list, those that were named last."""
    whole: tuple[tuple[Item, ...], ...] = field(default=())
    """The same with all that belong to them."""
    is_fresh: bool = True
    """Whether nothing was done since the newest of them."""


def means_all(reference: str) -> bool:
    """Whether the words point at all tasks, perhaps without some."""
    return bool(_ALL.match(reference.strip()))


def remember(turns: Sequence[Turn]) -> Memory:
    """What the calls of the last few turns were about."""
    told: list[tuple[Item, ...]] = []
    whole: list[tuple[Item, ...]] = []
    replies: list[str] = []
    for turn in _recent(turns):
        replies.append(turn.reply)
        if items := _about(turn):
            named = next((found for reply in replies if (found := told_in(reply, items))), items)
            told.append(tuple(named))
            whole.append(tuple(items))
        if turn.calls:
            replies.clear()
    last = next((turn for turn in reversed(turns) if turn.calls), None)
    return Memory(tuple(told), tuple(whole), is_fresh=last is None or bool(_about(last)))


def _recent(turns: Sequence[Turn]) -> Iterator[Turn]:
    """The last few turns, newest first; going on with a list is none of its own."""
    left = _TURNS
    for turn in reversed(turns):
        yield turn
        left -= bool(turn.calls) or OFFER not in turn.reply
        if not left:
            return


def _about(turn: Turn) -> list[Item]:
    """The things of the calls that came last and belong together."""
    calls = [call for call in turn.calls if call.key == turn.calls[-1].key]
    items = [item for call in calls for item in _of_call(call)]
    if len(items) > 1 and len(calls) == 1 and (which := _asked_for(turn.said)):
        items = sift(items, which) or items
    return list({(item.name, str(item.id)): item for item in items}.values())


def _asked_for(said: str) -> Which:
    """What a question asked for, of which the call brought more."""
    wish = understand(said)[0]
    if wish.action != Action.LIST:
        return Which()
    tags = (Trait("tag", wish.tag),) if wish.tag else ()
    return Which((*wish.which.traits, *tags), wish.which.order, wish.which.most)


def _of_call(call: Call) -> list[Item]:
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
    words = reference.lower()
    if not memory.groups:
        return []
    latest, place = memory.groups[0], next((n for n, group in enumerate(memory.groups) if len(group) > 1), 0)
    several, every = memory.groups[place], list((memory.whole or memory.groups)[place])
    if excepted := _EXCEPT.search(words):
        left_out = _left_out(excepted["these"], memory, every)
        return [item for item in every if item not in left_out] if left_out else []
    if counted := _COUNTED.search(words):
        return _counted(counted[1], _ORDER[counted[2]] + 1, several, latest)
    said = set(re.findall(r"\w+", words))
    is_all = means_all(words)
    if is_all or said & {"them", "those", "these", "both", "they", "all", "two"} - _ordinals(said):
        # “Everything” is more than what was told some time ago.
        is_more = is_all and not said & {"them", "those", "these"} and (place or not memory.is_fresh)
        return [] if is_more else every
    if said & {"other", "others", "rest", "remaining"}:
        return _others(several, latest)[: None if said & {"others", "rest", "ones"} else 1]
    places = _places(words, said)
    group = several if places and places != [-1] else latest
    return [group[place] for place in places or [0] if place < len(group)]


def _counted(which: str, many: int, several: tuple[Item, ...], latest: tuple[Item, ...]) -> list[Item]:
    """“The first two”, “the last three”, “the other two”."""
    if which == "other":
        return _others(several, latest)[:many]
    return list(several[-many:] if which in {"last", "final"} else several[:many])


def _ordinals(said: set[str]) -> set[str]:
    """The words that count only as numbers beside “number” or an ordinal."""
    return {"two"} if said & {"number", "numbers", "task", "item", "first", "last", "second"} else set()


def _others(several: tuple[Item, ...], latest: tuple[Item, ...]) -> list[Item]:
    if several is latest:
        return list(several[1:])
    return [item for item in several if all(str(item.id) != str(one.id) for one in latest)]


def _places(words: str, said: set[str]) -> list[int]:
    """The places in the list that the words name: from 0, or -1 for the last."""
    is_numbered = bool(said & {"number", "numbers", "task", "tasks", "item", "items"}) or len(said) == 1
    places = {**_ORDER, "last": -1}
    return [
        places[word] for word in re.findall(r"\w+", words) if word in places and (word not in _CARDINAL or is_numbered)
    ]


def _left_out(words: str, memory: Memory, every: list[Item]) -> list[Item]:
    from voice_agent.offline.brain.wishes import is_reference, several

    if is_reference(words):
        return resolve(words, memory)
    return [
        item
        for title in several(re.sub(r"^(?:the|my) ", "", words))
        for name, _ in matching(title, [(item.name, item.id) for item in every])
        for item in every
        if item.name == name
    ]
