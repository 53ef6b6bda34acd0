"""Permits: a job may act for the one person that it was called for, and for nobody else by naming them.

The web part, which decides who somebody is, signs a permit into the metadata of each job; the hub reads it when the job
attaches, and renews it while the conversation goes on. Both hold `hub.permit_key`; a worker does not.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jwt

from voice_agent.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from voice_agent.config.settings import Settings

LIVES = 600
"""Seconds that a permit is good for; a job is given a new one each minute or so."""
RENEWED_FOR = 24 * 3600
"""Seconds after which it is renewed no more, however long the conversation."""
_SHORTEST = 32
_AUDIENCE = "voice-agent/hub"
_ALGORITHM = "HS256"


class PermitRefused(Exception):
    """Forged, too old, or none."""


@dataclass(frozen=True, slots=True)
class Permit:
    """What a permit says."""

    subject: str | None
    """Whom its holder acts for; None: the owner of this machine."""
    since: int
    """When the web part signed the first one, in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Permits:
    """Signs permits and reads them."""

    key: str
    """At least 32 characters."""
    now: Callable[[], float] = time.time

    @classmethod
    def of(cls, settings: Settings) -> Permits | None:
        """Return those of `hub.permit_key`; None where it is not set.

        Raises:
            ConfigError: It is too short.
        """
        if settings.hub.permit_key is None:
            return None
        key = settings.hub.permit_key.get_secret_value()
        if len(key) < _SHORTEST:
            raise ConfigError(f"hub.permit_key is too short: make one of {_SHORTEST} characters or more.")
        return cls(key)

    def give(self, subject: str | None) -> str:
        """Return a permit for `subject`."""
        return self._sign(Permit(subject, int(self.now())))

    def renew(self, permit: Permit) -> str:
        """Return one that says the same and lives longer."""
        return self._sign(permit)

    def read(self, text: str | None) -> Permit:
        """Return what a permit says.

        Raises:
            PermitRefused: It is not ours, or too old; the message says which.
        """
        try:
            claims: dict[str, Any] = jwt.decode(
                text or "",
                self.key,
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                options={"require": ["iat", "exp", "aud"], "verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError:
            raise PermitRefused(
                "the web part and the hub have another hub.permit_key" if text else "it has none"
            ) from None
        if int(claims["exp"]) <= self.now():
            raise PermitRefused("it is too old")
        return Permit(claims.get("sub"), int(claims["iat"]))

    def _sign(self, permit: Permit) -> str:
        until = min(self.now() + LIVES, permit.since + RENEWED_FOR)
        claims: dict[str, Any] = {"aud": _AUDIENCE, "iat": permit.since, "exp": int(until)}
        if permit.subject is not None:
            claims["sub"] = permit.subject
        return jwt.encode(claims, self.key, algorithm=_ALGORITHM)
