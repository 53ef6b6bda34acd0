"""What the user asked of servers at which they have to sign in first: it goes on when they have."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from livekit.agents import llm

from voice_agent.agents.answers import Request, plain, request_of
from voice_agent.bridge.types import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from livekit.agents.llm import ChatItem

    from voice_agent.bridge.types import ServerStatus

_LIFETIME = 600.0
"""Seconds after which a request is not gone on with."""
_NAME = 3
"""Letters that a server's name must have to be recognised in what is said."""
_LEAD = (
    "These servers are attached, but the user has to sign in before their tools are there. Where a request needs one of"
    " them, say only that it needs signing in, by its name; the link is on the user's screen already: "
)


class PutOff:
    """The newest such request for each server."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._asked: dict[str, tuple[str, float]] = {}

    @property
    def servers(self) -> frozenset[str]:
        """Names of the servers that something waits for."""
        return frozenset(self._asked)

    def note(self, server: str, items: Sequence[ChatItem]) -> None:
        """Remember the user's newest message as a request for `server`."""
        asked = next((one for one in reversed(items) if one.type == "message" and one.role == "user"), None)
        if asked is not None:
            self._asked[server] = asked.id, self._clock()

    def drop(self) -> None:
        """Forget all: the user wants none of it any more."""
        self._asked.clear()

    def take(self, server: str, keys: frozenset[str], items: Sequence[ChatItem]) -> llm.ChatContext | None:
        """Return the conversation as it was when `server` was asked for, to be answered now.

        None where it is too long ago, or where the user has since said to leave it, or one of `server`'s tools (`keys`)
        been called.
        """
        asked, since = self._asked.pop(server, ("", 0.0))
        place = next((place for place, one in enumerate(items) if one.id == asked), None)
        if place is None or self._clock() - since > _LIFETIME:
            return None
        if any(_is_left(one) or (one.type == "function_call" and one.name in keys) for one in items[place:]):
            return None
        return llm.ChatContext(list(items[: place + 1]))


def _is_left(item: ChatItem) -> bool:
    """Tell whether the user says here that they want nothing of it any more."""
    return item.type == "message" and item.role == "user" and request_of(item.text_content or "") is Request.STOP


def waiting_for_sign_in(servers: Iterable[ServerStatus], said: str) -> ServerStatus | None:
    """Return the server at which the user has to sign in and that `said` names."""
    heard = f" {plain(said)} "
    for server in servers:
        is_named = any(len(name) >= _NAME and f" {name} " in heard for name in (plain(server.name), plain(server.say)))
        if server.state is State.NEEDS_LOGIN and server.link is not None and is_named:
            return server
    return None


def not_signed_in(servers: Iterable[ServerStatus]) -> str:
    """Return what a model is told of such servers; empty where there is none."""
    names = [f"“{one.say}”" for one in servers if one.state is State.NEEDS_LOGIN and one.link is not None]
    return f"{_LEAD}{', '.join(names)}." if names else ""
