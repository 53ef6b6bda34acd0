"""What keeps others out: which addresses count as ours, and how often someone may ask."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), payment=(), usb=(), display-capture=()",
    "X-Frame-Options": "DENY",
}


def content_security_policy(livekit_url: str) -> str:
    """Return the policy of the page: all from here, and the LiveKit server for signalling."""
    other = ("http" if livekit_url.startswith("ws") else "ws") + livekit_url[livekit_url.index(":") :].lstrip("s")
    if livekit_url.startswith("wss:"):
        other = "https" + livekit_url[3:]
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "media-src 'self' blob:",
            f"connect-src 'self' {livekit_url} {other}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def is_ours(request: Request, port: int) -> bool:
    """Tell whether a request was made to our own name, and, where it changes something, from our own page.

    A name that only resolves to this machine (DNS rebinding) is not ours.
    """
    names = {f"{host}:{port}" for host in ("127.0.0.1", "localhost", "[::1]")}
    if request.headers.get("host") not in names:
        return False
    return request.method in {"GET", "HEAD"} or request.headers.get("origin") in {f"http://{name}" for name in names}


class Rate:
    """A bucket of allowances that fills up again with time."""

    def __init__(self, at_once: int, a_minute: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`at_once`: how many may come together; `a_minute`: how many in the long run."""
        self._most, self._left = float(at_once), float(at_once)
        self._speed = a_minute / 60
        self._clock = clock
        self._at = clock()

    def take(self) -> bool:
        """Use up one allowance; False where none is left."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._at) * self._speed)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
