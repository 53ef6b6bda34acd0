"""Tells whether the user's own words ask for what a tool does: a word for the deed, in no question (pure)."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, cast

from voice_agent.agents.clauses import NOT, clauses, wish
from voice_agent.bridge.find.text import stem, words
from voice_agent.bridge.policy import NOUNS, WRITES, words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_FARTHEST = 6
"""Turns of the user that one deed may be carried on over: “add milk”, “and eggs”, “and bread”."""
CHANGES = frozenset(words("update edit change modify rename patch alter replace"))
"""Words of tools that make one thing of another."""
_NOTING = frozenset({"create"}), frozenset({"send"})
"""Deeds with words that may say anything."""
_TAKING = frozenset(words("add put set change edit rename move push shift delay snooze mark tick check cross complete"))
"""Verbs after which another verb begins a name: “change call mom to call dad”."""
_OWNING = frozenset(words("the my our your of"))
_IS_SO = re.compile(r"is|are|been|its|done|complete|\w+ed")
"""Begins what says that something has been done."""
_REACH = 3
"""Words before the deed among which a “not” is looked for."""
_GOES_ON = re.compile(
    r"^(?:ok |okay |oh |yes |yeah |um |uh )*(?:and|also|plus|another|then|again|same|or rather|actually|no)\b"
    r"|\b(?:too|as well|also|again|instead)$"
)


@dataclass(frozen=True, slots=True)
class Turn:
    """What the user said at one time."""

    text: str
    is_served: bool
    """The tool in question has been called since."""
    is_answer: bool = False
    """The assistant has asked something before."""


@dataclass(frozen=True, slots=True)
class _Sense:
    tools: frozenset[str]
    said: re.Pattern[str]


@cache
def _senses() -> tuple[tuple[_Sense, ...], dict[str, re.Pattern[str]]]:
    told: dict[str, Any] = tomllib.loads((files("voice_agent.agents") / "prompts/deeds.toml").read_text("utf-8"))
    senses = tuple(_Sense(frozenset(one["tools"].split()), _either(one["said"])) for one in told["sense"])
    choices = cast("dict[str, str]", told["choices"])
    return senses, {choice: _either([said]) for choice, said in choices.items()}


def _either(patterns: Sequence[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<![^ ])(?:{'|'.join(patterns)})(?![^ ])")


def is_asked_for(name: str, turns: Sequence[Turn]) -> bool:
    """Tell whether the user asks for what the tool called `name` does; `turns`: of the user, newest first."""
    return asked_at(name, turns) is not None


def asked_at(name: str, turns: Sequence[Turn]) -> int | None:
    """Return the place of the turn in which the user asks for what the tool called `name` does; None where none does.

    `turns`: of the user, newest first. What was said before the newest turn still counts where it waits to be done, or
    where the newest turn goes on with it; not where the newest turn asks a question.
    """
    has_gone_on = is_open = True
    for place, turn in enumerate(turns[:_FARTHEST]):
        wishes = [one for one in map(wish, clauses(turn.text)) if one]
        if any(places(name, one) for one in wishes):
            return place if place == 0 or has_gone_on or not turn.is_served else None
        if not wishes:
            return None
        has_gone_on = has_gone_on and goes_on(turn.text)
        is_open = is_open and (has_gone_on or turn.is_answer)
        if not is_open and place > 0:
            return None
    return None


def goes_on(text: str) -> bool:
    """Tell whether a turn says that it goes on with the one before: “and eggs”, “no, bread”."""
    return _GOES_ON.search(" ".join(words(text))) is not None


def is_chosen(choice: str, said: Sequence[str]) -> bool:
    """Tell whether the user has said what a tool knows as `choice`, in other words."""
    pattern = _senses()[1].get(choice.lower())
    return pattern is not None and any(pattern.search(" ".join(words(one))) for one in said)


def places(name: str, clause: str) -> list[range]:
    """Return which words of a clause of plain words say what the tool called `name` does, with no “not” before them.

    What is to be noted or sent is no deed: “remind me to finish the report” finishes nothing, and changes nothing.
    """
    heard, deed = clause.split(), deed_of(name)
    noted, sent = (_first(one, clause) for one in _NOTING)
    found = [one for one in named_at(deed, clause) if NOT.isdisjoint(heard[max(0, one.start - _REACH) : one.start])]
    if not CHANGES.isdisjoint(deed):
        return [one for one in found if one.start < min(noted, sent)]
    return [
        one
        for one in found
        if one.start <= sent
        and (
            _IS_SO.fullmatch(heard[one.start])
            or (one.start <= noted and _TAKING.isdisjoint(heard[max(0, one.start - 1) : one.start]))
        )
    ]


def _first(deed: frozenset[str], clause: str) -> int:
    """Return the place of the first word in a clause that says a deed, and not what something is called."""
    heard = clause.split()
    found = [one.start for one in named_at(deed, clause) if one.start == 0 or heard[one.start - 1] not in _OWNING]
    return min(found, default=len(heard))


def named_at(deed: frozenset[str], clause: str) -> list[range]:
    """Return which words of a clause of plain words say a deed of which these are the words in names of tools."""
    heard = clause.split()
    stems = {stem(word) for word in deed}
    found = [range(place, place + 1) for place, word in enumerate(heard) if stem(word) in stems]
    plain = " ".join(map(stem, heard))
    for sense in _senses()[0]:
        if not sense.tools.isdisjoint(deed):
            for text in (clause, plain):
                found += [
                    range(text[: at.start()].count(" "), text[: at.end()].count(" ") + 1)
                    for at in sense.said.finditer(text)
                ]
    return sorted(found, key=lambda one: one.start)


def deed_of(name: str) -> frozenset[str]:
    """Return the words of a tool's name that say what it does: the first that is a deed; all where none is."""
    found = words_of(name)
    deeds = [word for word in found if word in WRITES]
    plain = [word for word in deeds if word not in NOUNS]
    return frozenset((plain or deeds)[:1] or found)
