"""What databases and disks raise, as sentences that name the place and the remedy."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mcp_servers.task_manager.errors import ELSEWHERE, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

_FULL = "The disk that holds {path} is full, so nothing was saved. Free some space and try again."
_SMALLEST_ROOM = 64 * 1024
"""Bytes."""
_MAY_BE_FULL = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY}
_SQLITE_SENTENCES = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: (
        f"The task file {{path}} is read-only, so nothing was saved. Make it and its folder writable, or {ELSEWHERE}."
    ),
    sqlite3.SQLITE_CANTOPEN: (
        f"The task file {{path}} cannot be opened. Check that its folder is writable, or {ELSEWHERE}."
    ),
    sqlite3.SQLITE_BUSY: "The task file {path} is in use by another program. Try again in a moment.",
    sqlite3.SQLITE_NOTADB: (
        f"The file {{path}} is not a task database, and was left as it is. Move it away, or {ELSEWHERE}."
    ),
    sqlite3.SQLITE_CORRUPT: (
        "The task file {path} is damaged, and was left as it is. "
        "Restore it from a backup beside it, or move it away to start anew."
    ),
}


@contextmanager
def told_plainly(path: Path) -> Generator[None]:
    """Turn what SQLite and the file system raise into one sentence that names the file and the remedy."""
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(_of_system(error, path)) from error
    except Exception as error:
        cause = getattr(error, "orig", error)
        if not isinstance(cause, sqlite3.Error):
            raise
        raise StoreUnavailable(_of_sqlite(cause, path)) from error


@contextmanager
def told_of_server(place: str) -> Generator[None]:
    """Turn what PostgreSQL and the network raise into one sentence that names the server and the remedy."""
    from sqlalchemy.exc import DBAPIError, OperationalError
    from sqlalchemy.exc import TimeoutError as PoolTimeoutError

    try:
        yield
    except PoolTimeoutError as error:
        raise StoreUnavailable(f"The database {place} is too busy. Try again in a moment.") from error
    except DBAPIError as error:
        raise StoreUnavailable(_of_server(error, place, lost=isinstance(error, OperationalError))) from error
    except OSError as error:
        raise StoreUnavailable(_unreachable(place)) from error


def _of_server(error: Exception, place: str, *, lost: bool) -> str:  # noqa: PLR0911 - one for each kind
    code: str = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    if code.startswith("28"):
        return f"The database {place} refuses the user or the password. Check both in TASK_MANAGER_DATABASE_URL."
    if code == "3D000":
        return f"There is no database {place}. Create it, or name another in TASK_MANAGER_DATABASE_URL."
    if code.startswith("53"):
        return f"The database {place} has no room left, so nothing was saved. Give it more, and try again."
    if code in ("25006", "42501"):
        return f"The database {place} does not let this user write, so nothing was saved. Grant it the rights."
    if code in ("40001", "40P01", "55P03", "57014"):
        return f"The database {place} is too busy. Try again in a moment."
    if lost or code.startswith(("08", "57")):
        return _unreachable(place)
    return f"The database {place} cannot be used just now (code {code or type(error).__name__}). Check its log."


def _unreachable(place: str) -> str:
    return f"The database {place} cannot be reached. Check that it runs and that its address is right, then try again."


def _of_system(error: OSError, path: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT) or _is_full(path):
        return _FULL.format(path=path)
    no_folder = isinstance(error, FileExistsError | NotADirectoryError)
    reason = "a file is in its place" if no_folder else (error.strerror or str(error)).lower()
    return f"The folder of the task file {path} cannot be used: {reason}. Make it writable, or {ELSEWHERE}."


def _is_full(path: Path) -> bool:
    """Whether the disk has no room for the index of a write-ahead log; SQLite has many words for that."""
    folder = path.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        return shutil.disk_usage(folder).free < _SMALLEST_ROOM
    except OSError:
        return False


def _of_sqlite(error: sqlite3.Error, path: Path) -> str:
    code: int = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code; the rest is detail
    if code in _MAY_BE_FULL and _is_full(path):
        code = sqlite3.SQLITE_FULL
    other = "The task file {path} cannot be used just now ({reason}). Check its disk, then try again."
    return _SQLITE_SENTENCES.get(code, other).format(path=path, reason=error)
