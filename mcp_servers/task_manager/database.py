"""The SQLite file: opened at the first need, migrated, and shared safely between processes.

Every write is one `BEGIN IMMEDIATE` transaction and is on the disk (WAL, `synchronous=FULL`) when it returns.
What fails is a `StoreUnavailable` that names the file and the remedy; the next call tries again.
"""

from __future__ import annotations

import asyncio
import errno
import shutil
import sqlite3
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from mcp_servers.task_manager.errors import ELSEWHERE, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

BUSY_SECONDS = 10.0
"""How long a write waits for another process to finish its own."""

PRAGMAS = ("PRAGMA foreign_keys = ON", "PRAGMA synchronous = FULL")


class Database:
    """One SQLite file. Constructing it touches nothing."""

    def __init__(self, path: Path, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self._path = path
        self._busy_seconds = busy_seconds
        self._engine: AsyncEngine | None = None
        self._identity: tuple[int, int] | None = None
        self._opening = asyncio.Lock()
        self._writing = asyncio.Lock()

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[AsyncConnection]:
        """A connection that sees one state of the file, also of one that cannot be written.

        Raises `StoreUnavailable`.
        """
        try:
            engine = await self.open()
        except StoreUnavailable:
            reader = await asyncio.to_thread(_prepare_to_read, self._path)
            if reader is None:
                raise
            engine = reader
        with told_plainly(self._path):
            async with engine.connect() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[AsyncConnection]:
        """A connection in a transaction of its own, committed at the end. Raises `StoreUnavailable`."""
        engine = await self.open()
        try:
            with told_plainly(self._path):
                async with self._writing, engine.connect() as connection:
                    await connection.execution_options(write=True)
                    async with connection.begin():
                        yield connection
        except StoreUnavailable:
            await self.close()  # a connection that was opened to a full disk would never write again
            raise

    async def open(self) -> AsyncEngine:
        """The engine, after creating or migrating the file where that is due. Raises `StoreUnavailable`."""
        async with self._opening:
            if self._engine is not None and self._identity != self._file_identity():
                await self._engine.dispose()  # the file was replaced or removed under us
                self._engine = None
            if self._engine is None:
                with told_plainly(self._path):
                    self._engine = await asyncio.to_thread(_prepare, self._path, self._busy_seconds)
                self._identity = self._file_identity()
            return self._engine

    async def close(self) -> None:
        """Close every connection."""
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.dispose()

    def _file_identity(self) -> tuple[int, int] | None:
        try:
            stat = self._path.stat()
        except OSError:
            return None
        return stat.st_dev, stat.st_ino


def _prepare(path: Path, busy_seconds: float) -> AsyncEngine:
    """Import what is heavy, migrate, and make the engine; runs in a thread."""
    from sqlalchemy import make_url
    from sqlalchemy.ext.asyncio import create_async_engine

    from mcp_servers.task_manager.migrate import migrate

    migrate(path)
    engine = create_async_engine(
        make_url("sqlite+aiosqlite://").set(database=str(path)),
        connect_args={"timeout": busy_seconds, "isolation_level": None},
    )
    _listen(engine)
    return engine


def _prepare_to_read(path: Path) -> AsyncEngine | None:
    """An engine that only reads and keeps nothing open: the next call tries again to write. Runs in a thread."""
    from sqlalchemy import NullPool
    from sqlalchemy.ext.asyncio import create_async_engine

    from mcp_servers.task_manager.migrate import address_for_reading

    try:
        address = address_for_reading(path)
    except (StoreUnavailable, OSError):
        return None
    if address is None:
        return None
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{address}&uri=true", poolclass=NullPool, connect_args={"isolation_level": None}
    )
    _listen(engine)
    return engine


def _listen(engine: AsyncEngine) -> None:
    from sqlalchemy import event

    event.listen(engine.sync_engine, "connect", _set_pragmas)
    event.listen(engine.sync_engine, "begin", _begin)


def _set_pragmas(connection: sqlite3.Connection, _record: object) -> None:
    for pragma in PRAGMAS:
        connection.execute(pragma).close()


def _begin(connection: object) -> None:
    from sqlalchemy import Connection

    assert isinstance(connection, Connection)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("write") else "BEGIN")


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


def _of_sqlite(error: sqlite3.Error, path: Path) -> str:
    code: int = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code; the rest is detail
    if code in _MAY_BE_FULL and _is_full(path):
        code = sqlite3.SQLITE_FULL
    other = "The task file {path} cannot be used just now ({reason}). Check its disk, then try again."
    return _SQLITE_SENTENCES.get(code, other).format(path=path, reason=error)
