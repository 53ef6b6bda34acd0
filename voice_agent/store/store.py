"""Conversations as they go on, line by line: what is here after a crash is all that had happened."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import JSON, DateTime, ForeignKey, String, event, func, make_url, select, update
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from pydantic import SecretStr

Line: TypeAlias = dict[str, Any]
"""A line of docs/talk.md."""

_UNRECORDED = {"state", "progress"}
"""Events of the moment."""
_TRIES = 3
_FLUSH = 5.0
"""Seconds that the end waits for lines that are still to be written."""
_AHEAD = 0.5
"""Seconds that a call waits for the line that tells of it."""

logger = logging.getLogger(__name__)


class Base(DeclarativeBase):
    """The tables of this store."""


class ConversationRow(Base):
    """One conversation."""

    __tablename__ = "conversations"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    room: Mapped[str] = mapped_column(String(255), index=True)
    identity: Mapped[str] = mapped_column(String(255), index=True)
    profile: Mapped[str] = mapped_column(String(64))
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """None: it goes on, or its process died."""
    reason: Mapped[str | None] = mapped_column(String(32))
    """Of docs/talk.md's `end`."""


class LineRow(Base):
    """One line of a conversation's journal."""

    __tablename__ = "conversation_lines"

    conversation: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    event: Mapped[str] = mapped_column(String(32))
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The whole line of docs/talk.md."""


@dataclass(frozen=True, slots=True)
class Past:
    """A conversation that has no end: its process died, or goes on."""

    id: str
    identity: str
    started_at: datetime
    lines: tuple[tuple[datetime, Line], ...]
    """In order, each with the moment it was noted at."""

    def began(self) -> float:
        """Return when it began, as `time.monotonic()` counts here and now."""
        return time.monotonic() - (_now() - self.started_at).total_seconds()


class Store:
    """A database of conversations."""

    def __init__(self, url: SecretStr | None, home: Path) -> None:
        """`url`: as SQLAlchemy writes it; None: `conversations.db` in `home`."""
        self._home = home if url is None else None
        given = f"sqlite+aiosqlite:///{home / 'conversations.db'}" if url is None else url.get_secret_value()
        connecting = {"async_creator_fn": _open} if make_url(given).drivername == "sqlite+aiosqlite" else {}
        self._engine: AsyncEngine = create_async_engine(given, json_serializer=_to_json, connect_args=connecting)
        self._setting_up = asyncio.Lock()
        self._is_set_up = False
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine.sync_engine, "connect", _set_up_sqlite)

    def begin(self, *, room: str, identity: str, profile: str, on_trouble: Callable[[], None]) -> Record:
        """Begin the record of a conversation; returns at once.

        A database that cannot be used is told once to `on_trouble`, and keeps no conversation from going on.
        """
        record = Record(self._engine, uuid.uuid4().hex, on_trouble)
        row = ConversationRow(
            id=record.id, room=room, identity=identity, profile=profile, started_at=_now(), ended_at=None, reason=None
        )
        record.start(self._set_up, row)
        return record

    async def unfinished(self, room: str) -> Past | None:
        """Return the conversation of `room` that was begun last, if it has no end.

        Raises:
            SQLAlchemyError: The database cannot be read.
            OSError: Its folder cannot be made.
        """
        await self._set_up()
        newest = select(ConversationRow).where(ConversationRow.room == room)
        async with AsyncSession(self._engine) as session:
            row = await session.scalar(newest.order_by(ConversationRow.started_at.desc()).limit(1))
            if row is None or row.ended_at is not None:
                return None
            wanted = select(LineRow.at, LineRow.fields).where(LineRow.conversation == row.id).order_by(LineRow.number)
            lines = tuple((_utc(at), dict(fields)) for at, fields in await session.execute(wanted))
            return Past(row.id, row.identity, _utc(row.started_at), lines)

    def go_on(self, past: Past, *, on_trouble: Callable[[], None]) -> Record:
        """Go on with the record of a conversation whose process died; otherwise as `begin`."""
        record = Record(self._engine, past.id, on_trouble, count=len(past.lines))
        record.start(self._set_up, None)
        return record

    async def lines(self, room: str) -> list[Line]:
        """Return the lines of the conversation in `room` that was begun last; empty where there is none.

        Raises:
            SQLAlchemyError: The database cannot be read.
        """
        await self._set_up()
        newest = select(ConversationRow.id).where(ConversationRow.room == room)
        newest = newest.order_by(ConversationRow.started_at.desc()).limit(1)
        wanted = select(LineRow.fields).where(LineRow.conversation == newest.scalar_subquery())
        async with self._engine.connect() as connection:
            return [dict(row[0]) for row in await connection.execute(wanted.order_by(LineRow.number))]

    async def ended(self, room: str) -> str | None:
        """Return why the newest conversation in `room` ended; None where it goes on, or its process died.

        Raises:
            SQLAlchemyError: The database cannot be read.
        """
        newest = select(ConversationRow.reason).where(ConversationRow.room == room)
        async with self._engine.connect() as connection:
            return await connection.scalar(newest.order_by(ConversationRow.started_at.desc()).limit(1))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._engine.dispose()

    async def _set_up(self) -> None:
        if self._home is not None:
            await asyncio.to_thread(self._home.mkdir, mode=0o700, parents=True, exist_ok=True)
        async with self._setting_up:
            if not self._is_set_up:
                await self._create_tables()
                self._is_set_up = True

    async def _create_tables(self) -> None:
        """Create what is not there; another process that does the same at this moment makes one of the two fail."""
        for tries_left in reversed(range(_TRIES)):
            try:
                async with self._engine.begin() as connection:
                    await connection.run_sync(Base.metadata.create_all)
            except (OperationalError, ProgrammingError):
                if tries_left == 0:
                    raise
            else:
                return


class Record:
    """The record of one conversation; writes in the background, in order, many lines at once where they come fast."""

    def __init__(self, engine: AsyncEngine, name: str, on_trouble: Callable[[], None], count: int = 0) -> None:
        """Take what `Store` made; `count`: lines that are written already."""
        self.id = name
        self._engine = engine
        self._on_trouble = on_trouble
        self._rows: asyncio.Queue[Base] = asyncio.Queue()
        self._count = count
        self._reason: str | None = None
        self._writing: asyncio.Task[None] | None = None

    def start(self, set_up: Callable[[], Awaitable[None]], row: ConversationRow | None) -> None:
        """Begin to write, with `row` where it is new; `set_up` is awaited first."""
        if row is not None:
            self._rows.put_nowait(row)
        self._writing = asyncio.create_task(self._write(set_up), name="record")

    def note(self, line: Line) -> None:
        """Take a line; it is written soon."""
        if line["event"] in _UNRECORDED:
            return
        if line["event"] == "end":
            self._reason = line["reason"]
        self._rows.put_nowait(LineRow(conversation=self.id, at=_now(), event=line["event"], fields=line))

    async def written(self) -> None:
        """Wait until all that was noted is in the database; bounded, and never raises."""
        if self._writing is not None:
            waiting = asyncio.ensure_future(self._rows.join())
            await asyncio.wait({waiting, self._writing}, timeout=_AHEAD, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()

    async def leave_open(self) -> None:
        """Write what is left, and stop: the conversation is not over."""
        await self.written()
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait({self._writing})
            self._writing = None

    async def aclose(self) -> None:
        """Write what is left, and that the conversation is over; bounded, and never raises."""
        if self._writing is None:
            return
        with contextlib.suppress(TimeoutError, SQLAlchemyError, OSError):
            async with asyncio.timeout(_FLUSH):
                waiting = asyncio.ensure_future(self._rows.join())
                await asyncio.wait({waiting, self._writing}, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                if not self._writing.done():
                    over = update(ConversationRow).where(ConversationRow.id == self.id)
                    async with self._engine.begin() as connection:
                        await connection.execute(over.values(ended_at=_now(), reason=self._reason))
        self._writing.cancel()
        await asyncio.wait({self._writing})

    async def _write(self, set_up: Callable[[], Awaitable[None]]) -> None:
        try:
            await set_up()
            while True:
                rows = [await self._rows.get()]
                while not self._rows.empty():
                    rows.append(self._rows.get_nowait())
                await self._insert(rows)
                for _ in rows:
                    self._rows.task_done()
        except (SQLAlchemyError, OSError) as error:
            logger.warning("the conversation cannot be recorded: %s", type(error).__name__)
            self._on_trouble()

    async def _insert(self, rows: Sequence[Base]) -> None:
        for tries_left in reversed(range(_TRIES)):
            lines = [row for row in rows if isinstance(row, LineRow)]
            for number, line in enumerate(lines, self._count + 1):
                line.number = number
            try:
                async with AsyncSession(self._engine) as session, session.begin():
                    session.add_all(rows)
            except IntegrityError:
                # For a moment two assistants had this conversation, and the other one took these numbers.
                if tries_left == 0:
                    raise
                newest = select(func.max(LineRow.number)).where(LineRow.conversation == self.id)
                async with self._engine.connect() as connection:
                    self._count = await connection.scalar(newest) or 0
            else:
                self._count += len(lines)
                return


def _to_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _now() -> datetime:
    return datetime.now(UTC)


def _utc(moment: datetime) -> datetime:
    """Return a moment as the database gave it; SQLite keeps no zone."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


async def _open(*args: Any, **options: Any) -> Any:
    """Open a SQLite file; where that fails, its thread has ended too.

    aiosqlite does not wait for that, and the thread would report its end to an event loop that may be closed by then.
    """
    import aiosqlite

    connection = aiosqlite.connect(*args, **options)
    thread = connection._thread  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - there is no other way to wait
    thread.daemon = True
    try:
        return await connection
    except BaseException:
        await asyncio.to_thread(thread.join)
        raise


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=5000")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()
