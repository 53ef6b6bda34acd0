"""JSON Web Tokens (RFC 7519, RFC 9068) of one issuer: signature, issuer, audience, times and scopes.

Only algorithms with a public key are known, and of those only the ones that fit the key, so a public key never passes
for a shared secret. The tasks of a token are stored under its issuer and subject.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast
from urllib.parse import quote

import httpx
import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from mcp_servers.task_manager.caller import SCOPES, Principal, zone_named
from mcp_servers.task_manager.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_log = logging.getLogger(__name__)

LEEWAY = 30.0
"""Seconds that the issuer's clock may differ from ours."""
LONGEST_OWNER = 255
KEYS_FRESH = 600.0
"""Seconds for which published keys are believed without asking again."""
KEYS_STALE = 24 * 3600.0
"""Seconds for which they are believed while the issuer does not answer."""
ASK_AGAIN = 30.0
"""Least seconds between two askings, whatever tokens come."""
KEYS_WITHIN = 10.0
MOST_BYTES = 256 * 1024
_ALGORITHMS: dict[str, tuple[str, ...]] = {
    "RSA": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    "P-256": ("ES256",),
    "P-384": ("ES384",),
    "P-521": ("ES512",),
    "OKP": ("EdDSA",),
}
_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
_SMALLEST_RSA = 2048


@dataclass(frozen=True, slots=True)
class Key:
    """A public key and what it may have signed with."""

    value: Any
    algorithms: tuple[str, ...]


class Keys(Protocol):
    """Where the issuer's keys come from."""

    async def find(self, identifier: str | None) -> Key | None:
        """The key of that `kid`; without one, the only key there is."""
        ...


class OneKey:
    """The key of a PEM file."""

    def __init__(self, path: Path) -> None:
        """Raises `BadRequest`."""
        try:
            text = path.read_bytes()
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise BadRequest(f"--public-key: {path} cannot be read: {reason}.") from None
        if b"PRIVATE KEY" in text:
            raise BadRequest(
                f"--public-key: {path} holds a private key. Give the public one, and keep that one secret."
            )
        try:
            value = load_pem_public_key(text)
            self._key = Key(value, _algorithms_of(value))
        except (ValueError, UnsupportedAlgorithm):
            raise BadRequest(
                f"--public-key: {path} is not a public key that is understood: PEM, RSA of 2048 bits or more, "
                "P-256, P-384, P-521 or Ed25519."
            ) from None

    async def find(self, identifier: str | None) -> Key:  # noqa: ARG002 - there is but one
        """It, whatever the token calls it."""
        return self._key


def _algorithms_of(value: object) -> tuple[str, ...]:
    """Raises `ValueError` for a key that is of no use."""
    if isinstance(value, rsa.RSAPublicKey) and value.key_size >= _SMALLEST_RSA:
        return _ALGORITHMS["RSA"]
    if isinstance(value, ec.EllipticCurvePublicKey) and value.curve.name in _CURVES:
        return _ALGORITHMS[_CURVES[value.curve.name]]
    if isinstance(value, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        return _ALGORITHMS["OKP"]
    raise ValueError


class PublishedKeys:
    """The keys at a JWKS address (RFC 7517): asked for when needed, kept while they are fresh."""

    def __init__(
        self,
        url: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._transport = transport
        self._clock = clock
        self._keys: dict[str | None, Key] = {}
        self._answered = self._asked = float("-inf")
        self._asking = asyncio.Lock()

    async def find(self, identifier: str | None) -> Key | None:
        """The key, after asking for the keys anew where that could help. A key that was withdrawn is forgotten."""
        if not (self._is_fresh() and self._pick(identifier)):
            async with self._asking:
                if not (self._is_fresh() and self._pick(identifier)) and self._clock() - self._asked >= ASK_AGAIN:
                    await self._ask()
        return self._pick(identifier) if self._clock() - self._answered < KEYS_STALE else None

    def _is_fresh(self) -> bool:
        return self._clock() - self._answered < KEYS_FRESH

    def _pick(self, identifier: str | None) -> Key | None:
        if identifier is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(identifier)

    async def _ask(self) -> None:
        self._asked = self._clock()
        try:
            async with (
                asyncio.timeout(KEYS_WITHIN),
                httpx.AsyncClient(transport=self._transport) as client,
                client.stream("GET", self._url, headers={"Accept": "application/json"}) as response,
            ):
                response.raise_for_status()
                self._keys = _keys_of(await _bounded(response))
            self._answered = self._clock()
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError) as error:
            _log.warning("issuer_keys_not_read", extra={"reason": type(error).__name__})


async def _bounded(response: httpx.Response) -> bytes:
    body = b""
    async for part in response.aiter_bytes():
        body += part
        if len(body) > MOST_BYTES:
            raise ValueError("larger than a set of keys is")
    return body


def _keys_of(body: bytes) -> dict[str | None, Key]:
    """Every key that can be used; the others are left out. Raises `ValueError` for what is no set of keys."""
    read = json.loads(body)
    listed = read.get("keys") if isinstance(read, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if not isinstance(listed, list):
        raise ValueError("no list of keys")  # noqa: TRY004 - one kind for all that is wrong with it
    keys: dict[str | None, Key] = {}
    for described in cast("list[Any]", listed):
        if not isinstance(described, dict) or cast("dict[str, Any]", described).get("use", "sig") != "sig":
            continue
        one = cast("dict[str, Any]", described)
        try:
            value = jwt.PyJWK.from_dict(one).key
            algorithms = _algorithms_of(value)
        except (jwt.PyJWTError, ValueError):
            continue
        named = one.get("alg")
        fitting = tuple(algorithm for algorithm in algorithms if named in (None, algorithm))
        if fitting:
            keys[one.get("kid")] = Key(value, fitting)
    return keys


class IssuedTokens:
    """Tokens of one issuer for one audience."""

    def __init__(self, keys: Keys, issuer: str, audience: Sequence[str]) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = list(audience)

    async def principal(self, token: str) -> Principal | None:
        """Whose token that is; None for one that is not valid, whatever the reason."""
        try:
            identifier = jwt.get_unverified_header(token).get("kid")
            key = await self._keys.find(identifier)
            if key is None:
                return None
            claims = jwt.decode(
                token,
                key.value,
                algorithms=list(key.algorithms),
                issuer=self._issuer,
                audience=self._audience,
                leeway=LEEWAY,
                options={"require": ["exp", "iss", "aud", "sub"], "enforce_minimum_key_length": True},
            )
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            return None
        return _principal(claims) if claims["sub"] else None


def _principal(claims: dict[str, Any]) -> Principal:
    zone = claims.get("zoneinfo")
    client = claims.get("client_id") or claims.get("azp") or claims["sub"]
    return Principal(
        owner=owner_of(claims["iss"], claims["sub"]),
        scopes=frozenset(scope for scope in _scopes(claims) if scope in SCOPES),
        zone=zone_named(zone) if isinstance(zone, str) else None,
        client=str(client),
        issuer=claims["iss"],
        expires=float(claims["exp"]) + LEEWAY,
    )


def owner_of(issuer: str, subject: str) -> str:
    """The key that the tasks of a subject are stored under; no two pairs share one."""
    owner = f"jwt:{quote(issuer, safe=':/')}|{quote(subject, safe='')}"
    if len(owner) <= LONGEST_OWNER:
        return owner
    return "jwt-sha256:" + hashlib.sha256(owner.encode()).hexdigest()


def _scopes(claims: dict[str, Any]) -> list[str]:
    """Of `scope` (RFC 8693: words in one text), else of `scp` (as some issuers have it: either)."""
    found = claims.get("scope", claims.get("scp"))
    if isinstance(found, str):
        return found.split()
    return [one for one in cast("list[Any]", found) if isinstance(one, str)] if isinstance(found, list) else []
