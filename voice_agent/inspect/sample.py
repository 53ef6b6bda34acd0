"""Arguments by which a tool can be tried without harm, or why there are none (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from voice_agent.bridge.policy import words_of
from voice_agent.inspect.parameters import is_binary, is_id

if TYPE_CHECKING:
    from voice_agent.bridge.types import Json, Tool

_FREE = {
    "query": "test",
    "search": "test",
    "text": "test",
    "q": "test",
    "keyword": "test",
    "keywords": "test",
    "term": "test",
    "topic": "test",
    "question": "test",
    "message": "test",
    "name": "test",
    "title": "test",
    "city": "Paris",
    "location": "Paris",
    "place": "Paris",
    "country": "France",
    "timezone": "Europe/Paris",
    "zone": "Europe/Paris",
    "language": "en",
    "date": "2026-01-15",
    "time": "12:00",
    "currency": "EUR",
    "symbol": "AAPL",
    "ticker": "AAPL",
}
"""What is said for the last word of a parameter's name, where it needs a text: harmless wherever it is only read."""
_FORMATS = {"date": "2026-01-15", "date-time": "2026-01-15T12:00:00Z", "time": "12:00:00Z", "email": "a@example.com"}
_DEEPEST = 6


class Unknown(Exception):
    """A parameter needs what only the server's user can know; the message says which."""


def sample(tool: Tool) -> Json:
    """Return arguments for all that `tool` requires.

    Raises:
        Unknown: One of them cannot be made up.
    """
    return _object(tool.original_schema, tool.input_schema, 0)


def _object(original: Json, adapted: Json, depth: int) -> Json:
    if depth > _DEEPEST:
        raise Unknown("needs something nested too deep to be made up")
    sent = cast("dict[str, Any]", original.get("properties") or {})
    properties = cast("dict[str, Json]", adapted.get("properties", {}))
    return {
        name: _value(
            name, cast("Json", sent[name]) if isinstance(sent.get(name), dict) else {}, properties[name], depth
        )
        for name in adapted.get("required", [])
        if name in properties
    }


def _value(name: str, original: Json, node: Json, depth: int) -> Any:
    examples = original.get("examples")
    known = [*node.get("enum", []), *(cast("list[Any]", examples) if isinstance(examples, list) else [])]
    if "default" in node or known:
        return node.get("default", known[0] if known else None)
    if branches := cast("list[Json]", node.get("anyOf", [])):
        return _value(name, original, branches[0], depth)
    if node.get("type") == "object":
        return _object(original, node, depth + 1)
    if node.get("type") == "array":
        least = int(node.get("minItems", 0))
        return [_value(name, {}, cast("Json", node.get("items", {})), depth + 1) for _ in range(least)]
    return _plain(name, node)


def _plain(name: str, node: Json) -> Any:
    if node.get("type") == "boolean":
        return False
    if node.get("type") in ("integer", "number"):
        if is_id(name, node):
            raise Unknown(f"needs “{name}”, which nobody here knows")
        return max(node.get("minimum", 1), 1)
    return _text(name, node)


def _text(name: str, node: Json) -> str:
    if isinstance(node.get("format"), str) and node["format"] in _FORMATS:
        return _FORMATS[node["format"]]
    parts = words_of(name)
    if not parts or is_id(name, node) or is_binary(name, node) or "pattern" in node or parts[-1] not in _FREE:
        raise Unknown(f"needs “{name}”, which nobody here knows")
    return _FREE[parts[-1]]
