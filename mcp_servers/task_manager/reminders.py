"""Reminders that are due: each is given out once, whichever process asks, also after a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, func, select, update

from mcp_servers.task_manager.journal import Journal
from mcp_servers.task_manager.owning import find_owner, lock_owner, save_owner
from mcp_servers.task_manager.store import TaskTable
from mcp_servers.task_manager.tables import tasks

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from mcp_servers.task_manager.models import Person, Task


def claim(connection: Connection, person: Person, now: datetime, limit: int) -> list[Task]:
    """Mark as reminded, and return, what is due to be reminded of; earliest first."""
    if not _due(connection, find_owner(connection, person.owner).id, now, 1):
        return []
    owner = lock_owner(connection, person.owner)
    ids = _due(connection, owner.id, now, limit)
    if not ids:
        return []
    connection.execute(
        update(tasks).where(tasks.c.id.in_(ids), tasks.c.owner_id + 0 == owner.id).values(reminded_at=now)
    )
    found = TaskTable(connection, person, owner, now).many(ids)
    Journal(connection, owner, now).note("remind", ids, found[0].title)
    save_owner(connection, owner)
    return found


def given_out(table: TaskTable, limit: int) -> list[Task]:
    """The open tasks that were claimed, latest first."""
    mine = and_(tasks.c.owner_id == table.owner.id, tasks.c.status == 0, tasks.c.reminded_at.is_not(None))
    query = select(tasks.c.id).where(mine).order_by(tasks.c.reminded_at.desc(), tasks.c.id).limit(limit)
    return table.many(list(table.connection.execute(query).scalars()))


def upcoming(table: TaskTable) -> datetime | None:
    """When the next one is due."""
    query = select(func.min(tasks.c.remind_at)).where(_waiting(table.owner.id))
    return table.connection.execute(query).scalar_one()


def _due(connection: Connection, owner: int, now: datetime, limit: int) -> list[int]:
    query = select(tasks.c.id).where(_waiting(owner), tasks.c.remind_at <= now)
    return list(connection.execute(query.order_by(tasks.c.remind_at, tasks.c.id).limit(limit)).scalars())


def _waiting(owner: int) -> ColumnElement[bool]:
    return and_(
        tasks.c.owner_id == owner,
        tasks.c.status == 0,
        tasks.c.remind_at.is_not(None),
        tasks.c.reminded_at.is_(None),
    )
