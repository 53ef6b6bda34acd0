"""Tells whether a call says only what the user has said, so that no other server can have brought it about (pure).

A model reads what every server writes: descriptions, results, errors. Where another server is attached, a call that
writes runs unasked only if no other server has answered since the user spoke, and if each word that it writes was said
by the user lately or comes from the very server that it goes to. Anything else is read back first, and costs the user a
yes. What remains to a lying description: a call with the user's own words that the user did not mean, at a trusted
server, of a kind that does not destroy.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any, cast

from voice_agent.agents.readback import words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from livekit.agents.llm import ChatItem

    from voice_agent.bridge.bridge import Bridge
    from voice_agent.bridge.types import Json, Tool

_TURNS = 2
"""Turns of the user whose words count as said lately."""
_SHORTEST = 3
"""Letters of a word that must have been said: “a”, “to”, “at” must not."""
_STEM = 4
"""Letters in which two forms of a word agree."""
_ENDING = 3
"""Letters by which they may differ in length."""


def _split(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CALENDAR = _split(
    """
    january february march april may june july august september october november december monday tuesday wednesday
    thursday friday saturday sunday jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun day
    days week weeks month months year years today tonight tomorrow yesterday morning noon afternoon evening night
    midnight next last this every daily weekly monthly yearly hour hours minute minutes before after ago now the and
    for freq interval byday until count none
    """
)
"""Words that a model computes: they say when, not what."""
_UNSENT = "Not done yet"
"""Begins what a model is told of a call that its server has not seen: its words are those of the call."""
_TOKEN = re.compile(r"[^\W_]+")
_MOMENT = re.compile(r"(?=.*\d)(?!\d+$)[\d\s:.,+TZPHMSDWYamp/-]+")
"""A date, a time or a span, as a model computes them."""


def is_users_own(
    tool: Tool, arguments: Json, items: Sequence[ChatItem], bridge: Bridge, *, is_overheard: bool = False
) -> bool:
    """Tell whether the user's own words account for this call, or nobody else is there to be behind it.

    Args:
        tool: What is called.
        arguments: What it is called with.
        items: The conversation, newest last; without what finding tools brought.
        bridge: All servers.
        is_overheard: Somebody else in the room has been heard.
    """
    if not is_overheard and {one.name for one in bridge.servers} <= {tool.server}:
        return True
    servers = {one.key: one.server for one in bridge.tools}
    if _has_another_answered(items, tool.server, servers):
        return False
    said = _tokens(" ".join(_said(items)))
    known = said | _told_by(tool.server, items, servers, said)
    free = _CALENDAR | {token for value in _enums(tool.original_schema) for token in _tokens(value)}
    written = [
        token
        for value in _leaves(arguments)
        if not _MOMENT.fullmatch(value)
        for token in _tokens(value) - free
        if token.isdigit() or len(token) >= _SHORTEST
    ]
    if written:
        return all(_is_among(token, known) for token in written)
    return any(_is_among(word, said) for word in words_of(tool.name))


def _said(items: Sequence[ChatItem]) -> list[str]:
    said = [item.text_content or "" for item in items if item.type == "message" and item.role == "user"]
    return said[-_TURNS:]


def _has_another_answered(items: Sequence[ChatItem], server: str, servers: Mapping[str, str]) -> bool:
    """Tell whether a result of another server came since the user spoke."""
    for item in reversed(items):
        if item.type == "message" and item.role == "user":
            return False
        if item.type == "function_call_output" and servers.get(item.name) != server:
            return True
    return False


def _told_by(server: str, items: Sequence[ChatItem], servers: Mapping[str, str], said: set[str]) -> set[str]:
    """Return the words of a server's own results; where there are others too, of the things that the user named."""
    results = [item for item in items if item.type == "function_call_output"]
    own = [item.output for item in results if servers.get(item.name) == server]
    is_alone = len(own) == len(results)
    own = [output for output in own if not output.startswith(_UNSENT)]
    if is_alone:
        return _tokens(" ".join(own))
    named: set[str] = set()
    for output in own:
        for record in _records(output):
            words = _tokens(" ".join(_leaves(record)))
            if any(len(word) >= _STEM and _is_among(word, said) for word in words):
                named |= words
    return named


def _records(output: str) -> Iterator[Json]:
    """Yield the innermost objects of the data that a result ends with."""
    try:
        data: Any = json.loads(output.rsplit("\n", 1)[-1])
    except ValueError:
        return
    waiting = [data]
    while waiting:
        value = waiting.pop()
        inside = list(_inside(value))
        if isinstance(value, dict) and not any(isinstance(one, dict) for one in inside):
            yield cast("Json", value)
        waiting += inside


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return cast("dict[str, Any]", value).values()
    return cast("list[Any]", value) if isinstance(value, list) else ()


def _leaves(value: Any) -> Iterator[str]:
    """Yield texts and numbers as text; a yes or no, or nothing at all, says nothing that could have been brought in."""
    if isinstance(value, str) or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        yield str(value)
    for one in _inside(value):
        yield from _leaves(one)


def _enums(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from (one for one in cast("Json", schema).get("enum") or () if isinstance(one, str))
    for one in _inside(schema):
        yield from _enums(one)


def _tokens(text: str) -> set[str]:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return set(_TOKEN.findall("".join(one for one in plain if not unicodedata.combining(one))))


def _is_among(word: str, known: set[str]) -> bool:
    """Tell whether a word, or another form of it, is known."""
    if word in known or not word.isalpha():
        return word in known
    return any(
        len(other) >= _STEM and other[:_STEM] == word[:_STEM] and abs(len(other) - len(word)) <= _ENDING
        for other in known
    )
