"""MCP over a socket: one message a line, as on standard input and output (MCP, basic/transports#stdio).

It costs a fraction of HTTP: one connection a conversation, on which either side may speak first and whose end is seen
at once. The first line is the client's greeting, with the hub's token and the permit to act for a person.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import anyio
import mcp_types
from mcp.shared.message import SessionMessage

from voice_agent.errors import ConfigError

if TYPE_CHECKING:
    from types import TracebackType

LONGEST = 64 * 1024 * 1024
"""Bytes of one message; images travel in them."""
_GREETING = b"voice-agent-hub "
_LONGEST_GREETING = 4096

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a hub is: a Unix socket, or a port of this machine where there are none."""

    path: str | None = None
    host: str = "127.0.0.1"
    port: int = 0

    @classmethod
    def read(cls, text: str) -> Address:
        """Read `unix:PATH` or `tcp:HOST:PORT`.

        Raises:
            ConfigError: It is neither.
        """
        kind, _, rest = text.partition(":")
        host, _, port = rest.rpartition(":")
        if kind == "unix" and rest:
            return cls(path=rest)
        if kind == "tcp" and host and port.isdecimal():
            return cls(host=host, port=int(port))
        raise ConfigError(f"hub.address: “{text}” is no address of a hub. Write unix:PATH or tcp:HOST:PORT.")

    def __str__(self) -> str:
        return f"unix:{self.path}" if self.path is not None else f"tcp:{self.host}:{self.port}"


async def connect(address: Address, token: str, permit: str | None) -> tuple[LineReader, LineWriter]:
    """Connect to the hub at `address` and greet it.

    Raises:
        OSError: Nobody listens there.
    """
    if address.path is not None:
        reader, writer = await asyncio.open_unix_connection(address.path, limit=LONGEST)
    else:
        reader, writer = await asyncio.open_connection(address.host, address.port, limit=LONGEST)
    writer.write(_GREETING + " ".join(filter(None, (token, permit))).encode() + b"\n")
    return LineReader(reader), LineWriter(writer)


async def greeted(reader: asyncio.StreamReader) -> tuple[str, str | None] | None:
    """Return the token and the permit that a client greets with; None where it says something else."""
    try:
        line = await reader.readline()
    except (ValueError, OSError):
        return None
    if not line.startswith(_GREETING) or len(line) > _LONGEST_GREETING:
        return None
    token, _, permit = line[len(_GREETING) :].strip().decode("utf-8", "replace").partition(" ")
    return token, permit or None


class LineReader:
    """The messages that come in; satisfies the SDK's `ReadStream`."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def receive(self) -> SessionMessage | Exception:
        """Return the next message.

        Raises:
            anyio.EndOfStream: There is none; the connection has ended.
        """
        while True:
            try:
                line = await self._reader.readline()
            except (ValueError, OSError):
                # Longer than anything of ours, or torn down in the middle.
                raise anyio.EndOfStream from None
            if not line.endswith(b"\n"):
                raise anyio.EndOfStream
            try:
                return SessionMessage(mcp_types.jsonrpc_message_adapter.validate_json(line, by_name=False))
            except ValueError:
                logger.debug("a line that is no message was skipped")

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        """Nothing: the writer closes the connection."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        await self.aclose()


class LineWriter:
    """The messages that go out; satisfies the SDK's `WriteStream`."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    async def send(self, item: SessionMessage, /) -> None:
        """Send one message; waits while the other side does not read.

        Raises:
            anyio.BrokenResourceError: The connection has ended.
        """
        if self._writer.is_closing():
            raise anyio.BrokenResourceError
        text = item.message.model_dump_json(by_alias=True, exclude_unset=True)
        try:
            self._writer.write(text.encode() + b"\n")
            await self._writer.drain()
        except OSError:
            raise anyio.BrokenResourceError from None

    async def aclose(self) -> None:
        """Close the connection; what is still to be sent is sent."""
        self._writer.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        await self.aclose()
