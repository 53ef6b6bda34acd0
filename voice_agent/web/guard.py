"""What keeps others out: which addresses count as ours, and how often someone may ask."""

from __future__ import annotations

import ipaddress
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

_MOST = 4096
_NETWORK = 64
"""Bits of an IPv6 address that one home has to itself."""
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
            # Text from a server cannot become markup or a script, whatever the page's code does with it.
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def is_ours(request: Request, port: int) -> bool:
    """Tell whether a request was made to loopback, and, where it changes something, from our own page.

    A name that only resolves to this machine (DNS rebinding) is not ours.
    """
    names = {f"{host}:{port}" for host in ("127.0.0.1", "localhost", "[::1]")}
    if request.headers.get("host") not in names:
        return False
    return _only_looks(request) or request.headers.get("origin") in {f"http://{name}" for name in names}


def is_from_page(request: Request, url: str | None) -> bool:
    """Tell whether a request that changes something comes from our own page.

    Args:
        request: By somebody who shows a login, which another site's page cannot read but could have sent along.
        url: The address that people open; None: the one they came by.
    """
    if _only_looks(request):
        return True
    host = request.headers.get("host")
    origins = {origin_of(url)} if url is not None else {f"http://{host}", f"https://{host}"}
    return request.headers.get("origin") in origins


def origin_of(url: str) -> str:
    """Return scheme, host and port of `url`, as browsers write them."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _only_looks(request: Request) -> bool:
    return request.method in {"GET", "HEAD"}


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

    @property
    def is_used_up(self) -> bool:
        """Whether `take` would find none left."""
        return self._left + (self._clock() - self._at) * self._speed < 1


class Rates:
    """A bucket for each of many."""

    def __init__(self, at_once: int, a_minute: float, clock: Callable[[], float] = time.monotonic) -> None:
        """As for `Rate`."""
        self._arguments = (at_once, a_minute, clock)
        self._rates: dict[str, Rate] = {}

    def of(self, who: str) -> Rate:
        """Return that of `who`; those who have not come for longest are forgotten first."""
        rate = self._rates.pop(who, None) or Rate(*self._arguments)
        self._rates[who] = rate
        if len(self._rates) > _MOST:
            del self._rates[next(iter(self._rates))]
        return rate


def home_of(address: str) -> str:
    """Return the address, or the network that is one home's in IPv6, of whoever speaks from `address`."""
    try:
        if ipaddress.ip_address(address).version == 6:  # noqa: PLR2004 - IPv6
            return str(ipaddress.ip_network(f"{address}/{_NETWORK}", strict=False))
    except ValueError:
        return ""
    return address
