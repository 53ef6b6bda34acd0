"""What all stand-ins share: a port of their own, a key, a rate limit, faults, and a record of all that was asked."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from aiohttp import web

from tests.fakes.faults import NONE, Fault

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Awaitable, Callable, Mapping

KEY = "test-key"
"""What every stand-in takes for a good key unless told otherwise."""


@dataclass(slots=True)
class Request:
    """One HTTP request or one WebSocket connection, as it came in."""

    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str] = field(repr=False)
    body: Any = None
    """JSON of a POST, or the form's fields."""
    messages: list[Any] = field(default_factory=list[Any])
    """JSON that came over a WebSocket."""
    audio: bytearray = field(default_factory=bytearray, repr=False)
    """Sound that came in."""
    is_over: bool = False

    def asked(self, name: str) -> str | None:
        """The first value of a query parameter."""
        return next(iter(self.query.get(name, [])), None)


class Dropped(Exception):
    """This connection was cut on purpose."""


class FakeServer:
    """A provider on a random port of 127.0.0.1. Use it as an asynchronous context manager.

    Args:
        key: the one key it accepts; None: any, and none at all.
        allow: requests it does the work of before it answers 429; None: all.
    """

    def __init__(self, *, key: str | None = KEY, allow: int | None = None) -> None:
        self.key = key
        self.allow = allow
        self.requests: list[Request] = []
        """All that were let in to do work, and those that were refused, in order."""
        self._faults: deque[Fault] = deque()
        self._always = NONE
        self._changed = asyncio.Condition()
        self._closing = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def port(self) -> int:
        return self._port

    def routes(self) -> list[web.RouteDef]:
        """The endpoints; each stand-in says its own."""
        raise NotImplementedError

    def key_in(self, headers: Mapping[str, str]) -> str | None:
        """The key that a request carries; each provider has its own header."""
        raise NotImplementedError

    def error_body(self, status: int, code: str | None) -> Any:
        """The provider's own way to say what is wrong, as JSON."""
        return {"error": {"message": f"status {status}", "code": code}}

    def fail(self, *faults: Fault) -> None:
        """Treat the next requests so, one fault each, in order."""
        self._faults.extend(faults)

    def fail_always(self, fault: Fault) -> None:
        """Treat every further request so, until `recover`."""
        self._always = fault

    def recover(self) -> None:
        """Be well again."""
        self._faults.clear()
        self._always = NONE

    async def until(self, true: Callable[[], bool], *, timeout: float = 30.0) -> None:  # noqa: ASYNC109 - the bound of the wait
        """Wait until something that was recorded makes `true()` so; TimeoutError if it never does."""
        async with asyncio.timeout(timeout), self._changed:
            await self._changed.wait_for(true)

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=50_000_000, middlewares=[_stay_quiet_when_dropped])
        app.add_routes(self.routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._port = int(self._runner.addresses[0][1])
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Close the port, and every connection with it. From then on connections are refused."""
        self._closing.set()
        if self._runner is not None:
            await self._runner.cleanup()

    async def note(self) -> None:
        """Wake those who wait in `until`."""
        async with self._changed:
            self._changed.notify_all()

    async def admit(self, http: web.Request) -> tuple[Request, Fault]:
        """Record a request and let it in.

        Raises:
            web.HTTPException: its key is wrong, it is one too many, or a fault says so.
        """
        query = {name: http.query.getall(name) for name in http.query}
        request = Request(http.path, query, dict(http.headers))
        self.requests.append(request)
        await self.note()
        if self.key is not None and self.key_in(http.headers) != self.key:
            self._refuse(401)
        fault = self._faults.popleft() if self._faults else self._always
        await self.suffer(fault)
        if self.allow is not None:
            if self.allow <= 0:
                self._refuse(429, None, 1)
            self.allow -= 1
        return request, fault

    async def suffer(self, fault: Fault) -> None:
        """Do what the fault wants before any work.

        Raises:
            web.HTTPException: the answer it wants.
        """
        await self.pause(fault.connect_delay)
        if fault.hang:
            await self._closing.wait()
        if fault.status is not None:
            self._refuse(fault.status, fault.code, fault.retry_after)

    def _refuse(self, status: int, code: str | None = None, retry_after: int | None = None) -> None:
        answer = web.json_response(self.error_body(status, code), status=status)
        error = _refusal(status, answer.text or "")
        if retry_after is not None:
            error.headers["Retry-After"] = str(retry_after)
        raise error

    async def pause(self, seconds: float) -> None:
        """Wait, but not beyond the end of this server."""
        if seconds > 0:
            try:
                await asyncio.wait_for(self._closing.wait(), seconds)
            except TimeoutError:
                return

    async def paced(
        self,
        fault: Fault,
        items: AsyncIterable[Any],
        send: Callable[[Any], Awaitable[None]],
        cut: Callable[[], Awaitable[None]],
    ) -> None:
        """Send the items one by one: late, with garbage (None) among them, or cut off, as the fault wants."""
        sent = 0
        async for item in items:
            await self.pause(fault.first_delay if sent == 0 else fault.between_delay)
            if fault.drop_after is not None and sent >= fault.drop_after:
                break
            if fault.garbage_after is not None and sent == fault.garbage_after:
                await send(None)
            await send(item)
            sent += 1
        if fault.drop_after is not None:
            await cut()


async def drop(http: web.Request, fault: Fault, socket: web.WebSocketResponse | None = None) -> None:
    """End the connection as the fault wants: by a reset, or by a WebSocket's close code.

    Raises:
        Dropped: always, so that nothing more is sent.
    """
    if fault.close_code is not None and socket is not None:
        await socket.close(code=fault.close_code)
    elif http.transport is not None:
        http.transport.abort()
    raise Dropped


@web.middleware
async def _stay_quiet_when_dropped(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except (Dropped, ConnectionError):
        return web.Response()


def _refusal(status: int, body: str) -> web.HTTPException:
    """An aiohttp exception of that status."""
    refusal = type("Refusal", (web.HTTPException,), {"status_code": status})
    return refusal(text=body, content_type="application/json")
