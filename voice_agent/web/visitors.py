"""Decides who somebody is: the owner of this machine, or whom a proxy has verified. What a page says does not count."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import jwt

from voice_agent.errors import ConfigError
from voice_agent.web.guard import Rates, home_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from voice_agent.config.settings import Web

COOKIE = "voice-agent-login"
REMEMBERED = timedelta(days=30)
PROXY_SECRET = "x-proxy-secret"  # noqa: S105 - the name of a header
_AUDIENCE = "voice-agent/login"
_SHORTEST = 12
_LONGEST = 255
"""Characters of a subject or a name."""
_WRONG_AT_ONCE, _WRONG_A_MINUTE = 5, 10.0
"""Wrong secrets, of one address."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who may come in."""

    subject: str | None = None
    """None: the owner of this machine."""
    name: str | None = None


OWNER = Visitor()


class Visitors:
    """Knows everybody who may come in."""

    def __init__(self, web: Web, key: str) -> None:
        """`key`: what logins are signed with, together with the secret.

        Raises:
            ConfigError: The settings let somebody in who should not be, or nobody.
        """
        self._secret = _checked("web.secret", web.secret.get_secret_value() if web.secret else None)
        self._proxy_secret = _checked(
            "web.proxy_secret", web.proxy_secret.get_secret_value() if web.proxy_secret else None
        )
        self._networks = _networks(web.proxies)
        self._subject_header, self._name_header, self._owner = web.subject_header, web.name_header, web.owner
        is_sure = bool(self._networks) or self._proxy_secret is not None
        if self._subject_header is not None and not is_sure:
            raise ConfigError(
                "web.subject_header is set: anybody could send it. Set web.proxies to the addresses of your proxy, or "
                "web.proxy_secret to what it sends as X-Proxy-Secret."
            )
        if self._subject_header is None and (is_sure or self._name_header or self._owner):
            raise ConfigError(
                "web.subject_header is missing: set it to the header in which your proxy says who has logged in."
            )
        self._key = hashlib.sha256(f"{_AUDIENCE} {key} {self._secret}".encode()).digest()
        self._wrong = Rates(_WRONG_AT_ONCE, _WRONG_A_MINUTE)

    @property
    def has_login(self) -> bool:
        """Whether anybody must log in; else whoever reaches us on loopback is the owner of this machine."""
        return self._secret is not None or self._subject_header is not None

    @property
    def takes_secret(self) -> bool:
        """Whether the secret can be typed."""
        return self._secret is not None

    @property
    def are_many(self) -> bool:
        """Whether others than the owner can log in."""
        return self._subject_header is not None

    def visitor(self, request: Request) -> Visitor | None:
        """Return who asks; None: somebody who has not logged in."""
        if not self.has_login:
            return OWNER
        return self._by_proxy(request) or self._by_cookie(request) or self._by_bearer(request)

    def knows(self, request: Request, secret: str) -> bool | None:
        """Tell whether `secret` is right; None: too many wrong ones came from there, it was not looked at."""
        wrong = self._wrong.of(home_of(_address(request)))
        if wrong.is_used_up:
            return None
        is_right = self._secret is not None and hmac.compare_digest(secret.encode(), self._secret.encode())
        if not is_right:
            wrong.take()
        return is_right

    def cookie(self) -> str:
        """Return what a browser shows from now on in place of the secret."""
        claims = {"aud": _AUDIENCE, "exp": datetime.now(UTC) + REMEMBERED}
        return jwt.encode(claims, self._key, algorithm="HS256")

    def _by_proxy(self, request: Request) -> Visitor | None:
        if self._subject_header is None or not self._is_proxy(request):
            return None
        subject = _header(request, self._subject_header)
        if subject is None:
            return None
        name = _header(request, self._name_header) if self._name_header is not None else None
        return Visitor(None if subject == self._owner else subject, name)

    def _is_proxy(self, request: Request) -> bool:
        if self._networks and not _is_within(_address(request), self._networks):
            return False
        shown = request.headers.get(PROXY_SECRET, "")
        return self._proxy_secret is None or hmac.compare_digest(shown.encode(), self._proxy_secret.encode())

    def _by_cookie(self, request: Request) -> Visitor | None:
        shown = request.cookies.get(COOKIE)
        if self._secret is None or shown is None:
            return None
        try:
            jwt.decode(shown, self._key, algorithms=["HS256"], audience=_AUDIENCE, options={"require": ["exp"]})
        except jwt.InvalidTokenError:
            return None
        return OWNER

    def _by_bearer(self, request: Request) -> Visitor | None:
        secret = bearer(request)
        return OWNER if secret is not None and self.knows(request, secret) else None


def bearer(request: Request) -> str | None:
    """Return what follows `Bearer` in the header `Authorization`."""
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    return secret.strip() or None if kind.lower() == "bearer" else None


def _checked(name: str, secret: str | None) -> str | None:
    if secret is not None and len(secret) < _SHORTEST:
        raise ConfigError(f"{name} is too short: make one of {_SHORTEST} characters or more.")
    return secret


def _networks(text: str | None) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    words = [word.strip() for word in (text or "").split(",") if word.strip()]
    try:
        return [ipaddress.ip_network(word) for word in words]
    except ValueError as error:
        raise ConfigError(
            f"web.proxies: {error}. Write addresses or networks, such as 10.0.0.5, 10.1.0.0/16."
        ) from None


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else ""


def _is_within(host: str, networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in network for network in networks)


def _header(request: Request, name: str) -> str | None:
    """Return a header that was sent once, in the encoding that proxies use."""
    values = request.headers.getlist(name)
    if len(values) != 1:
        return None
    try:
        text = values[0].encode("latin-1").decode().strip()
    except UnicodeError:
        return None
    return text if 0 < len(text) <= _LONGEST and text.isprintable() else None
