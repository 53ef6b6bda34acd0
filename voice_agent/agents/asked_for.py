"""Tells whether the user's own words ask for what a tool does: a word for the deed, in no question (pure)."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, cast

from voice_agent.bridge.find.text import stem, words
from voice_agent.bridge.policy import NOUNS, WRITES, words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_FARTHEST = 6
"""Turns of the user that one deed may be carried on over: “add milk”, “and eggs”, “and bread”."""
_CLAUSE = re.compile(r"[.?!;,:\n]+|\b(?:and|then|but|so)\b", re.IGNORECASE)
_LEAD = frozenset(words("ok okay well um uh hey so please oh now yes yeah sorry and also then hi hello just"))
_ASKING = frozenset(
    words(
        "what whats who whos whom whose when whens where wheres why which how hows did do does is are was were am has"
        " had have didnt isnt arent wasnt hasnt"
    )
)
_POLITE = ("why dont you", "how about", "what about", "what if you", "did the", "did my")
"""What begins like a question and is none."""
_NOT = frozenset(words("dont not never no without didnt havent hasnt wont cannot cant"))
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
    """Tell whether the user asks for what the tool called `name` does.

    `turns`: of the user, newest first. What was said before the newest turn still counts where it waits to be done, or
    where the newest turn goes on with it; not where the newest turn asks a question.
    """
    goes_on = True
    for place, turn in enumerate(turns[:_FARTHEST]):
        clauses = [one for one in _CLAUSE.split(turn.text) if words(one)]
        wishes = [one for one in map(_wish, clauses) if one]
        if any(_names(name, one) for one in wishes):
            return place == 0 or goes_on or not turn.is_served
        if not wishes:
            return False
        goes_on = goes_on and _GOES_ON.search(" ".join(words(turn.text))) is not None
        if not goes_on and place > 0:
            return False
    return False


def is_chosen(choice: str, said: Sequence[str]) -> bool:
    """Tell whether the user has said what a tool knows as `choice`, in other words."""
    pattern = _senses()[1].get(choice.lower())
    return pattern is not None and any(pattern.search(" ".join(words(one))) for one in said)


def _wish(clause: str) -> str:
    """Return a clause as plain words; empty where it asks a question."""
    plain = words(clause)
    while plain and plain[0] in _LEAD:
        del plain[0]
    text = " ".join(plain)
    if plain and plain[0] in _ASKING and not text.startswith(_POLITE):
        return ""
    return text


def _names(name: str, clause: str) -> bool:
    """Tell whether a clause has a word for what the tool does, and no “not” before it."""
    deed = deed_of(name)
    heard = clause.split()
    stems = {stem(word) for word in deed}
    places = [place for place, word in enumerate(heard) if stem(word) in stems]
    plain = " ".join(map(stem, heard))
    for sense in _senses()[0]:
        if not sense.tools.isdisjoint(deed):
            places += [text[: at.start()].count(" ") for text in (clause, plain) for at in sense.said.finditer(text)]
    return any(_NOT.isdisjoint(heard[max(0, place - _REACH) : place]) for place in places)


def deed_of(name: str) -> frozenset[str]:
    """Return the words of a tool's name that say what it does: the first that is a deed; all where none is."""
    found = words_of(name)
    deeds = [word for word in found if word in WRITES]
    plain = [word for word in deeds if word not in NOUNS]
    return frozenset((plain or deeds)[:1] or found)
