"""The web part: the page, a token for each conversation, and a call for an assistant where none came."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from voice_agent.config.settings import Web
from voice_agent.errors import PartMissing
from voice_agent.web.choices import Choices
from voice_agent.web.guard import HEADERS, Rates, content_security_policy, is_from_page, is_ours
from voice_agent.web.login import LOGIN, LOGOUT, login_routes
from voice_agent.web.returns import RETURN, answer
from voice_agent.web.tokens import LANGUAGE
from voice_agent.web.visitors import Visitors, bearer

if TYPE_CHECKING:
    from starlette.middleware.base import DispatchFunction, RequestResponseEndpoint
    from starlette.requests import Request
    from starlette.responses import Response

    from voice_agent.web.assistants import Assistants
    from voice_agent.web.returns import Returns
    from voice_agent.web.tokens import Place, Tokens
    from voice_agent.web.visitors import Visitor

PAGE = Path(__file__).parent / "static"
_LONGEST = 4096
"""Bytes of a request."""
_AT_ONCE, _A_MINUTE = 20, 60.0
"""Requests, of each kind and person."""
_HEALTH = "/healthz"


@dataclass(frozen=True, slots=True)
class Site:
    """What the application serves."""

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
    visitors: Visitors = field(default_factory=lambda: Visitors(Web(), ""))
    """Who may come in; without a login whoever reaches us on loopback."""
    choices: Choices = field(default_factory=Choices)
    """What people can choose for a conversation."""
    url: str | None = None
    """The address that people open, where there is a login; None: the one they came by."""
    returns: Returns | None = None
    """Takes what browsers bring back from signing in at a server; None: there is no hub to hand it to."""


class _Api:
    """What the page asks for."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._tokens, self._calls = Rates(_AT_ONCE, _A_MINUTE), Rates(_AT_ONCE, _A_MINUTE)

    async def token(self, request: Request) -> Response:
        site = self._site
        fields = _object(await _read(request))
        if fields is None:
            return _refusal(400, "Send a JSON object.")
        if not self._tokens.of(_who(request)).take():
            return _refusal(429, "Too many conversations were begun; wait a moment.")
        place = self._place(request, fields) or self._new_place(request, fields)
        zone = _zone(fields.get("zone")) or place.zone
        # A page that is loaded again at once has chosen another language, and may not have its new ticket yet.
        language = site.choices.chosen_language(fields.get("language")) or place.language
        place = replace(place, name=_visitor(request).name, zone=zone, language=language)
        answer = {
            "url": site.livekit_url,
            "token": site.tokens.token(place, site.profile),
            "room": place.room,
            "ticket": site.tokens.ticket(place),
        }
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})

    async def assistant(self, request: Request) -> Response:
        place = self._place(request, _object(await _read(request)) or {})
        if place is None:
            return _refusal(400, "Send the ticket of a conversation.")
        if not self._calls.of(_who(request)).take():
            return _refusal(429, "Too many calls; wait a moment.")
        dispatch = self._site.tokens.dispatch(place, self._site.profile)
        is_called = await self._site.assistants.call(place.room, dispatch)
        return JSONResponse({"is_called": is_called}, headers={"Cache-Control": "no-store"})

    async def language(self, request: Request) -> Response:
        """Change the language of the conversation that goes on."""
        site, fields = self._site, _object(await _read(request)) or {}
        place, language = self._place(request, fields), site.choices.chosen_language(fields.get("language"))
        if place is None or language is None:
            return _refusal(400, "Send the ticket of a conversation, and a language that is offered.")
        if not self._calls.of(_who(request)).take():
            return _refusal(429, "Too many calls; wait a moment.")
        is_told = await site.assistants.tell(place.room, place.identity, {LANGUAGE: language})
        ticket = site.tokens.ticket(replace(place, language=language))
        return JSONResponse({"is_told": is_told, "ticket": ticket}, headers={"Cache-Control": "no-store"})

    async def options(self, _request: Request) -> Response:
        return JSONResponse(asdict(self._site.choices), headers={"Cache-Control": "no-store"})

    async def come_back(self, request: Request) -> Response:
        if not self._tokens.of(_who(request)).take():
            return _refusal(429, "Too many requests; wait a moment.")
        return await answer(request, self._site.returns, _visitor(request).subject)

    def _new_place(self, request: Request, fields: dict[str, Any]) -> Place:
        profile = self._site.choices.chosen_profile(fields.get("profile"))
        return replace(self._site.tokens.new_place(_visitor(request).subject), profile=profile)

    def _place(self, request: Request, fields: dict[str, Any]) -> Place | None:
        return self._site.tokens.place_of(fields.get("ticket"), _visitor(request).subject)


def make_app(site: Site) -> Starlette:
    """Return the application.

    Raises:
        PartMissing: The page is not built.
    """
    if not (site.page / "index.html").is_file():
        raise PartMissing("The page is not built. In the source folder, with Node 20 or newer, run: make page")
    asked = _Api(site)

    async def health(_request: Request) -> Response:
        return PlainTextResponse("OK", headers={"Cache-Control": "no-store"})

    return Starlette(
        routes=[
            Route("/api/token", asked.token, methods=["POST"]),
            Route("/api/options", asked.options),
            Route("/api/language", asked.language, methods=["POST"]),
            Route("/api/assistant", asked.assistant, methods=["POST"]),
            Route(_HEALTH, health),
            Route(RETURN, asked.come_back),
            *(login_routes(site.visitors, _read) if site.visitors.takes_secret else ()),
            Mount("/", StaticFiles(directory=site.page, html=True)),
        ],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=_guard(site))],
    )


def _guard(site: Site) -> DispatchFunction:
    policy = content_security_policy(site.livekit_url)

    async def guard(request: Request, call_next: RequestResponseEndpoint) -> Response:
        response = _stopped(site, request) or await call_next(request)
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.update(HEADERS)
        if "cache-control" not in response.headers:
            is_named_by_content = request.url.path.startswith("/assets/")
            response.headers["Cache-Control"] = "max-age=31536000, immutable" if is_named_by_content else "no-cache"
        return response

    return guard


def _stopped(site: Site, request: Request) -> Response | None:
    """Return what whoever may not come in is told; None lets them, and keeps who they are with the request."""
    visitors, path = site.visitors, request.url.path
    if not visitors.has_login:
        if not is_ours(request, site.port):
            return _refusal(403, "This address is not mine.")
    # A script that shows the secret in a header was sent by nobody's page.
    elif path != _HEALTH and bearer(request) is None and not is_from_page(request, site.url):
        return _refusal(403, "This address is not mine.")
    visitor = visitors.visitor(request)
    if visitor is not None:
        request.state.visitor = visitor
        return None
    if path == _HEALTH or (visitors.takes_secret and path in (LOGIN, LOGOUT)):
        return None
    if visitors.takes_secret and request.method == "GET" and path == "/":
        return RedirectResponse(LOGIN, 303)
    return _refusal(401, "Log in first.")


def _visitor(request: Request) -> Visitor:
    return request.state.visitor


def _who(request: Request) -> str:
    """Return whose allowance a request uses up: that of a person, and of everybody else by address."""
    subject = _visitor(request).subject
    return subject if subject is not None else ""


def _zone(name: object) -> str | None:
    """Return the time zone of this name; it is the page's own word, and all that depends on it is the clock."""
    try:
        return ZoneInfo(name).key if isinstance(name, str) and name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


async def _read(request: Request) -> bytes | None:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _LONGEST:
            return None
    return body


def _object(body: bytes | None) -> dict[str, Any] | None:
    if body is None:
        return None
    try:
        found: Any = json.loads(body or b"{}")
    except ValueError:
        return None
    return cast("dict[str, Any]", found) if isinstance(found, dict) else None


def _refusal(status: int, why: str) -> Response:
    return JSONResponse({"error": why}, status, headers={"Cache-Control": "no-store"})
