"""Owners with counters, one order for all lists, an index of words, a journal, and answers to be given again."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_NEVER = datetime(9999, 12, 31)  # noqa: DTZ001 - as layout 0001 kept it: UTC, without saying so
_UNDUE = 1 << 60
_BATCH = 1_000
_EXACT = sa.String(80).with_variant(sa.String(80, collation="C"), "postgresql")


def upgrade() -> None:
    """Create the new tables, and move the tasks over."""
    _create_owners_and_tasks()
    _create_index()
    _create_journal()
    connection = op.get_bind()
    old = sa.Table("tasks", sa.MetaData(), autoload_with=connection)
    if connection.execute(sa.select(old.c.id).limit(1)).first() is not None:
        _move(connection, old)
    if connection.dialect.name == "sqlite":  # an id that was given once is never given again
        last = "(SELECT max(seq) FROM sqlite_sequence WHERE name = 'tasks')"
        op.execute(f"UPDATE sqlite_sequence SET seq = {last} WHERE name = 'new_tasks' AND seq < {last}")  # noqa: S608 - no input
        op.execute(
            f"INSERT INTO sqlite_sequence (name, seq) SELECT 'new_tasks', {last} "  # noqa: S608 - no input
            f"WHERE {last} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'new_tasks')"
        )
    op.drop_table("task_tags")
    op.drop_table("tasks")
    op.rename_table("new_tasks", "tasks")
    _create_task_indexes()


def _create_owners_and_tasks() -> None:
    op.create_table(
        "owners",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("subject", sa.String(255), nullable=False, unique=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("open_count", sa.Integer, nullable=False),
        sa.Column("done_count", sa.Integer, nullable=False),
    )
    op.create_table(
        "new_tasks",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("owner_id", sa.Integer, sa.ForeignKey("owners.id"), nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("place", sa.BigInteger, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("notes", sa.Text),
        sa.Column("priority", sa.SmallInteger, nullable=False),
        sa.Column("tags", sa.Text, nullable=False),
        sa.Column("due_day", sa.Date),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("repeat", sa.Text),
        sa.Column("remind", sa.Text),
        sa.Column("remind_at", sa.BigInteger),
        sa.Column("reminded_at", sa.BigInteger),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("completed_at", sa.BigInteger),
        sqlite_autoincrement=True,
    )


def _create_task_indexes() -> None:
    op.create_index("tasks_by_place", "tasks", ["owner_id", "status", "place", "id", "due_day", "due_at"])
    done = sa.text("status = 1 AND due_at IS NOT NULL")
    columns = ["owner_id", "status", "due_at", "due_day", "place", "id"]
    op.create_index("tasks_done_by_due", "tasks", columns, sqlite_where=done, postgresql_where=done)
    waiting = sa.text("status = 0 AND remind_at IS NOT NULL AND reminded_at IS NULL")
    op.create_index(
        "tasks_to_remind", "tasks", ["owner_id", "remind_at"], sqlite_where=waiting, postgresql_where=waiting
    )
    given = sa.text("status = 0 AND reminded_at IS NOT NULL")
    op.create_index("tasks_reminded", "tasks", ["owner_id", "reminded_at"], sqlite_where=given, postgresql_where=given)


def _create_index() -> None:
    op.create_table(
        "terms",
        sa.Column("owner_id", sa.Integer, primary_key=True),
        sa.Column("term", _EXACT, primary_key=True),
        sa.Column("status", sa.SmallInteger, primary_key=True),
        sa.Column("place", sa.BigInteger, primary_key=True),
        sa.Column("task_id", sa.Integer, primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "words",
        sa.Column("owner_id", sa.Integer, primary_key=True),
        sa.Column("length", sa.SmallInteger, primary_key=True),
        sa.Column("word", _EXACT, primary_key=True),
        sqlite_with_rowid=False,
    )


def _create_journal() -> None:
    op.create_table(
        "changes",
        sa.Column("owner_id", sa.Integer, primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.SmallInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("ids", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "images",
        sa.Column("owner_id", sa.Integer, primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True),
        sa.Column("part", sa.Integer, primary_key=True),
        sa.Column("rows", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "answers",
        sa.Column("owner_id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("tool", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("answers_by_time", "answers", ["at"])


def _move(connection: sa.Connection, old: sa.Table) -> None:
    from mcp_servers.task_manager.matching import stems
    from mcp_servers.task_manager.places import PRIORITIES
    from mcp_servers.task_manager.terms import mistakable_words, terms_of

    meta = sa.MetaData()
    owners, new, terms, words, labels = (
        sa.Table(name, meta, autoload_with=connection)
        for name in ("owners", "new_tasks", "terms", "words", "task_tags")
    )
    ids: dict[str, int] = {}
    counts: dict[str, dict[str, int]] = {}
    known: set[tuple[int, str]] = set()
    last = -1
    query = sa.select(old).order_by(old.c.id).limit(_BATCH)
    while rows := connection.execute(query.where(old.c.id > last)).mappings().all():
        last = rows[-1]["id"]
        tags: dict[int, list[str]] = {}
        between = labels.c.task_id.between(rows[0]["id"], last)
        for number, tag, _ in connection.execute(
            sa.select(labels.c.task_id, labels.c.tag, labels.c.position).where(between).order_by(labels.c.position)
        ):
            tags.setdefault(number, []).append(tag)
        moved: list[dict[str, Any]] = []
        indexed: list[dict[str, Any]] = []
        for row in rows:
            if row["owner"] not in ids:
                ids[row["owner"]] = len(ids) + 1
                first = {"id": ids[row["owner"]], "subject": row["owner"], "version": 0}
                connection.execute(sa.insert(owners).values(**first, open_count=0, done_count=0))
            own = tags.get(row["id"], [])
            values = _row(row, ids[row["owner"]], own)
            moved.append(values)
            count = counts.setdefault(row["owner"], {"open": 0, "done": 0})
            count[row["status"]] += 1
            key = {name: values[name] for name in ("owner_id", "status", "place")} | {"task_id": row["id"]}
            priority = PRIORITIES[row["priority"]]
            indexed += [key | {"term": term} for term in sorted(terms_of(row["title"], own, priority))]
            known |= {(values["owner_id"], word) for word in mistakable_words(stems(row["title"]))}
        connection.execute(sa.insert(new), moved)
        connection.execute(sa.insert(terms), indexed)
    if known:
        rows_of_words = [{"owner_id": owner, "length": len(word), "word": word} for owner, word in sorted(known)]
        connection.execute(sa.insert(words), rows_of_words)
    for subject, count in counts.items():
        named = {"open_count": count["open"], "done_count": count["done"]}
        connection.execute(sa.update(owners).where(owners.c.id == ids[subject]).values(named))


def _row(row: sa.RowMapping, owner: int, tags: list[str]) -> dict[str, Any]:
    due_at = None if row["due_at"] == _NEVER else _ticks(row["due_at"])
    done = row["status"] == "done"
    completed = _ticks(row["completed_at"]) if row["completed_at"] else None
    open_place = (_UNDUE if due_at is None else due_at // 1_000_000 * 4) + int(row["priority"])
    same = {name: row[name] for name in ("id", "title", "notes", "priority", "due_day", "repeat")}
    return same | {
        "owner_id": owner,
        "status": 1 if done else 0,
        "place": -(completed or 0) if done else open_place,
        "tags": json.dumps(tags, ensure_ascii=False),
        "due_at": due_at,
        "created_at": _ticks(row["created_at"]),
        "changed_at": _ticks(row["changed_at"]),
        "completed_at": completed if done else None,
    }


def _ticks(moment: datetime) -> int:
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return (aware - datetime.combine(date(1970, 1, 1), time(), UTC)) // (datetime.resolution)
