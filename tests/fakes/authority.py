"""An authorisation server (OAuth 2.1), and an MCP server that takes only its tokens; both over real sockets."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

import httpx2
from starlette.applications import Starlette
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.support.web_servers import serving

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from fastmcp import FastMCP
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(slots=True)
class Grant:
    """What a code or a token is good for."""

    client: str
    scope: str
    resource: str | None
    challenge: str = ""
    redirect: str = ""
    until: float = float("inf")


@dataclass
class Authority:
    """The authorisation server; everybody who comes is let in as soon as their browser asks."""

    rotates: bool = True
    """A token for renewing is good once."""
    expires_in: int | None = None
    metadata: dict[str, Any] = field(default_factory=dict[str, Any])
    """Goes over the metadata; None takes a key out."""
    known: dict[str, str | None] = field(default_factory=dict[str, "str | None"])
    """Clients that are registered, and their secrets."""
    registers: bool = True
    url: str = ""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list[tuple[str, dict[str, str]]])
    """Path and parameters of all requests that came in."""
    headers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    tokens: dict[str, Grant] = field(default_factory=dict[str, Grant])
    renewals: dict[str, Grant] = field(default_factory=dict[str, Grant])
    codes: dict[str, Grant] = field(default_factory=dict[str, Grant])
    is_in_trouble: bool = False

    def times(self, path: str, **wanted: str) -> int:
        """How often `path` was asked with these parameters."""
        return sum(at == path and wanted.items() <= given.items() for at, given in self.asked)

    def revoke(self, *, renewals: bool = True) -> None:
        """Take back all tokens, and what they could be renewed with."""
        self.tokens.clear()
        if renewals:
            self.renewals.clear()

    def app(self) -> Starlette:
        """The ASGI app."""
        return Starlette(
            routes=[
                Route("/.well-known/oauth-authorization-server", self._metadata),
                Route("/register", self._register, methods=["POST"]),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
                Route("/revoke", self._revoke, methods=["POST"]),
            ]
        )

    async def _metadata(self, request: Request) -> Response:
        self._note(request, {})
        found: dict[str, Any] = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        }
        if self.registers:
            found["registration_endpoint"] = f"{self.url}/register"
        found |= self.metadata
        return JSONResponse({name: value for name, value in found.items() if value is not None})

    async def _register(self, request: Request) -> Response:
        said: dict[str, Any] = await request.json()
        self._note(request, {"redirect_uris": " ".join(said["redirect_uris"])})
        client = f"client-{secrets.token_hex(4)}"
        self.known[client] = None
        return JSONResponse({**said, "client_id": client, "token_endpoint_auth_method": "none"}, status_code=201)

    async def _authorize(self, request: Request) -> Response:
        said = dict(request.query_params)
        self._note(request, said)
        is_document = said["client_id"].startswith("https://")
        if said["client_id"] not in self.known and not is_document:
            return JSONResponse({"error": "invalid_client"}, status_code=400)
        assert said["code_challenge_method"] == "S256"
        code = secrets.token_hex(8)
        self.codes[code] = Grant(
            said["client_id"],
            said.get("scope", ""),
            said.get("resource"),
            said["code_challenge"],
            said["redirect_uri"],
        )
        back = {"code": code, "state": said["state"], "iss": self.url}
        return RedirectResponse(f"{said['redirect_uri']}?{urlencode(back)}", status_code=302)

    async def _token(self, request: Request) -> Response:
        said = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        self._note(request, said)
        if self.is_in_trouble:
            return Response("<html>try later</html>", status_code=503)
        client = said.get("client_id", "")
        given = said.get("client_secret")
        if (basic := request.headers.get("authorization", "")).startswith("Basic "):
            client, _, given = base64.b64decode(basic[6:]).decode().partition(":")
        if self.known.get(client, None) != given:
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        match said["grant_type"]:
            case "authorization_code":
                grant = self.codes.pop(said["code"], None)
                digest = hashlib.sha256(said["code_verifier"].encode()).digest()
                proof = base64.urlsafe_b64encode(digest).decode().rstrip("=")
                if grant is None or grant.challenge != proof or grant.redirect != said["redirect_uri"]:
                    return JSONResponse({"error": "invalid_grant"}, status_code=400)
            case "refresh_token":
                grant = self.renewals.get(said["refresh_token"])
                if grant is None:
                    # As the advice is (RFC 9700, 4.14): what was used twice may have been stolen.
                    self.revoke()
                    return JSONResponse({"error": "invalid_grant"}, status_code=400)
                if self.rotates:
                    del self.renewals[said["refresh_token"]]
            case _:
                grant = Grant(client, said.get("scope", ""), said.get("resource"))
        return JSONResponse(self._give(grant), headers={"Cache-Control": "no-store"})

    async def _revoke(self, request: Request) -> Response:
        said = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        self._note(request, said)
        if self.is_in_trouble:
            return Response(status_code=503)
        known = self.tokens if said.get("token_type_hint") == "access_token" else self.renewals
        known.pop(said["token"], None)
        return Response(status_code=200)

    def _give(self, grant: Grant) -> dict[str, Any]:
        until = time.time() + self.expires_in if self.expires_in is not None else float("inf")
        access, renewal = f"access-{secrets.token_hex(12)}", f"renew-{secrets.token_hex(12)}"
        self.tokens[access] = Grant(grant.client, grant.scope, grant.resource, until=until)
        self.renewals[renewal] = grant
        given: dict[str, Any] = {"access_token": access, "token_type": "bearer", "refresh_token": renewal}
        given["scope"] = grant.scope
        return given if self.expires_in is None else {**given, "expires_in": self.expires_in}

    def _note(self, request: Request, said: dict[str, str]) -> None:
        self.asked.append((request.url.path, said))
        self.headers.append(dict(request.headers))


@dataclass
class Gate:
    """Lets in to an MCP server only who has a token for it; some tools need a scope of their own."""

    inner: ASGIApp
    authority: Authority
    needs: dict[str, str] = field(default_factory=dict[str, str])
    """The scope that a tool needs."""
    scopes: str | None = None
    """What is asked for at first."""
    url: str = ""
    seen: list[str | None] = field(default_factory=list["str | None"])
    """The `Authorization` of all requests."""
    is_shut: bool = False
    """No token is good enough."""
    is_closed: bool = False
    """Nobody is let in, whoever they are."""
    moves_to: str | None = None
    """Where everybody is sent who asks."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        if scope["path"].startswith("/.well-known/oauth-protected-resource"):
            found = {"resource": f"{self.url}/mcp", "authorization_servers": [self.authority.url]}
            await JSONResponse(found)(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"authorization", b"").decode() or None
        self.seen.append(given)
        body = b""
        while scope["method"] == "POST":
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        if self.moves_to is not None:
            await RedirectResponse(self.moves_to, status_code=307)(scope, receive, send)
            return
        if self.is_closed:
            await Response(status_code=403)(scope, receive, send)
            return
        grant = self.authority.tokens.get((given or "").removeprefix("Bearer "))
        said: dict[str, Any] = json.loads(body) if body else {}
        needed = self.needs.get(said.get("params", {}).get("name")) if said.get("method") == "tools/call" else None
        if self.is_shut or grant is None or grant.until < time.time() or grant.resource != f"{self.url}/mcp":
            more = f', scope="{self.scopes}"' if self.scopes else ""
            await self._refuse(401, f'error="invalid_token"{more}')(scope, receive, send)
        elif needed is not None and needed not in grant.scope.split():
            await self._refuse(403, f'error="insufficient_scope", scope="{needed}"')(scope, receive, send)
        else:
            await self.inner(scope, _again(body, receive), send)

    def _refuse(self, status: int, why: str) -> Response:
        where = f"{self.url}/.well-known/oauth-protected-resource/mcp"
        challenge = f'Bearer {why}, resource_metadata="{where}"'
        return JSONResponse({"error": "no"}, status_code=status, headers={"WWW-Authenticate": challenge})


def _again(body: bytes, receive: Receive) -> Receive:
    """Hand out a body that has been read, and then what comes after it."""
    is_new = True

    async def give() -> Message:
        nonlocal is_new
        if is_new:
            is_new = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return give


@contextlib.asynccontextmanager
async def guarded(
    server: FastMCP[Any], authority: Authority, kind: str = "http", **options: Any
) -> AsyncGenerator[Gate, None]:
    """Serve an MCP server behind a gate, and the authority on another port."""
    path = "/mcp" if kind == "http" else "/sse"
    inner = server.http_app(path=path, transport="http" if kind == "http" else "sse")
    gate = Gate(inner, authority, **options)
    async with serving(authority.app()) as authority.url, serving(gate) as gate.url:
        yield gate


async def browse(link: str) -> str:
    """Open a link as a browser does whose user is let in at once; returns the page at the end."""
    async with httpx2.AsyncClient() as client:
        sent = await client.get(link)
        return (await client.get(sent.headers["location"])).text


async def where_it_ends(link: str) -> str:
    """Open a link as a browser on another machine does; returns the address that it cannot open."""
    async with httpx2.AsyncClient() as client:
        return (await client.get(link)).headers["location"]
