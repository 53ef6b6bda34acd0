"""The HTTP side of one connection: watched, bounded in size and in pace, never led to another host.

Every message of the client is sent in the context of the call that it belongs to, so what is met on the way can be
noted with that very call (`TRACE`).
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NoReturn, cast

import httpx2
from anyio import CancelScope
from typing_extensions import override

from voice_agent.bridge.failures import Trace
from voice_agent.bridge.output import MAX_LINE
from voice_agent.bridge.parsing import MAX_WEIGHT, weight

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, Callable

MAX_EVENT = MAX_LINE
MAX_SSE_EVENT = 1024 * 1024
"""Bytes of one event of the older SSE transport, whose limit is fixed in the library."""
_AT_ONCE, _PAUSE = 50, 0.025
_PIECE = 8 * 1024
"""Bytes of events that are read at a time: what is read at once may be thousands."""
_LINES = 4
"""Lines that cost what an event does."""
_LONG, _BREATH = 256 * 1024, 0.003
"""Bytes from which on a message is read with pauses, and their seconds, for each 64 KB that come at a time."""
_UNSENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
_SESSION = "mcp-session-id"
_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)

TRACE: ContextVar[Trace | None] = ContextVar("voice_agent_call", default=None)
"""The call that is being sent, where it is one."""


@cache
def trust() -> ssl.SSLContext:
    """Return what certificates are judged by. Reading it takes 20 ms the first time: call it in a thread then."""
    return httpx2.create_ssl_context()


class Pacer:
    """Keeps a server that floods from holding the event loop: after so many messages there is a pause.

    By default 2,000 a second are taken.
    """

    def __init__(self, at_once: int = _AT_ONCE, pause: float = _PAUSE) -> None:
        """Take how many may come within `pause` seconds."""
        self._at_once, self._pause = at_once, pause
        self._count, self._since = 0, 0.0

    async def note(self, count: int = 1) -> None:
        """Take notice of `count` more messages; wait where they come too fast."""
        self._count += count
        if self._count < self._at_once:
            return
        now = asyncio.get_running_loop().time()
        left = self._pause * self._count / self._at_once - (now - self._since)
        self._count, self._since = 0, now
        if left > 0:
            await asyncio.sleep(min(left, 2.0))
            self._since = asyncio.get_running_loop().time()


@dataclass(slots=True)
class Wire:
    """What is seen of one connection by HTTP."""

    kind: str
    """`http` (streamable) or `sse`."""
    heard: Callable[[int | Exception], None]
    """Told of the status of each answer to a message, and of what goes wrong below HTTP."""
    is_open: bool = False
    """The server has been connected to; what goes wrong from now on concerns one call, not the connection."""
    is_overflowed: bool = False
    """A message was longer than what is read."""
    lost: list[Callable[[], None]] = field(default_factory=list["Callable[[], None]"])
    """Called when a message could not be delivered and nothing else would tell."""
    pacer: Pacer = field(default_factory=Pacer)
    reading: CancelScope | None = None
    """Of SSE: the wait for the next part of its stream."""
    is_refused: bool = False
    """Of SSE: a message was refused before the server was connected to; no answer will come on the stream."""

    def refuse(self) -> None:
        """End the stream on which the answer would come."""
        self.is_refused = True
        if self.reading is not None:
            self.reading.cancel()

    def tell_lost(self) -> None:
        """Say that the connection is of no more use."""
        for tell in self.lost:
            tell()


class Renewing(httpx2.Auth):
    """Vouches for requests, and may have something newer to vouch with when it is refused."""

    async def refused(self, response: httpx2.Response, *, is_last: bool = False) -> bool:
        """Take notice of a refusal; True: the request can be made again, unless this was the last time.

        Raises:
            httpx2.TransportError: Whoever would know cannot be asked.
        """
        raise NotImplementedError


class WatchedClient(httpx2.AsyncClient):
    """An HTTP client that notes what each call met, and bounds what it reads.

    Of a connection that is open, an error of one request is turned into an answer of its own, for the library would
    end the whole connection with it (streamable HTTP), or never tell (SSE).
    """

    def __init__(self, wire: Wire, **options: Any) -> None:
        """Take `options` of `httpx2.AsyncClient`."""
        super().__init__(**options)
        self._wire = wire

    @override
    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        wire, trace = self._wire, TRACE.get() or Trace()
        request.extensions = {**request.extensions, "trace": _Handshake().note}
        is_message = wire.is_open and request.method == "POST"
        # That a server has no stream of its own to offer (GET) or cannot be told of the end (DELETE) says nothing.
        is_told = wire.kind == "sse" or request.method == "POST"
        try:
            response = await self._sent(request, **options)
        except httpx2.TransportError as error:
            trace.is_unsent, trace.is_lost = isinstance(error, _UNSENT), True
            if is_told:
                wire.heard(error)
            if not is_message:
                if request.method == "POST":
                    wire.refuse()
                raise
            response = _stand_in(request, HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            trace.http_status = response.status_code
            if is_told:
                wire.heard(response.status_code)
            if response.headers.get("content-encoding", "identity") != "identity":
                # What it unpacks to has no bound.
                await response.aclose()
                trace.is_unreadable = True
                response = _stand_in(request, HTTPStatus.BAD_GATEWAY)
            else:
                response.stream = _Bounded(cast("httpx2.AsyncByteStream", response.stream), response, wire, trace)
        return await self._passed(request, response, trace, is_message=is_message)

    async def _passed(
        self, request: httpx2.Request, response: httpx2.Response, trace: Trace, *, is_message: bool
    ) -> httpx2.Response:
        """Return what the library may see of an answer; of SSE, tell what else nobody would."""
        wire = self._wire
        has_session = wire.kind == "sse" or _SESSION in request.headers
        if is_message and has_session and response.status_code == HTTPStatus.NOT_FOUND:
            trace.is_session_gone = True
        if wire.kind == "sse" and request.method == "POST" and not response.is_success:
            if is_message:
                wire.tell_lost()
            else:
                wire.refuse()
            await response.aclose()
            return _stand_in(request, HTTPStatus.ACCEPTED)
        return response

    async def _sent(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """Send a request; a second time where it was refused and there is something newer to vouch with."""
        response = await super().send(request, **options)
        vouching = self.auth if response.status_code in _REFUSED else None
        # Not in the flow of the auth itself, which would read the refusal to its end, however long that is.
        if isinstance(vouching, Renewing) and await vouching.refused(response):
            await response.aclose()
            response = await super().send(request, **options)
            if response.status_code in _REFUSED:
                await vouching.refused(response, is_last=True)
        return response


class _Handshake:
    """Closes a socket whose TLS handshake was cancelled: the library leaves it open until it is collected.

    It is told by the `trace` extension (httpcore, "Request Extensions").
    """

    def __init__(self) -> None:
        self._stream: Any = None

    async def note(self, event: str, info: dict[str, Any]) -> None:
        """Take notice of a step of the connection."""
        if event == "connection.connect_tcp.complete":
            self._stream = info["return_value"]
        elif event.endswith(".start_tls.failed"):
            await self._stream.aclose()


class _Bounded(httpx2.AsyncByteStream):
    """A body of which no more is read than fits."""

    def __init__(self, inner: httpx2.AsyncByteStream, response: httpx2.Response, wire: Wire, trace: Trace) -> None:
        self._inner, self._wire, self._trace = inner, wire, trace
        self._has_events = response.headers.get("content-type", "").lower().startswith("text/event-stream")
        self._limit = MAX_SSE_EVENT if wire.kind == "sse" else MAX_EVENT
        self._length = self._weight = 0
        self._tail = b""
        told = response.headers.get("content-length", "")
        self._is_hopeless = told.isdecimal() and int(told) > self._limit

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        if self._is_hopeless:
            self._give_up()
        async for chunk in self._chunks():
            size = _PIECE if self._has_events else len(chunk)
            for place in range(0, len(chunk), size or 1):
                piece = chunk[place : place + size]
                if self._has_events:
                    await self._count_events(piece)
                else:
                    self._add(piece)
                if self._length > self._limit or self._weight > MAX_WEIGHT:
                    self._give_up()
                yield piece
            if self._length > _LONG:
                await asyncio.sleep(_BREATH)

    async def _chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield what comes; the stream of SSE ends when a message was refused."""
        if self._wire.kind != "sse" or not self._has_events:
            async for chunk in self._inner:
                yield chunk
            return
        chunks = aiter(self._inner)
        while True:
            chunk: bytes | None = None
            with CancelScope() as self._wire.reading:
                if self._wire.is_refused:
                    raise httpx2.ReadError("a message was refused")
                chunk = await anext(chunks, None)
                if chunk is None:
                    return
            if chunk is None:  # cancelled by the refusal
                raise httpx2.ReadError("a message was refused")
            yield chunk

    async def aclose(self) -> None:
        """Close it."""
        await self._inner.aclose()

    def _give_up(self) -> NoReturn:
        self._trace.is_too_long = self._wire.is_overflowed = True
        error = httpx2.SSEError("an event is too long") if self._has_events else httpx2.StreamError("too long")
        self._wire.heard(error)
        raise error

    async def _count_events(self, piece: bytes) -> None:
        seen = (self._tail + piece).replace(b"\r", b"")
        self._tail = piece[-2:]
        if events := seen.count(b"\n\n"):
            self._length = self._weight = 0
            self._add(seen[seen.rfind(b"\n\n") :])
        else:
            self._add(piece)
        if lines := piece.count(b"\n"):
            await asyncio.sleep(0)
            await self._wire.pacer.note(max(events, lines // _LINES))

    def _add(self, data: bytes) -> None:
        self._length += len(data)
        self._weight += weight(data)


def _stand_in(request: httpx2.Request, status: HTTPStatus) -> httpx2.Response:
    return httpx2.Response(status, request=request)
