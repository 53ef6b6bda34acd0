"""A PostgreSQL database, named by a URL. Needs the extra `postgres` (psycopg).

A write holds the row of its owner until it is committed, so that the writes of one person come one after the other and
those of different people do not wait for each other.
"""

from __future__ import annotations

import asyncio
import importlib.util
import re
from typing import TYPE_CHECKING, Any, TypeVar

from mcp_servers.task_manager.database import Database
from mcp_servers.task_manager.errors import BadRequest, StoreUnavailable
from mcp_servers.task_manager.trouble import told_of_server

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import URL, Connection
    from sqlalchemy.ext.asyncio import AsyncEngine

T = TypeVar("T")

CONNECTIONS = 8
"""How many are used at once by one process."""
CONNECT_SECONDS = 5
BUSY_SECONDS = 10
"""How long a write waits for another of the same person, and a statement for its answer at most."""
_NO_DRIVER = "PostgreSQL needs a driver that is not installed. Install it with: pip install 'voice-agent[postgres]'."


class PostgresDatabase(Database):
    """One PostgreSQL database."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address
        self._place = _place_of(address)
        self._engine: AsyncEngine | None = None
        self._opening = asyncio.Lock()

    def check(self) -> None:
        """Raises `StoreUnavailable` without the driver."""
        if importlib.util.find_spec("psycopg") is None:
            raise StoreUnavailable(_NO_DRIVER)

    async def open(self) -> AsyncEngine:
        """The engine, after creating or migrating the tables where that is due. Raises `StoreUnavailable`."""
        async with self._opening:
            if self._engine is None:
                with told_of_server(self._place):
                    self._engine = await asyncio.to_thread(_prepare, self._address, self._place)
            return self._engine

    async def read(self, work: Callable[[Connection], T], *, long: bool = False) -> T:  # noqa: ARG002 - no thread here
        """Run `work` on one state of the database. Raises `StoreUnavailable`."""
        engine = await self.open()
        with told_of_server(self._place):
            async with engine.connect() as connection:
                await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                return await connection.run_sync(work)

    async def write(self, work: Callable[[Connection], T], *, long: bool = False) -> T:  # noqa: ARG002 - as above
        """Run `work` in a transaction of its own. Raises `StoreUnavailable`."""
        engine = await self.open()
        with told_of_server(self._place):
            async with engine.begin() as connection:
                return await connection.run_sync(work)

    async def stamp(self) -> object:
        """There is none: looking at the owners is as cheap."""
        await self.open()
        return None

    async def close(self) -> None:
        """Close every connection."""
        self.feed.stop()
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.dispose()


def _prepare(address: str, place: str) -> AsyncEngine:
    """Import what is heavy, migrate, and make the engine; runs in a thread."""
    from mcp_servers.task_manager.loading import importing, load

    load()
    with importing:
        from sqlalchemy.ext.asyncio import create_async_engine

    from mcp_servers.task_manager.migrate import migrate_server

    url = _url(address)
    arguments: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        "application_name": "task-manager-mcp",
        "options": f"-c timezone=UTC -c statement_timeout={BUSY_SECONDS}s -c lock_timeout={BUSY_SECONDS}s",
    } | dict(url.query)
    try:
        migrate_server(url.set(query={}), arguments, place)
        return create_async_engine(
            url.set(query={}),
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_timeout=BUSY_SECONDS,
            pool_pre_ping=True,
            connect_args=arguments,
        )
    except ImportError as error:
        raise StoreUnavailable(_NO_DRIVER) from error


def _url(address: str) -> URL:
    """Raises `BadRequest` for an address that is none."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(re.sub(r"^postgres(?:ql)?(?:\+\w+)?:", "postgresql+psycopg:", address))
    except (ArgumentError, ValueError):
        raise BadRequest(
            "That is no address of a PostgreSQL database. Write it like postgresql://user:password@host:5432/tasks."
        ) from None


def _place_of(address: str) -> str:
    """The address without user, password and options."""
    match = re.match(r"[^:]*://(?:[^@/]*@)?([^/?]*)/?([^?]*)", address)
    return f"{match[2] or 'of that user'} on {match[1] or 'this machine'}" if match else "at that address"
