"""The words that can be expected now, likeliest first, from tools and what they returned. Pure: knows no LiveKit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LONGEST = 8
"""Words of a title; what is longer is a text, not a name."""
_LONGEST_CHOICE = 40
"""Characters of an enum's value that is a word and not a text."""

_NAMING = {
    "title", "name", "label", "subject", "summary", "task", "item", "project", "list", "tag", "tags", "labels",
    "category", "person", "contact", "assignee", "attendees", "location", "city", "full_name", "fullname",
    "display_name", "displayname", "first_name", "last_name", "nickname", "entity", "entity_type",
}  # fmt: skip
"""Fields of a result whose text people say aloud."""
_UNSAID = {
    "id", "ids", "uid", "uuid", "uri", "url", "path", "limit", "offset", "cursor", "page", "size", "per", "max", "min",
    "count", "index", "format", "type", "key", "value", "data", "query", "input", "output", "args", "options", "params",
    "token", "api", "json", "xml", "html", "raw", "true", "false", "null", "none", "default", "schema", "version",
    "timestamp", "timezone", "idempotency", "dry", "run", "verbose", "encoding", "mcp", "get", "fetch", "of", "by",
    "to", "the", "a", "an", "in", "on", "for", "is", "and", "or", "with", "from",
}  # fmt: skip
"""Parts of identifiers that nobody says, and words that no recogniser needs to be told."""
_SPLIT = re.compile(r"[^A-Za-z0-9À-ɏ']+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_A_NAME = re.compile(r"https?:|www\.|[\\/<>{}\[\]=@#_]|\b[0-9a-f]{8,}\b|\d{4}-\d\d|\d{5,}", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")


class Tool(Protocol):
    """What is needed of a tool."""

    @property
    def name(self) -> str:
        """As its server spells it."""
        ...

    @property
    def input_schema(self) -> Mapping[str, Any]:
        """JSON Schema of its parameters."""
        ...


def vocabulary(tools: Iterable[Tool], results: Iterable[Any] = (), *, most: int = 100) -> tuple[str, ...]:
    """Words and short phrases that are likely to be said, the likeliest first.

    Args:
        tools: those that can be called.
        results: structured results (JSON values), the newest last; titles and names are taken out of them.
        most: how many phrases at most.

    A phrase is left out where earlier ones have all its words already: a recogniser needs each word once.
    """
    known = list(tools)
    found = [name for result in reversed(list(results)) for name in _names(result)]
    candidates = [
        *found,
        *(value for tool in known for value in _enums(tool.input_schema)),
        *(_spoken(tool.name) for tool in known),
        *(_spoken(parameter) for tool in known for parameter in _parameters(tool.input_schema)),
    ]
    return tuple(_new_words(candidates, most))


def _new_words(candidates: Iterable[str], most: int) -> Iterator[str]:
    heard: set[str] = set()
    count = 0
    for phrase in candidates:
        words = {word.casefold() for word in _WORD.findall(phrase)}
        if count < most and not words <= heard:
            heard |= words
            count += 1
            yield phrase


def _names(value: Any, key: str = "") -> Iterator[str]:
    """The texts under naming fields, wherever they are; a bare list of texts is one of names."""
    if isinstance(value, str):
        if key.casefold() in _NAMING and (name := _name(value)):
            yield name
    elif isinstance(value, dict):
        for field, inner in value.items():  # pyright: ignore[reportUnknownVariableType] - JSON
            yield from _names(inner, str(field))  # pyright: ignore[reportUnknownArgumentType] - JSON
    elif isinstance(value, list):
        for inner in value:  # pyright: ignore[reportUnknownVariableType] - JSON
            yield from _names(inner, key)


def _name(text: str) -> str | None:
    """The text on one line, if it is one that can be said."""
    if _NOT_A_NAME.search(text):
        return None
    words = text.split()
    return " ".join(words).strip(" .,;:!?") if 0 < len(words) <= LONGEST and _WORD.search(text) else None


def _enums(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        for key, value in schema.items():  # pyright: ignore[reportUnknownVariableType] - JSON
            if key in ("enum", "const"):
                values: list[Any] = value if isinstance(value, list) else [value]  # pyright: ignore[reportUnknownVariableType] - JSON
                yield from (
                    _spoken(choice) for choice in values if isinstance(choice, str) and len(choice) <= _LONGEST_CHOICE
                )
            else:
                yield from _enums(value)
    elif isinstance(schema, list):
        for value in schema:  # pyright: ignore[reportUnknownVariableType] - JSON
            yield from _enums(value)


def _parameters(schema: Mapping[str, Any]) -> Iterator[str]:
    properties: Any = schema.get("properties")
    if isinstance(properties, dict):
        yield from (str(name) for name in properties)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - JSON


def _spoken(identifier: str) -> str:
    """An identifier as words: `create_task`, `createTask` and `create-task` are `create task`."""
    words = [word.lower() for word in _SPLIT.split(identifier) if word]
    return " ".join(word for word in words if word not in _UNSAID and not word.isdigit() and len(word) > 1)
