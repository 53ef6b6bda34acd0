"""The web part: the page, a token for each conversation, and a call for an assistant where none came."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from voice_agent.errors import PartMissing
from voice_agent.web.guard import HEADERS, Rate, content_security_policy, is_ours

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from starlette.middleware.base import DispatchFunction, RequestResponseEndpoint
    from starlette.requests import Request
    from starlette.responses import Response

    from voice_agent.web.assistants import Assistants
    from voice_agent.web.tokens import Tokens

PAGE = Path(__file__).parent / "static"
_LONGEST = 4096
"""Bytes of a request."""
_AT_ONCE, _A_MINUTE = 20, 60.0
"""Requests, of each kind, for everybody on this machine together."""


@dataclass(frozen=True, slots=True)
class Site:
    """What the application serves, on loopback, where whoever can reach it is the one user of this machine."""

    port: int
    """That it is reached by."""
    livekit_url: str
    """That the page connects to (`ws://` or `wss://`)."""
    tokens: Tokens
    assistants: Assistants
    profile: str | None = None
    """That conversations are held with; None: the worker's."""
    page: Path = PAGE
    """The folder of the built page."""


def make_app(site: Site) -> Starlette:
    """Return the application.

    Raises:
        PartMissing: The page is not built.
    """
    if not (site.page / "index.html").is_file():
        raise PartMissing("The page is not built. In the source folder, with Node 20 or newer, run: make page")
    tokens, calls = Rate(_AT_ONCE, _A_MINUTE), Rate(_AT_ONCE, _A_MINUTE)

    async def token(request: Request) -> Response:
        fields = await _read(request)
        if fields is None:
            return _refusal(400, "Send a JSON object.")
        if not tokens.take():
            return _refusal(429, "Too many conversations were begun; wait a moment.")
        place = site.tokens.place_of(fields.get("ticket")) or site.tokens.new_place()
        answer = {
            "url": site.livekit_url,
            "token": site.tokens.token(place, site.profile),
            "room": place.room,
            "ticket": site.tokens.ticket(place),
        }
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})

    async def assistant(request: Request) -> Response:
        place = site.tokens.place_of((await _read(request) or {}).get("ticket"))
        if place is None:
            return _refusal(400, "Send the ticket of a conversation.")
        if not calls.take():
            return _refusal(429, "Too many calls; wait a moment.")
        is_called = await site.assistants.call(place, site.profile)
        return JSONResponse({"is_called": is_called}, headers={"Cache-Control": "no-store"})

    async def health(_request: Request) -> Response:
        return PlainTextResponse("OK", headers={"Cache-Control": "no-store"})

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None]:
        yield
        await site.assistants.aclose()

    return Starlette(
        routes=[
            Route("/api/token", token, methods=["POST"]),
            Route("/api/assistant", assistant, methods=["POST"]),
            Route("/healthz", health),
            Mount("/", StaticFiles(directory=site.page, html=True)),
        ],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=_guard(site.port, site.livekit_url))],
        lifespan=lifespan,
    )


def _guard(port: int, livekit_url: str) -> DispatchFunction:
    policy = content_security_policy(livekit_url)

    async def guard(request: Request, call_next: RequestResponseEndpoint) -> Response:
        response = await call_next(request) if is_ours(request, port) else _refusal(403, "This address is not mine.")
        response.headers["Content-Security-Policy"] = policy
        response.headers.update(HEADERS)
        if "cache-control" not in response.headers:
            is_named_by_content = request.url.path.startswith("/assets/")
            response.headers["Cache-Control"] = "max-age=31536000, immutable" if is_named_by_content else "no-cache"
        return response

    return guard


async def _read(request: Request) -> dict[str, Any] | None:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _LONGEST:
            return None
    try:
        found: Any = json.loads(body or b"{}")
    except ValueError:
        return None
    return cast("dict[str, Any]", found) if isinstance(found, dict) else None


def _refusal(status: int, why: str) -> Response:
    return JSONResponse({"error": why}, status, headers={"Cache-Control": "no-store"})
