"""Who an HTTP request is from, and what it is told where that is not known or not enough.

After the authorization chapter of the MCP specification (2025-11-25 and 2026-07-28): bearer tokens in the Authorization
header of every request, protected-resource metadata (RFC 9728), challenges (RFC 6750) that name the scopes to ask for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcp_servers.task_manager.caller import SCOPES, Principal
from mcp_servers.task_manager.models import LOCAL_OWNER
from mcp_servers.task_manager.over_http.answers import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mcp_servers.task_manager.over_http.jwts import IssuedTokens
    from mcp_servers.task_manager.over_http.tokens import StaticTokens

METADATA_PATH = "/.well-known/oauth-protected-resource"
_LOCAL = Principal(LOCAL_OWNER)


@dataclass(frozen=True, slots=True)
class Authenticator:
    """Asks every request for a token; with neither kind of token it takes all for the local person."""

    static: StaticTokens | None = None
    issued: IssuedTokens | None = None
    issuer: str | None = None
    """Whom clients get their tokens from; then there is metadata that says so."""

    @property
    def is_open(self) -> bool:
        """Whether it lets everybody in."""
        return self.static is None and self.issued is None

    async def principal(self, headers: Mapping[bytes, bytes]) -> Principal | None:
        """Whom the request is from; None if that is not known."""
        if self.is_open:
            return _LOCAL
        token = bearer(headers)
        if token is None:
            return None
        found = self.static.principal(token) if self.static else None
        if found is None and self.issued and token.count(".") == 2:  # noqa: PLR2004 - the parts of a signed JWT
            found = await self.issued.principal(token)
        return found

    def refusal(self, headers: Mapping[bytes, bytes], base: str) -> Answer:
        """401 for a token that is not valid, or for none (where RFC 6750 wants no error code in the challenge)."""
        if bearer(headers) is None:
            text = "This server asks for a token: send the header Authorization: Bearer TOKEN."
            return Answer(401, text, headers=self._challenge(base, SCOPES))
        text = "The token is not valid here, or no longer. Get a new one."
        return Answer(401, text, headers=self._challenge(base, SCOPES, "invalid_token", text))

    def forbidden(self, scope: str, base: str) -> Answer:
        """403 for a token that lacks a scope."""
        text = f"The token does not allow this: it needs the scope {scope}."
        challenge = self._challenge(base, (scope,), "insufficient_scope", text)
        return Answer(403, text, headers=challenge)

    def metadata(self, base: str) -> dict[str, Any] | None:
        """What RFC 9728 has clients look up; None where tokens are handed out by hand."""
        if self.issuer is None:
            return None
        return {
            "resource": f"{base}/mcp",
            "resource_name": "Task Manager",
            "authorization_servers": [self.issuer],
            "scopes_supported": list(SCOPES),
            "bearer_methods_supported": ["header"],
        }

    def _challenge(self, base: str, scopes: Sequence[str], error: str = "", text: str = "") -> dict[str, str]:
        parts = [f'error="{error}", error_description="{text}"'] if error else []
        parts.append(f'scope="{" ".join(scopes)}"')
        if self.issuer:
            parts.append(f'resource_metadata="{base}{METADATA_PATH}/mcp"')
        return {"WWW-Authenticate": f"Bearer {', '.join(parts)}"}


def bearer(headers: Mapping[bytes, bytes]) -> str | None:
    """The token of the Authorization header; None if there is none."""
    scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None
