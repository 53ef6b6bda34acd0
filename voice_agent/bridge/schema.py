"""Adapts a tool's JSON Schema to what every model provider accepts, as faithfully as that allows (pure).

The adapted schema is only what the model is shown; arguments are validated against the original. So whatever no
provider understands is loosened, or said in the description, and never a reason to do without the tool.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

from voice_agent.bridge.cleaning import clean, clean_value, is_plain

if TYPE_CHECKING:
    from voice_agent.bridge.types import Json

DESCRIPTION_LIMIT = 400
"""Characters of a parameter's description."""
_DEEPEST = 12
_MOST_NODES = 2_000
_MOST_CHOICES = 200
_NAMED_CHOICES = 10
"""Choices that are told where they are too many to be listed."""
_LONGEST_CHOICE = 200
_LONGEST_PATTERN = 200
_PROPERTY_NAME = re.compile(r"^[^\x00-\x1f\x7f]{1,128}$")
_TYPES = ("string", "number", "integer", "boolean", "array", "object", "null")
_KEPT: dict[str, tuple[type, ...]] = {
    "minimum": (int, float),
    "maximum": (int, float),
    "exclusiveMinimum": (int, float),
    "exclusiveMaximum": (int, float),
    "multipleOf": (int, float),
    "minLength": (int,),
    "maxLength": (int,),
    "minItems": (int,),
    "maxItems": (int,),
    "format": (str,),
}
_RISKY_PATTERN = re.compile(r"\(\?|\\[pPkZzAbB1-9]|\[\[|\\u\{")
"""Look-around, back-references, property classes: not every provider's engine knows them."""


class Unusable(Exception):
    """The schema cannot be shown to any provider; the message says why, after the tool's name."""


def adapt(original: object) -> Json:
    """Return `original` (a tool's `inputSchema`) as an object schema that every provider accepts.

    Raises:
        Unusable: It does not describe an object, or requires a parameter that cannot be named.
    """
    if original is None or original is True:
        original = {}
    if not isinstance(original, dict):
        raise Unusable("its parameters are not described by an object")
    root = cast("Json", original)
    return _Adaptation(root).root()


class _Adaptation:
    """One walk over one schema, with a budget, for references can make a small schema endless."""

    def __init__(self, root: Json) -> None:
        self._root = root
        self._left = _MOST_NODES

    def root(self) -> Json:
        flat = self._flatten(self._root, ())
        kind = flat.get("type", "object")
        if kind != "object" and not (isinstance(kind, list) and "object" in kind):
            raise Unusable("its parameters are not an object")
        flat["type"] = "object"
        merged = self._merge_choices(flat)
        adapted = self._object(merged, (), 0)
        return {"type": "object", "properties": adapted.pop("properties", {}), **_without(adapted, "type")}

    def _merge_choices(self, flat: Json) -> Json:
        """Fold the root's `anyOf` and `oneOf`, which no provider takes there, into its properties."""
        branches = [
            self._flatten(cast("Json", branch), ())
            for word in ("anyOf", "oneOf")
            for branch in _list(flat.get(word))
            if isinstance(branch, dict)
        ]
        if not branches:
            return flat
        properties: Json = {}
        for branch in branches:
            properties.update(_dict(branch.get("properties")))
        properties.update(_dict(flat.get("properties")))
        common = {str(name) for name in _list(branches[0].get("required"))}
        for branch in branches[1:]:
            common &= {str(name) for name in _list(branch.get("required"))}
        required = [*_list(flat.get("required")), *sorted(common)]
        return {**_without(flat, "anyOf", "oneOf"), "properties": properties, "required": required}

    def _node(self, schema: object, trail: tuple[str, ...], depth: int) -> Json:
        self._left -= 1
        if not isinstance(schema, dict) or depth > _DEEPEST or self._left < 0:
            return {}
        flat = self._flatten(cast("Json", schema), trail)
        trail = (*trail, *_list(flat.pop("$trail", [])))
        choices = [*_list(flat.get("anyOf")), *_list(flat.get("oneOf"))]
        if choices:
            return self._choice(flat, choices, trail, depth)
        if "const" in flat:
            flat["enum"] = [flat["const"]]
        kinds = [kind for kind in _as_list(flat.get("type")) if kind in _TYPES]
        if not kinds:
            kinds = _implied(flat)
        if len(kinds) > 1:
            branches: list[Any] = [{**_without(flat, "description", "default"), "type": kind} for kind in kinds]
            return self._choice(_only(flat, "description", "default"), branches, trail, depth)
        return self._plain(flat, kinds[0] if kinds else None, trail, depth)

    def _plain(self, flat: Json, kind: str | None, trail: tuple[str, ...], depth: int) -> Json:
        if kind == "object":
            return self._object(flat, trail, depth)
        node: Json = {"type": kind} if kind is not None else {}
        notes: list[str] = []
        for word, types in _KEPT.items():
            value = flat.get(word)
            if isinstance(value, types) and not isinstance(value, bool) and _is_shown(value):
                node[word] = value
        if kind == "string" and isinstance(pattern := flat.get("pattern"), str):
            if _is_shown(pattern) and not _RISKY_PATTERN.search(pattern):
                node["pattern"] = pattern
            elif _is_shown(pattern):
                notes.append(f"Must match {pattern}")
        if kind == "array":
            node["items"] = self._items(flat, trail, depth)
        choices = _choices(flat.get("enum"))
        if choices is not None and len(choices) <= _MOST_CHOICES:
            node["enum"] = choices
        elif choices is not None:
            notes.append(f"One of {len(choices)}, such as {', '.join(map(str, choices[:_NAMED_CHOICES]))}")
        return _described(node, flat, notes)

    def _object(self, flat: Json, trail: tuple[str, ...], depth: int) -> Json:
        required = {name for name in _list(flat.get("required")) if isinstance(name, str)}
        properties: Json = {}
        for name, schema in _dict(flat.get("properties")).items():
            if schema is False:
                continue
            if not _PROPERTY_NAME.match(name) or not name.strip() or not is_plain(name):
                if name in required:
                    raise Unusable("it requires a parameter whose name cannot be written")
                continue
            adapted = self._node(schema, trail, depth + 1)
            properties[name] = adapted if name in required else _without_null(adapted)
        node: Json = {"type": "object"}
        if properties or depth == 0:
            node["properties"] = properties
        if named := [name for name in properties if name in required]:
            node["required"] = named
        more = flat.get("additionalProperties")
        if more is False:
            node["additionalProperties"] = False
        elif isinstance(more, dict) and more:
            node["additionalProperties"] = self._node(cast("Json", more), trail, depth + 1)
        return _described(node, flat, [])

    def _items(self, flat: Json, trail: tuple[str, ...], depth: int) -> Json:
        items = flat.get("items")
        several = _list(flat.get("prefixItems")) or _list(items)
        if not several:
            return self._node(items, trail, depth + 1)
        branches = [self._node(item, trail, depth + 1) for item in several[:8]]
        return _joined({}, branches)

    def _choice(self, flat: Json, choices: list[Any], trail: tuple[str, ...], depth: int) -> Json:
        shared = _without(flat, "anyOf", "oneOf", "description", "default", "title", "examples")
        branches: list[Json] = []
        for choice in choices[:32]:
            if isinstance(choice, dict):
                branch = {**shared, **cast("Json", choice)}
                if "properties" in shared and "properties" in choice:
                    branch["properties"] = {**_dict(shared["properties"]), **_dict(cast("Json", choice)["properties"])}
                branches.append(self._node(branch, trail, depth + 1))
        return _described(_joined({}, branches), flat, [])

    def _flatten(self, schema: Json, trail: tuple[str, ...]) -> Json:
        """Write out `$ref` and `allOf` at this level. References that come back to themselves end as anything."""
        result = dict(schema)
        gone: list[str] = []
        while isinstance(reference := result.pop("$ref", result.pop("$dynamicRef", None)), str):
            self._left -= 1
            target = self._lookup(reference)
            if reference in trail or reference in gone or target is None or self._left < 0:
                break
            gone.append(reference)
            result = {**target, **result}
        for part in _list(result.pop("allOf", None)):
            if isinstance(part, dict):
                other = self._flatten(cast("Json", part), (*trail, *gone))
                gone += _list(other.pop("$trail", []))
                properties = {**_dict(result.get("properties")), **_dict(other.get("properties"))}
                required = [*_list(result.get("required")), *_list(other.get("required"))]
                result = {**other, **result}
                if properties:
                    result["properties"] = properties
                if required:
                    result["required"] = required
        if gone:
            result["$trail"] = gone
        return result

    def _lookup(self, reference: str) -> Json | None:
        """Return what a reference within the document points to (RFC 6901, or an anchor); nothing is ever fetched."""
        fragment = unquote(reference[1:])
        if not reference.startswith("#") or (fragment and not fragment.startswith("/")):
            return self._anchors.get(fragment) if reference.startswith("#") else None
        target: Any = self._root
        for word in fragment.split("/")[1:]:
            key = word.replace("~1", "/").replace("~0", "~")
            if isinstance(target, dict):
                target = cast("Json", target).get(key)
            elif isinstance(target, list) and key.isdigit() and int(key) < len(cast("list[Any]", target)):
                target = cast("list[Any]", target)[int(key)]
            else:
                return None
        return cast("Json", target) if isinstance(target, dict) else None

    @cached_property
    def _anchors(self) -> dict[str, Json]:
        """The parts of the document that have a name of their own."""
        found: dict[str, Json] = {}
        waiting: list[Any] = [self._root]
        while waiting:
            value = waiting.pop()
            if isinstance(value, dict):
                node = cast("Json", value)
                for word in ("$anchor", "$dynamicAnchor"):
                    if isinstance(name := node.get(word), str):
                        found.setdefault(name, node)
                waiting += node.values()
            elif isinstance(value, list):
                waiting += cast("list[Any]", value)
        return found


def _is_shown(value: object) -> bool:
    """Tell whether a text of a schema can stand there as it is."""
    return not isinstance(value, str) or (len(value) <= _LONGEST_PATTERN and is_plain(value))


def _joined(node: Json, branches: list[Json]) -> Json:
    """Return one schema for several: one enum, one type, or `anyOf`."""
    unique: list[Json] = []
    for branch in branches:
        if branch not in unique:
            unique.append(branch)
    if not unique or {} in unique:
        return node
    if len(unique) == 1:
        return {**node, **unique[0]}
    if all(branch.keys() <= {"type", "enum"} and "enum" in branch for branch in unique):
        kinds = {branch.get("type") for branch in unique}
        if len(kinds) == 1:
            merged = list(dict.fromkeys(value for branch in unique for value in branch["enum"]))
            return {**node, **_only(unique[0], "type"), **({"enum": merged} if len(merged) <= _MOST_CHOICES else {})}
    return {**node, "anyOf": unique}


def _without_null(node: Json) -> Json:
    """Drop “or null” from an optional parameter: leaving it out says the same, and not every provider knows null."""
    branches = _list(node.get("anyOf"))
    kept = [branch for branch in branches if branch.get("type") != "null"]
    result = dict(node)
    if branches and len(kept) < len(branches) and kept:
        del result["anyOf"]
        result = {**_joined({}, kept), **result}
    if result.get("default", 0) is None:
        del result["default"]
    return result


def _described(node: Json, flat: Json, notes: list[str]) -> Json:
    """Add what a person would want to know: description, default, examples."""
    words = [flat["description"]] if isinstance(flat.get("description"), str) else []
    examples = [str(value) for value in _list(flat.get("examples"))[:3] if isinstance(value, str | int | float)]
    if examples:
        notes = [*notes, f"For example: {', '.join(examples)}"]
    text = clean(" ".join([*words, *notes]), DESCRIPTION_LIMIT)
    if text:
        node["description"] = text
    default = flat.get("default")
    if isinstance(default, str | int | float) and len(str(default)) <= _LONGEST_CHOICE:
        node["default"] = clean_value(default) if isinstance(default, str) else default
    return node


def _choices(values: object) -> list[Any] | None:
    """Return the choices as a model is shown them (`arguments.mended` finds the server's own again)."""
    kept = [
        clean_value(value) if isinstance(value, str) else value
        for value in _list(values)
        if value is None or (isinstance(value, str | int | float) and len(str(value)) <= _LONGEST_CHOICE)
    ]
    return kept if kept and len(kept) == len(_list(values)) else None


def _implied(flat: Json) -> list[str]:
    """Return the type that a schema without `type` must mean."""
    if "properties" in flat or "additionalProperties" in flat:
        return ["object"]
    if "items" in flat or "prefixItems" in flat:
        return ["array"]
    names: list[str] = []
    for value in _list(flat.get("enum")):
        name = _name_of(value)
        if name is not None and name not in names:
            names.append(name)
    if len(names) == 1:
        return names
    return ["string"] if "pattern" in flat or "minLength" in flat or "maxLength" in flat else []


def _name_of(value: object) -> str | None:
    for kind, name in ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string")):
        if isinstance(value, kind):
            return name
    return "null" if value is None else None


def _dict(value: object) -> Json:
    return cast("Json", value) if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _as_list(value: object) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else [value]


def _without(value: Json, *keys: str) -> Json:
    return {key: item for key, item in value.items() if key not in keys}


def _only(value: Json, *keys: str) -> Json:
    return {key: item for key, item in value.items() if key in keys}
