"""Signatures in the index of terms, so that tasks with several common terms are found without looking each one up."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_BATCH = 1_000
_EXACT = sa.String(80).with_variant(sa.String(80, collation="C"), "postgresql")
_KEY = ("owner_id", "term", "status", "place", "task_id")


def upgrade() -> None:
    """Write the index anew, in its own order."""
    op.create_table(
        "new_terms",
        sa.Column("owner_id", sa.Integer, primary_key=True),
        sa.Column("term", _EXACT, primary_key=True),
        sa.Column("status", sa.SmallInteger, primary_key=True),
        sa.Column("place", sa.BigInteger, primary_key=True),
        sa.Column("task_id", sa.Integer, primary_key=True),
        sa.Column("signature", sa.BigInteger, primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "signatures",
        sa.Column("task_id", sa.Integer, primary_key=True),
        sa.Column("signature", sa.BigInteger, nullable=False),
    )
    connection = op.get_bind()
    _sign(connection)
    meta = sa.MetaData()
    old, new, signatures = (
        sa.Table(name, meta, autoload_with=connection) for name in ("terms", "new_terms", "signatures")
    )
    kept = sa.select(*(old.c[name] for name in _KEY), signatures.c.signature)
    kept = kept.join_from(old, signatures, old.c.task_id == signatures.c.task_id)
    ordered = kept.order_by(*(old.c[name] for name in _KEY))
    connection.execute(sa.insert(new).from_select([*_KEY, "signature"], ordered))
    op.drop_table("signatures")
    op.drop_table("terms")
    op.rename_table("new_terms", "terms")


def _sign(connection: sa.Connection) -> None:
    from mcp_servers.task_manager.places import PRIORITIES
    from mcp_servers.task_manager.terms import signature_of, terms_of

    meta = sa.MetaData()
    tasks, signatures = (sa.Table(name, meta, autoload_with=connection) for name in ("tasks", "signatures"))
    columns = (tasks.c.id, tasks.c.title, tasks.c.tags, tasks.c.priority)
    query = sa.select(*columns).order_by(tasks.c.id).limit(_BATCH)
    last = -1
    while rows := connection.execute(query.where(tasks.c.id > last)).all():
        signed = [
            {
                "task_id": number,
                "signature": signature_of(terms_of(title, json.loads(tags), PRIORITIES[priority])),
            }
            for number, title, tags, priority in rows
        ]
        connection.execute(sa.insert(signatures), signed)
        last = rows[-1].id
