"""The service as an ASGI application: who may come in, how much they may ask for, and then MCP.

Both protocol eras are served at `/mcp` by the SDK's session manager: requests of 2026-07-28 stand alone, those of the
handshake era belong to sessions, which only the person who opened them can use.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import time
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import anyio
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS

from mcp_servers.task_manager.caller import STATE_KEY, Principal
from mcp_servers.task_manager.faults import fault_of
from mcp_servers.task_manager.logs import REQUEST_KEY
from mcp_servers.task_manager.over_http.answers import Answer
from mcp_servers.task_manager.over_http.auth import METADATA_PATH, Authenticator
from mcp_servers.task_manager.over_http.limits import ClientLeft, Rate, Refused, Room, check_headers, read_body

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Mapping

    from starlette.types import Message, Receive, Scope, Send

    from mcp_servers.task_manager.over_http.health import Health
    from mcp_servers.task_manager.over_http.hosts import Gate
    from mcp_servers.task_manager.scopes import Scopes
    from mcp_servers.task_manager.server import Parts

_log = logging.getLogger(__name__)

PATH = "/mcp"
METHODS = ("GET", "POST", "DELETE")
LOOK_AGAIN = 5.0
"""Seconds after which an open stream is asked for its token again."""
SESSION_IDLE = 30 * 60.0
"""Seconds after which a session that nobody uses is closed."""
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class Doors:
    """All that stands before the tools."""

    gate: Gate
    authenticator: Authenticator
    scopes: Scopes
    rate: Rate
    room: Room
    most_bytes: int
    most_sessions: int
    public_url: str | None = None


class App:
    """The ASGI application. `run` must be entered while it serves."""

    def __init__(self, parts: Parts, doors: Doors, health: Health) -> None:
        self._tools = parts.mcp.list_tools
        self._doors = doors
        self._health = health
        self._draining = anyio.Event()
        self._schemas: dict[str, Mapping[str, Any]] = {}
        """Of each tool, to check headers by; the SDK would else list all tools at each call."""
        server = parts.mcp._mcp_server  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - FastMCP hides the limits of sessions and bodies
        server.get_tool_input_schema = self._schemas.get
        self._manager = _Manager(
            server,
            session_idle_timeout=SESSION_IDLE,
            max_sessions=doors.most_sessions,
            max_request_body_size=doors.most_bytes,
        )

    @asynccontextmanager
    async def run(self) -> AsyncGenerator[None]:
        """What the tools need while they serve."""
        tools = await self._tools(run_middleware=False)
        self._doors.scopes.learn(tools)
        self._schemas |= {tool.name: tool.parameters for tool in tools}
        async with self._manager.run():
            yield

    def drain(self) -> None:
        """End what would never end by itself: the open streams."""
        self._health.is_draining = True
        self._draining.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        scope[REQUEST_KEY] = request_id(headers)
        recorded = _Recorded(send, [(b"x-request-id", scope[REQUEST_KEY].encode())])
        try:
            answer = await self._answer(scope, headers, receive, recorded)
        except Refused as refused:
            answer = refused.answer
        except ClientLeft:
            return
        except Exception as error:
            _log.error("fault", extra={"request": scope[REQUEST_KEY], **fault_of(error)})
            if recorded.has_begun:
                raise
            answer = Answer(500, "The Task Manager met a fault of its own. Try again.")
        if answer is not None:
            await answer.send(recorded)
            if answer.text:
                fields = {"request": scope[REQUEST_KEY], "status": answer.status}
                _log.log(logging.INFO if answer.status < 500 else logging.WARNING, "request_refused", extra=fields)  # noqa: PLR2004 - the server's own

    async def _answer(
        self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive, recorded: _Recorded
    ) -> Answer | None:
        """Our own answer; None where MCP gave one. Raises `Refused`, `ClientLeft`."""
        path, method = scope["path"].rstrip("/") or "/", scope["method"]
        if path in self._health.paths:
            return await self._health.answer(path)
        if refusal := self._doors.gate.refusal(headers) or check_headers(scope["headers"]):
            return refusal
        origin = headers.get(b"origin", b"").decode("latin-1")
        if origin and self._doors.gate.shares(origin):
            recorded.headers += _shared(origin)
            if method == "OPTIONS":
                return Answer(204, headers=_PREFLIGHT)
        base = self._doors.public_url or f"http://{headers.get(b'host', b'').decode('latin-1')}"
        if path == PATH and method in METHODS:
            return await self._admit(scope, headers, receive, recorded, base)
        return self._elsewhere(path, base)

    def _elsewhere(self, path: str, base: str) -> Answer:
        if path in (METADATA_PATH, METADATA_PATH + PATH):
            content = self._doors.authenticator.metadata(base)
            return Answer(200, content=content) if content else Answer(404, "Tokens for this server are given by hand.")
        if path == PATH:
            return Answer(405, f"{PATH} is for {', '.join(METHODS)}.", headers={"Allow": ", ".join(METHODS)})
        return Answer(404, f"There is nothing here. The Task Manager is at {PATH}.")

    async def _admit(
        self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive, send: _Recorded, base: str
    ) -> Answer | None:
        doors = self._doors
        principal = await doors.authenticator.principal(headers)
        if principal is None:
            return doors.authenticator.refusal(headers, base)
        doors.rate.take(principal.owner)
        scope[STATE_KEY] = principal
        if not doors.authenticator.is_open:
            scope["user"] = _user(principal.client, principal.issuer, principal.owner)
        if scope["method"] == "GET":
            await self._while_allowed(headers, principal, self._manager.handle_request(scope, receive, send), send)
            return None
        doors.room.enter(principal.owner)
        try:
            body = await read_body(receive, doors.most_bytes, headers.get(b"content-length"))
            asked = _asked(body)
            for method, name in asked:
                needed = doors.scopes.needed(method, name)
                if needed and needed not in principal.scopes:
                    return doors.authenticator.forbidden(needed, base)
            _is_whole.set(_answers_whole(headers, body))
            whole = self._manager.handle_request(scope, _replayed(body, receive), send)
            if ("subscriptions/listen", None) not in asked:
                await whole
                return None
        finally:
            doors.room.leave(principal.owner)
        await self._while_allowed(headers, principal, whole, send)
        return None

    async def _while_allowed(
        self, headers: Mapping[bytes, bytes], principal: Principal, stream: Awaitable[None], sent: _Recorded
    ) -> None:
        """Serve a stream until it ends, the server drains, or its token is no longer good."""

        async def watch(scope: anyio.CancelScope) -> None:
            while not self._draining.is_set():
                left = principal.expires - time.time() if principal.expires else LOOK_AGAIN
                with anyio.move_on_after(max(0.01, min(LOOK_AGAIN, left))):
                    await self._draining.wait()
                now = await self._doors.authenticator.principal(headers)
                if now is None or now.owner != principal.owner or now.scopes != principal.scopes:
                    break
            scope.cancel()

        async with anyio.create_task_group() as group:
            group.start_soon(watch, group.cancel_scope)
            await stream
            group.cancel_scope.cancel()
        await sent.end()


_is_whole: ContextVar[bool] = ContextVar("is_whole", default=False)
"""Whether the request at hand is answered at once and whole, without a stream that could say something before."""


class _Manager(StreamableHTTPSessionManager):
    """Spares each request of 2026-07-28 a stream that nothing can come on."""

    @property
    def json_response(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride] - the same, decided per request
        """Asked for at every such request, and when a session of the handshake era is opened."""
        return _is_whole.get()

    @json_response.setter
    def json_response(self, value: bool) -> None:
        pass


def _answers_whole(headers: Mapping[bytes, bytes], body: bytes) -> bool:
    """Progress and logs need a token or a level in `_meta`; who gives neither gets nothing ahead of the answer."""
    is_modern = headers.get(b"mcp-protocol-version", b"").decode("latin-1") not in {*HANDSHAKE_PROTOCOL_VERSIONS, ""}
    return is_modern and b"progressToken" not in body and b"logLevel" not in body


class _Recorded:
    """Adds headers to whatever is answered, and knows how far the answer has come."""

    def __init__(self, send: Send, headers: list[tuple[bytes, bytes]]) -> None:
        self._send = send
        self.headers = headers
        self.has_begun = self._has_ended = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun = True
            message["headers"] = [*message.get("headers", ()), *self.headers]
        else:
            self._has_ended = not message.get("more_body", False)
        await self._send(message)

    async def end(self) -> None:
        """End what was begun, so that the client sees an end and not a broken connection."""
        if self.has_begun and not self._has_ended:
            await self({"type": "http.response.body", "body": b""})


def request_id(headers: Mapping[bytes, bytes]) -> str:
    """The client's own X-Request-Id where it is a harmless one, else a new one."""
    given = headers.get(b"x-request-id", b"").decode("latin-1")
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


_PREFLIGHT = {
    "Access-Control-Allow-Methods": ", ".join(METHODS),
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Last-Event-ID, Mcp-Method, Mcp-Name, "
    "Mcp-Protocol-Version, Mcp-Session-Id, X-Request-Id",
    "Access-Control-Max-Age": "3600",
}


def _shared(origin: str) -> list[tuple[bytes, bytes]]:
    """What lets a page of that origin read the answer (CORS)."""
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", b"Mcp-Session-Id, WWW-Authenticate, Retry-After, X-Request-Id"),
        (b"vary", b"Origin"),
    ]


@lru_cache(maxsize=1024)
def _user(client: str, issuer: str | None, owner: str) -> AuthenticatedUser:
    """Whom the session manager binds a session to. It needs no token, so none is kept."""
    claims = {"iss": issuer} if issuer else {}
    return AuthenticatedUser(AccessToken(token="", client_id=client, scopes=[], subject=owner, claims=claims))


def _asked(body: bytes) -> list[tuple[object, object]]:
    """Method and tool of each message, as far as that can be told."""
    try:
        read: Any = json.loads(body)
    except (ValueError, RecursionError):
        return []
    asked: list[tuple[object, object]] = []
    for message in cast("list[Any]", read) if isinstance(read, list) else [read]:
        if isinstance(message, dict):
            one = cast("dict[str, Any]", message)
            method, params = one.get("method"), one.get("params")
            is_call = method == "tools/call" and isinstance(params, dict)
            asked.append((method, cast("dict[str, Any]", params).get("name") if is_call else None))
    return asked


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Gives the body that was read, then whatever comes."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
