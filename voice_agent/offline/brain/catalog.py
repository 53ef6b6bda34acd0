"""The tools at hand, read from their schemas alone: what each does, to what, and what it must be told."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from voice_agent.offline.brain.phrases import load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Json: TypeAlias = dict[str, Any]

WAIT = "wait_for_servers"
"""There while servers are starting; returns when they are there."""
OURS = frozenset({"read_resource", "use_prompt", "find_tools", WAIT})
"""Tools that are of no server."""
_MOST_CHOICES = 12
CLASS_OF: dict[str, frozenset[str]] = {}
"""Classes of deed that a verb may stand for."""
for _name, _verbs in load("tools").table["deeds"].items():
    for _verb in _verbs.split():
        CLASS_OF[_verb] = CLASS_OF.get(_verb, frozenset()) | {_name}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a tool."""

    name: str
    kind: str
    """`string`, `integer`, `number`, `boolean`, `array`, `object`."""
    description: str
    is_required: bool
    enum: tuple[str, ...] = ()
    format: str = ""
    schema: Json | None = None

    @property
    def words(self) -> list[str]:
        """The words of its name, in lower case."""
        return split_name(self.name)


@dataclass(frozen=True, eq=False)
class Ability:
    """One tool, as its schema describes it."""

    key: str
    """The name that it is called by."""
    name: str
    """The key without its server's name."""
    server: str
    description: str
    parameters: tuple[Parameter, ...]

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words of its name, in lower case."""
        return tuple(split_name(self.name))

    @cached_property
    def nouns(self) -> frozenset[str]:
        """The words of its name that are no verbs and not its server's name."""
        of_server = set(split_name(self.server))
        return frozenset(word for word in self.words if word not in CLASS_OF and word not in of_server)

    @cached_property
    def classes(self) -> frozenset[str]:
        """What kinds of deed its name speaks of; empty where it names none."""
        for word in self.words:
            if word in CLASS_OF:
                return CLASS_OF[word]
        return frozenset()

    @cached_property
    def required(self) -> tuple[Parameter, ...]:
        """The parameters that it cannot do without."""
        return tuple(parameter for parameter in self.parameters if parameter.is_required)

    def parameter(self, *names: str, kinds: tuple[str, ...] = ()) -> Parameter | None:
        """The first parameter that is called, or whose last word is, one of `names` (in their order)."""
        for name in names:
            for parameter in self.parameters:
                words = parameter.words
                if (parameter.name.lower() == name or "_".join(words) == name or (words and words[-1] == name)) and (
                    not kinds or parameter.kind in kinds
                ):
                    return parameter
        return None


def split_name(name: str) -> list[str]:
    """`createTask`, `create-task` and `create_task` as `["create", "task"]`."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]


def _simple(schema: object, root: Json) -> Json:
    """One plain schema of what may be a reference or a choice; the first that is not null."""
    for _ in range(4):
        if not isinstance(schema, dict):
            return {}
        here = cast("Json", schema)
        if isinstance(ref := here.get("$ref"), str):
            target: Any = root
            for part in ref.lstrip("#/").split("/"):
                target = cast("Json", target).get(part, {}) if isinstance(target, dict) else {}
            schema = (
                {**cast("Json", target), **{k: v for k, v in here.items() if k != "$ref"}}
                if isinstance(target, dict)
                else {}
            )
            continue
        for choice in ("anyOf", "oneOf", "allOf"):
            if isinstance(options := here.get(choice), list) and "type" not in here:
                plain = {key: value for key, value in here.items() if key != choice}
                schema = plain | _first_real(cast("list[Any]", options))
                break
        else:
            return here
    return cast("Json", schema) if isinstance(schema, dict) else {}


def _first_real(options: list[Any]) -> Json:
    """The first of the schemas that is not null; empty where there is none."""
    for option in options:
        if isinstance(option, dict) and cast("Json", option).get("type") != "null":
            return cast("Json", option)
    return {}


def simple_schema(schema: object, root: Json) -> Json:
    """Like `schema`, with references and choices followed to one plain schema."""
    return _simple(schema, root)


def _choices_in(description: str) -> tuple[str, ...]:
    """The choices that a description names in quotes instead of an enum: “local ('local') or remote ('remote')”."""
    quoted = re.findall(r"[\"'`](\w+)[\"'`]", description)
    is_choice = re.search(r"\b(?:one of|either|whether|or)\b", description) and not re.search(
        r"e\.g\.|\b(?:example|such as|like)\b", description, re.IGNORECASE
    )
    return tuple(dict.fromkeys(quoted)) if is_choice and 1 < len(quoted) <= _MOST_CHOICES else ()


def _parameter(name: str, schema: object, root: Json, *, is_required: bool) -> Parameter:
    plain = _simple(schema, root)
    kind: Any = plain.get("type") or ("object" if "properties" in plain else "array" if "items" in plain else "string")
    if isinstance(kind, list):
        kind = next((one for one in cast("list[str]", kind) if one != "null"), "string")
    enum = plain.get("enum") or ([plain["const"]] if "const" in plain else [])
    listed = cast("list[Any]", enum) if isinstance(enum, list) else []
    values = tuple(str(value) for value in listed if value is not None)
    if kind == "string" and not values:
        values = _choices_in(str(plain.get("description") or ""))
    return Parameter(
        name, str(kind), str(plain.get("description") or ""), is_required, values, str(plain.get("format") or ""), plain
    )


def read_ability(schema: Mapping[str, Any], server: str) -> Ability:
    """The ability that a function schema `{name, description, parameters}` describes."""
    key = str(schema.get("name") or "")
    root = schema.get("parameters")
    root = cast("Json", root) if isinstance(root, dict) else {}
    properties = root.get("properties")
    required = root.get("required")
    needed = {str(name) for name in cast("list[Any]", required)} if isinstance(required, list) else set[str]()
    parameters = (
        tuple(
            _parameter(name, value, root, is_required=name in needed)
            for name, value in cast("Json", properties).items()
        )
        if isinstance(properties, dict)
        else ()
    )
    name = key[len(server) :].lstrip("_-.") if server and key.startswith(server) else key
    return Ability(key, name or key, server, str(schema.get("description") or ""), parameters)


def server_of(keys: Sequence[str]) -> dict[str, str]:
    """The server's name in front of each key, as far as the keys show it: the words that its tools share."""
    first = Counter(key.split("_", 1)[0] for key in keys if "_" in key)
    found: dict[str, str] = {}
    for start in first:
        group = [key for key in keys if key.split("_", 1)[0] == start and "_" in key]
        prefix = start
        while len(group) > 1:
            nexts = {key[len(prefix) + 1 :].split("_", 1)[0] for key in group}
            longer = f"{prefix}_{next(iter(nexts))}"
            if (
                len(nexts) > 1
                or not all(key.startswith(f"{longer}_") for key in group)
                or next(iter(nexts)) in CLASS_OF
                or next(iter(nexts)) == start
            ):
                break
            prefix = longer
        for key in group:
            found[key] = prefix
    return found


def _starting(wait: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The servers that the schema of `WAIT` names."""
    return tuple(wait["parameters"]["properties"]["servers"]["items"]["enum"]) if wait is not None else ()


@dataclass(frozen=True, eq=False)
class Catalog:
    """All abilities of this moment."""

    abilities: tuple[Ability, ...]
    starting: tuple[str, ...] = ()
    """Names of servers that are starting and can be waited for."""

    @classmethod
    def of(cls, schemas: Sequence[Mapping[str, Any]]) -> Catalog:
        """Read function schemas; those of a shared first word are taken to be of one server."""
        named = {str(schema.get("name") or ""): schema for schema in schemas}
        starting = _starting(named.pop(WAIT, None))
        servers = server_of([key for key in named if key not in OURS])
        return cls(tuple(read_ability(schema, servers.get(key, "")) for key, schema in named.items()), starting)

    @cached_property
    def by_key(self) -> dict[str, Ability]:
        """Abilities by the name that they are called by."""
        return {ability.key: ability for ability in self.abilities}

    @cached_property
    def servers(self) -> dict[str, list[Ability]]:
        """Abilities by server, in the order that they are listed in."""
        grouped: dict[str, list[Ability]] = {}
        for ability in self.abilities:
            grouped.setdefault(ability.server, []).append(ability)
        return grouped
