"""Says in words what a call would do, for the user to agree to. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeGuard, cast

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voice_agent.bridge.types import Json, Tool

_STATE = {"status", "state", "kind", "type", "filter", "scope", "which"}
_NAMING = {"id", "name", "title", "key", "path", "query", "item", "object", "target", "subject", "uri", "url"}
_LONGEST = 80
"""Characters of a text."""
_SHORT = 40
"""Characters of a text within an object."""
_NAME_WORDS = 3
"""A text of more words is a sentence."""
_THINGS, _PARTS, _WORDS = 2, 3, 16
"""Objects, values of a field and words of an object that are said, before “and … more”."""


def describe(tool: Tool, arguments: Json, *, server: str | None = None) -> str:
    """Return what the call would do as a clause without a full stop: `delete the task “call the dentist”`.

    Args:
        tool: The tool that would be called.
        arguments: Its arguments; every one of them is said, since the user agrees to exactly this call.
        server: Spoken name of the server, where it should be said.
    """
    said = describe_call(tool.server, tool.name, arguments)
    return f"{said} on {server}" if server else said


def describe_call(server: str, tool: str, arguments: Json) -> str:
    """Return the same for a tool that may not be there, by the names of its server and itself."""
    words = words_of(tool) or ["run"]
    if len(words) > 1 and words[0] in words_of(server):
        del words[0]
    verb, noun = words[0], " ".join(words[1:])
    rest = {name: value for name, value in arguments.items() if value is not None}
    object_said, things = _object_of(rest, noun), _things_of(rest, words[1:])
    said = f"{verb} {object_said or noun}".strip() + (f": {things}" if things else "")
    details = [f"{' '.join(words_of(name))} {quote(value)}" for name, value in rest.items()]
    if details:
        said = f"{said}, with {join(details)}"
    return said


def _object_of(rest: Json, noun: str) -> str:
    """Return what the verb acts on, as a phrase, and take it out of `rest`; empty where no argument names it."""
    for name, value in list(rest.items()):
        parts = words_of(name)
        if _is_plain_list(value) and noun and _alike(parts, noun.split()):
            del rest[name]
            return f"the {noun} {_some([quote(one) for one in value])}"
        if not isinstance(value, (str, int, float)) or isinstance(value, bool):
            continue
        if parts[-1:] and parts[-1] in _STATE and isinstance(value, str):
            del rest[name]
            return _all_of(value, noun)
        if noun and (" ".join(parts) == noun or (set(parts) & _NAMING) or set(parts) & set(noun.split())):
            del rest[name]
            return f"the {noun} {quote(value)}"
    return ""


def _things_of(rest: Json, noun: list[str]) -> str:
    """Return the things that are given as objects, as a phrase, and take them out of `rest`; empty where none are."""
    said: list[str] = []
    for name, value in list(rest.items()):
        values = cast("list[Any]", value) if isinstance(value, list) else [value]
        if not values or not all(isinstance(one, dict) for one in values):
            continue
        del rest[name]
        told = [_thing(cast("Json", one), noun) for one in values[:_THINGS]]
        more = [f"{len(values) - _THINGS} more"] if len(values) > _THINGS else []
        label = "" if _alike(words_of(name), noun) or not noun else f"{' '.join(words_of(name))} "
        said.append(label + "; and ".join([*told, *more]))
    return "; ".join(said)


def _thing(fields: Json, noun: list[str]) -> str:
    """Return an object's first fields: `name Ada, type person`."""
    told: list[str] = []
    for name, value in fields.items():
        kept = [word for word in words_of(name) if not _alike([word], noun)] or words_of(name)
        values = cast("list[Any]", value) if isinstance(value, list) else [value]
        field = f"{' '.join(kept)} {_some([_short(one) for one in values]) if values else 'none'}"
        if told and len(" ".join([*told, field]).split()) > _WORDS:
            break
        told.append(field)
    left = len(fields) - len(told)
    return ", ".join(told) + (f" and {left} more {'field' if left == 1 else 'fields'}" if left > 0 else "")


def _some(parts: list[str]) -> str:
    """Return the first few as an enumeration, and how many more."""
    return join([*parts[:_PARTS], f"{len(parts) - _PARTS} more"] if len(parts) > _PARTS else parts)


def _short(value: Any) -> str:
    """Return a value within an object: bare where it is a name, in quotes where it is a sentence."""
    if isinstance(value, dict):
        return f"of {len(cast('Json', value))} fields"
    if not isinstance(value, str):
        return quote(value)
    words = value.split()
    return " ".join(words) if 0 < len(words) <= _NAME_WORDS else quote(" ".join(words)[:_SHORT])


def _is_plain_list(value: Any) -> TypeGuard[list[Any]]:
    return (
        isinstance(value, list)
        and bool(cast("list[Any]", value))
        and all(isinstance(one, (str, int, float)) for one in cast("list[Any]", value))
    )


def _alike(words: list[str], noun: list[str]) -> bool:
    """Whether a name speaks of the noun, in the singular or the plural."""
    return bool({_stem(word) for word in words} & {_stem(word) for word in noun})


def _stem(word: str) -> str:
    return re.sub(r"(?:ies|y|s)$", "", word)


def question(text: str) -> str:
    """Return `text` with a capital first letter, as the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def words_of(name: str) -> list[str]:
    """Return the words of an identifier, in lower case."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return [word.lower() for word in re.split(r"[\W_]+", spaced) if word]


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


def describe_all(said: Sequence[str]) -> str:
    """Return several calls in words; those that differ in a name alone as one: `delete the tasks “a” and “b”`."""
    parts = [re.fullmatch(r"([^“”]*)(“[^”]*”)([^“”]*)", one) for one in said]
    frames = {(part[1], part[3]) for part in parts if part is not None}
    if len(said) < 2 or None in parts or len(frames) != 1:  # noqa: PLR2004 - one needs no joining
        return " and ".join(said)
    before, after = frames.pop()
    lead = before.rstrip()
    plural = lead if lead.endswith("s") or not re.search(r"\bthe [\w ]+$", lead) else f"{lead}s"
    return f"{plural} {join([part[2] for part in parts if part is not None])}{after}"
