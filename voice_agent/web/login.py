"""The form in which the secret is typed: a page of its own, which needs no script."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route

from voice_agent.web.visitors import COOKIE, REMEMBERED

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from voice_agent.web.visitors import Visitors

LOGIN, LOGOUT = "/login", "/logout"
_PAGE = (Path(__file__).parent / "login.html").read_text(encoding="utf-8")
_STYLE = re.search("<style>(.*?)</style>", _PAGE, re.DOTALL)
assert _STYLE is not None
_HASH = base64.b64encode(hashlib.sha256(_STYLE[1].encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
"""The Content-Security-Policy of this page."""
_FORM = (
    '<form method="post" action="/login">'
    '<label for="secret">Secret</label>'
    '<input id="secret" name="secret" type="password" autocomplete="current-password" required autofocus>'
    '<button type="submit">Log in</button></form>'
)
_LEAVE = '<form method="post" action="/logout"><button type="submit">Log out</button></form>'
_WRONG = "That is not the secret."
_TOO_MANY = "Too many wrong secrets. Wait a minute, then try again."


def login_routes(visitors: Visitors, read: Callable[[Request], Awaitable[bytes | None]]) -> list[Route]:
    """Return what logs in and out; `read` returns a request's body, or None where that is too long."""

    async def show(request: Request) -> Response:
        is_in = visitors.visitor(request) is not None
        return _page(_LEAVE, "You are logged in.") if is_in else _page(_FORM)

    async def enter(request: Request) -> Response:
        fields = parse_qs((await read(request) or b"").decode("utf-8", "replace"))
        is_right = visitors.knows(request, fields.get("secret", [""])[0].strip())
        if not is_right:
            return _page(_FORM, _TOO_MANY, 429) if is_right is None else _page(_FORM, _WRONG, 401)
        answer = RedirectResponse("/", 303)
        # Other sites' requests that change something bring it not at all; what they ask for with it is refused too.
        answer.set_cookie(
            COOKIE,
            visitors.cookie(),
            max_age=round(REMEMBERED.total_seconds()),
            httponly=True,
            samesite="lax",
            secure=request.headers.get("origin", "").startswith("https:"),
        )
        return answer

    async def leave(request: Request) -> Response:
        del request
        answer = RedirectResponse(LOGIN, 303)
        answer.delete_cookie(COOKIE)
        return answer

    return [
        Route(LOGIN, show, methods=["GET"]),
        Route(LOGIN, enter, methods=["POST"]),
        Route(LOGOUT, leave, methods=["POST"]),
    ]


def _page(form: str, said: str = "", status: int = 200) -> Response:
    told = f'<p role="alert">{html.escape(said)}</p>' if said else ""
    text = _PAGE.replace("<!--said-->", told).replace("<!--form-->", form)
    return HTMLResponse(text, status, {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"})
