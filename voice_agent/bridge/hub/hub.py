"""The bridge as one MCP server: for the jobs of a worker, and for text clients."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, cast

import mcp_types
from mcp import MCPError
from mcp.server.lowlevel.server import NotificationOptions, Server
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ToolsListChanged
from mcp.shared.message import ServerMessageMetadata
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from typing_extensions import override

from voice_agent.bridge.forms import Reply
from voice_agent.bridge.hub.proposals import Conversations, client_name
from voice_agent.bridge.hub.shelf import BESIDE, BesideParams, Shelf
from voice_agent.bridge.hub.words import (
    PERMIT,
    RETURN,
    SERVERS,
    question_meta,
    read_asked,
    result_json,
    server_json,
    tool_json,
)
from voice_agent.bridge.types import CatalogChanged, Decision, Result, State, Status
from voice_agent.errors import ToolUnknown

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from mcp.server.context import ServerRequestContext
    from mcp.server.models import InitializationOptions
    from mcp.server.session import ServerSession

    from voice_agent.bridge.forms import Question
    from voice_agent.bridge.hub.people import Desk, People
    from voice_agent.bridge.hub.permits import Permit, Permits
    from voice_agent.bridge.hub.words import Asked
    from voice_agent.bridge.types import BridgeEvent, Json, Progress, Tool

PEER = "voice_agent.peer"
"""Where an HTTP request's ASGI scope keeps its `Peer`."""
_ASKABLE = mcp_types.ClientCapabilities(elicitation=mcp_types.ElicitationCapability())
_COALESCE = 0.05
"""Seconds in which changes become one announcement."""
_TELL_WITHIN = 2.0
_INSTRUCTIONS = "All servers of this user behind one endpoint. A tool is called SERVER_TOOL."


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end of a connection."""

    is_job: bool
    """It came by the jobs' door: what it says of its user's yes is believed."""
    permit: Permit | None = None
    """Whom it acts for; None: the owner of this machine."""

    @property
    def subject(self) -> str | None:
        """Whose servers it is offered; None: those of the owner of this machine."""
        return self.permit.subject if self.permit is not None else None


@dataclass(slots=True)
class _Listed:
    """A tool as it is listed, kept while the tool is the same object."""

    tool: Tool
    json: Json


@dataclass(slots=True)
class _Follower:
    """A connection of the handshake era that has listed the tools."""

    session: ServerSession
    is_job: bool


class _Return(mcp_types.RequestParams):
    """Of `RETURN`."""

    address: str


class _McpServer(Server[Any]):
    """Announces that its tools change; the HTTP session manager asks for no options."""

    @override
    def create_initialization_options(
        self,
        notification_options: NotificationOptions | None = None,
        experimental_capabilities: dict[str, dict[str, Any]] | None = None,
        extensions: dict[str, dict[str, Any]] | None = None,
    ) -> InitializationOptions:
        options = notification_options or NotificationOptions(tools_changed=True)
        return super().create_initialization_options(options, experimental_capabilities, extensions)


@dataclass
class Hub:
    """Serves the tools of all servers to everybody who is let in, each to the person that the request is for."""

    people: People
    permits: Permits | None = None
    """Reads what jobs come with; None: all of them act for the owner of this machine."""
    conversations: Conversations = field(default_factory=Conversations)
    """In which the user is asked about what text clients want done."""
    _bus: InMemorySubscriptionBus = field(default_factory=InMemorySubscriptionBus)
    _followers: dict[int, _Follower] = field(default_factory=dict[int, _Follower])
    _listed: dict[tuple[str | None, str], _Listed] = field(default_factory=dict[tuple[str | None, str], _Listed])
    _shelves: dict[str | None, Shelf] = field(default_factory=dict[str | None, Shelf])
    _announcing: asyncio.Task[None] | None = None
    _news: Literal["tools", "states"] | None = None
    _unsubscribe: Callable[[], None] | None = None

    def __post_init__(self) -> None:
        """Make the MCP server."""
        self.server: Server[Any] = _McpServer(
            "voice-agent",
            version="0.1.0",
            title="Voice Agent",
            instructions=_INSTRUCTIONS,
            get_tool_input_schema=_no_headers,
            on_subscriptions_listen=ListenHandler(self._bus),
        )
        # Plain JSON, for the SDK checks it once more in any case.
        self.server.add_request_handler("tools/list", mcp_types.PaginatedRequestParams, self._list)
        self.server.add_request_handler("tools/call", mcp_types.CallToolRequestParams, self._call)
        self.server.add_request_handler(RETURN, _Return, self._take_return)
        self.server.add_request_handler(BESIDE, BesideParams, self._beside)
        # Without an exporter it costs each message time and tells nobody.
        self.server.middleware.clear()

    def start(self) -> None:
        """Attach the servers; returns at once."""
        self._unsubscribe = self.people.subscribe(self._note)
        self.people.start()

    async def aclose(self) -> None:
        """Detach the servers."""
        if self._unsubscribe is not None:
            self._unsubscribe()
        if self._announcing is not None:
            self._announcing.cancel()
            await asyncio.wait({self._announcing})
        await self.people.aclose()

    async def _list(self, ctx: ServerRequestContext[Any], params: mcp_types.PaginatedRequestParams) -> dict[str, Any]:
        del params
        peer = _peer(ctx)
        asked = _asked(ctx, peer)
        self._follow(ctx, asked)
        desk = await self.people.desk(peer.subject)
        listed = [self._json(desk, tool) for tool in desk.tools]
        meta: Json = {SERVERS: [server_json(server) for server in desk.servers]}
        if self.permits is not None and peer.permit is not None:
            meta[PERMIT] = self.permits.renew(peer.permit)
        whole = {"tools": listed, "_meta": meta}
        return _complete(ctx, {**whole, "ttlMs": 0, "cacheScope": "private"}) if _is_modern(ctx) else whole

    async def _take_return(self, ctx: ServerRequestContext[Any], params: _Return) -> dict[str, Any]:
        """Hand on the address that the browser of a job's person came back to."""
        peer = _peer(ctx)
        sign_ins = self.people.sign_ins_of(peer.subject) if peer.is_job else None
        return {"taken": sign_ins is not None and sign_ins.take(params.address) is True}

    async def _call(self, ctx: ServerRequestContext[Any], params: mcp_types.CallToolRequestParams) -> dict[str, Any]:
        peer = _peer(ctx)
        asked = _asked(ctx, peer)
        desk = await self.people.desk(peer.subject)
        try:
            tool = await desk.find(params.name, asked.server)
        except ToolUnknown as error:
            if not asked.is_job:
                raise MCPError(code=mcp_types.INVALID_PARAMS, message=str(error)) from None
            return result_json(Result(Status.ERROR, _not_there(desk, params.name, asked.server)))
        if asked.pin not in (None, tool.pin):
            text = f"“{tool.title}” has changed meanwhile. Nothing was done; look at it again."
            return result_json(Result(Status.ERROR, text))
        if tool.decision is Decision.CONFIRM and not asked.is_job:
            name = client_name(ctx.session.client_params)
            made = await self.conversations.put(peer.subject, name, tool, params.arguments or {})
            return _complete(ctx, _plain(made, []))
        answers: list[mcp_types.CallToolResult] = []
        async with _progress_of(ctx.session) as note:
            result = await desk.call(
                tool,
                params.arguments or {},
                confirmed=asked.confirmed,
                zone=asked.zone,
                on_progress=note,
                on_answer=answers.append,
                on_question=_asker_of(ctx, asked),
            )
        return _complete(ctx, result_json(result) if asked.is_job else _plain(result, answers))

    async def _beside(self, ctx: ServerRequestContext[Any], params: BesideParams) -> dict[str, Any]:
        """Answer a job about what the servers have beside tools."""
        peer = _peer(ctx)
        if not peer.is_job:
            raise MCPError(code=mcp_types.METHOD_NOT_FOUND, message="Method not found")
        desk = await self.people.desk(peer.subject)
        shelf = self._shelves.get(peer.subject)
        if shelf is None or shelf.desk is not desk:
            if shelf is not None:
                shelf.close()
            shelf = self._shelves[peer.subject] = Shelf(desk)
        return await shelf.answer(params)

    def _json(self, desk: Desk, tool: Tool) -> Json:
        place = (desk.subject, tool.key)
        kept = self._listed.get(place)
        if kept is None or kept.tool is not tool:
            kept = self._listed[place] = _Listed(tool, tool_json(tool))
        return kept.json

    def _follow(self, ctx: ServerRequestContext[Any], asked: Asked) -> None:
        """Tell this connection of changes from now on; one of the modern era subscribes by itself."""
        if _is_modern(ctx):
            return
        connection = ctx.session._connection  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - the only way to its end
        place = id(connection)
        if place not in self._followers:
            self._followers[place] = _Follower(ctx.session, asked.is_job)
            connection.exit_stack.callback(self._followers.pop, place, None)
            if asked.is_job:
                connection.exit_stack.callback(self.conversations.add(_peer(ctx).subject, ctx.session))

    def _note(self, event: BridgeEvent) -> None:
        self._news = "tools" if isinstance(event, CatalogChanged) else self._news or "states"
        if self._announcing is None or self._announcing.done():
            self._announcing = asyncio.create_task(self._announce(), name="hub announcements")

    async def _announce(self) -> None:
        """Tell jobs that something changed, and text clients where it is the tools."""
        while self._news is not None:
            await asyncio.sleep(_COALESCE)
            news, self._news = self._news, None
            if news == "tools":
                known = {(desk.subject, tool.key) for desk in self.people.desks for tool in desk.tools}
                self._listed = {place: listed for place, listed in self._listed.items() if place in known}
                await self._bus.publish(ToolsListChanged())
            told = [one for one in self._followers.values() if one.is_job or news == "tools"]
            await asyncio.gather(*map(_tell, told))


async def _tell(follower: _Follower) -> None:
    # One that does not read must not keep the others from knowing.
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(follower.session.send_tool_list_changed(), _TELL_WITHIN)


def _not_there(desk: Desk, key: str, server: str | None) -> str:
    status = next((one.status for one in desk.servers if one.status.name == server), None)
    if status is None or status.state in (State.READY, State.DEGRADED):
        return f"“{key}” is no longer offered. Nothing was done."
    return f"{status.say} is not there: it {status.reason or 'is starting'}. Nothing was done."


def _peer(ctx: ServerRequestContext[Any]) -> Peer:
    return ctx.request.scope[PEER] if ctx.request is not None else ctx.lifespan_context


def _asked(ctx: ServerRequestContext[Any], peer: Peer) -> Asked:
    """Return what the request says of its user, where whoever sent it may say so."""
    return read_asked((ctx.params or {}).get("_meta") if peer.is_job else None)


@dataclass(frozen=True, slots=True)
class _Asker:
    """Puts questions to whoever made a call; the connection is the person."""

    session: ServerSession
    person: object
    request: mcp_types.RequestId | None
    asked: Asked

    async def __call__(self, question: Question) -> Reply:
        """Return what the client says (MCP, client/elicitation)."""
        meta = cast("Any", question_meta(self.asked.call, question)) if self.asked.is_job else None
        text = question.text if self.asked.is_job else f"{question.say} asks: {question.text}"
        params: mcp_types.ElicitRequestParams
        if question.url is not None:
            identity = secrets.token_hex(8)
            params = mcp_types.ElicitRequestURLParams(
                message=text, url=question.url, elicitation_id=identity, _meta=meta
            )
        else:
            params = mcp_types.ElicitRequestFormParams(message=text, requested_schema=question.schema, _meta=meta)
        related = ServerMessageMetadata(related_request_id=self.request)
        try:
            result = await self.session.send_request(
                mcp_types.ElicitRequest(params=params), mcp_types.ElicitResult, metadata=related
            )
        except (MCPError, ValueError):
            return Reply("cancel")
        return Reply(result.action, cast("Json | None", result.content))


def _asker_of(ctx: ServerRequestContext[Any], asked: Asked) -> _Asker | None:
    """Return what puts questions to the client; None where it takes none, or the era has no way back to it."""
    can = asked.asks if asked.is_job else ctx.session.check_client_capability(_ASKABLE)
    if not can or not ctx.session.can_send_request:
        return None
    connection = ctx.session._connection  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - nothing else is one per client
    return _Asker(ctx.session, connection, ctx.request_id, asked)


def _is_modern(ctx: ServerRequestContext[Any]) -> bool:
    return ctx.protocol_version in MODERN_PROTOCOL_VERSIONS


def _complete(ctx: ServerRequestContext[Any], result: dict[str, Any]) -> dict[str, Any]:
    """Return `result` as the era of the request wants it."""
    return {**result, "resultType": "complete"} if _is_modern(ctx) else result


def _no_headers(_name: str) -> None:
    return None


def _plain(result: Result, answers: list[mcp_types.CallToolResult]) -> dict[str, Any]:
    """Return what a text client gets: the server's own answer, or our sentence."""
    if answers and result.status is Status.OK:
        whole = answers[-1].model_dump(by_alias=True, mode="json", exclude_none=True)
        return {word: whole[word] for word in ("content", "structuredContent", "isError") if word in whole}
    said: dict[str, Any] = {"content": [{"type": "text", "text": result.text}]}
    if result.status is not Status.OK:
        return {**said, "isError": True}
    return said if result.structured is None else {**said, "structuredContent": result.structured}


@contextlib.asynccontextmanager
async def _progress_of(session: ServerSession) -> AsyncGenerator[Callable[[Progress], None], None]:
    """Yield what takes the progress of one call; all of it has been sent when the block ends."""
    waiting: asyncio.Queue[Progress] = asyncio.Queue()
    sending: asyncio.Task[None] | None = None

    async def send() -> None:
        while True:
            progress = await waiting.get()
            try:
                await session.report_progress(progress.done, progress.total, progress.message)
            finally:
                waiting.task_done()

    def note(progress: Progress) -> None:
        nonlocal sending
        waiting.put_nowait(progress)
        sending = sending or asyncio.create_task(send(), name="hub progress")

    try:
        yield note
        if sending is not None:
            await asyncio.wait({sending, asyncio.ensure_future(waiting.join())}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        if sending is not None:
            sending.cancel()
            await asyncio.wait({sending})
