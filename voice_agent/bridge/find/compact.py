"""A tool's schema in fewer words (pure). What is left out may still be said: calls are checked against the original."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from voice_agent.bridge.find.lexical import first_sentence

if TYPE_CHECKING:
    from voice_agent.bridge.types import Json

LEVELS = 4
"""From 0, as it is, to the shortest."""
_SHORT, _SHORTER, _SHORTEST = 200, 100, 60
"""Characters of a description at level 1, 2 and 3."""
_PARAMETER = 60
_OPTIONAL = 4
"""Optional parameters that level 2 keeps."""
_CHOICES = 10
_DEEP = 3


def compact(schema: Json, level: int) -> Json:
    """Return the function schema `{name, description, parameters}` at a level; a new object unless the level is 0.

    Level 1 shortens texts, 2 leaves them out with most optional parameters, 3 keeps what is required. Types, choices
    and what is required of an object inside stay as they are as long as they are few.
    """
    if level == 0:
        return schema
    description = " ".join(str(schema.get("description") or "").split())
    if level == 1:
        short = _cut(description, _SHORT)
    else:
        short = _cut(first_sentence(description), (_SHORTER, _SHORTEST)[level - 2])
    return {"name": schema["name"], "description": short, "parameters": _parameters(schema.get("parameters"), level)}


def _parameters(node: Any, level: int) -> Json:
    parameters = cast("Json", node) if isinstance(node, dict) else {}
    properties = cast("Json", parameters.get("properties") or {})
    listed = parameters.get("required")
    names = cast("list[Any]", listed) if isinstance(listed, list) else []
    required = [name for name in names if isinstance(name, str) and name in properties]
    optional = [name for name in properties if name not in required]
    kept = required + (optional if level == 1 else optional[:_OPTIONAL] if level == 2 else [])  # noqa: PLR2004 - a level
    shown: Json = {"type": "object", "properties": {name: _node(properties[name], level, 0) for name in kept}}
    for word in ("$defs", "definitions"):
        if word in parameters and _refers(shown):
            shown[word] = parameters[word]
    return {**shown, "required": required} if required else shown


def _node(value: Any, level: int, depth: int) -> Any:
    if not isinstance(value, dict):
        return value
    node = cast("Json", value)
    shown: Json = {word: node[word] for word in ("type", "format", "const", "$ref") if word in node}
    choices = node.get("enum")
    if isinstance(choices, list) and len(cast("list[Any]", choices)) <= _CHOICES:
        shown["enum"] = choices
    description = node.get("description")
    if level == 1 and isinstance(description, str):
        shown["description"] = _cut(" ".join(description.split()), _PARAMETER)
    if depth < _DEEP:
        for word in ("anyOf", "oneOf", "allOf"):
            if isinstance(node.get(word), list):
                shown[word] = [_node(branch, level, depth + 1) for branch in cast("list[Any]", node[word])]
        if "items" in node:
            shown["items"] = _node(node["items"], level, depth + 1)
        if isinstance(node.get("properties"), dict):
            inner = _parameters(node, max(level, 2))
            shown.update({word: inner[word] for word in ("properties", "required") if word in inner})
    return shown


def _refers(node: Any) -> bool:
    if isinstance(node, dict):
        inner = cast("Json", node)
        return "$ref" in inner or any(_refers(value) for value in inner.values())
    return isinstance(node, list) and any(_refers(value) for value in cast("list[Any]", node))


def _cut(text: str, length: int) -> str:
    if len(text) <= length:
        return text
    return text[: length - 1].rsplit(" ", 1)[0].rstrip(" ,;:.-") + "…"
