"""Tools that keep facts about things (entities with observations): what to store, and what to look for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from voice_agent.offline.brain import times
from voice_agent.offline.brain.catalog import Ability, Parameter, simple_schema
from voice_agent.offline.brain.dialogue import Act, Call, Move, Say
from voice_agent.offline.brain.phrases import load
from voice_agent.offline.brain.results import read_output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voice_agent.offline.brain.catalog import Catalog

_SAYS = load("facts")
_REMEMBER = _SAYS.pattern("remember")
_RECALL = _SAYS.pattern("recall")
_PLAIN_FACT, _WHO, _FORGET = _SAYS.pattern("plain_fact"), _SAYS.pattern("who"), _SAYS.pattern("forget")
_SUBJECT = _SAYS.pattern("subject")


def _facts_parameter(ability: Ability) -> tuple[Parameter, dict[str, Any]] | None:
    """The parameter that takes things with facts: an array of objects with a name and a list of texts."""
    for parameter in ability.required:
        items = simple_schema((parameter.schema or {}).get("items") or {}, parameter.schema or {})
        properties = items.get("properties")
        if parameter.kind == "array" and isinstance(properties, dict):
            fields = cast("dict[str, Any]", properties)
            if any(
                isinstance(value, dict) and cast("dict[str, Any]", value).get("type") == "array"
                for value in fields.values()
            ) and any("name" in field.lower() for field in fields):
                return parameter, fields
    return None


def _thing(fields: dict[str, Any], name: str, fact: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for field, schema in fields.items():
        kind = cast("dict[str, Any]", schema).get("type") if isinstance(schema, dict) else None
        if kind == "array":
            made[field] = [fact]
        elif "name" in field.lower():
            made[field] = name
        elif kind == "string":
            made[field] = "person" if name[:1].isupper() else "thing"
    return made


def subject(fact: str) -> str:
    """Whom or what a fact is about."""
    match = _SUBJECT.match(fact)
    name = match["name"] if match else " ".join(fact.split()[:2])
    return (
        "user" if name.lower() in ("i", "i'm", "my", "me") else re.sub(r"^(?:the|our) ", "", name, flags=re.IGNORECASE)
    )


def read_fact(request: str, catalog: Catalog) -> Move | None:
    """The call that stores or looks up a fact; None where the request, or the tools, are not of that kind."""
    keepers = {ability: found for ability in catalog.abilities if (found := _facts_parameter(ability))}
    if not keepers:
        return _not_kept(request) if catalog.abilities else None
    search = _search_of(catalog.servers[next(iter(keepers)).server])
    if search and (move := _looked_up(request, search, _deleter_of(catalog, next(iter(keepers))))):
        return move
    match = _REMEMBER.match(request) or _PLAIN_FACT.match(request)
    if match is None:
        return None
    fact = match["fact"].strip(" .!")
    if search is None:
        return _store(fact, keepers, ())
    key, query = search
    return Act(((key, {query: subject(fact)}),), then=lambda calls: _store(fact, keepers, calls))


def _looked_up(request: str, search: tuple[str, str], forgets: tuple[str, str] | None) -> Move | None:
    """The search for a fact that is asked for, or for what is to be forgotten; None where the request is neither."""
    key, query = search
    if match := _RECALL.match(request):
        return Act(((key, {query: match["topic"].strip(" ?.!")}),), then=_told)
    if match := _WHO.match(request):
        return Act(((key, {query: _asked_about(match)}),), then=_told)
    if (match := _FORGET.match(request)) and forgets:
        name = match["name"]
        return Act(((key, {query: name}),), then=lambda calls: _forgotten(name, forgets, calls))
    return None


def _not_kept(request: str) -> Move | None:
    """A fact that is no task, where nothing keeps facts."""
    match = _PLAIN_FACT.match(request)
    if match is None or times.split(request)[1] is not None:
        return None
    return Say(f"I have no memory for facts. Should it be a task, say: add {match['fact'].strip(' .!')} to my list.")


def _asked_about(match: re.Match[str]) -> str:
    """The words that a fact asked for would have in it."""
    if topic := match["topic"]:
        return topic.strip(" ?.!")
    if whose := match["whose"]:
        return whose.partition("'s ")[0]
    return match["whom"].split()[0]


def _deleter_of(catalog: Catalog, keeper: Ability) -> tuple[str, str] | None:
    """The key and the parameter of the tool that deletes things by their names."""
    for ability in catalog.servers[keeper.server]:
        names = [one for one in ability.required if one.kind == "array" and {"name", "names"} & set(one.words)]
        if "delete" in ability.classes and len(names) == len(ability.required) == 1:
            return ability.key, names[0].name
    return None


def _forgotten(name: str, forgets: tuple[str, str], calls: tuple[Call, ...]) -> Move:
    """Delete what has that name; say so where nothing has."""
    known = [item.name for item in read_output(calls[-1].output or "").items or []]
    named = next((one for one in known if one.lower() == name.lower()), None)
    if named is None:
        return Say(f"I know nothing about {name}.")
    key, parameter = forgets

    def told(done: tuple[Call, ...]) -> Move | None:
        if done[-1].is_error or read_output(done[-1].output or "").awaits_yes:
            return None
        return Say(f"I've forgotten {named}.")

    return Act(((key, {parameter: [named]}),), then=told)


def _search_of(abilities: Sequence[Ability]) -> tuple[str, str] | None:
    """The key and the parameter of the tool that finds things by words."""
    for ability in abilities:
        if "search" in ability.classes and (query := ability.parameter("query")):
            return ability.key, query.name
    return None


def _store(fact: str, keepers: dict[Ability, tuple[Parameter, dict[str, Any]]], calls: tuple[Call, ...]) -> Move:
    """Make a new thing with the fact, or add the fact to the thing that is known already."""
    name = subject(fact)
    known = {item.name.lower() for call in calls for item in read_output(call.output or "").items or []}
    is_known = name.lower() in known
    fitting = [one for one in keepers if "create" in one.classes and ("observations" in one.words) == is_known]
    ability = (fitting or list(keepers))[0]
    parameter, fields = keepers[ability]
    return Act(((ability.key, {parameter.name: [_thing(fields, name, fact)]}),), then=lambda done: _stored(fact, done))


def _stored(fact: str, calls: tuple[Call, ...]) -> Move | None:
    if calls[-1].is_error or read_output(calls[-1].output or "").awaits_yes:
        return None
    return Say(f"I'll remember that {fact}.")


def _told(calls: tuple[Call, ...]) -> Move | None:
    """What is known, fact by fact."""
    if calls[-1].is_error:
        return None
    facts: list[str] = []
    for item in read_output(calls[-1].output or "").items or []:
        for value in item.fields.values():
            if isinstance(value, list):
                facts.extend(str(one) for one in cast("list[Any]", value) if isinstance(one, str))
    return Say(". ".join(facts[:4]) + "." if facts else "I don't know anything about that yet.")
