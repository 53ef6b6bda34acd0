"""Keeps a model from choosing one of several things that the user's words fit alike: that is for the user to say.

What the user may have meant is compared with what a tool has listed last: only where the words of the newest turn name
several of those things equally well, and nothing in them tells which, a call that changes one of them is not made.
"""

from __future__ import annotations

import json
import re
from collections import deque
from typing import TYPE_CHECKING, Any, cast

from voice_agent.agents.answers import plain
from voice_agent.agents.events import ToolReturned
from voice_agent.agents.readback import join, quote
from voice_agent.bridge.find.text import content, spaced, squeezed, stem, words
from voice_agent.bridge.ids import ids_of
from voice_agent.bridge.policy import is_read

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from livekit.agents.llm import ChatItem

    from voice_agent.agents.events import ToolEvent
    from voice_agent.bridge.types import Json, Tool

_KEPT = 6
"""Listings that are remembered, the newest."""
_MOST = 500
"""Things of a listing that are looked at."""
_DEEPEST = 3
_NAMED = 3
"""Things that are named to the model."""
_NAMES = ("title", "name", "summary", "subject", "text", "content", "label", "description")
"""Fields by which a thing is called, the likeliest first."""
_TELLS = re.compile(
    r"\d|\b(?:all|both|every|each|any|either|whichever|everything|them|these|those|first|second|third|fourth|fifth|last"
    r"|latest|newest|oldest|next|previous|other|only|same|it|that|this|today|tomorrow|tonight|yesterday|morning|noon"
    r"|afternoon|evening|week|month|year|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|january|february|march|april|may"
    r"|june|july|august|september|october|november|december|one of|top|bottom|random|due|overdue|urgent|high|low"
    r"|with|without|from|about|by|at)\b"
)
"""Words that tell several things apart by more than how they are called, or want more than one, or what was shown."""


class Listed:
    """The things that tools have listed in one conversation."""

    def __init__(self) -> None:
        self._lists: deque[list[Json]] = deque(maxlen=_KEPT)

    def note(self, event: ToolEvent) -> None:
        """Take notice of what a tool came back with."""
        if isinstance(event, ToolReturned) and (things := next(_lists(_content(event)), None)) is not None:
            self._lists.append(things[:_MOST])

    def unclear(self, tool: Tool, arguments: Json, items: Sequence[ChatItem]) -> str | None:
        """Return what a model is told of a call that changes one of several things the user may have meant; or None."""
        if is_read(tool.name, tool.hints, trusted=False):
            return None
        said = next(
            (one.text_content or "" for one in reversed(items) if one.type == "message" and one.role == "user"), ""
        )
        for parameter in ids_of(tool):
            given = arguments.get(parameter)
            if isinstance(given, str | int) and (names := self._alike(tool, squeezed(str(given)), said)):
                told = join([quote(name) for name in names[:_NAMED]])
                return f"Not done: what the user said fits {told} alike. Ask the user which one is meant."
        return None

    def _alike(self, tool: Tool, identity: str, said: str) -> list[str]:
        """Return the names of the things that `said` fits as well as the one of this id; empty where it is clear."""
        none: list[Json] = []
        things = next((one for one in reversed(self._lists) if _with(identity, one) is not None), none)
        chosen = _with(identity, things)
        deed = {stem(word) for word in words(tool.name)}
        if chosen is None or _TELLS.search(plain(said)) or _wants_several(said, tool):
            return []
        wanted = set(content(said)) - deed
        called = [(thing, _name(thing)) for thing in things]
        fits = [(thing, name, len(wanted & set(content(name)))) for thing, name in called if name]
        best = max((fit for _, _, fit in fits), default=0)
        names = [name for _, name, fit in fits if fit == best]
        own = _name(chosen)
        is_own = best > 0 and own in names and len(names) > 1
        return names if is_own and plain(own) not in plain(said) else []


def _content(event: ToolReturned) -> Any:
    """Return the structured content of a result; where there is none, what its text is as JSON."""
    if event.result.structured is not None:
        return event.result.structured
    text = event.result.text.strip()
    if not text.startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def _lists(value: Any, depth: int = 0) -> Iterator[list[Json]]:
    """Yield every list of several objects."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        things = [cast("Json", one) for one in cast("list[Any]", value) if isinstance(one, dict)]
        if len(things) > 1:
            yield things
    elif isinstance(value, dict):
        for inner in cast("Json", value).values():
            yield from _lists(inner, depth + 1)


def _with(identity: str, things: Sequence[Json]) -> Json | None:
    """Return the thing one of whose fields is this id."""
    for thing in things:
        if any(isinstance(value, str | int) and squeezed(str(value)) == identity for value in thing.values()):
            return thing
    return None


def _name(thing: Json) -> str:
    return next((value for key in _NAMES if isinstance(value := thing.get(key), str) and value), "")


def _wants_several(said: str, tool: Tool) -> bool:
    """Whether the user speaks of several of what the tool changes one of: “archive the shopping notes”."""
    own = {word for word in spaced(tool.name).lower().split() if not word.endswith("s")}
    return any(word.endswith("s") and stem(word) in {stem(one) for one in own} for word in words(said))
