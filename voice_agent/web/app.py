"""The web part: the page, and a token for each conversation."""

from __future__ import annotations

import json
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
    from starlette.middleware.base import DispatchFunction, RequestResponseEndpoint
    from starlette.requests import Request
    from starlette.responses import Response

    from voice_agent.web.tokens import Tokens

PAGE = Path(__file__).parent / "static"
_LONGEST = 4096
"""Bytes of a request for a token."""
_AT_ONCE, _A_MINUTE = 20, 60.0
"""Tokens for everybody on this machine together."""


def make_app(
    *, port: int, livekit_url: str, tokens: Tokens, profile: str | None = None, page: Path = PAGE
) -> Starlette:
    """Return the application for loopback, where whoever can reach it is the one user of this machine.

    Args:
        port: That it is reached by.
        livekit_url: That the page connects to (`ws://` or `wss://`).
        tokens: Signs them.
        profile: That conversations are held with; None: the worker's.
        page: The folder of the built page.

    Raises:
        PartMissing: The page is not built.
    """
    if not (page / "index.html").is_file():
        raise PartMissing("The page is not built. In the source folder, with Node 20 or newer, run: make page")
    rate = Rate(_AT_ONCE, _A_MINUTE)

    async def token(request: Request) -> Response:
        fields = await _read(request)
        if fields is None:
            return _refusal(400, "Send a JSON object.")
        if not rate.take():
            return _refusal(429, "Too many conversations were begun; wait a moment.")
        ticket = fields.get("ticket")
        place = tokens.place_of(ticket) if isinstance(ticket, str) else None
        is_return = place is not None
        place = place or tokens.new_place()
        return JSONResponse(
            {
                "url": livekit_url,
                "token": tokens.token(place, profile),
                "room": place.room,
                "ticket": tokens.ticket(place),
                "is_return": is_return,
            },
            headers={"Cache-Control": "no-store"},
        )

    async def health(_request: Request) -> Response:
        return PlainTextResponse("OK", headers={"Cache-Control": "no-store"})

    return Starlette(
        routes=[
            Route("/api/token", token, methods=["POST"]),
            Route("/healthz", health),
            Mount("/", StaticFiles(directory=page, html=True)),
        ],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=_guard(port, livekit_url))],
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
