"""Says in words what a call would do, for the user to agree to. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from voice_agent.bridge.types import Json, Tool

_STATE = {"status", "state", "kind", "type", "filter", "scope", "which"}
_NAMING = {"id", "name", "title", "key", "path", "query", "item", "object", "target", "subject", "uri", "url"}
_LONGEST = 80


def describe(tool: Tool, arguments: Json, *, server: str | None = None) -> str:
    """Return what the call would do as a clause without a full stop: `delete the task “call the dentist”`.

    Args:
        tool: The tool that would be called.
        arguments: Its arguments; every one of them is said, since the user agrees to exactly this call.
        server: Spoken name of the server, where it should be said.
    """
    words = words_of(tool.name) or ["run"]
    if len(words) > 1 and words[0] in words_of(tool.server):
        del words[0]
    verb, noun = words[0], " ".join(words[1:])
    rest = {name: value for name, value in arguments.items() if value is not None}
    object_said = ""
    for name, value in list(rest.items()):
        parts = words_of(name)
        if not isinstance(value, (str, int, float)) or isinstance(value, bool):
            continue
        if parts[-1:] and parts[-1] in _STATE and isinstance(value, str):
            del rest[name]
            object_said = _all_of(str(value), noun)
            break
        if noun and (" ".join(parts) == noun or (set(parts) & _NAMING) or set(parts) & set(words[1:])):
            del rest[name]
            object_said = f"the {noun} {quote(value)}"
            break
    said = f"{verb} {object_said or noun}".strip()
    details = [f"{' '.join(words_of(name))} {quote(value)}" for name, value in rest.items()]
    if details:
        said = f"{said}, with {join(details)}"
    return f"{said} on {server}" if server else said


def question(text: str) -> str:
    """Return `text` with a capital first letter, as the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def words_of(name: str) -> list[str]:
    """Return the words of an identifier, in lower case."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return [word.lower() for word in re.split(r"[^A-Za-z0-9]+", spaced) if word]


def _all_of(value: str, noun: str) -> str:
    word = value.lower().replace("_", " ")
    return f"all {noun}" if word in {"all", "any"} else f"all {word} {noun}"


def quote(value: Any) -> str:
    """Return a value as it is read back: texts in quotes, cut where they are long."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, str):
        short = value if len(value) <= _LONGEST else value[: _LONGEST - 1] + "…"
        return f"“{' '.join(short.split())}”"
    if isinstance(value, list):
        items = [quote(item) for item in cast("list[Any]", value)]
        return join(items) if items else "nothing"
    if isinstance(value, dict):
        return join([f"{' '.join(words_of(name))} {quote(item)}" for name, item in cast("Json", value).items()])
    return "nothing"


def join(parts: list[str]) -> str:
    """Return `parts`, at least one, as an enumeration."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
