"""The SQLite file, shared safely between processes.

Writes run in one thread, as `BEGIN IMMEDIATE` transactions; those that wait meanwhile share the next commit, each in a
savepoint of its own. A write is on the disk when it returns (write-ahead log, `synchronous=FULL`): it outlives the
process, and the power too.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
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
MOST_TOGETHER = 32
"""Writes in one commit."""
READERS = 2


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
        self._writer: ThreadPoolExecutor | None = None
        self._readers: ThreadPoolExecutor | None = None

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

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on one state of the file, also of one that cannot be written. Raises `StoreUnavailable`."""
        try:
            engine = await self.open()
        except StoreUnavailable:
            reader = await asyncio.to_thread(_prepare_to_read, self._path)
            if reader is None:
                raise
            engine = reader
        if self._readers is None:
            self._readers = ThreadPoolExecutor(READERS, "tasks-read")
        with told_plainly(self._path):
            return await asyncio.get_running_loop().run_in_executor(self._readers, _read, engine, work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work`, and return when it is on the disk. Raises `StoreUnavailable`.

        Whoever is cancelled while waiting for their turn writes nothing; after that, the write goes on.
        """
        engine = await self.open()
        if self._writer is None:
            self._writer = ThreadPoolExecutor(1, "tasks-write")
        mine = _Write(work)
        self._waiting.append(mine)
        self._writer.submit(_write_all, engine, self._waiting)
        try:
            with told_plainly(self._path):
                return await asyncio.wrap_future(mine.done)
        except StoreUnavailable:
            if self._engine is engine:
                self._drop()  # a connection that was opened to a full disk would never write again
            raise

    async def stamp(self) -> object:
        """The version of the data as SQLite counts it: other connections' commits change it."""
        engine = await self.open()
        if self._readers is None:
            self._readers = ThreadPoolExecutor(READERS, "tasks-read")
        with told_plainly(self._path):
            return await asyncio.get_running_loop().run_in_executor(self._readers, self._data_version, engine)

    async def close(self) -> None:
        """Close every connection, after what is under way."""
        self.feed.stop()
        pools = [pool for pool in (self._writer, self._readers) if pool is not None]
        self._writer = self._readers = None
        if pools:
            await asyncio.to_thread(lambda: [pool.shutdown() for pool in pools])
        self._drop()

    def _data_version(self, engine: Engine) -> object:
        if self._watcher is None or self._watcher.engine is not engine:
            self._watcher = engine.connect()
        found = self._watcher.exec_driver_sql("PRAGMA data_version").scalar_one()
        self._watcher.rollback()
        return (id(engine), found)

    def _drop(self) -> None:
        engine, self._engine = self._engine, None
        watcher, self._watcher = self._watcher, None
        with contextlib.suppress(Exception):
            if watcher is not None:
                watcher.close()
        if engine is not None:
            engine.dispose()

    def _file_identity(self) -> tuple[int, int] | None:
        try:
            stat = self._path.stat()
        except OSError:
            return None
        return stat.st_dev, stat.st_ino


class _Write:
    """A write that waits for its turn, and what comes of it."""

    def __init__(self, work: Callable[[Connection], Any]) -> None:
        self.work = work
        self.done: Future[Any] = Future()
        self.result: Any = None
        self.error: BaseException | None = None

    def tell(self) -> None:
        """Hand out what came of it."""
        if self.error is not None:
            self.done.set_exception(self.error)
        else:
            self.done.set_result(self.result)


def _write_all(engine: Engine, waiting: deque[_Write]) -> None:
    """What waits, in one transaction; runs in the thread of the writer."""
    from sqlalchemy.exc import DBAPIError

    batch: list[_Write] = []
    while waiting and len(batch) < MOST_TOGETHER:
        one = waiting.popleft()
        if one.done.set_running_or_notify_cancel():
            batch.append(one)
    try:
        if len(batch) > 1:
            _write_together(engine, batch)
    except DBAPIError:
        pass  # it may have ended the transaction of all; each is tried alone
    else:
        if len(batch) > 1:
            for one in batch:
                one.tell()
            return
    for one in batch:
        one.error = None
        try:
            with engine.connect().execution_options(write=True) as connection, connection.begin():
                one.result = one.work(connection)
        except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits for it
            one.error = error
        one.tell()


def _write_together(engine: Engine, batch: list[_Write]) -> None:
    """Each in a savepoint. Raises `DBAPIError`, and then nothing is written."""
    from sqlalchemy.exc import DBAPIError

    with engine.connect().execution_options(write=True) as connection, connection.begin():
        for one in batch:
            try:
                with connection.begin_nested():
                    one.result = one.work(connection)
            except DBAPIError:
                raise
            except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits for it
                one.error = error


def _read(engine: Engine, work: Callable[[Connection], T]) -> T:
    with engine.connect() as connection:
        return work(connection)


def _prepare(path: Path, busy_seconds: float) -> Engine:
    """Import what is heavy, migrate, and make the engine; runs in a thread."""
    from sqlalchemy import create_engine, make_url

    from mcp_servers.task_manager.migrate import migrate

    migrate(path)
    engine = create_engine(
        make_url("sqlite://").set(database=str(path)),
        pool_size=READERS + 2,
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
