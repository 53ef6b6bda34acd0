"""Whose tasks a transaction is about: finding, locking and counting for one owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select, update

from mcp_servers.task_manager.store import Owner
from mcp_servers.task_manager.tables import owners

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping

_FIND = select(owners).where(owners.c.subject == bindparam("who"))
_LOCK = (
    update(owners).where(owners.c.subject == bindparam("who")).values(version=owners.c.version + 1).returning(owners)
)
_SAVE = update(owners).where(owners.c.id == bindparam("which"))
NOBODY = -1
"""The id of an owner who never wrote anything: no row has it."""


def find_owner(connection: Connection, subject: str) -> Owner:
    """For reading; one who never wrote has no tasks."""
    row = connection.execute(_FIND, {"who": subject}).mappings().first()
    return _owner(row) if row else Owner(NOBODY)


def lock_owner(connection: Connection, subject: str) -> Owner:
    """For writing: everybody else who writes for them waits until this transaction ends."""
    row = connection.execute(_LOCK, {"who": subject}).mappings().first()
    if row is None:
        from sqlalchemy.dialects import postgresql, sqlite

        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        first = dialect.insert(owners).values(subject=subject, version=0, open_count=0, done_count=0)
        connection.execute(first.on_conflict_do_nothing())
        row = connection.execute(_LOCK, {"who": subject}).mappings().one()
    return _owner(row)


def save_owner(connection: Connection, owner: Owner) -> None:
    """Write what the transaction changed about them."""
    counts = {"open_count": owner.counts["open"], "done_count": owner.counts["done"], "version": owner.version}
    if counts != owner.saved:
        connection.execute(_SAVE, {"which": owner.id, **counts})


def _owner(row: RowMapping) -> Owner:
    saved = {name: row[name] for name in ("open_count", "done_count", "version")}
    return Owner(row["id"], row["version"], {"open": row["open_count"], "done": row["done_count"]}, saved)
