"""Where tokens rest: encrypted files, a file for each person and server.

The key is in the system's keyring where there is one that works. Elsewhere it is a file beside them, which only this
user may read: that keeps tokens out of a copy of one file, of a search and of a log, and from other users, but not
from somebody who can read all files of this user.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from cryptography.fernet import Fernet

    from voice_agent.bridge.types import Json

FOLDER = "sign-ins"
"""In the user's home."""
_SERVICE, _NAME = "voice-agent", "sign-ins"
_KEY = "key"
_LARGEST = 256 * 1024
_TRY_AGAIN = 0.05
_NO_KEYRING = ("keyring.backends.fail", "keyring.backends.null")

logger = logging.getLogger(__name__)


class VaultLocked(Exception):
    """What is kept cannot be read with the key that is there."""


class Vault:
    """Encrypted records, by server and subject."""

    def __init__(self, folder: Path, *, keyring: bool = True) -> None:
        """Take a folder, made when first needed; `keyring`: use the system's where there is one."""
        self._folder, self._uses_keyring = folder, keyring
        self._fernet: Fernet | None = None
        self.key_is_in: Literal["keyring", "file"] | None = None
        """Known when the key has first been needed."""

    def path(self, url: str, subject: str | None) -> Path:
        """Return the file of a record; its name tells neither the server nor the person."""
        place = json.dumps([url, subject])
        return self._folder / f"{hashlib.sha256(place.encode()).hexdigest()[:32]}.bin"

    def stamp(self, url: str, subject: str | None) -> object:
        """Return what changes when the record does; None where there is none."""
        try:
            status = self.path(url, subject).stat()
        except OSError:
            return None
        return (status.st_ino, status.st_mtime_ns, status.st_size)

    def read(self, url: str, subject: str | None) -> Json | None:
        """Return a record; None where there is none.

        Raises:
            VaultLocked: The key is not the one it was written with.
        """
        try:
            sealed = self.path(url, subject).read_bytes()
        except OSError:
            return None
        from cryptography.fernet import InvalidToken

        try:
            found: Any = json.loads(self._cipher(is_new=False).decrypt(sealed))
        except (InvalidToken, ValueError, OSError):
            raise VaultLocked from None
        # A file that was moved to the place of another server would give that one's token away.
        is_its_own = isinstance(found, dict) and cast("Json", found).get("place") == [url, subject]
        return cast("Json", found["record"]) if is_its_own else None

    def write(self, url: str, subject: str | None, record: Json) -> None:
        """Keep a record.

        Raises:
            OSError: It cannot be written.
        """
        whole = json.dumps({"place": [url, subject], "record": record}, separators=(",", ":")).encode()
        if len(whole) > _LARGEST:
            raise OSError("what the server sent is too long to be kept")
        _replace(self.path(url, subject), self._cipher(is_new=True).encrypt(whole))

    def forget(self, url: str, subject: str | None) -> bool:
        """Drop a record; tell whether there was one."""
        try:
            self.path(url, subject).unlink()
        except OSError:
            return False
        return True

    @contextlib.asynccontextmanager
    async def alone(self, url: str, subject: str | None) -> AsyncGenerator[None, None]:
        """Keep other processes from renewing the same record meanwhile."""
        path = self.path(url, subject).with_suffix(".lock")
        try:
            import fcntl

            _make(path.parent)
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except (ImportError, OSError):
            yield
            return
        try:
            # Not in a thread, which would go on waiting for the lock after we have been cancelled, and then keep it.
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except OSError:
                    await asyncio.sleep(_TRY_AGAIN)
            yield
        finally:
            os.close(handle)

    def _cipher(self, *, is_new: bool) -> Fernet:
        """Return what seals; `is_new`: a key may be made.

        Raises:
            OSError: There is no key, or it cannot be kept.
        """
        if self._fernet is None:
            from cryptography.fernet import Fernet

            self._fernet = Fernet(self._key_of_keyring() or self._key_of_file(is_new=is_new))
        return self._fernet

    def _key_of_keyring(self) -> bytes | None:
        """Return the key in the system's keyring, made where there is none; None where there is no keyring."""
        if not self._uses_keyring or (self._folder / _KEY).exists():
            return None
        try:
            import keyring

            backend: Any = keyring.get_keyring()
            if type(backend).__module__.startswith(_NO_KEYRING) or backend.priority < 1:
                return None
            key = keyring.get_password(_SERVICE, f"{_NAME} {self._folder}")
            if key is None:
                key = _new_key().decode()
                keyring.set_password(_SERVICE, f"{_NAME} {self._folder}", key)
        except Exception as error:  # noqa: BLE001 - each keyring fails in ways of its own; a file is used then
            logger.debug("the keyring cannot be used: %s", type(error).__name__)
            return None
        self.key_is_in = "keyring"
        return key.encode()

    def _key_of_file(self, *, is_new: bool) -> bytes:
        path = self._folder / _KEY
        # What is sealed without one was sealed by a keyring that is locked now: a key here would put that out of use.
        if not is_new or path.exists():
            data = path.read_bytes()
            self.key_is_in = "file"
            return data
        self.key_is_in = "file"
        _make(self._folder)
        key = _new_key()
        handle, name = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=self._folder)
        with os.fdopen(handle, "wb") as file:
            file.write(key)
        try:
            # Of two processes that come at once, one makes the key and both use it.
            os.link(name, path)
        except FileExistsError:
            return path.read_bytes()
        finally:
            Path(name).unlink()
        return key


def _new_key() -> bytes:
    from cryptography.fernet import Fernet

    return Fernet.generate_key()


def _make(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _replace(path: Path, data: bytes) -> None:
    _make(path.parent)
    handle, name = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
