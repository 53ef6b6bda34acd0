"""The service as a process: an address, a server on it, and an orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from mcp_servers.task_manager.database import database_at
from mcp_servers.task_manager.errors import BadRequest, TaskError
from mcp_servers.task_manager.logs import CallLog, log_as_json
from mcp_servers.task_manager.over_http.app import PATH, App, Doors
from mcp_servers.task_manager.over_http.auth import Authenticator
from mcp_servers.task_manager.over_http.health import Health
from mcp_servers.task_manager.over_http.hosts import gate_for, is_loopback
from mcp_servers.task_manager.over_http.limits import HEADERS_WITHIN, LARGEST_HEADERS, Rate, Room
from mcp_servers.task_manager.scopes import Scopes
from mcp_servers.task_manager.server import build

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator
    from datetime import tzinfo

    from mcp_servers.task_manager.options import Options
    from mcp_servers.task_manager.over_http.tokens import StaticTokens

_log = logging.getLogger(__name__)

KEEP_ALIVE = 75
"""Seconds for which a connection without a request is kept."""
BACKLOG = 512


class CannotListen(TaskError):
    """The address cannot be had; the message says why."""


def authenticator_for(options: Options) -> Authenticator:
    """Who may come in. Raises `BadRequest` where that is not safe or not said wholly, naming the options."""
    if not options.is_authenticated:
        if not is_loopback(options.host):
            raise BadRequest(
                f"--host: {options.host or 'every address'} can be reached from other machines, so people must log in: "
                "give --tokens FILE, or --jwks-url or --public-key with --issuer and --audience. "
                "Without, only loopback will do, such as 127.0.0.1."
            )
        return Authenticator()
    static = _static(options)
    if not (options.jwks_url or options.public_key):
        return Authenticator(static)
    if options.jwks_url and options.public_key:
        raise BadRequest("Give --jwks-url or --public-key, not both.")
    audience = options.audience or (options.public_url and f"{options.public_url.rstrip('/')}{PATH}")
    if not options.issuer or not audience:
        raise BadRequest("JWTs need --issuer and --audience too: who made them, and for whom.")
    from mcp_servers.task_manager.over_http.jwts import IssuedTokens, OneKey, PublishedKeys

    if options.jwks_url and not options.jwks_url.startswith(("https://", "http://")):
        raise BadRequest("--jwks-url: give a whole address, such as https://login.example.com/keys.")
    keys = PublishedKeys(options.jwks_url) if options.jwks_url else OneKey(Path(options.public_key or "").expanduser())
    return Authenticator(static, IssuedTokens(keys, options.issuer, [audience]), options.issuer)


def _static(options: Options) -> StaticTokens | None:
    if not options.tokens:
        return None
    from mcp_servers.task_manager.over_http.tokens import StaticTokens

    return StaticTokens(Path(options.tokens).expanduser())


def listen(host: str, port: int) -> socket.socket:
    """A socket on that address. Raises `CannotListen`."""
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(BACKLOG)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CannotListen(f"{host}, port {port}, cannot be listened on: {reason}. Choose another --port.") from None
    return bound


class PatientProtocol(H11Protocol):
    """HTTP/1.1 that hangs up on clients who do not get their headers sent in time."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Wait for what is missing of the headers, no longer once they are there."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._wait()
        elif self._late:
            self._late.cancel()
            self._late = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        if self._late:
            self._late.cancel()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(HEADERS_WITHIN, self._hang_up)

    def _hang_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()


class Server(uvicorn.Server):
    """Tells where it listens once it does, and ends in order."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None], drain: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready
        self._drain = drain
        self.ended_by: int | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept, and say so."""
        await super().startup(sockets)
        self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """The first signal lets running calls finish; the second ends everything at once."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.end, number)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    def end(self, number: int) -> None:
        """Let running calls finish, as by the signal of this number; at once where that was asked already."""
        if self.ended_by is not None:
            os._exit(128 + number)
        self.ended_by = number
        self.should_exit = True
        _log.info("draining")
        self._drain()


def serve(options: Options, database: Path | str, zone: tzinfo) -> int:
    """Serve until a signal; the status to end with.

    Raises `BadRequest` for unusable options, `CannotListen`, and `StoreUnavailable` where the database's driver is
    not installed.
    """
    database_at(database).check()
    authenticator = authenticator_for(options)
    bound = listen(options.host, options.port)
    return asyncio.run(_serve(options, database, zone, authenticator, bound))


def application(options: Options, database: Path | str, zone: tzinfo, authenticator: Authenticator) -> App:
    """Everything put together, as an ASGI application."""
    scopes = Scopes()
    parts = build(database, zone, middleware=[CallLog(scopes.tools), scopes])
    doors = Doors(
        gate=gate_for(options.host, options.public_url, options.allowed_host, options.allowed_origin),
        authenticator=authenticator,
        scopes=scopes,
        rate=Rate(options.rate),
        room=Room(options.max_concurrent),
        most_bytes=options.max_body,
        most_sessions=options.max_sessions,
        public_url=options.public_url.rstrip("/") if options.public_url else None,
    )
    return App(parts, doors, Health(parts.database))


def configured(app: App, options: Options) -> uvicorn.Config:
    """How uvicorn serves it."""
    return uvicorn.Config(
        app,
        http=PatientProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE,
        h11_max_incomplete_event_size=LARGEST_HEADERS,
        limit_concurrency=options.max_connections,
        timeout_graceful_shutdown=max(1, round(options.drain)),
    )


async def _serve(
    options: Options, database: Path | str, zone: tzinfo, authenticator: Authenticator, bound: socket.socket
) -> int:
    app = application(options, database, zone, authenticator)
    config = configured(app, options)

    def ready() -> None:
        sys.stderr.write(f"listening on {address_of(options.host, bound)}\n")
        sys.stderr.flush()
        log_as_json(options.log_level)
        for warning in authenticator.static.warnings() if authenticator.static else ():
            _log.warning("unwise", extra={"reason": warning})

    server = Server(config, ready, app.drain)
    if authenticator.static and hasattr(signal, "SIGHUP"):
        static = authenticator.static
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, lambda: static.refresh(anyway=True))
    async with app.run(), _until_closed(options.until_closed, server):
        await server.serve([bound])
    _log.info("ended")
    return 130 if server.ended_by == signal.SIGINT else 0


@contextlib.asynccontextmanager
async def _until_closed(descriptor: int | None, server: Server) -> AsyncGenerator[None]:
    """End the server when the other end of a pipe is closed."""
    if descriptor is None:
        yield
        return
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    pipe, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(descriptor, "rb", 0))

    async def watch() -> None:
        while await reader.read(1024):
            pass
        server.end(signal.SIGTERM)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
        pipe.close()


def address_of(host: str, bound: socket.socket) -> str:
    """Where clients find it."""
    port = bound.getsockname()[1]
    name = host or bound.getsockname()[0]
    return f"http://[{name}]:{port}{PATH}" if ":" in name else f"http://{name}:{port}{PATH}"
