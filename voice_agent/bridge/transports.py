"""How one connection's messages travel: pipes of a child process, streamable HTTP, or SSE; each one watched.

Importing this module takes about a second, for it imports `fastmcp`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self, cast

import anyio
import httpx2
import mcp_types
from fastmcp.client.auth import BearerAuth
from fastmcp.client.transports import ClientTransport, SSETransport
from fastmcp.client.transports.base import SessionKwargs, TransportOptions
from mcp import ClientSession, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.message import SessionMessage
from mcp_types import REQUEST_TIMEOUT
from typing_extensions import Unpack, override

from voice_agent.bridge.output import LineTooLong
from voice_agent.bridge.parsing import MAX_WEIGHT, read_quickly, weight
from voice_agent.bridge.reasons import TOO_LONG
from voice_agent.bridge.wire import MAX_EVENT, Pacer, WatchedClient, Wire, trust

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from types import TracebackType

    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
    from mcp.client.session import CallOptions, ElicitationFnT  # pyright: ignore[reportPrivateImportUsage]
    from mcp.shared._stream_protocols import ReadStream, WriteStream

    from voice_agent.bridge.child import Child
    from voice_agent.config.types import HttpEntry

logger = logging.getLogger(__name__)

# These log what servers send and the addresses they are reached at, with whatever is secret in them.
for _name in ("mcp.client", "mcp.shared", "fastmcp.client", "fastmcp.utilities", "client"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)
logging.getLogger("httpx2").setLevel(logging.WARNING)
read_quickly()

PROBE_URL, PROBE_CHILD = 5.0, 10.0
"""Seconds that `server/discover` gets; a child may still be starting."""
AFTER_SILENCE = 3.0
"""Seconds that `initialize` gets on a connection whose server has not answered `server/discover`."""
_ID = re.compile(rb'"id"\s*:\s*(\d+|"[^"\\]{1,80}")')

Item = SessionMessage | Exception


class BridgeSession(ClientSession):
    """A session that tells when its connection ends and lists tools without judging them.

    Results are not checked against output schemas: a server that breaks its own promise has still answered.
    """

    def __init__(
        self,
        read_stream: ReadStream[Item] | None = None,
        write_stream: WriteStream[SessionMessage] | None = None,
        read_timeout_seconds: float | None = None,
        **kwargs: Any,
    ) -> None:
        self.ended = asyncio.Event()
        watched = WatchedStream(read_stream, self.ended) if read_stream is not None else None
        super().__init__(watched, write_stream, read_timeout_seconds, **kwargs)
        self.was_silent = False
        """The server has read `server/discover` and not answered it."""
        self.probe_within = PROBE_URL
        """Seconds that `server/discover` gets."""
        self.has_read: Callable[[], bool | None] = lambda: True
        """Tells whether the server has read what was sent; None: nobody knows."""

    @override
    async def send_discover(self, version: str) -> dict[str, Any]:
        try:
            async with asyncio.timeout(self.probe_within):
                return await super().send_discover(version)
        except TimeoutError:
            self.was_silent = self.has_read() is True
            raise MCPError(REQUEST_TIMEOUT, "server/discover was not answered") from None

    @override
    async def initialize(self) -> mcp_types.InitializeResult:
        # A server that does one thing at a time is busy with the question for ever; one that is starting is not.
        async with asyncio.timeout(AFTER_SILENCE if self.was_silent else None):
            return await super().initialize()

    async def list_page(self, cursor: str | None, within: float) -> dict[str, Any]:
        """Return one page of `tools/list` as the server sent it (MCP, server/tools, “Listing Tools”).

        Raises:
            MCPError: The server refused, did not answer within `within` seconds, or is gone.
        """
        params: dict[str, Any] = {} if cursor is None else {"cursor": cursor}
        data: dict[str, Any] = {"method": "tools/list", "params": params}
        options: CallOptions = {}
        self._stamp(data, options)
        options["timeout"] = within
        return await self._dispatcher.send_raw_request("tools/list", data["params"], options)

    def absorb(self, tools: list[mcp_types.Tool]) -> None:
        """Keep what the session needs to know of `tools` for later calls: parameters that travel as HTTP headers."""
        self._absorb_tool_listing(mcp_types.ListToolsResult(tools=tools), complete=True)

    @override
    async def validate_tool_result(self, name: str, result: mcp_types.CallToolResult) -> None:
        del name, result


class WatchedStream:
    """A read stream that sets an event when it ends, and hands on no more than 50 requests a second."""

    def __init__(self, inner: ReadStream[Item], ended: asyncio.Event) -> None:
        self._inner, self._ended = inner, ended
        # Each is answered by a task of its own, and by HTTP on a connection of its own.
        self._asked = Pacer(at_once=10, pause=0.2)

    @property
    def last_context(self) -> Any:
        """The sender's context variables, where the stream carries them."""
        return getattr(self._inner, "last_context", None)

    async def receive(self) -> Item:
        """Return the next message; note the end."""
        try:
            item = await self._inner.receive()
        except (anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError):
            self._ended.set()
            raise
        if isinstance(item, SessionMessage) and isinstance(item.message, mcp_types.JSONRPCRequest):
            await self._asked.note()
        return item

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Item:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        """Close it; that is an end too."""
        self._ended.set()
        await self._inner.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        await self.aclose()


class WatchedTransport(ClientTransport):
    """Any transport, with a `BridgeSession` on it."""

    def __init__(self, inner: ClientTransport, answer: ElicitationFnT | None = None) -> None:
        """Take a transport; `answer`: answers what the server asks (None: it is told that nobody can be asked)."""
        self._inner, self._answer = inner, answer
        self.legacy_only = inner.legacy_only

    @contextlib.asynccontextmanager
    async def connect_session(
        self, *, transport_options: TransportOptions | None = None, **session_kwargs: Unpack[SessionKwargs]
    ) -> AsyncGenerator[ClientSession, None]:
        """Connect, and ask for no log messages."""
        options = replace(transport_options or TransportOptions(), session_class=BridgeSession)
        session_kwargs["log_level"] = None
        session_kwargs["elicitation_callback"] = self._answer
        async with self._inner.connect_session(transport_options=options, **session_kwargs) as session:
            yield session

    @override
    def get_session_id(self) -> str | None:
        return self._inner.get_session_id()

    @override
    async def close(self) -> None:
        await self._inner.close()


class ChildTransport(ClientTransport):
    """The pipes of a child that somebody else starts and ends."""

    def __init__(self, child: Child) -> None:
        self._child = child

    @contextlib.asynccontextmanager
    async def connect_session(
        self, *, transport_options: TransportOptions | None = None, **session_kwargs: Unpack[SessionKwargs]
    ) -> AsyncGenerator[ClientSession, None]:
        """Carry messages between the session and the child's lines."""
        options = transport_options or TransportOptions()
        to_session, read = anyio.create_memory_object_stream[Item](0)
        write, from_session = anyio.create_memory_object_stream[SessionMessage](0)
        async with anyio.create_task_group() as group, to_session, read, write, from_session:
            group.start_soon(self._receive, to_session)
            group.start_soon(self._send, from_session, to_session)
            async with options.session_class(read, write, **session_kwargs) as session:
                if isinstance(session, BridgeSession):
                    session.probe_within, session.has_read = PROBE_CHILD, lambda: self._child.has_read
                yield session
            group.cancel_scope.cancel()

    async def _receive(self, to_session: MemoryObjectSendStream[Item]) -> None:
        pacer = Pacer()
        async with to_session:
            while True:
                await pacer.note()
                try:
                    line = await self._child.read_line()
                except LineTooLong as error:
                    message = _too_long(error)
                else:
                    if line is None:
                        return
                    is_heavy = weight(line) > MAX_WEIGHT
                    message = _too_long(LineTooLong(line[:512], line[-512:])) if is_heavy else _parsed(line)
                if message is not None:
                    try:
                        await to_session.send(message)
                    except (anyio.ClosedResourceError, anyio.BrokenResourceError):
                        return

    async def _send(
        self, from_session: MemoryObjectReceiveStream[SessionMessage], to_session: MemoryObjectSendStream[Item]
    ) -> None:
        try:
            async for item in from_session:
                text = item.message.model_dump_json(by_alias=True, exclude_unset=True)
                self._child.write(text.encode() + b"\n")
        except BrokenPipeError:
            # The session learns of it as of any other end.
            await to_session.aclose()


def http_transport(entry: HttpEntry, wire: Wire, auth: httpx2.Auth | None = None) -> ClientTransport:
    """Return the transport of `entry`; what is seen on the way is noted in `wire`.

    `auth`: vouches for each request, in place of the entry's own token.

    Redirects are followed within one origin only, so that credentials stay with the host they are meant for.
    """
    if auth is None and entry.auth and entry.auth != "oauth":
        auth = BearerAuth(entry.auth)
    if wire.kind == "http":
        return HttpTransport(entry, wire, auth)

    def client(
        headers: dict[str, str] | None = None,
        timeout: httpx2.Timeout | None = None,
        auth: httpx2.Auth | None = None,
        **_: Any,
    ) -> httpx2.AsyncClient:
        return _client(wire, headers or {}, auth, timeout)

    return SSETransport(entry.url, headers=dict(entry.headers), auth=auth, httpx_client_factory=cast("Any", client))


class HttpTransport(ClientTransport):
    """Streamable HTTP (MCP, basic/transports#streamable-http)."""

    def __init__(self, entry: HttpEntry, wire: Wire, auth: httpx2.Auth | None) -> None:
        self._entry, self._wire, self._auth = entry, wire, auth

    @contextlib.asynccontextmanager
    async def connect_session(
        self, *, transport_options: TransportOptions | None = None, **session_kwargs: Unpack[SessionKwargs]
    ) -> AsyncGenerator[ClientSession, None]:
        """Carry messages between the session and the server."""
        options = transport_options or TransportOptions()
        async with (
            _client(self._wire, dict(self._entry.headers), self._auth, None) as client,
            streamable_http_client(self._entry.url, http_client=client, max_sse_event_size=MAX_EVENT) as (read, write),
            options.session_class(read, write, **session_kwargs) as session,
        ):
            yield session


def _client(
    wire: Wire, headers: dict[str, str], auth: httpx2.Auth | None, timeout: httpx2.Timeout | None
) -> httpx2.AsyncClient:
    return WatchedClient(
        wire,
        verify=trust(),
        headers={"accept-encoding": "identity", **headers},
        timeout=timeout or httpx2.Timeout(30.0, read=300.0),
        auth=auth,
        follow_redirects=False,
    )


def _parsed(line: bytes) -> SessionMessage | None:
    """Return the message in `line`; None where it is something else: many servers print to standard output."""
    if not line.lstrip().startswith(b"{"):
        return None
    try:
        return SessionMessage(mcp_types.jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError:
        logger.debug("a line that is no message was skipped")
        return None


def _too_long(error: LineTooLong) -> SessionMessage | None:
    """Return an error answer to the request whose answer was too long, if it can be told which."""
    found = _ID.search(error.head) or next(reversed(list(_ID.finditer(error.tail))), None)
    if found is None:
        return None
    word = found[1].decode("utf-8", "replace")
    data = mcp_types.ErrorData(code=TOO_LONG, message="The answer was too long to be read.", data=TOO_LONG_MARK)
    identity = word.strip('"') if word.startswith('"') else int(word)
    return SessionMessage(mcp_types.JSONRPCError(jsonrpc="2.0", id=identity, error=data))


TOO_LONG_MARK = object()
"""The data of our own error for a long answer, by which it is told from one of the server with the same code."""
