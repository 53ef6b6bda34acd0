"""Says in words what is different about a tool (pure)."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Any, cast

from voice_agent.bridge.cleaning import clean, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from voice_agent.bridge.types import Json, Tool

_MOST_PARAMETERS = 64
_MOST_TOLD = 8
_QUOTED = 160
_KINDS = {
    "string": "a text",
    "integer": "a number",
    "number": "a number",
    "boolean": "yes or no",
    "array": "a list",
    "object": "an object",
}
_CLAIMS = {
    "read_only": "that it only reads",
    "destructive": "that it may destroy something",
    "idempotent": "that it can be called twice",
    "open_world": "that it reaches outside",
}


def told(tool: Tool) -> Json:
    """Return of `tool` what is needed to say later how it changed: bounded, cleaned, JSON."""
    properties = cast("Json", tool.input_schema.get("properties", {}))
    names = list(properties)[:_MOST_PARAMETERS]
    return {
        "title": tool.title,
        "description": tool.description,
        "parameters": {name: _kind(properties[name]) for name in names},
        "required": [name for name in tool.input_schema.get("required", ()) if name in names],
        "hints": {name: getattr(tool.hints, name) for name in _CLAIMS},
    }


def changes(old: Json, new: Json) -> list[str]:
    """Return what changed from one `told` to another, each a clause such as “it takes “to” as well”; never empty."""
    if not old or not new:
        return ["it is not what it was"]
    found: list[str] = []
    if old.get("title") != new.get("title"):
        found.append(f"it calls itself “{new.get('title')}”, not “{old.get('title')}”")
    if old.get("description") != new.get("description"):
        found.append(_of_text(str(old.get("description")), str(new.get("description"))))
    found += _of_parameters(old, new)
    found += _of_hints(old.get("hints", {}), new.get("hints", {}))
    return found[:_MOST_TOLD] or ["details of its parameters or its description are different"]


def _of_text(old: str, new: str) -> str:
    """Say how a description changed: the part between what both begin and end with."""
    before, after = old.split(), new.split()
    begins = _alike(before, after)
    ends = _alike(before[begins:][::-1], after[begins:][::-1])
    gone = _quoted(before[begins : len(before) - ends])
    come = _quoted(after[begins : len(after) - ends])
    if come and gone:
        return f"its description says {come} instead of {gone}"
    if come:
        return f"its description now also says {come}"
    return f"its description no longer says {gone}" if gone else "its description is laid out otherwise"


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _quoted(words: Sequence[str]) -> str:
    return f"“{shorten(' '.join(words), _QUOTED)}”" if words else ""


def _of_parameters(old: Json, new: Json) -> Iterator[str]:
    before, after = cast("Json", old.get("parameters", {})), cast("Json", new.get("parameters", {}))
    must, must_now = (set(cast("list[str]", one.get("required", []))) for one in (old, new))
    for name in [name for name in after if name not in before]:
        yield f"it {'asks for' if name in must_now else 'takes'} {_named(name)} as well"
    for name in [name for name in before if name not in after]:
        yield f"it no longer takes {_named(name)}"
    for name, kind in after.items():
        if name in before and before[name] != kind:
            yield f"{_named(name)} is {kind} now, not {before[name]}"
        if name in before and (name in must) != (name in must_now):
            yield f"{_named(name)} is {'now' if name in must_now else 'no longer'} required"


def _of_hints(old: Json, new: Json) -> Iterator[str]:
    for name, claim in _CLAIMS.items():
        was, now = old.get(name), new.get(name)
        if was == now:
            continue
        if now is True:
            yield f"it says {claim}"
        elif now is False:
            yield f"it denies {claim}"
        else:
            yield f"it no longer {'says' if was else 'denies'} {claim}"


def _named(name: str) -> str:
    return f"“{clean(name, 60, one_line=True)}”"


def _kind(schema: Any) -> str:
    node = cast("Json", schema) if isinstance(schema, dict) else {}
    if "enum" in node:
        return "one of " + shorten(", ".join(str(value) for value in node["enum"]), 120)
    return _KINDS.get(str(node.get("type")), "anything")
