"""Who is at the other end of a connection to the hub, and in which era of the protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcp_types.version import MODERN_PROTOCOL_VERSIONS

if TYPE_CHECKING:
    from mcp.server.connection import Connection
    from mcp.server.context import ServerRequestContext

    from voice_agent.bridge.hub.permits import Permit

PEER = "voice_agent.peer"
"""Where an HTTP request's ASGI scope keeps its `Peer`."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end of a connection."""

    is_job: bool
    """It came by the jobs' door: what it says of its user's yes is believed."""
    permit: Permit | None = None
    """Whom it acts for; None: the owner of this machine."""

    @property
    def subject(self) -> str | None:
        """Whose servers it is offered; None: those of the owner of this machine."""
        return self.permit.subject if self.permit is not None else None


def peer_of(ctx: ServerRequestContext[Any]) -> Peer:
    """Return who sent a request."""
    return ctx.request.scope[PEER] if ctx.request is not None else ctx.lifespan_context


def is_modern(ctx: ServerRequestContext[Any]) -> bool:
    """Tell whether a request is of the era that begins with 2026-07-28."""
    return ctx.protocol_version in MODERN_PROTOCOL_VERSIONS


def complete(ctx: ServerRequestContext[Any], result: dict[str, Any]) -> dict[str, Any]:
    """Return `result` as the era of the request wants it."""
    return {**result, "resultType": "complete"} if is_modern(ctx) else result


def kept(ctx: ServerRequestContext[Any], result: dict[str, Any]) -> dict[str, Any]:
    """Return a list, or what was read, as the era of the request wants it: nobody is to keep it."""
    return complete(ctx, {**result, "ttlMs": 0, "cacheScope": "private"} if is_modern(ctx) else result)


def connection_of(ctx: ServerRequestContext[Any]) -> Connection:
    """Return the connection that a request came by; one of the newer era lasts as long as the request."""
    return ctx.session._connection  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - the only way to its end
