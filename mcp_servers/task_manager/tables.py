"""The tables. Moments are microseconds since 1970 in UTC.

What is listed is listed in the order of (`status`, `place`, `id`): `place` holds due time and priority of an open task
and the time of completion of a done one (see `places`), so that one index and one kind of cursor serve every list.
`terms` has the same order for every word, tag and priority (see `terms.py`).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)

if TYPE_CHECKING:
    from sqlalchemy import Dialect

_START = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


def ticks(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - _START) // _TICK


class Moment(TypeDecorator[datetime]):
    """An aware datetime; comes back in UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Aware to number."""
        return None if value is None else ticks(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Number to aware."""
        return None if value is None else _START + value * _TICK


EXACT = String(80).with_variant(String(80, collation="C"), "postgresql")
"""Text that is compared letter by letter, whatever the language of the database."""

metadata = MetaData()

owners = Table(
    "owners",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subject", String(255), nullable=False, unique=True),
    Column("version", BigInteger, nullable=False),
    Column("open_count", Integer, nullable=False),
    Column("done_count", Integer, nullable=False),
)
"""`version` grows with every transaction that writes for them; the row is locked by it until the end."""

tasks = Table(
    "tasks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner_id", Integer, ForeignKey("owners.id"), nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("place", BigInteger, nullable=False),
    Column("title", Text, nullable=False),
    Column("notes", Text),
    Column("priority", SmallInteger, nullable=False),
    Column("tags", Text, nullable=False),
    Column("due_day", Date),
    Column("due_at", Moment),
    Column("repeat", Text),
    Column("remind", Text),
    Column("remind_at", Moment),
    Column("reminded_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("completed_at", Moment),
    Index("tasks_by_place", "owner_id", "status", "place", "id", "due_day", "due_at"),
    Index(
        "tasks_done_by_due",
        "owner_id",
        "due_at",
        "due_day",
        "place",
        "id",
        "status",
        sqlite_where=text("status = 1 AND due_at IS NOT NULL"),
        postgresql_where=text("status = 1 AND due_at IS NOT NULL"),
    ),
    Index(
        "tasks_to_remind",
        "owner_id",
        "remind_at",
        sqlite_where=text("status = 0 AND remind_at IS NOT NULL AND reminded_at IS NULL"),
        postgresql_where=text("status = 0 AND remind_at IS NOT NULL AND reminded_at IS NULL"),
    ),
    Index(
        "tasks_reminded",
        "owner_id",
        "reminded_at",
        sqlite_where=text("status = 0 AND reminded_at IS NOT NULL"),
        postgresql_where=text("status = 0 AND reminded_at IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
)
"""`status`: 0 open, 1 done. `priority`: 0 high, 1 normal, 2 low. `tags`: a JSON array. `repeat`: an RRULE.

`due_day` is set for whole days only; `due_at` is then the moment that the day ends where the person is.
`remind`: how long before it is due (see `reminding`), where `remind_at` follows from that.
"""

terms = Table(
    "terms",
    metadata,
    Column("owner_id", Integer, primary_key=True),
    Column("term", EXACT, primary_key=True),
    Column("status", SmallInteger, primary_key=True),
    Column("place", BigInteger, primary_key=True),
    Column("task_id", Integer, primary_key=True),
    Column("signature", BigInteger, primary_key=True),
    sqlite_with_rowid=False,
)
"""What a task can be found by, in the order of the lists.

`signature`: all its terms (see `terms.signature_of`). It is in the key so that the index alone says which tasks of one
term can have another.
"""

words = Table(
    "words",
    metadata,
    Column("owner_id", Integer, primary_key=True),
    Column("length", SmallInteger, primary_key=True),
    Column("word", EXACT, primary_key=True),
    sqlite_with_rowid=False,
)
"""The words in titles that may be misheard or misspelt."""

changes = Table(
    "changes",
    metadata,
    Column("owner_id", Integer, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("at", Moment, nullable=False),
    Column("title", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("ids", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""What was done, numbered by `owners.version`. `state`: 0 can be undone, 1 was undone, 2 cannot be.

`ids`: a JSON array of the tasks concerned; empty for more than could be named.
"""

images = Table(
    "images",
    metadata,
    Column("owner_id", Integer, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("rows", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""What the tasks of a change were before it: JSON arrays of [id, row, or null for one that was not there]."""

answers = Table(
    "answers",
    metadata,
    Column("owner_id", Integer, primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("tool", String(64), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("answer", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Index("answers_by_time", "at"),
    sqlite_with_rowid=False,
)
"""What was answered to a call with an idempotency key."""
