"""The ways into a hub: a socket for jobs, and HTTP for text clients. Each asks for the hub's token."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import logging
import os
import socket
from typing import TYPE_CHECKING, Any

import uvicorn
from mcp.server.runner import serve_dual_era_loop
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from typing_extensions import override

from voice_agent.bridge.hub.lines import LONGEST, Address, LineReader, LineWriter, greeted
from voice_agent.bridge.hub.peers import PEER, Peer
from voice_agent.bridge.hub.permits import PermitRefused
from voice_agent.errors import PartFailed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, MutableMapping
    from pathlib import Path

    from voice_agent.bridge.hub.hub import Hub

PATH = "/mcp"
_GREETED_WITHIN = 5.0
_BACKLOG = 512
_SESSION_IDLE = 30 * 60.0
_MOST_BYTES = 8 * 1024 * 1024
_ENDS_WITHIN = 2
"""Seconds that requests by HTTP may go on at the end."""
_LONGEST_SOCKET = 100
"""Characters of a Unix socket's path that every system takes."""

logger = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def by_socket(hub: Hub, token: str, path: Path | None) -> AsyncGenerator[Address, None]:
    """Let jobs in by a Unix socket at `path`, or by a port of this machine where that cannot be.

    Raises:
        PartFailed: Another hub listens there, or nobody may.
    """
    serving: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        try:
            await _serve_lines(hub, token, reader, writer)
        except asyncio.CancelledError:
            # The door is being closed; `asyncio` would complain of a connection that is cancelled.
            return
        finally:
            serving.discard(task)

    if path is not None and hasattr(asyncio, "start_unix_server") and len(str(path)) <= _LONGEST_SOCKET:
        await _clear(path)
        before = os.umask(0o177)
        try:
            server = await asyncio.start_unix_server(serve, str(path), limit=LONGEST, backlog=_BACKLOG)
        except OSError as error:
            raise PartFailed(f"The hub cannot listen at {path}: {error.strerror or error}.") from None
        finally:
            os.umask(before)
        address = Address(path=str(path))
    else:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=LONGEST, backlog=_BACKLOG)
        address = Address(port=server.sockets[0].getsockname()[1])
    try:
        yield address
    finally:
        server.close()
        for task in tuple(serving):
            task.cancel()
        if serving:
            await asyncio.wait(serving)
        if address.path is not None:
            with contextlib.suppress(OSError):
                os.unlink(address.path)  # noqa: PTH108 - what is one system call needs no thread


async def _clear(path: Path) -> None:
    """Remove the socket of a hub that is no more.

    Raises:
        PartFailed: That hub is alive.
    """
    try:
        _, writer = await asyncio.open_unix_connection(str(path))
    except FileNotFoundError:
        return
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(path)  # noqa: PTH108 - what is one system call needs no thread
        return
    writer.close()
    raise PartFailed(f"Another hub listens at {path}. End it first, or give this one another place.")


async def _serve_lines(hub: Hub, token: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        async with asyncio.timeout(_GREETED_WITHIN):
            given = await greeted(reader)
    except TimeoutError:
        given = None
    if given is None or not _is_same(given[0], token):
        writer.close()
        return
    try:
        permit = hub.permits.read(given[1]) if hub.permits is not None else None
    except PermitRefused as refused:
        logger.warning("a job was not let in by its permit: %s", refused)
        writer.close()
        return
    try:
        await serve_dual_era_loop(
            hub.server,
            LineReader(reader),
            LineWriter(writer),
            lifespan_state=Peer(is_job=True, permit=permit),
            init_options=hub.server.create_initialization_options(),
        )
    finally:
        writer.close()


class HttpDoor:
    """The ASGI application for text clients; `run` must be entered while it serves."""

    def __init__(self, hub: Hub, token: str, host: str) -> None:
        """`host`: the address that it is served at."""
        names = {"127.0.0.1", "localhost", "[::1]", f"[{host}]" if ":" in host else host}
        self._token = token
        self._manager = StreamableHTTPSessionManager(
            hub.server,
            security_settings=TransportSecuritySettings(
                enable_dns_rebinding_protection=True,
                allowed_hosts=[f"{name}:*" for name in names],
                allowed_origins=[f"http://{name}:*" for name in names],
            ),
            session_idle_timeout=_SESSION_IDLE,
            max_request_body_size=_MOST_BYTES,
        )

    def run(self) -> contextlib.AbstractAsyncContextManager[None]:
        """Return what must be entered while requests are answered."""
        return self._manager.run()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Answer one request (ASGI)."""
        path = scope["path"].rstrip("/")
        if path != PATH:
            await _refuse(send, 404, f"There is nothing here. MCP is at {PATH}.")
            return
        given = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
        scheme, _, token = given.partition(" ")
        if scheme.lower() != "bearer" or not _is_same(token.strip(), self._token):
            await _refuse(send, 401, "The hub asks for its token: send the header Authorization: Bearer TOKEN.")
            return
        scope[PEER] = Peer(is_job=False)
        await self._manager.handle_request(scope, receive, send)


@contextlib.asynccontextmanager
async def by_http(hub: Hub, token: str, host: str, port: int) -> AsyncGenerator[str, None]:
    """Let text clients in at `host` and `port` (0: any free one); yields the URL.

    Raises:
        PartFailed: The address cannot be had.
    """
    door = HttpDoor(hub, token, host)
    bound = _listen(host, port)
    config = uvicorn.Config(
        door,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_ENDS_WITHIN,
    )
    server = _Server(config)
    async with door.run():
        serving = asyncio.create_task(server.serve([bound]), name="hub by HTTP")
        try:
            name = f"[{host}]" if ":" in host else host
            yield f"http://{name}:{bound.getsockname()[1]}{PATH}"
        finally:
            server.should_exit = True
            await asyncio.wait({serving})


class _Server(uvicorn.Server):
    """Leaves signals to the command."""

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def _listen(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(_BACKLOG)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise PartFailed(f"The hub cannot listen at {host}, port {port}: {reason}. Choose another --port.") from None
    return bound


def _is_same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


async def _refuse(send: Any, status: int, text: str) -> None:
    body = json.dumps({"jsonrpc": "2.0", "id": None, "error": {"code": -32000, "message": text}}).encode()
    headers = [(b"content-type", b"application/json")]
    if status == 401:  # noqa: PLR2004 - Unauthorized
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
