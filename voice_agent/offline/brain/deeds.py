"""Any server's tools: choose one, fill it, look ids up, ask for what is missing; then act."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from voice_agent.offline.brain.dialogue import Act, Ask, Call, Move, Say, Turn
from voice_agent.offline.brain.facts import read_fact
from voice_agent.offline.brain.fill import Filled, fill, is_id, is_path, is_place, read_answer, topic
from voice_agent.offline.brain.lookup import finder_for, matching
from voice_agent.offline.brain.results import read_output
from voice_agent.offline.brain.spoken import listing
from voice_agent.offline.brain.stems import stem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from voice_agent.offline.brain.catalog import Ability, Catalog, Parameter
    from voice_agent.offline.brain.choose import Index

ENOUGH = 0.78
"""The least that a tool must fit to be called."""


_ABSOLUTE = re.compile(r"^(?:[/~]|[A-Za-z]:)")


@dataclass(frozen=True, slots=True)
class Choice:
    """A tool for a request, and what the words tell of its arguments."""

    score: float
    ability: Ability
    filled: Filled


def earlier_arguments(turns: Sequence[Turn], catalog: Catalog) -> dict[tuple[str, str], Any]:
    """Where things are (paths, ids, projects) as told to each server before, by server and parameter."""
    told: dict[tuple[str, str], Any] = {}
    for turn in turns[-6:]:
        for call in turn.calls:
            ability = catalog.by_key.get(call.key)
            if ability is None or call.is_error:
                continue
            told.update(
                {
                    (ability.server, one.name): call.arguments[one.name]
                    for one in ability.required
                    if one.name in call.arguments and is_place(one)
                }
            )
    return told


def choose(request: str, index: Index, now: datetime, told: Mapping[tuple[str, str], Any]) -> Choice | None:
    """The tool that a request means; None where none fits well enough."""
    best: Choice | None = None
    for score, ability in index.rank(request):
        filled = fill(ability, request, now)
        known = {
            one.name: told[ability.server, one.name] for one in filled.missing if (ability.server, one.name) in told
        }
        if known:
            filled = replace(
                filled,
                arguments=filled.arguments | known,
                missing=tuple(one for one in filled.missing if one.name not in known),
                ids=tuple(one for one in filled.ids if one.name not in known),
                typed=filled.typed + len(known),
            )
        missing = len(filled.missing) - len(filled.ids)
        fitted = score + 0.3 * min(filled.typed, 2) - 0.2 * missing - (0.6 if filled.unfillable else 0.0)
        fitted -= _wrong_kind_of_path(ability, filled)
        if best is None or fitted > best.score:
            best = Choice(fitted, ability, filled)
    return best if best and best.score >= ENOUGH else None


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


def carry_out(choice: Choice, request: str, catalog: Catalog, now: datetime) -> Move:
    """Call the tool, or first find out what it still has to be told."""
    return proceed(choice.ability, dict(choice.filled.arguments), request, catalog, now)


def proceed(ability: Ability, arguments: dict[str, Any], request: str, catalog: Catalog, now: datetime) -> Move:
    """The next step towards calling `ability` with `arguments`."""
    missing = [parameter for parameter in ability.required if parameter.name not in arguments]
    for parameter in missing:
        if is_id(parameter) and (finder := finder_for(ability, parameter, catalog, request, now)):

            def found(calls: tuple[Call, ...], parameter: Parameter = parameter) -> Move:
                return _with_id(ability, arguments, parameter, request, calls, catalog, now)

            return Act((finder,), then=found)
    root = _root_lookup(ability, arguments, catalog)
    if root is not None:
        key, parameter = root

        def placed(calls: tuple[Call, ...]) -> Move:
            return _under_root(ability, arguments, parameter, request, calls, catalog, now)

        return Act(((key, {}),), then=placed)
    if missing:
        return _ask_for(missing[0], ability, arguments, request)
    return Act(((ability.key, arguments),))


def _ask_for(parameter: Parameter, ability: Ability, arguments: dict[str, Any], request: str) -> Move:
    if parameter.kind == "object" or (
        parameter.kind == "array" and "object" in str((parameter.schema or {}).get("items"))
    ):
        return Say(
            f"To {' '.join(ability.words)}, I would need more than can be said aloud. Please do that on a screen."
        )
    name = " ".join(word for word in parameter.words if word != "id") or "one"
    if parameter.enum:
        text = f"Which {name}: {listing([value.replace('_', ' ') for value in parameter.enum[:4]], last='or')}?"
    elif parameter.kind in ("integer", "number"):
        text = f"What number for {name}?" if len(name) > 1 else "Which number?"
    elif parameter.kind == "boolean":
        text = f"Should it be {name}, yes or no?"
    elif is_id(parameter):
        text = f"Which {name}?"
    else:
        text = {
            "query": "What should I look for?",
            "message": "What should the message say?",
            "path": "Which file or folder?",
            "url": "Which web address?",
        }.get(name, f"What is the {name}?")
    return Ask(text, key=ability.key, arguments=arguments, missing=parameter.name, request=request)


def answer(asked: Ask, said: str, catalog: Catalog, now: datetime) -> Move | None:
    """Go on with the tool that was waiting for `said`; None where that is no answer."""
    ability = catalog.by_key.get(asked.key)
    if ability is None:
        return None
    if asked.options:
        best = matching(said, [(name, value) for name, value in asked.options])
        ordinal = re.search(r"\b(first|second|third|last)\b", said.lower())
        if ordinal:
            position = {"first": 0, "second": 1, "third": 2, "last": -1}[ordinal[1]]
            best = [asked.options[min(position, len(asked.options) - 1)]]
        if len(best) != 1:
            return None
        return proceed(ability, {**asked.arguments, asked.missing: best[0][1]}, asked.request, catalog, now)
    parameter = next((one for one in ability.parameters if one.name == asked.missing), None)
    if parameter is None:
        return None
    value = read_answer(parameter, said, now)
    if value is None and len(said.split()) > 2:  # noqa: PLR2004 - more than a slip: another request
        return None
    if value is None:
        return Ask(asked.text, key=asked.key, arguments=asked.arguments, missing=asked.missing, request=asked.request)
    return proceed(ability, {**asked.arguments, parameter.name: value}, asked.request, catalog, now)


def _with_id(
    ability: Ability,
    arguments: dict[str, Any],
    parameter: Parameter,
    request: str,
    calls: tuple[Call, ...],
    catalog: Catalog,
    now: datetime,
) -> Move:
    """The id is among what the server listed: by the name that the request says."""
    output = read_output(calls[-1].output or "")
    items = output.items or []
    if calls[-1].is_error:
        return Act(())
    named = matching(topic(request, ability) or request, [(item.name, item.id) for item in items])
    if len(named) == 1 or (len(items) == 1 and not named and re.search(r"\b(?:it|that|this|the)\b", request)):
        value = named[0][1] if named else items[0].id
        value = str(value) if parameter.kind == "string" else value
        return proceed(ability, {**arguments, parameter.name: value}, request, catalog, now)
    noun = " ".join(word for word in parameter.words if word not in ("id", "uuid")) or "one"
    if named:
        return Ask(
            f"Which {noun}: {listing([name for name, _ in named[:4]], last='or')}?",
            key=ability.key,
            arguments=arguments,
            missing=parameter.name,
            request=request,
            options=tuple(named[:4]),
        )
    if not items:
        return Say(f"I couldn't find any {noun if noun != 'one' else 'match'}.")
    options = tuple((item.name, item.id) for item in items[:6])
    return Ask(
        f"Which {noun} do you mean: {listing([name for name, _ in options[:4]], last='or')}?",
        key=ability.key,
        arguments=arguments,
        missing=parameter.name,
        request=request,
        options=options,
    )


def _root_lookup(ability: Ability, arguments: dict[str, Any], catalog: Catalog) -> tuple[str, Parameter] | None:
    """A tool that says which folders may be used, where a path is missing or does not say where it begins."""
    for parameter in ability.parameters:
        if not is_path(parameter):
            continue
        value = arguments.get(parameter.name)
        if (value is None and parameter.is_required and ability.classes & {"list", "search"}) or (
            isinstance(value, str) and not _ABSOLUTE.match(value)
        ):
            for other in catalog.servers.get(ability.server, []):
                if not other.required and {"allowed", "directories"} <= set(other.words):
                    return other.key, parameter
    return None


def _under_root(
    ability: Ability,
    arguments: dict[str, Any],
    parameter: Parameter,
    request: str,
    calls: tuple[Call, ...],
    catalog: Catalog,
    now: datetime,
) -> Move:
    text = calls[-1].output or ""
    roots = re.findall(r"(?m)(?:^|[\s\"])((?:/|[A-Za-z]:\\)[^\s\",\\]*)", text)
    if not roots:
        return Say("I don't know which folder to look in.")
    base = roots[0].rstrip("/")
    rooted = dict(arguments)
    for one in ability.parameters:
        given = arguments.get(one.name)
        if is_path(one) and isinstance(given, str) and not _ABSOLUTE.match(given):
            rooted[one.name] = base if base.rsplit("/", 1)[-1] == given else f"{base}/{given}"
    if parameter.name not in rooted:
        rooted[parameter.name] = base or "/"
    return proceed(ability, rooted, request, catalog, now)


def about_facts(request: str, catalog: Catalog, now: datetime) -> Move | None:
    """“Remember that Anna likes tea”, where a server keeps facts about things; None where it is nothing of the kind."""
    del now
    return read_fact(request, catalog)
