"""The tables. Moments are stored in UTC.

A task's due time is two columns. `due_at` is never empty and is what is sorted by: the moment itself; for a whole day
the moment it ends where the person is; for no due time the end of time. `due_day` is set for whole days only.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import (
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
)

if TYPE_CHECKING:
    from sqlalchemy import Dialect

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""`due_at` of a task that is not due."""


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept as UTC also where the database knows no zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Aware to UTC."""
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """UTC to aware."""
        return value.replace(tzinfo=UTC) if value else None


metadata = MetaData()

tasks = Table(
    "tasks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner", String(255), nullable=False),
    Column("title", Text, nullable=False),
    Column("status", String(8), nullable=False),
    Column("due_day", Date),
    Column("due_at", Moment, nullable=False),
    Column("notes", Text),
    Column("priority", SmallInteger, nullable=False),
    Column("repeat", Text),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("completed_at", Moment),
    Index("tasks_by_due", "owner", "status", "due_at", "priority", "id"),
    Index("tasks_by_completion", "owner", "status", "completed_at", "id"),
    sqlite_autoincrement=True,
)
"""`priority` is a rank: 0 high, 1 normal, 2 low, so that sorting upwards puts what matters first."""

tags = Table(
    "task_tags",
    metadata,
    Column("task_id", Integer, ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True),
    Column("tag", String(64), primary_key=True),
    Column("position", SmallInteger, nullable=False),
    Index("task_tags_by_tag", "tag", "task_id"),
)
