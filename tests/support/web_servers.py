"""MCP servers on a loopback port: good ones over HTTP and SSE, and some that answer badly or not at all."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Any

import uvicorn
from fastmcp import FastMCP

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

WITHIN = 15.0


def small_server() -> FastMCP[Any]:
    """A server of FastMCP with a read and a write."""
    server: FastMCP[Any] = FastMCP("small")

    @server.tool(annotations={"readOnlyHint": True})
    def get_sum(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    @server.tool
    def write_note(text: str) -> str:
        """Write a note."""
        return f"Noted: {text}"

    _ = get_sum, write_note
    return server


def free_port() -> int:
    """A port that nobody listens at now; tests take `kept_port`, which another process cannot be given meanwhile."""
    with kept_port() as port:
        return port


@contextlib.contextmanager
def kept_port() -> Generator[int]:
    """A port that refuses connections, and that is given to nobody else meanwhile; a server can still be put there."""
    with socket.socket() as kept:
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        kept.bind(("127.0.0.1", 0))
        yield int(kept.getsockname()[1])


@contextlib.asynccontextmanager
async def served(server: FastMCP[Any], kind: str = "http", port: int = 0) -> AsyncGenerator[str, None]:
    """Serve `server` as `http` or `sse`; yields its URL. At the end open connections are cut."""
    path = "/mcp" if kind == "http" else "/sse"
    async with serving(server.http_app(path=path, transport="http" if kind == "http" else "sse"), port) as url:
        yield f"{url}{path}"


@contextlib.asynccontextmanager
async def serving(app: Any, port: int = 0) -> AsyncGenerator[str, None]:
    """Serve an ASGI app; yields its address. At the end open connections are cut."""
    listening = await asyncio.to_thread(socket.create_server, ("127.0.0.1", port))
    port = int(listening.getsockname()[1])
    settings = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_level="critical", ws="none", timeout_graceful_shutdown=0
    )
    running = uvicorn.Server(settings)
    # A thread and a loop of its own: what the server leaves running is none of the test's.
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        running.should_exit = True
        await asyncio.to_thread(thread.join, WITHIN)
        listening.close()


@contextlib.asynccontextmanager
async def answering(head: str, body: str = "") -> AsyncGenerator[str, None]:
    """A server that gives every request the answer `head` (status line and headers) and `body`; yields its URL."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            data = body.encode()
            writer.write(f"HTTP/1.1 {head}\r\nContent-Length: {len(data)}\r\nConnection: close\r\n\r\n".encode() + data)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/mcp"
    finally:
        server.close()


@contextlib.asynccontextmanager
async def silent() -> AsyncGenerator[str, None]:
    """A server that takes connections and never says anything; yields its URL."""

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/mcp"
    finally:
        server.close()
