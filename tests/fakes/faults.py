"""What can go wrong with a provider, as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to fail one request or one connection. Several fields combine; delays are seconds."""

    status: int | None = None
    """Answer with this HTTP status and do no work; a WebSocket's handshake is refused with it."""
    retry_after: int | None = None
    """`Retry-After` of that answer, in seconds."""
    code: str | None = None
    """`error.code` in the body of that answer, where the provider has such a thing (`insufficient_quota`)."""
    connect_delay: float = 0.0
    """Before the answer or the handshake."""
    first_delay: float = 0.0
    """Before the first token, transcript or sound."""
    between_delay: float = 0.0
    """Before each further one."""
    drop_after: int | None = None
    """Cut the connection, without a goodbye, once so many tokens, transcripts or sounds were sent."""
    close_code: int | None = None
    """Close the WebSocket with this code in place of cutting it (RFC 6455, 7.4)."""
    garbage_after: int | None = None
    """Send something that is not the protocol once so many were sent, and go on."""
    hang: bool = False
    """Take the request and never answer."""


NONE = Fault()
REFUSED_KEY = Fault(status=401)
OUT_OF_CREDIT = Fault(status=429, code="insufficient_quota")
RATE_LIMITED = Fault(status=429, retry_after=1)
BROKEN = Fault(status=500)
OVERLOADED = Fault(status=503, retry_after=1)
