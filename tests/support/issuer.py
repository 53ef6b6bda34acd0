"""An issuer of JSON Web Tokens: its keys, its tokens, and the address where it publishes the keys."""

from __future__ import annotations

import base64
import contextlib
import hmac
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

ISSUER, AUDIENCE = "https://login.example.com/", "https://tasks.example.com/mcp"


@dataclass
class Issuer:
    """Signs with RSA as `first` and with P-256 as `second`."""

    rsa: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    ec: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    keys: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """What it publishes."""
    asked: int = 0

    def __post_init__(self) -> None:
        self.keys = [
            {**RSAAlgorithm.to_jwk(self.rsa.public_key(), as_dict=True), "kid": "first", "alg": "RS256", "use": "sig"},
            {**ECAlgorithm.to_jwk(self.ec.public_key(), as_dict=True), "kid": "second"},
        ]

    @property
    def pem(self) -> bytes:
        return self.rsa.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    @property
    def private_pem(self) -> bytes:
        return self.rsa.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def claims(
        self, subject: str | None = "alice", scope: str = "tasks:read tasks:write", **changed: Any
    ) -> dict[str, Any]:
        """Those of a good token; None leaves one out."""
        now = int(time.time())
        whole = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject,
            "scope": scope,
            "iat": now,
            "exp": now + 600,
            **changed,
        }
        return {name: value for name, value in whole.items() if value is not None}

    def token(
        self, subject: str | None = "alice", *, algorithm: str = "RS256", kid: str = "first", **claims: Any
    ) -> str:
        key: Any = self.ec if algorithm.startswith("ES") else self.rsa
        return jwt.encode(self.claims(subject, **claims), key, algorithm, {"kid": kid})

    def save(self, folder: Path) -> Path:
        """The public key as a file."""
        file = folder / "issuer.pem"
        file.write_bytes(self.pem)
        return file

    @contextlib.contextmanager
    def published(self) -> Generator[str]:
        """The address of its keys, while it answers there."""
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked += 1
                body = json.dumps({"keys": issuer.keys}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_port}/keys"
            finally:
                server.shutdown()
                thread.join()


def forged(header: dict[str, Any], claims: dict[str, Any], secret: bytes | None) -> str:
    """A token put together by hand, signed with `secret` by HMAC, or not at all."""
    body = ".".join(_part(json.dumps(value).encode()) for value in (header, claims))
    return f"{body}.{_part(hmac.digest(secret, body.encode(), 'sha256')) if secret else ''}"


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
