"""Who is calling, and where their days begin and end: told by the request, else who this server was started for.

The time zone is, in this order: the token's `zoneinfo` claim (OpenID Connect Core 5.1), the request's
`_meta["task-manager/timezone"]`, the server's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from fastmcp.server.dependencies import fastmcp_request_ctx

from mcp_servers.task_manager.errors import BadRequest
from mcp_servers.task_manager.models import LOCAL_OWNER, Person

if TYPE_CHECKING:
    from datetime import tzinfo

ZONE_KEY = "task-manager/timezone"
"""The key of a request's `_meta` that names the time zone of the person it is made for."""
STATE_KEY = "task_manager.principal"
"""Where an HTTP request's ASGI scope keeps its `Principal`."""
READ, WRITE = "tasks:read", "tasks:write"
SCOPES = (READ, WRITE)
LONGEST_ZONE = 64


@dataclass(frozen=True, slots=True)
class Principal:
    """Whom an HTTP request is from, once that is known."""

    owner: str
    """The key that their tasks are stored under."""
    scopes: frozenset[str] = frozenset(SCOPES)
    zone: tzinfo | None = None
    """Where the token says they are."""
    client: str = "local"
    """The program that the token was issued to."""
    issuer: str | None = None
    expires: float | None = None
    """When the token ends, in seconds since 1970."""


class Caller:
    """Says who is calling: the argument of everything that acts for a person."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone

    def __call__(self) -> Person:
        """The person of the request that is being answered. Raises `BadRequest` for a time zone that is none."""
        context = fastmcp_request_ctx.get()
        if context is None:
            return Person(LOCAL_OWNER, self._zone)
        principal = current_principal()
        owner = principal.owner if principal else LOCAL_OWNER
        zone = (principal.zone if principal else None) or _zone_of(context.meta)
        return Person(owner, zone or self._zone)


def current_principal() -> Principal | None:
    """Whom the HTTP request at hand is from; None where there is no HTTP.

    Raises `LookupError` for an HTTP request that nobody vouched for: it is nobody's, rather than the local person's.
    """
    context = fastmcp_request_ctx.get()
    request = context.request if context else None
    if request is None:
        return None
    principal = request.scope[STATE_KEY]
    assert isinstance(principal, Principal)
    return principal


def _zone_of(meta: Any) -> tzinfo | None:
    """Raises `BadRequest`."""
    named = meta.get(ZONE_KEY) if isinstance(meta, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if named is None:
        return None
    zone = zone_named(named) if isinstance(named, str) else None
    if zone is None:
        raise BadRequest(f"_meta {ZONE_KEY}: there is no such time zone. Give a name such as Europe/Berlin.")
    return zone


@lru_cache(maxsize=1024)
def zone_named(name: str) -> tzinfo | None:
    """The time zone of that name; None if there is none."""
    if not name or len(name) > LONGEST_ZONE:
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return None
