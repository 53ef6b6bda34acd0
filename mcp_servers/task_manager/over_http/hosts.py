"""Which hosts and origins a request may name: the defence against pages that rebind their own name to this machine.

A rebinding page needs a name, so addresses in figures are safe in the Host header; names must be known.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mcp_servers.task_manager.over_http.answers import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Gate:
    """What is let in. `is_loopback`: the server listens on this machine alone."""

    is_loopback: bool
    hosts: frozenset[str]
    """Names, in lower case and without ports; `*` is any."""
    origins: frozenset[str]
    """As `origin_of` writes them; `*` is any."""

    def refusal(self, headers: Mapping[bytes, bytes]) -> Answer | None:
        """421 for a host (RFC 9110, 15.5.20) and 403 for an origin that is not known."""
        host = headers.get(b"host", b"").decode("latin-1")
        if not self._knows_host(host_of(host)):
            return Answer(421, "This server does not go by the name in the Host header. Name it with --allowed-host.")
        origin = headers.get(b"origin")
        if origin is None or self.allows(origin.decode("latin-1"), host):
            return None
        return Answer(403, "Pages of this origin may not call this server. Name it with --allowed-origin.")

    def allows(self, origin: str, host: str) -> bool:
        """Whether a page of that origin may call: a named one, one of this machine, or of the server's own address."""
        known = origin_of(origin)
        if known is None:
            return "*" in self.origins
        if self.shares(origin):
            return True
        name = host_of(urlsplit(known).netloc)
        return is_loopback(name) if self.is_loopback else known in {origin_of(f"http://{host}"), *self.origins}

    def shares(self, origin: str) -> bool:
        """Whether a page of that origin may also read the answers (CORS), which only named ones may."""
        return "*" in self.origins or origin_of(origin) in self.origins

    def _knows_host(self, name: str) -> bool:
        if "*" in self.hosts or name in self.hosts:
            return True
        return is_loopback(name) if self.is_loopback else _is_address(name)


def gate_for(bound: str, public_url: str | None, hosts: tuple[str, ...], origins: tuple[str, ...]) -> Gate:
    """The gate of a server that listens on `bound`."""
    known = {"localhost", bound.lower(), socket.gethostname().lower(), *(host_of(host) for host in hosts)}
    named = {origin if origin == "*" else origin_of(origin) or origin for origin in origins}
    if public_url:
        known.add(host_of(urlsplit(public_url).netloc))
        named.add(origin_of(public_url) or public_url)
    return Gate(is_loopback(bound), frozenset(known - {""}), frozenset(named))


def host_of(authority: str) -> str:
    """The name or address in `name:port`, in lower case."""
    text = authority.strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.rpartition(":")[0] if text.count(":") == 1 else text


def origin_of(text: str) -> str | None:
    """`scheme://host:port` in lower case, with the port always (RFC 6454); None for what is no origin."""
    try:
        parts = urlsplit(text.strip().rstrip("/").lower())
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    if not parts.hostname or not parts.scheme or port is None or parts.path or parts.query:
        return None
    return f"{parts.scheme}://{parts.hostname}:{port}"


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches that address, or the name `localhost`."""
    try:
        return host.lower() == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
