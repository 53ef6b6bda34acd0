"""How a server refuses who is not signed in, and why signing in fails (pure; imports nothing heavy)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voice_agent.bridge.types import Json

NEEDED = "needs you to sign in"
"""The reason of a server that only waits for its user."""
_SPARE = 30.0
"""Seconds before its end that a token is renewed."""


class SignInFailed(Exception):
    """One cannot sign in; the text is a clause after the server's name."""

    def __init__(self, reason: str, *, is_passing: bool = False, is_oauth: bool = True) -> None:
        super().__init__(reason)
        self.reason, self.is_passing = reason, is_passing
        self.is_oauth = is_oauth
        """The server does say how one signs in."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """How a server refused a request (RFC 6750, 3; RFC 9728, 5.1)."""

    status: int
    header: str | None = None
    """`WWW-Authenticate`."""

    @property
    def wants_more(self) -> bool:
        """The token is good, but not for this (`insufficient_scope`)."""
        return self.status == HTTPStatus.FORBIDDEN and "insufficient_scope" in (self.header or "")


def is_spent(record: Json) -> bool:
    """Tell whether the token of `record` has ended, or is about to."""
    until = record.get("until")
    return isinstance(until, (int, float)) and time.time() > until - _SPARE
