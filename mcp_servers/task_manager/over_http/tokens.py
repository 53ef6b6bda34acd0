"""Static tokens: a file with a line for each, `TOKEN SUBJECT SCOPES…`, read again when it changes.

The tasks of a static token are stored under its subject as it stands in the file, so the subject `local` has the tasks
that the server keeps over standard input and output. Tokens are kept as keyed hashes only.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import stat
import time
from typing import TYPE_CHECKING

from mcp_servers.task_manager.caller import SCOPES, Principal
from mcp_servers.task_manager.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_log = logging.getLogger(__name__)

LOOK_AGAIN = 1.0
"""Seconds after which a change of the file is noticed at the latest."""
LONGEST_SUBJECT = 200
ISSUED = "jwt"
"""What owners of the other kind begin with (see `jwts`), so no subject here may."""


class StaticTokens:
    """The people of one file."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Raises `BadRequest` for a file that cannot be read or used."""
        self._path = path
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._known = self._read()
        self._seen = self._state()
        self._looked = clock()

    def principal(self, token: str) -> Principal | None:
        """Whose token that is. Takes no longer for one that is nearly right."""
        if self._clock() - self._looked >= LOOK_AGAIN:
            self.refresh()
        digest = self._digest(token)
        found = self._known.get(digest)
        return found[1] if found and hmac.compare_digest(found[0], digest) else None

    def refresh(self, *, anyway: bool = False) -> None:
        """Read the file again if it has changed. One that cannot be used leaves everything as it was, and is logged."""
        self._looked = self._clock()
        state = self._state()
        if state == self._seen and not anyway:
            return
        self._seen = state
        try:
            self._known = self._read()
        except BadRequest as error:
            _log.error("tokens_not_read", extra={"reason": str(error)})
        else:
            _log.info("tokens_read", extra={"count": len(self._known)})

    def warnings(self) -> list[str]:
        """What is unwise about the file."""
        state = self._state()
        if state and state[0] & (stat.S_IRWXG | stat.S_IRWXO):
            return [f"--tokens: others on this machine may read {self._path}. Keep it to yourself: chmod 600."]
        return []

    def _digest(self, token: str) -> bytes:
        return hashlib.blake2b(token.encode("utf-8", "surrogateescape"), key=self._key, digest_size=32).digest()

    def _state(self) -> tuple[int, int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mode, found.st_ino, found.st_size, found.st_mtime_ns

    def _read(self) -> dict[bytes, tuple[bytes, Principal]]:
        try:
            text = self._path.read_text(encoding="utf-8-sig")
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise BadRequest(f"--tokens: {self._path} cannot be read: {reason}.") from None
        except UnicodeDecodeError:
            raise BadRequest(f"--tokens: {self._path} is not a text file in UTF-8.") from None
        known: dict[bytes, tuple[bytes, Principal]] = {}
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            token, principal = self._entry(line.split(), f"--tokens: line {number} of {self._path}")
            digest = self._digest(token)
            if digest in known:
                raise BadRequest(f"--tokens: line {number} of {self._path} has the token of another line.")
            known[digest] = (digest, principal)
        if not known:
            raise BadRequest(
                f"--tokens: {self._path} names no token. Write lines such as: TOKEN alice {' '.join(SCOPES)}"
            )
        return known

    def _entry(self, words: list[str], where: str) -> tuple[str, Principal]:
        """Never quotes the token."""
        if len(words) < 3:  # noqa: PLR2004 - a token, a subject and a scope
            raise BadRequest(
                f"{where} needs a token, a subject and scopes, with blanks between: TOKEN alice tasks:read"
            )
        token, subject, *scopes = words
        unknown = next((position for position, scope in enumerate(scopes, 3) if scope not in SCOPES), None)
        if unknown:
            raise BadRequest(f"{where}: word {unknown} is no scope. There are {' and '.join(SCOPES)}.")
        if not subject.isprintable() or len(subject) > LONGEST_SUBJECT or subject.startswith(ISSUED):
            raise BadRequest(
                f"{where}: the subject must have at most {LONGEST_SUBJECT} letters and not begin with “{ISSUED}”."
            )
        return token, Principal(subject, frozenset(scopes), client="static")
