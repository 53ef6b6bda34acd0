"""Where the browser comes back to after somebody has signed in: a listener on this machine (RFC 8252, 7.3).

Where the browser is on another machine, it shows an address that it cannot open; pasted back, that does the same. Where
people open a page by an address of its own, the browser comes back to that, and whoever serves it hands it on.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from types import TracebackType

PATH = "/callback"
_LONGEST = 16_384
"""Bytes of a request's head."""
_PATIENCE = 10.0
_LOCAL = ("127.0.0.1", "localhost", "::1")
_HEAD = (
    "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {length}\r\nConnection: close\r\n"
    "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nContent-Security-Policy: default-src 'none'\r\n\r\n"
)
_PAGE = '<!doctype html><html lang="en"><meta charset="utf-8"><title>{text}</title><p>{text}</p></html>'
_DONE = "You are signed in. You can close this page and go on talking."
_REFUSED = "You are not signed in. You can close this page."
_STRAY = "This address belongs to no sign-in that is going on."


@dataclass(frozen=True, slots=True)
class Return:
    """What the browser brought back (RFC 6749, 4.1.2; RFC 9207)."""

    state: str
    code: str | None = None
    iss: str | None = None
    error: str | None = None


class Doorstep:
    """Waits for one browser; what has another `state` than the one that is expected is turned away."""

    def __init__(self, port: int | None = None, *, usual: int | None = None, page: str | None = None) -> None:
        """`port`: where to listen; None: anywhere, at `usual` where that is free. `page`: where another one listens."""
        self._wanted, self._usual = port, usual
        self._elsewhere = f"{page.rstrip('/')}{PATH}" if page is not None else None
        self._port = 0
        self._state: str | None = None
        self._servers: list[asyncio.Server] = []
        self._arrived: asyncio.Future[Return] | None = None

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            OSError: The port is taken.
        """
        self._arrived = asyncio.get_running_loop().create_future()
        if self._elsewhere is not None:
            return self
        try:
            first = await self._listen("127.0.0.1", self._wanted or self._usual or 0)
        except OSError:
            if self._wanted is not None:
                raise
            first = await self._listen("127.0.0.1", 0)
        self._servers.append(first)
        self._port = self._servers[0].sockets[0].getsockname()[1]
        if self._wanted is not None:
            # A registered “localhost” may mean either.
            with contextlib.suppress(OSError):
                self._servers.append(await self._listen("::1", self._port))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening; an answer that is being sent is sent to the end."""
        for server in self._servers:
            server.close()

    @property
    def address(self) -> str:
        """The redirect URI. With a port of one's own choice it is “localhost”, as such clients are registered."""
        if self._elsewhere is not None:
            return self._elsewhere
        return f"http://{'127.0.0.1' if self._wanted is None else 'localhost'}:{self._port}{PATH}"

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    def expect(self, authorization_url: str) -> None:
        """Let in the browser that is sent to `authorization_url`."""
        self._state = parse_qs(urlsplit(authorization_url).query).get("state", [""])[0]

    async def arrival(self) -> Return:
        """Wait for the browser."""
        assert self._arrived is not None
        return await self._arrived

    def take(self, address: str) -> bool:
        """Take the address that the browser was sent to; False: it is none that is waited for."""
        try:
            parts = urlsplit(address.strip())
            # Who hands it on may have been asked by another name than ours: `state` is what tells.
            is_here = self._elsewhere is not None or (
                parts.scheme == "http" and parts.hostname in _LOCAL and parts.port == self._port
            )
            if not is_here or not parts.path.endswith(PATH):
                return False
        except ValueError:
            return False
        return self._take(parts.query) is not None

    def _take(self, query: str) -> Return | None:
        found = {name: values[0] for name, values in parse_qs(query).items()}
        state = found.get("state", "")
        # Bytes, for what is compared may hold any letter.
        if not self._state or not secrets.compare_digest(state.encode(), self._state.encode()):
            return None
        come = Return(state, found.get("code"), found.get("iss"), found.get("error"))
        if come.code is None and come.error is None:
            return None
        if self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(come)
        return come

    async def _listen(self, host: str, port: int) -> asyncio.Server:
        return await asyncio.start_server(self._serve, host, port, limit=_LONGEST)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
                status, text = self._answer(head)
                body = _PAGE.format(text=text).encode()
                writer.write(_HEAD.format(status=status, length=len(body)).encode() + body)
                await writer.drain()
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    def _answer(self, head: bytes) -> tuple[str, str]:
        method, target, *_ = [*head.split(b"\r\n", 1)[0].decode("latin-1").split(" "), "", ""]
        parts = urlsplit(target)
        if method != "GET" or parts.path != PATH:
            return "404 Not Found", _STRAY
        come = self._take(parts.query)
        if come is None:
            return "400 Bad Request", _STRAY
        return "200 OK", _DONE if come.code is not None else _REFUSED


def looks_like_return(text: str) -> bool:
    """Tell whether `text` is such an address as a browser comes back to: it holds what nobody else should see."""
    words = text.split()
    if len(words) != 1 or len(text) > _LONGEST:
        return False
    try:
        parts = urlsplit(words[0])
    except ValueError:
        return False
    found = parse_qs(parts.query)
    return parts.path.endswith(PATH) and "state" in found and ("code" in found or "error" in found)
