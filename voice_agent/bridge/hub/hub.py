"""The bridge as one MCP server: for the jobs of a worker, and for text clients."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import mcp_types
from mcp import MCPError
from mcp.server.lowlevel.server import NotificationOptions, Server
from typing_extensions import override

from voice_agent.bridge.cleaning import without_hidden
from voice_agent.bridge.hub.announcing import Announcer
from voice_agent.bridge.hub.offering import Offerings
from voice_agent.bridge.hub.peers import complete, connection_of, kept, peer_of
from voice_agent.bridge.hub.proposals import Conversations, client_name
from voice_agent.bridge.hub.shelf import BESIDE, BesideParams, Shelf
from voice_agent.bridge.hub.turns import Turns, asker_of, heard, is_asked_in_turns, reporting
from voice_agent.bridge.hub.words import PERMIT, RETURN, SERVERS, read_asked, result_json, server_json, tool_json
from voice_agent.bridge.types import CatalogChanged, Decision, Result, State, Status
from voice_agent.errors import ToolUnknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcp.server.context import ServerRequestContext
    from mcp.server.models import InitializationOptions

    from voice_agent.bridge.forms import Asker
    from voice_agent.bridge.hub.offers import Offers
    from voice_agent.bridge.hub.peers import Peer
    from voice_agent.bridge.hub.people import Desk, People
    from voice_agent.bridge.hub.permits import Permits
    from voice_agent.bridge.hub.words import Asked
    from voice_agent.bridge.types import BridgeEvent, Json, Progress, Tool

_INSTRUCTIONS = "All servers of this user behind one endpoint. A tool is called SERVER_TOOL, a prompt SERVER_PROMPT."


@dataclass(slots=True)
class _Listed:
    """A tool as it is listed, kept while the tool is the same object."""

    tool: Tool
    json: Json


class _Return(mcp_types.RequestParams):
    """Of `RETURN`."""

    address: str


class _McpServer(Server[Any]):
    """Announces that its lists change; the HTTP session manager asks for no options."""

    @override
    def create_initialization_options(
        self,
        notification_options: NotificationOptions | None = None,
        experimental_capabilities: dict[str, dict[str, Any]] | None = None,
        extensions: dict[str, dict[str, Any]] | None = None,
    ) -> InitializationOptions:
        options = notification_options or NotificationOptions(
            prompts_changed=True, resources_changed=True, tools_changed=True
        )
        return super().create_initialization_options(options, experimental_capabilities, extensions)


@dataclass
class Hub:
    """Serves the tools of all servers to everybody who is let in, each to the person that the request is for."""

    people: People
    permits: Permits | None = None
    """Reads what jobs come with; None: all of them act for the owner of this machine."""
    conversations: Conversations = field(default_factory=Conversations)
    """In which the user is asked about what text clients want done."""
    _listed: dict[tuple[str | None, str], _Listed] = field(default_factory=dict[tuple[str | None, str], _Listed])
    _shelves: dict[str | None, Shelf] = field(default_factory=dict[str | None, Shelf])
    _unsubscribe: Callable[[], None] | None = None

    def __post_init__(self) -> None:
        """Make the MCP server."""
        self._offerings, self._turns = Offerings(self.people), Turns()
        self._announcer = self._offerings.announcer = Announcer(self._offerings.offers_now)
        self.server: Server[Any] = _McpServer(
            "voice-agent",
            version="0.1.0",
            title="Voice Agent",
            instructions=_INSTRUCTIONS,
            get_tool_input_schema=_no_headers,
        )
        # Plain JSON, for the SDK checks it once more in any case.
        self.server.add_request_handler("tools/list", mcp_types.PaginatedRequestParams, self._list)
        self.server.add_request_handler("tools/call", mcp_types.CallToolRequestParams, self._call)
        self.server.add_request_handler(RETURN, _Return, self._take_return)
        self.server.add_request_handler(BESIDE, BesideParams, self._beside)
        self._offerings.serve(self.server)
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
        await self._announcer.aclose()
        await self._offerings.aclose()
        await self._turns.aclose()
        await self.people.aclose()

    async def _list(self, ctx: ServerRequestContext[Any], params: mcp_types.PaginatedRequestParams) -> dict[str, Any]:
        del params
        peer = peer_of(ctx)
        offers = (await self._offerings.of(peer.subject)).offers
        desk = offers.desk
        self._follow(ctx, offers, _asked(ctx, peer))
        listed = [self._json(desk, tool) for tool in desk.tools]
        meta: Json = {SERVERS: [server_json(server) for server in desk.servers]}
        if self.permits is not None and peer.permit is not None:
            meta[PERMIT] = self.permits.renew(peer.permit)
        return kept(ctx, {"tools": listed, "_meta": meta})

    async def _take_return(self, ctx: ServerRequestContext[Any], params: _Return) -> dict[str, Any]:
        """Hand on the address that the browser of a job's person came back to."""
        peer = peer_of(ctx)
        sign_ins = self.people.sign_ins_of(peer.subject) if peer.is_job else None
        return {"taken": sign_ins is not None and sign_ins.take(params.address) is True}

    async def _call(self, ctx: ServerRequestContext[Any], params: mcp_types.CallToolRequestParams) -> dict[str, Any]:
        peer = peer_of(ctx)
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
            return complete(ctx, _plain(made, []))
        make = partial(self._made, (desk, tool, params.arguments or {}), asked)
        if not asked.is_job and (params.request_state is not None or is_asked_in_turns(ctx)):
            return await self._turns.call(ctx, params, asked, make)
        async with reporting(ctx) as reports:
            with heard(ctx, lambda: reports):
                return complete(ctx, await make(asker_of(ctx, asked), reports.progress))

    async def _made(
        self,
        call: tuple[Desk, Tool, Json],
        asked: Asked,
        on_question: Asker | None,
        on_progress: Callable[[Progress], None],
    ) -> Json:
        """Make a call and return what is told of how it ended."""
        desk, tool, arguments = call
        answers: list[mcp_types.CallToolResult] = []
        result = await desk.call(
            tool,
            arguments,
            confirmed=asked.confirmed,
            zone=asked.zone,
            on_progress=on_progress,
            on_answer=answers.append,
            on_question=on_question,
        )
        if asked.is_job:
            return result_json(result)
        offers = (await self._offerings.of(desk.subject)).offers
        told = _plain(result, answers)
        for block in told["content"]:
            offers.rename(tool.server, block)
        return told

    async def _beside(self, ctx: ServerRequestContext[Any], params: BesideParams) -> dict[str, Any]:
        """Answer a job about what the servers have beside tools."""
        peer = peer_of(ctx)
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

    def _follow(self, ctx: ServerRequestContext[Any], offers: Offers, asked: Asked) -> None:
        """Tell this connection of changes from now on, and ask its user what others want done."""
        if self._announcer.follow(ctx, offers, tells_states=asked.is_job) and asked.is_job:
            leave = self.conversations.add(peer_of(ctx).subject, ctx.session)
            connection_of(ctx).exit_stack.callback(leave)

    def _note(self, event: BridgeEvent) -> None:
        if isinstance(event, CatalogChanged):
            known = {(desk.subject, tool.key) for desk in self.people.desks for tool in desk.tools}
            self._listed = {place: listed for place, listed in self._listed.items() if place in known}
        self._announcer.note()


def _not_there(desk: Desk, key: str, server: str | None) -> str:
    status = next((one.status for one in desk.servers if one.status.name == server), None)
    if status is None or status.state in (State.READY, State.DEGRADED):
        return f"“{key}” is no longer offered. Nothing was done."
    return f"{status.say} is not there: it {status.reason or 'is starting'}. Nothing was done."


def _asked(ctx: ServerRequestContext[Any], peer: Peer) -> Asked:
    """Return what the request says of its user, where whoever sent it may say so."""
    return read_asked((ctx.params or {}).get("_meta") if peer.is_job else None)


def _no_headers(_name: str) -> None:
    return None


def _plain(result: Result, answers: list[mcp_types.CallToolResult]) -> dict[str, Any]:
    """Return what a text client gets: the server's own answer, or our sentence."""
    if answers and result.status is Status.OK:
        whole = answers[-1].model_dump(by_alias=True, mode="json", exclude_none=True)
        return {
            word: without_hidden(whole[word]) for word in ("content", "structuredContent", "isError") if word in whole
        }
    said: dict[str, Any] = {"content": [{"type": "text", "text": result.text}]}
    if result.status is not Status.OK:
        return {**said, "isError": True}
    return said if result.structured is None else {**said, "structuredContent": result.structured}
