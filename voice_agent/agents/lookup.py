"""Looks at what a call would touch before the user is asked to agree to it, with the same server's reading tools."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from voice_agent.agents.readback import describe, join, quote, words_of
from voice_agent.bridge.forms import Reply
from voice_agent.bridge.types import Decision, Status

if TYPE_CHECKING:
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
    plain = Seen(describe(tool, arguments))
    reader = _reader(bridge.tools, tool, arguments)
    if reader is None:
        return plain
    read, asked = reader
    heard = _Hearing()
    try:
        async with asyncio.timeout(_WITHIN):
            result = await bridge.call(read, asked, on_question=heard)
    except TimeoutError:
        return plain
    if heard.asked is not None or result.status is Status.ERROR:
        return Seen(plain.said, heard.asked.text if heard.asked is not None else result.text)
    if result.status is not Status.OK or result.structured is None:
        return plain
    if words_of(read.name)[0] in _GETTING:
        name = _name(result.structured)
        return Seen(describe(tool, {**arguments, next(iter(asked)): name})) if name else plain
    return _seen_list(plain, result.structured, result.text)


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


def _seen_list(plain: Seen, structured: Json, text: str) -> Seen:
    things = next((cast("list[Any]", value) for value in structured.values() if isinstance(value, list)), None)
    if things is None:
        return plain
    total = structured.get("total")
    count = total if isinstance(total, int) else len(things)
    if count == 0:
        return Seen(plain.said, text.split("\n", 1)[0])
    names = [
        quote(name) for thing in things[:_MOST] if isinstance(thing, dict) and (name := _name(cast("Json", thing)))
    ]
    if not names:
        return plain
    if count > len(names):
        return Seen(f"{plain.said}, {count} in all, {join(names)} among them")
    return Seen(f"{plain.said}, {'that is' if count == 1 else 'those are'} {join(names)}")


def _name(value: Json) -> str | None:
    for key in _NAMED:
        if isinstance(text := value.get(key), str) and text.strip():
            return text
    inner = [cast("Json", item) for item in value.values() if isinstance(item, dict)]
    return _name(inner[0]) if len(inner) == 1 else None
