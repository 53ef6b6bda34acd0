"""What clients of the hub get beside tools: resources, prompts, completion, subscriptions and log messages.

Each gets what its own person is offered, and nothing else. Jobs have a way of their own (`shelf.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import mcp_types
from mcp import MCPError

from voice_agent.bridge.cleaning import clean, without_hidden
from voice_agent.bridge.hub.offers import NotOffered, Offers
from voice_agent.bridge.hub.peers import complete, connection_of, is_modern, kept, peer_of
from voice_agent.bridge.hub.watches import Watches
from voice_agent.bridge.results import ERROR_LIMIT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mcp.server.context import ServerRequestContext
    from mcp.server.lowlevel.server import Server
    from mcp.server.session import ServerSession

    from voice_agent.bridge.hub.announcing import Announcer
    from voice_agent.bridge.hub.people import Desk, People
    from voice_agent.bridge.hub.watches import Place
    from voice_agent.bridge.library import Reached
    from voice_agent.bridge.types import Json

_LOG_LEVEL = "voice_agent.log_level"
_MOST_WATCHED = 100
"""Resources that one client may be subscribed to."""
_NOT_FOUND_BEFORE = -32002
"""JSON-RPC error code for a resource that is not there, up to 2025-11-25."""
_TELL_WITHIN = 2.0


class _Subscriber(NamedTuple):
    """A connection of the handshake era, and by which address it has asked for what."""

    session: ServerSession
    asked: dict[Place, str]


@dataclass
class Offering:
    """One person's names and subscriptions."""

    subject: str | None
    offers: Offers
    watches: Watches
    subscribers: dict[int, _Subscriber] = field(default_factory=dict[int, _Subscriber])
    streamed: dict[Place, set[str]] = field(default_factory=dict["Place", set[str]])
    """By which addresses streams of the newer era have asked for what."""
    ends: list[Callable[[], None]] = field(default_factory=list["Callable[[], None]"])


class Offerings:
    """Everybody's."""

    def __init__(self, people: People) -> None:
        """Take those for whom the hub is asked to do something."""
        self._people = people
        self._known: dict[str | None, Offering] = {}
        self._telling: set[asyncio.Task[None]] = set()
        self.announcer: Announcer | None = None
        """Told of what changes."""

    def serve(self, server: Server[Any]) -> None:
        """Answer the requests that are not about tools."""
        add = server.add_request_handler
        add("resources/list", mcp_types.PaginatedRequestParams, self._list_resources)
        add("resources/templates/list", mcp_types.PaginatedRequestParams, self._list_templates)
        add("resources/read", mcp_types.ReadResourceRequestParams, self._read)
        add("resources/subscribe", mcp_types.SubscribeRequestParams, self._subscribe)
        add("resources/unsubscribe", mcp_types.UnsubscribeRequestParams, self._unsubscribe)
        add("prompts/list", mcp_types.PaginatedRequestParams, self._list_prompts)
        add("prompts/get", mcp_types.GetPromptRequestParams, self._get_prompt)
        add("completion/complete", mcp_types.CompleteRequestParams, self._complete)
        add("logging/setLevel", mcp_types.SetLevelRequestParams, _set_level)
        add("subscriptions/listen", mcp_types.SubscriptionsListenRequestParams, self._listen)

    async def of(self, subject: str | None) -> Offering:
        """Return what a person is offered now."""
        return self._at(await self._people.desk(subject))

    def offers_now(self, subject: str | None) -> Offers | None:
        """Return a person's names; None where their servers are not attached."""
        desk = next((one for one in self._people.desks if one.subject == subject), None)
        return self._at(desk).offers if desk is not None else None

    async def aclose(self) -> None:
        """Watch nothing any more."""
        for one in self._known.values():
            for end in one.ends:
                end()
            await one.watches.aclose()
        await asyncio.gather(*self._telling, return_exceptions=True)

    def _at(self, desk: Desk) -> Offering:
        found = self._known.get(desk.subject)
        if found is not None and found.offers.desk is desk:
            return found
        if found is None:
            offers, subject = Offers(desk), desk.subject
            found = self._known[subject] = Offering(
                subject, offers, Watches(offers, lambda place: self._note_updated(subject, place))
            )
        found.offers.move(desk)
        found.watches.follow(desk)
        for end in found.ends:
            end()
        bridges = [desk.shared, *([desk.own] if desk.own is not None else [])]
        found.ends = [bridge.library.follow_contents(self._note_contents) for bridge in bridges]
        return found

    def _note_contents(self) -> None:
        if self.announcer is not None:
            self.announcer.note()

    def _note_updated(self, subject: str | None, place: Place) -> None:
        found = self._known[subject]
        for one in list(found.subscribers.values()):
            if place in one.asked:
                self._soon(one.session.send_resource_updated(one.asked[place]))
        if self.announcer is not None:
            for address in found.streamed.get(place, ()):
                self._soon(self.announcer.tell_updated(subject, address))

    def _soon(self, telling: Awaitable[None]) -> None:
        async def tell() -> None:
            # One that does not read must not keep the others from knowing.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(telling, _TELL_WITHIN)

        task = asyncio.create_task(tell(), name="hub news of a resource")
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _asked(self, ctx: ServerRequestContext[Any]) -> Offering:
        """Return what whoever asks is offered, and tell them of changes from here on."""
        peer = peer_of(ctx)
        found = await self.of(peer.subject)
        if self.announcer is not None and not peer.is_job:
            self.announcer.follow(ctx, found.offers, tells_states=False)
        return found

    async def _list_resources(self, ctx: ServerRequestContext[Any], _params: Any) -> dict[str, Any]:
        return kept(ctx, {"resources": (await self._asked(ctx)).offers.resources})

    async def _list_templates(self, ctx: ServerRequestContext[Any], _params: Any) -> dict[str, Any]:
        return kept(ctx, {"resourceTemplates": (await self._asked(ctx)).offers.templates})

    async def _list_prompts(self, ctx: ServerRequestContext[Any], _params: Any) -> dict[str, Any]:
        return kept(ctx, {"prompts": (await self._asked(ctx)).offers.prompts})

    async def _read(
        self, ctx: ServerRequestContext[Any], params: mcp_types.ReadResourceRequestParams
    ) -> dict[str, Any]:
        found = await self._asked(ctx)
        server, uri = _place(ctx, found.offers, params.uri)
        answer = await _ask(found.offers, server, lambda one: one.offering.fetch(uri, one.within))
        contents = _plain(answer)["contents"]
        for part in contents:
            part["uri"] = params.uri if part.get("uri") == uri else found.offers.address(server, part.get("uri", ""))
        return kept(ctx, {"contents": contents})

    async def _get_prompt(
        self, ctx: ServerRequestContext[Any], params: mcp_types.GetPromptRequestParams
    ) -> dict[str, Any]:
        found = await self._asked(ctx)
        server, name = _prompt(found.offers, params.name)
        arguments = dict(params.arguments or {})
        answer = _plain(await _ask(found.offers, server, lambda one: one.offering.get(name, arguments, one.within)))
        for message in answer["messages"]:
            found.offers.rename(server, message["content"])
        return complete(ctx, {word: answer[word] for word in ("description", "messages") if word in answer})

    async def _complete(
        self, ctx: ServerRequestContext[Any], params: mcp_types.CompleteRequestParams
    ) -> dict[str, Any]:
        offers = (await self._asked(ctx)).offers
        ref: mcp_types.PromptReference | mcp_types.ResourceTemplateReference
        if isinstance(params.ref, mcp_types.PromptReference):
            server, name = _prompt(offers, params.ref.name)
            ref = mcp_types.PromptReference(type="ref/prompt", name=name)
        else:
            server, uri = _place(ctx, offers, params.ref.uri)
            ref = mcp_types.ResourceTemplateReference(type="ref/resource", uri=uri)
        argument = {"name": params.argument.name, "value": params.argument.value}
        known = params.context.arguments if params.context is not None else None

        async def ask(one: Reached) -> Any:
            if one.offering.capabilities.completions is None:
                return None
            return await one.offering.complete(ref, argument, known, one.within)

        answer = await _ask(offers, server, ask)
        return complete(ctx, {"completion": _plain(answer)["completion"] if answer is not None else {"values": []}})

    async def _subscribe(
        self, ctx: ServerRequestContext[Any], params: mcp_types.SubscribeRequestParams
    ) -> dict[str, Any]:
        found, connection = await self._asked(ctx), connection_of(ctx)
        place = _place(ctx, found.offers, params.uri)
        if id(connection) not in found.subscribers:
            found.subscribers[id(connection)] = _Subscriber(ctx.session, {})
            connection.exit_stack.callback(_leave, found, id(connection))
        asked = found.subscribers[id(connection)].asked
        if len(asked) >= _MOST_WATCHED:
            message = f"One client may be subscribed to {_MOST_WATCHED} resources; unsubscribe from some first."
            raise MCPError(code=mcp_types.INVALID_REQUEST, message=message)
        if place not in asked:
            asked[place] = params.uri
            try:
                await found.watches.begin(place)
            except BaseException:
                asked.pop(place, None)
                raise
        return {}

    async def _unsubscribe(
        self, ctx: ServerRequestContext[Any], params: mcp_types.UnsubscribeRequestParams
    ) -> dict[str, Any]:
        found = await self._asked(ctx)
        one = found.subscribers.get(id(connection_of(ctx)))
        for place in [place for place, address in one.asked.items() if address == params.uri] if one else []:
            assert one is not None
            del one.asked[place]
            found.watches.end(place)
        return {}

    async def _listen(
        self, ctx: ServerRequestContext[Any], params: mcp_types.SubscriptionsListenRequestParams
    ) -> mcp_types.SubscriptionsListenResult:
        """Serve a stream of the newer era; what a server does not tell of is left out of what is acknowledged."""
        found = await self._asked(ctx)
        assert self.announcer is not None
        wanted = params.notifications.resource_subscriptions or []
        begun: dict[str, Place] = {}
        try:
            for address in list(dict.fromkeys(wanted))[:_MOST_WATCHED]:
                with contextlib.suppress(MCPError):
                    place = _place(ctx, found.offers, address)
                    await found.watches.begin(place)
                    begun[address] = place
                    found.streamed.setdefault(place, set()).add(address)
            notifications = params.notifications.model_copy(update={"resource_subscriptions": list(begun)})
            honoured = params.model_copy(update={"notifications": notifications})
            return await self.announcer.listen(ctx, honoured, found.offers)
        finally:
            for place in begun.values():
                found.watches.end(place)
                if not found.watches.is_watched(place):
                    found.streamed.pop(place, None)


def log_level(ctx: ServerRequestContext[Any]) -> mcp_types.LoggingLevel | None:
    """Return the least that whoever asks wants to know of what is logged; None: nothing."""
    if not is_modern(ctx):
        return connection_of(ctx).state.get(_LOG_LEVEL)
    meta: Any = (ctx.params or {}).get("_meta")
    return cast("Json", meta).get(mcp_types.LOG_LEVEL_META_KEY) if isinstance(meta, dict) else None


async def _set_level(ctx: ServerRequestContext[Any], params: mcp_types.SetLevelRequestParams) -> dict[str, Any]:
    connection_of(ctx).state[_LOG_LEVEL] = params.level
    return {}


def _leave(found: Offering, connection: int) -> None:
    for place in found.subscribers.pop(connection).asked:
        found.watches.end(place)


def _place(ctx: ServerRequestContext[Any], offers: Offers, address: str) -> Place:
    try:
        return offers.find(address)
    except NotOffered as error:
        code = mcp_types.INVALID_PARAMS if is_modern(ctx) else _NOT_FOUND_BEFORE
        raise MCPError(code=code, message=str(error), data={"uri": address}) from None


def _prompt(offers: Offers, key: str) -> tuple[str, str]:
    try:
        return offers.find_prompt(key)
    except NotOffered as error:
        raise MCPError(code=mcp_types.INVALID_PARAMS, message=str(error)) from None


async def _ask(offers: Offers, server: str, ask: Callable[[Reached], Awaitable[Any]]) -> Any:
    """Return a server's answer, or refuse with its words, or ours."""
    reached = await offers.library(server).reach(server)
    if reached is None:
        raise MCPError(code=mcp_types.INTERNAL_ERROR, message=f"{server} is not there.")
    try:
        return await ask(reached)
    except MCPError as error:
        raise MCPError(code=error.code, message=reached.redact(clean(error.message, ERROR_LIMIT))) from None
    except TimeoutError:
        message = f"{server} did not answer within {reached.within:g} seconds."
        raise MCPError(code=mcp_types.INTERNAL_ERROR, message=message) from None
    except (RuntimeError, OSError, ValueError):
        raise MCPError(code=mcp_types.INTERNAL_ERROR, message=f"{server} did not give it.") from None


def _plain(answer: Any) -> dict[str, Any]:
    return without_hidden(answer.model_dump(by_alias=True, mode="json", exclude_none=True))
