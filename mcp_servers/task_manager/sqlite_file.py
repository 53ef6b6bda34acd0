"""The SQLite file, shared safely between processes.

What waits for a disk or for another process runs in threads: the begin of a write (`BEGIN IMMEDIATE`), its commit, and
work that is told to be long. What only computes runs on the event loop, for handing every short statement to a thread
and back costs several times what it does. Writes that come meanwhile share the next commit, each in a savepoint of its
own. A write is on the disk when it returns (write-ahead log, `synchronous=FULL`): it outlives the process, and the
power too.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from mcp_servers.task_manager.database import Database
from mcp_servers.task_manager.errors import StoreUnavailable
from mcp_servers.task_manager.trouble import told_plainly

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import Connection, Engine

T = TypeVar("T")

BUSY_SECONDS = 10.0
"""How long a write waits for another process to finish its own."""
PRAGMAS = ("PRAGMA foreign_keys = ON", "PRAGMA synchronous = FULL")
MOST_TOGETHER = 16
"""Writes in one commit."""
THREADS = 3


class SqliteDatabase(Database):
    """One SQLite file."""

    def __init__(self, path: Path, *, busy_seconds: float = BUSY_SECONDS) -> None:
        super().__init__()
        self._path = path
        self._busy_seconds = busy_seconds
        self._engine: Engine | None = None
        self._watcher: Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._opening = asyncio.Lock()
        self._waiting: deque[_Write] = deque()
        self._writing: asyncio.Task[None] | None = None
        self._reader: Connection | None = None
        self._threads: ThreadPoolExecutor | None = None

    async def open(self) -> Engine:
        """The engine, after creating or migrating the file where that is due. Raises `StoreUnavailable`."""
        async with self._opening:
            if self._engine is not None and self._identity != self._file_identity():
                self._drop()  # the file was replaced or removed under us
            if self._engine is None:
                with told_plainly(self._path):
                    self._engine = await asyncio.to_thread(_prepare, self._path, self._busy_seconds)
                self._identity = self._file_identity()
            return self._engine

    async def read(self, work: Callable[[Connection], T], *, long: bool = False) -> T:
        """Run `work` on one state of the file, also of one that cannot be written. Raises `StoreUnavailable`."""
        try:
            engine = await self.open()
        except StoreUnavailable:
            reader = await asyncio.to_thread(_prepare_to_read, self._path)
            if reader is None:
                raise
            return await self._in_thread(_read, reader, work)
        if not long:
            with contextlib.suppress(_Busy), told_plainly(self._path):
                return self._read_now(engine, work)
        return await self._in_thread(_read, engine, work)

    async def write(self, work: Callable[[Connection], T], *, long: bool = False) -> T:
        """Run `work`, and return when it is on the disk. Raises `StoreUnavailable`.

        Whoever is cancelled while waiting for their turn writes nothing; after that, the write goes on.
        """
        engine = await self.open()
        mine = _Write(engine, work, asyncio.get_running_loop().create_future(), long)
        self._waiting.append(mine)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_waiting())
        try:
            with told_plainly(self._path):
                return await mine.done
        except StoreUnavailable:
            if self._engine is engine:
                self._drop()  # a connection that was opened to a full disk would never write again
            raise

    async def stamp(self) -> object:
        """The version of the data as SQLite counts it: other connections' commits change it."""
        return await self._in_thread(self._data_version, await self.open())

    async def close(self) -> None:
        """Close every connection, after what is under way."""
        self.feed.stop()
        if self._writing is not None:
            await asyncio.wait([self._writing])
        threads, self._threads = self._threads, None
        if threads is not None:
            await asyncio.to_thread(threads.shutdown)
        self._drop()

    async def _in_thread(self, do: Callable[..., T], *given: Any) -> T:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(THREADS, "tasks")
        with told_plainly(self._path):
            return await asyncio.get_running_loop().run_in_executor(self._threads, do, *given)

    def _read_now(self, engine: Engine, work: Callable[[Connection], T]) -> T:
        """Raises `_Busy` where it would have to wait for another process."""
        if self._reader is None or self._reader.engine is not engine:
            self._reader = engine.connect()
            self._reader.exec_driver_sql("PRAGMA busy_timeout = 0")
            self._reader.rollback()
        try:
            return work(self._reader)
        except Exception as error:
            if _is_busy(error):
                raise _Busy from None
            raise
        finally:
            self._reader.rollback()

    async def _write_waiting(self) -> None:
        """Write whatever waits, until nothing does."""
        try:
            while batch := self._next_batch():
                if batch[0].long:
                    await self._write_each(batch)
                else:
                    await self._write_together(batch)
        finally:
            self._writing = None

    def _next_batch(self) -> list[_Write]:
        """Those that may share a commit; what is long goes alone."""
        batch: list[_Write] = []
        while self._waiting and len(batch) < MOST_TOGETHER:
            first = self._waiting[0]
            if batch and (first.long or first.engine is not batch[0].engine):
                break
            one = self._waiting.popleft()
            if not one.done.cancelled():
                batch.append(one)
            if one.long and batch:
                break
        return batch

    async def _write_each(self, batch: list[_Write]) -> None:
        """Each in a transaction of its own."""
        for one in batch:
            try:
                result = await self._in_thread(_write, one.engine, one.work)
            except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits for it
                one.tell(None, error)
            else:
                one.tell(result, None)

    async def _write_together(self, batch: list[_Write]) -> None:
        """In one transaction; where that fails as a whole, each in its own."""
        try:
            connection = await self._in_thread(_begin_write, batch[0].engine)
        except BaseException as error:  # noqa: BLE001 - as above
            for one in batch:
                one.tell(None, error)
            return
        try:
            outcomes = [_in_savepoint(connection, one.work) for one in batch]
            await self._in_thread(connection.commit)
        except Exception:  # noqa: BLE001 - each meets it again, alone, where it is not one of them that spoiled it
            with contextlib.suppress(Exception):
                await self._in_thread(connection.close)
            await self._write_each(batch)
            return
        connection.close()
        for one, (result, error) in zip(batch, outcomes, strict=True):
            one.tell(result, error)

    def _data_version(self, engine: Engine) -> object:
        if self._watcher is None or self._watcher.engine is not engine:
            self._watcher = engine.connect()
        found = self._watcher.exec_driver_sql("PRAGMA data_version").scalar_one()
        self._watcher.rollback()
        return (id(engine), found)

    def _drop(self) -> None:
        engine, self._engine = self._engine, None
        kept = [one for one in (self._watcher, self._reader) if one is not None]
        self._watcher = self._reader = None
        for one in kept:
            with contextlib.suppress(Exception):
                one.close()
        if engine is not None:
            engine.dispose()

    def _file_identity(self) -> tuple[int, int] | None:
        try:
            stat = self._path.stat()
        except OSError:
            return None
        return stat.st_dev, stat.st_ino


class _Busy(Exception):
    """Another process holds the file."""


@dataclass(slots=True)
class _Write:
    """A write that waits for its turn."""

    engine: Engine
    work: Callable[[Connection], Any]
    done: asyncio.Future[Any]
    long: bool

    def tell(self, result: Any, error: BaseException | None) -> None:
        """Hand out what came of it."""
        if self.done.done():
            return
        if error is not None:
            self.done.set_exception(error)
        else:
            self.done.set_result(result)


def _is_busy(error: Exception) -> bool:
    import sqlite3

    code: int = getattr(getattr(error, "orig", None), "sqlite_errorcode", 0)
    return code & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _begin_write(engine: Engine) -> Connection:
    connection = engine.connect().execution_options(write=True)
    try:
        connection.begin()
    except BaseException:
        connection.close()
        raise
    return connection


def _in_savepoint(connection: Connection, work: Callable[[Connection], Any]) -> tuple[Any, BaseException | None]:
    """What came of it; raises `DBAPIError`, which may have ended the transaction of all."""
    from sqlalchemy.exc import DBAPIError

    plain: Any = connection.connection.driver_connection  # savepoints need none of SQLAlchemy's care
    plain.execute("SAVEPOINT one")
    try:
        result = work(connection)
    except DBAPIError:
        raise
    except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits for it
        plain.execute("ROLLBACK TO one")
        plain.execute("RELEASE one")
        return None, error
    plain.execute("RELEASE one")
    return result, None


def _write(engine: Engine, work: Callable[[Connection], T]) -> T:
    with engine.connect().execution_options(write=True) as connection, connection.begin():
        return work(connection)


def _read(engine: Engine, work: Callable[[Connection], T]) -> T:
    with engine.connect() as connection:
        return work(connection)


def _prepare(path: Path, busy_seconds: float) -> Engine:
    """Import what is heavy, migrate, and make the engine; runs in a thread."""
    from mcp_servers.task_manager.loading import load

    load()
    from sqlalchemy import create_engine, make_url

    from mcp_servers.task_manager.migrate import migrate

    migrate(path)
    engine = create_engine(
        make_url("sqlite://").set(database=str(path)),
        pool_size=THREADS + 3,
        connect_args={"timeout": busy_seconds, "isolation_level": None, "check_same_thread": False},
    )
    _listen(engine)
    return engine


def _prepare_to_read(path: Path) -> Engine | None:
    """An engine that only reads and keeps nothing open: the next call tries again to write. Runs in a thread."""
    from sqlalchemy import NullPool, create_engine

    from mcp_servers.task_manager.migrate import address_for_reading

    try:
        address = address_for_reading(path)
    except (StoreUnavailable, OSError):
        return None
    if address is None:
        return None
    engine = create_engine(
        f"sqlite:///{address}&uri=true",
        poolclass=NullPool,
        connect_args={"isolation_level": None, "check_same_thread": False},
    )
    _listen(engine)
    return engine


def _listen(engine: Engine) -> None:
    from sqlalchemy import event

    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)


def _set_pragmas(connection: sqlite3.Connection, _record: object) -> None:
    for pragma in PRAGMAS:
        connection.execute(pragma).close()


def _begin(connection: object) -> None:
    from sqlalchemy import Connection

    assert isinstance(connection, Connection)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("write") else "BEGIN")
