"""Tells everybody at the hub of changes in what they themselves are offered, in the way of their era."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    ListenHandler,
    PromptsListChanged,
    ResourcesListChanged,
    ResourceUpdated,
    ToolsListChanged,
)

from voice_agent.bridge.hub.peers import connection_of, is_modern, peer_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import mcp_types
    from mcp.server.context import ServerRequestContext
    from mcp.server.session import ServerSession
    from mcp.server.subscriptions import ServerEvent

    from voice_agent.bridge.hub.offers import Offers
    from voice_agent.bridge.hub.peers import Peer
    from voice_agent.bridge.hub.words import Server
    from voice_agent.bridge.types import Tool

_COALESCE = 0.05
"""Seconds in which changes become one announcement."""
_TELL_WITHIN = 2.0


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody is offered at one moment."""

    tools: tuple[Tool, ...]
    servers: tuple[Server, ...]
    resources: tuple[Any, ...]
    prompts: tuple[Any, ...]

    @classmethod
    def of(cls, offers: Offers) -> Sight:
        """Return what a person is offered now."""
        besides = offers.servers
        return cls(
            offers.desk.tools,
            offers.desk.servers,
            tuple((name, one.resources, one.templates) for name, one in besides if one.resources or one.templates),
            tuple((name, one.prompts) for name, one in besides if one.prompts),
        )

    def news(self, before: Sight) -> list[ServerEvent]:
        """Return what has changed since."""
        changed = {
            ToolsListChanged(): self.tools != before.tools,
            ResourcesListChanged(): self.resources != before.resources,
            PromptsListChanged(): self.prompts != before.prompts,
        }
        return [event for event, is_changed in changed.items() if is_changed]


@dataclass(slots=True)
class _Follower:
    """A connection of the handshake era that has listed something."""

    session: ServerSession
    peer: Peer
    seen: Sight
    tells_states: bool
    """It is told that tools have changed when a server is another way, too."""


@dataclass(slots=True)
class _Stream:
    """The streams of one person in the era that begins with 2026-07-28."""

    bus: InMemorySubscriptionBus
    handler: ListenHandler
    seen: Sight


@dataclass
class Announcer:
    """Knows who follows, and what each has seen."""

    offers_of: Callable[[str | None], Offers | None]
    """What a person is offered; None where their servers are not attached now."""
    _followers: dict[int, _Follower] = field(default_factory=dict[int, _Follower])
    _streams: dict[str | None, _Stream] = field(default_factory=dict[str | None, _Stream])
    _announcing: asyncio.Task[None] | None = None
    _is_due: bool = False

    def follow(self, ctx: ServerRequestContext[Any], offers: Offers, *, tells_states: bool) -> bool:
        """Tell this connection of changes from now on; True where it is new here.

        One of the newer era asks for it by itself (`listen`).
        """
        connection = connection_of(ctx)
        place = id(connection)
        if is_modern(ctx) or place in self._followers:
            return False
        self._followers[place] = _Follower(ctx.session, peer_of(ctx), Sight.of(offers), tells_states)
        connection.exit_stack.callback(self._followers.pop, place, None)
        return True

    async def listen(
        self, ctx: ServerRequestContext[Any], params: mcp_types.SubscriptionsListenRequestParams, offers: Offers
    ) -> mcp_types.SubscriptionsListenResult:
        """Serve `subscriptions/listen` with what concerns this person."""
        subject = peer_of(ctx).subject
        stream = self._streams.get(subject)
        if stream is None:
            bus = InMemorySubscriptionBus()
            stream = self._streams[subject] = _Stream(bus, ListenHandler(bus), Sight.of(offers))
        return await stream.handler(ctx, params)

    def note(self, _event: object = None) -> None:
        """Take notice that something has changed, of whomever."""
        self._is_due = True
        if self._announcing is None or self._announcing.done():
            self._announcing = asyncio.create_task(self._announce(), name="hub announcements")

    async def tell_updated(self, subject: str | None, address: str) -> None:
        """Tell the streams of a person that a resource is another one."""
        if (stream := self._streams.get(subject)) is not None:
            await stream.bus.publish(ResourceUpdated(address))

    async def aclose(self) -> None:
        """Tell nobody any more."""
        if self._announcing is not None:
            self._announcing.cancel()
            await asyncio.wait({self._announcing})

    async def _announce(self) -> None:
        while self._is_due:
            await asyncio.sleep(_COALESCE)
            self._is_due = False
            sights: dict[str | None, Sight | None] = {}
            for subject in {*self._streams, *(one.peer.subject for one in self._followers.values())}:
                offers = self.offers_of(subject)
                sights[subject] = Sight.of(offers) if offers is not None else None
            for subject, stream in self._streams.items():
                if (now := sights[subject]) is not None:
                    news, stream.seen = now.news(stream.seen), now
                    for event in news:
                        await stream.bus.publish(event)
            await asyncio.gather(*(_tell(one, sights.get(one.peer.subject)) for one in list(self._followers.values())))


async def _tell(follower: _Follower, now: Sight | None) -> None:
    """Tell a follower what is other than it has seen; where its servers are being attached again, that all is."""
    news: list[ServerEvent] = [ToolsListChanged()] if now is None else now.news(follower.seen)
    if now is not None:
        if follower.tells_states and now.servers != follower.seen.servers and ToolsListChanged() not in news:
            news.append(ToolsListChanged())
        follower.seen = now
    session = follower.session
    tell = {
        ToolsListChanged: session.send_tool_list_changed,
        ResourcesListChanged: session.send_resource_list_changed,
        PromptsListChanged: session.send_prompt_list_changed,
    }
    for event in news:
        # One that does not read must not keep the others from knowing.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(tell[cast("Any", type(event))](), _TELL_WITHIN)
