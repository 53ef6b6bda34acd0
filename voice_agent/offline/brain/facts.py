"""Tools that keep facts about things (entities with observations): what to store, and what to look for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from voice_agent.offline.brain.catalog import Ability, Parameter, simple_schema
from voice_agent.offline.brain.dialogue import Act, Call, Move, Say
from voice_agent.offline.brain.phrases import load
from voice_agent.offline.brain.results import read_output

if TYPE_CHECKING:
    from voice_agent.offline.brain.catalog import Catalog

_SAYS = load("facts")
_REMEMBER = _SAYS.pattern("remember")
_RECALL = _SAYS.pattern("recall")
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
        return None
    server = next(iter(keepers)).server
    search = next((one for one in catalog.servers[server] if "search" in one.classes and one.parameter("query")), None)
    if (match := _RECALL.match(request)) and search:
        name = match["topic"].strip(" ?.!")
        return (
            Act(((search.key, {search.parameter("query").name: name}),), then=_told)
            if search.parameter("query")
            else None
        )  # pyright: ignore[reportOptionalMemberAccess]  # chosen by it
    match = _REMEMBER.match(request)
    if match is None:
        return None
    fact = match["fact"].strip(" .!")
    name = subject(fact)

    def store(calls: tuple[Call, ...]) -> Move:
        known = (
            {item.name.lower() for item in (read_output(calls[-1].output or "").items or [])} if calls else set[str]()
        )
        adders = [
            ability
            for ability in keepers
            if ("create" in ability.classes) and (("observations" in ability.words) == (name.lower() in known))
        ]
        ability = (adders or list(keepers))[0]
        parameter, fields = keepers[ability]
        return Act(
            ((ability.key, {parameter.name: [_thing(fields, name, fact)]}),),
            then=lambda done: Say(
                f"I'll remember that {fact}." if not done[-1].is_error else "Sorry, I couldn't store that."
            ),
        )

    query = search.parameter("query") if search else None
    return Act(((search.key, {query.name: name}),), then=store) if search and query else store(())


def _told(calls: tuple[Call, ...]) -> Move:
    """What is known, fact by fact."""
    facts: list[str] = []
    for item in read_output(calls[-1].output or "").items or []:
        listed = next((value for value in item.fields.values() if isinstance(value, list)), [])
        facts.extend(str(one) for one in cast("list[Any]", listed))
    if calls[-1].is_error or not facts:
        return Say("I don't know anything about that yet.")
    return Say(". ".join(facts[:4]) + ".")
