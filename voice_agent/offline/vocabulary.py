"""The words that can be expected now, from what the tools are called and what the servers hold. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


class Described(Protocol):
    """What is looked at in a tool."""

    @property
    def name(self) -> str:
        """As its server spells it."""
        ...

    @property
    def input_schema(self) -> Mapping[str, Any]:
        """JSON Schema of its arguments."""
        ...


def vocabulary(tools: Iterable[Described], results: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return words and phrases, the likeliest first: titles that servers hold, then names and values of tools."""
    found: dict[str, None] = {}
    for result in results:
        found.update(dict.fromkeys(_titles(result)))
    for tool in tools:
        found.setdefault(" ".join(re.findall(r"[A-Za-z]+", tool.name)))
        for schema in tool.input_schema.get("properties", {}).values():
            found.update(dict.fromkeys(str(value) for value in schema.get("enum", ()) if isinstance(value, str)))
    return tuple(found)


def _titles(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            if name in {"title", "name"} and isinstance(item, str):
                yield item
            else:
                yield from _titles(item)
    elif isinstance(value, list):
        for item in value:
            yield from _titles(item)
