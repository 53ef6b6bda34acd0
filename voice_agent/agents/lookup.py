"""Looks at what a call would touch before the user is asked to agree to it, with the same server's reading tools."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from voice_agent.agents.answers import plain
from voice_agent.agents.readback import describe, join, quote, words_of
from voice_agent.bridge.forms import Reply
from voice_agent.bridge.ids import is_id
from voice_agent.bridge.types import Decision, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voice_agent.bridge.bridge import Bridge
    from voice_agent.bridge.forms import Question
    from voice_agent.bridge.types import Json, Tool

_WITHIN = 3.0
"""Seconds that the look may take; the user is asked without it then."""
_GETTING = {"get", "read", "show", "describe", "fetch"}
_NAMED = ("title", "name", "summary", "subject")
_MOST = 3
"""Things of a list that are named."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the call would touch."""

    said: str
    """The call in words."""
    refusal: str | None = None
    """Why there is nothing to agree to, in the server's words; None where there is."""
    arguments: Json | None = None
    """What the call is made with, where the server knows the thing by another name than it was given; else None."""


class _Hearing:
    """Hears what the server asks, and answers nothing: the user is asked about the call itself, not about the look."""

    def __init__(self) -> None:
        self.asked: Question | None = None

    @property
    def person(self) -> object:
        return self

    async def __call__(self, question: Question, /) -> Reply:
        self.asked = question
        return Reply("cancel")


async def look(bridge: Bridge, tool: Tool, arguments: Json) -> Seen:
    """Return the call in words that name what it would really touch, as far as its server can tell."""
    unseen = Seen(describe(tool, arguments))
    reader = _reader(bridge.tools, tool, arguments)
    if reader is None:
        return unseen
    read, asked = reader
    heard = _Hearing()
    try:
        async with asyncio.timeout(_WITHIN):
            result = await bridge.call(read, asked, on_question=heard)
    except TimeoutError:
        return unseen
    if heard.asked is not None or result.status is Status.ERROR:
        return Seen(unseen.said, heard.asked.text if heard.asked is not None else result.text)
    if result.status is not Status.OK or result.structured is None:
        return unseen
    if words_of(read.name)[0] in _GETTING:
        name = _name(result.structured)
        return _seen_one(tool, arguments, (next(iter(asked)), name), result.structured) if name else unseen
    return _seen_list(unseen, result.structured, result.text)


def _reader(tools: tuple[Tool, ...], tool: Tool, arguments: Json) -> tuple[Tool, Json] | None:
    """Return the tool that gets the one thing, or lists the things, that `tool` would act on; and what to ask it."""
    noun = words_of(tool.name)[1:]
    given = {name: value for name, value in arguments.items() if value is not None}
    for other in tools:
        verb, *their_noun = words_of(other.name) or [""]
        if other.server != tool.server or other.decision is not Decision.ALLOW or not noun or their_noun != noun:
            continue
        required = set(other.input_schema.get("required", ()))
        if verb in _GETTING and len(required) == 1 and required <= set(given):
            return other, {name: given[name] for name in required}
        if verb == "list" and given and set(given) <= set(other.input_schema.get("properties", {})):
            return other, given
    return None


def _seen_one(tool: Tool, arguments: Json, named: tuple[str, str], structured: Json) -> Seen:
    """Return the call with the thing as it is called; words that are none of its own were misheard for its name."""
    parameter, name = named
    said = {**arguments, parameter: name}
    given = arguments[parameter]
    is_own = not isinstance(given, str) or is_id(parameter, {}) or plain(given) in map(plain, _texts(structured))
    return Seen(describe(tool, said), arguments=None if is_own else said)


def _texts(value: Any) -> Iterator[str]:
    """Yield every text and number in a value."""
    if isinstance(value, dict):
        value = list(cast("Json", value).values())
    if isinstance(value, list):
        for one in cast("list[Any]", value):
            yield from _texts(one)
    elif isinstance(value, str | int):
        yield str(value)


def _seen_list(unseen: Seen, structured: Json, text: str) -> Seen:
    things = next((cast("list[Any]", value) for value in structured.values() if isinstance(value, list)), None)
    if things is None:
        return unseen
    total = structured.get("total")
    count = total if isinstance(total, int) else len(things)
    if count == 0:
        return Seen(unseen.said, text.split("\n", 1)[0])
    names = [
        quote(name) for thing in things[:_MOST] if isinstance(thing, dict) and (name := _name(cast("Json", thing)))
    ]
    if not names:
        return unseen
    if count > len(names):
        return Seen(f"{unseen.said}, {count} in all, {join(names)} among them")
    return Seen(f"{unseen.said}, {'that is' if count == 1 else 'those are'} {join(names)}")


def _name(value: Json) -> str | None:
    for key in _NAMED:
        if isinstance(text := value.get(key), str) and text.strip():
            return text
    inner = [cast("Json", item) for item in value.values() if isinstance(item, dict)]
    return _name(inner[0]) if len(inner) == 1 else None
