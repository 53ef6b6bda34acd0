"""One live connection to one server: opened, listed, called and closed. It never reconnects; its supervisor does."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, cast

import mcp_types
from fastmcp import Client
from fastmcp.client.messages import MessageHandler
from mcp import MCPError
from mcp.client.subscriptions import SubscriptionLost, listen
from mcp_types import URL_ELICITATION_REQUIRED
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from voice_agent.bridge.beside import Beside
from voice_agent.bridge.catalog import say_of
from voice_agent.bridge.failures import CallFailed, Trace
from voice_agent.bridge.logs import Logs, with_level
from voice_agent.bridge.questions import Questions
from voice_agent.bridge.transports import (
    TOO_LONG_MARK,
    BridgeSession,
    ChildTransport,
    WatchedTransport,
    http_transport,
)
from voice_agent.bridge.types import Progress
from voice_agent.bridge.wire import TRACE, Wire, trust
from voice_agent.config.types import BUILT_IN

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    import httpx2
    from fastmcp.client.transports import ClientTransport

    from voice_agent.bridge.child import Child
    from voice_agent.bridge.eras import Era
    from voice_agent.bridge.forms import Asker
    from voice_agent.bridge.types import Json
    from voice_agent.config.types import HttpEntry, ServerEntry, StdioEntry

MAX_PAGES = 250
MAX_TOOLS = 10_000
_LISTEN_AGAIN, _LISTEN_LATEST = 1.0, 60.0
"""Seconds after which a stream of changes that ended is opened again; longer each time that nothing came by it."""
_NOT_HERE = {400, 404, 405, 406, 415, 501}
"""HTTP statuses by which a server that only speaks SSE refuses a POST to its address."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What `tools/list` brought, all pages."""

    tools: list[Json]
    """As sent; anything that is not even an object has been left out."""
    trouble: str | None = None
    """Why it is not complete."""


class Connection(Protocol):
    """What a supervisor and a call need of a connection."""

    @property
    def ended(self) -> asyncio.Event:
        """Set when the connection is gone."""
        ...

    @property
    def changed(self) -> asyncio.Event:
        """Set when the server says that its tools have changed."""
        ...

    async def list_tools(self, within: float) -> Listing:
        """Return all tools."""
        ...

    async def call(
        self,
        name: str,
        arguments: Json,
        within: float,
        on_progress: Callable[[Progress], None] | None = None,
        *,
        meta: Json | None = None,
        asker: Asker | None = None,
    ) -> Any:
        """Call a tool and return the server's `CallToolResult`.

        `meta` goes with the request as its `_meta`; `asker` puts what the server asks meanwhile.

        Raises:
            CallFailed: It was not answered as it should be.
        """
        ...


class ClientConnection:
    """A connection over `fastmcp.Client`, in whichever protocol era the server speaks."""

    def __init__(
        self,
        entry: ServerEntry,
        transport: ClientTransport,
        wire: Wire | None = None,
        *,
        asks: bool = False,
        era: Era = "auto",
    ) -> None:
        """Prepare. `asks`: there is a user, whom the server is told that it can ask."""
        self._wire = wire
        self._questions = Questions(entry.name, say_of(entry), is_ours=entry.origin == BUILT_IN)
        self._logs = Logs()
        self._client = Client(
            WatchedTransport(transport, self._questions.answer if asks else None),
            name=entry.name,
            mode=era,
            message_handler=_Notices(self),
            log_handler=self._logs.take,
            client_info=mcp_types.Implementation(name="voice-agent", version="0.1.0"),
        )
        self.beside = Beside(self._client, say_of(entry))
        self.ended = asyncio.Event()
        self.changed = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None
        self._has_listed = False

    @property
    def _session(self) -> BridgeSession:
        return cast("BridgeSession", self._client.session)

    @property
    def protocol_version(self) -> str | None:
        """The negotiated protocol version."""
        return self._client.protocol_version

    @property
    def was_silent(self) -> bool:
        """The server has not answered when it was asked for the newer era."""
        return self._session.was_silent

    @property
    def is_modern(self) -> bool:
        """The newer era is spoken, which begins with 2026-07-28."""
        return self._client.protocol_version in MODERN_PROTOCOL_VERSIONS

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncGenerator[ClientConnection, None]:
        """Connect and negotiate; disconnect at the end."""
        async with self._client:
            self.ended = self._session.ended
            if self._wire is not None:
                self._wire.is_open = True
                self._wire.lost.append(self.ended.set)
            capabilities = self._client.server_capabilities
            announces = capabilities is not None and capabilities.tools is not None and capabilities.tools.list_changed
            if announces and self.is_modern:
                self._listening = asyncio.create_task(self._listen())
            try:
                yield self
            finally:
                if self._listening is not None:
                    self._listening.cancel()
                    await asyncio.gather(self._listening, return_exceptions=True)

    async def list_tools(self, within: float) -> Listing:
        """Return all tools, all pages, as the server sent them.

        Raises:
            MCPError: The server refused, did not answer a page within `within` seconds, or is gone.
        """
        self._has_listed = True
        tools: list[Json] = []
        seen: set[str] = set()
        cursor: str | None = None
        trouble: str | None = None
        while True:
            page = await self._session.list_page(cursor, within)
            found = cast("list[Any]", page["tools"]) if isinstance(page.get("tools"), list) else []
            objects = [cast("Json", tool) for tool in found if isinstance(tool, dict)]
            if not isinstance(page.get("tools"), list) or len(objects) < len(found):
                trouble = "has a list of tools that cannot be read" + (", but for a part of it" if objects else "")
            tools += objects
            cursor = page.get("nextCursor")
            if not isinstance(cursor, str) or not cursor:
                break
            if cursor in seen:
                trouble = "has a list of tools that never ends"
                break
            seen.add(cursor)
            if len(seen) >= MAX_PAGES or len(tools) > MAX_TOOLS:
                trouble = f"has too many tools; the first {min(len(tools), MAX_TOOLS)} are used"
                break
        tools = tools[:MAX_TOOLS]
        self._session.absorb(await asyncio.to_thread(_typed, tools))
        return Listing(tools, trouble)

    async def call(
        self,
        name: str,
        arguments: Json,
        within: float,
        on_progress: Callable[[Progress], None] | None = None,
        *,
        meta: Json | None = None,
        asker: Asker | None = None,
    ) -> mcp_types.CallToolResult:
        """Call a tool; cancelling this cancels it at the server. The time in which `asker` is busy does not count.

        Raises:
            CallFailed: The server refused, told nothing for `within` seconds, took ten times as long, or is gone.
        """
        is_at_work: Callable[[], None] = _ignore

        async def report(progress: float, total: float | None, message: str | None) -> None:
            is_at_work()
            if on_progress is not None:
                on_progress(Progress(progress, total, message))

        trace = Trace()
        mark = TRACE.set(trace)
        meta = with_level(meta) if self.is_modern else meta
        send = partial(self._client.call_tool_mcp, name, arguments, progress_handler=report, meta=meta)
        is_level_set = not self.is_modern and self.beside.capabilities.logging is not None
        set_level = self._set_level if is_level_set else None
        try:
            async with self._questions.during(asker, within) as is_at_work, self._logs.during(set_level):
                try:
                    return await send()
                except MCPError as error:
                    if error.code != URL_ELICITATION_REQUIRED or not await self._questions.open_links(error):
                        raise
                return await send()
        except Exception as error:
            is_long = getattr(error, "data", None) is TOO_LONG_MARK
            trace.is_too_long = trace.is_too_long or is_long or (self._wire is not None and self._wire.is_overflowed)
            raise CallFailed(error, trace) from error
        finally:
            TRACE.reset(mark)

    async def _set_level(self, level: mcp_types.LoggingLevel) -> None:
        params = mcp_types.SetLevelRequestParams(level=level)
        await self._session.send_request(mcp_types.SetLevelRequest(params=params), mcp_types.EmptyResult)

    async def _listen(self) -> None:
        """Follow the changes of the tools; a stream that ends is opened again, for what lies between tires of them."""
        wait = _LISTEN_AGAIN
        while not self.ended.is_set():
            try:
                async with listen(self._session, tools_list_changed=True) as subscription:
                    if self._has_listed:
                        # What changed since is not announced any more.
                        self.changed.set()
                    # Each event also reaches `_Notices`; staying here is what keeps the stream open.
                    async for _ in subscription:
                        self.changed.set()
                        wait = _LISTEN_AGAIN
            except SubscriptionLost:
                pass
            except (MCPError, RuntimeError, TimeoutError):
                # A server may announce changes and yet refuse this; the periodic re-list stands behind it.
                return
            await asyncio.sleep(wait)
            wait = min(2 * wait, _LISTEN_LATEST)


@contextlib.asynccontextmanager
async def open_child(
    entry: StdioEntry, child: Child, *, asks: bool = False, era: Era = "auto"
) -> AsyncGenerator[ClientConnection, None]:
    """Connect to a child that has been started."""
    async with ClientConnection(entry, ChildTransport(child), asks=asks, era=era).open() as connection:
        yield connection


@contextlib.asynccontextmanager
async def open_url(
    entry: HttpEntry,
    heard: Callable[[int | Exception], None],
    auth: httpx2.Auth | None = None,
    *,
    asks: bool = False,
    era: Era = "auto",
) -> AsyncGenerator[ClientConnection, None]:
    """Connect to a URL; an untyped one as streamable HTTP, and as SSE where that is refused.

    `auth`: vouches for each request, in place of the entry's own token.
    """
    await asyncio.to_thread(trust)
    kinds = [entry.transport] if entry.transport is not None else ["http", "sse"]
    statuses: list[int] = []

    def note(what: int | Exception) -> None:
        if isinstance(what, int):
            statuses.append(what)
        heard(what)

    for kind in kinds:
        wire = Wire(kind, note)
        connection = ClientConnection(entry, http_transport(entry, wire, auth), wire, asks=asks, era=era)
        async with contextlib.AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(connection.open())
            except Exception:
                if kind == kinds[-1] or not (statuses and statuses[-1] in _NOT_HERE):
                    raise
                continue
            yield connection
            return


@contextlib.asynccontextmanager
async def open_transport(
    entry: ServerEntry, transport: ClientTransport, *, asks: bool = False, era: Era = "auto"
) -> AsyncGenerator[ClientConnection, None]:
    """Connect over a transport that somebody else has made."""
    async with ClientConnection(entry, transport, asks=asks, era=era).open() as connection:
        yield connection


class _Notices(MessageHandler):
    """Hears what a server announces."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def on_tool_list_changed(self, message: mcp_types.ToolListChangedNotification) -> None:
        """Note that the tools have changed."""
        del message
        self._connection.changed.set()

    async def on_resource_updated(self, message: mcp_types.ResourceUpdatedNotification) -> None:
        """Pass on that a resource is another one."""
        self._connection.beside.on_updated(str(message.params.uri))

    async def on_resource_list_changed(self, message: mcp_types.ResourceListChangedNotification) -> None:
        """Pass on that there are other resources."""
        del message
        self._connection.beside.on_changed()

    async def on_prompt_list_changed(self, message: mcp_types.PromptListChangedNotification) -> None:
        """Pass on that there are other prompts."""
        del message
        self._connection.beside.on_changed()


def _ignore() -> None:
    return


def _typed(tools: list[Json]) -> list[mcp_types.Tool]:
    """Return those of `tools` that are as the protocol says."""
    typed: list[mcp_types.Tool] = []
    for raw in tools:
        with contextlib.suppress(ValidationError):
            typed.append(mcp_types.Tool.model_validate(raw, by_name=False))
    return typed
