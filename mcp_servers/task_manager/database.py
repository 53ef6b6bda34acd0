"""Where the tasks are: one SQLite file, or a PostgreSQL database. Opened and migrated at the first need.

The store is plain code over a connection (`work`), which runs as one transaction. Each kind of database runs it the
way that suits it: SQLite with threads that wait for the disk, several writes in one commit; PostgreSQL over asyncio.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from mcp_servers.task_manager.feed import Feed

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

T = TypeVar("T")


class Database(ABC):
    """Constructing it touches nothing. What fails is a `StoreUnavailable`; the next call tries again."""

    def __init__(self) -> None:
        self.feed = Feed(self)

    def check(self) -> None:
        """Raise `StoreUnavailable` where something that it needs is not installed; nothing is opened."""
        return

    @abstractmethod
    async def open(self) -> object:
        """Create or migrate it where that is due."""

    @abstractmethod
    async def read(self, work: Callable[[Connection], T], *, long: bool = False) -> T:
        """Run `work` on one state of the data. `long`: it takes more than a few milliseconds."""

    @abstractmethod
    async def write(self, work: Callable[[Connection], T], *, long: bool = False) -> T:
        """Run `work` in a transaction of its own; when this returns, it is kept, also after a crash."""

    @abstractmethod
    async def stamp(self) -> object:
        """Something that is different after another process has written; None where there is no such thing."""

    @abstractmethod
    async def close(self) -> None:
        """Close every connection."""


def database_at(address: Path | str) -> Database:
    """The database of that address: the path of a file, or a `postgresql://` URL. Nothing is opened yet."""
    if isinstance(address, str) and address.startswith(("postgresql:", "postgres:", "postgresql+")):
        from mcp_servers.task_manager.postgres import PostgresDatabase

        return PostgresDatabase(address)
    from mcp_servers.task_manager.sqlite_file import SqliteDatabase

    return SqliteDatabase(Path(address))
