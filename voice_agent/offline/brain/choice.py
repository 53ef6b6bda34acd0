"""The tool that a request means: the words must fit it, and what it must be told must be in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from voice_agent.offline.brain.fill import Filled, fill
from voice_agent.offline.brain.kinds import is_id, is_path, is_place
from voice_agent.offline.brain.lookup import root_finder
from voice_agent.offline.brain.stems import stem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from voice_agent.offline.brain.catalog import Ability, Catalog
    from voice_agent.offline.brain.choose import Index
    from voice_agent.offline.brain.dialogue import Turn

ENOUGH = 0.78
"""The least that a tool must fit to be called."""
_RECENT = 6
"""Turns in which what was said of places still holds."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A tool for a request, and what the words tell of its arguments."""

    score: float
    ability: Ability
    filled: Filled


def earlier_arguments(turns: Sequence[Turn], catalog: Catalog) -> dict[tuple[str, str], Any]:
    """Where things are (repositories, projects) as told to each server before, by server and parameter."""
    told: dict[tuple[str, str], Any] = {}
    for call in (call for turn in turns[-_RECENT:] for call in turn.calls if not call.is_error):
        if ability := catalog.by_key.get(call.key):
            for parameter in ability.required:
                if parameter.name in call.arguments and is_place(parameter):
                    told[ability.server, parameter.name] = call.arguments[parameter.name]
    return told


def choose(request: str, index: Index, now: datetime, told: Mapping[tuple[str, str], Any]) -> Choice | None:
    """The tool that a request means; None where none fits well enough."""
    best: Choice | None = None
    for score, ability in index.rank(request):
        filled = fill(ability, request, now)
        filled = filled.knowing(
            {one.name: told[ability.server, one.name] for one in filled.missing if (ability.server, one.name) in told}
        )
        fitted = (
            score
            + _filling(ability, filled, index.catalog)
            - 0.02 * len(ability.words)
            - _wrong_kind_of_path(ability, filled)
        )
        if best is None or fitted > best.score:
            best = Choice(fitted, ability, filled)
    return best if best and best.score >= ENOUGH else None


def _filling(ability: Ability, filled: Filled, catalog: Catalog) -> float:
    """What the arguments say for a tool, or against it."""
    can_place = root_finder(ability, catalog) is not None
    unknown = sum(not is_id(one) and not (can_place and is_path(one)) for one in filled.missing)
    return 0.3 * min(filled.typed, 2) - 0.2 * unknown - (0.0 if filled.is_sayable else 0.6)


def _wrong_kind_of_path(ability: Ability, filled: Filled) -> float:
    """How much speaks against a tool for folders that was given a file, or the other way round."""
    nouns = {stem(word) for word in ability.nouns}
    for parameter in ability.required:
        value = filled.arguments.get(parameter.name)
        if is_path(parameter) and isinstance(value, str):
            is_file = bool(re.search(r"\.\w{1,5}$", value))
            if (is_file and "directory" in nouns) or (not is_file and "file" in nouns):
                return 0.4
    return 0.0
