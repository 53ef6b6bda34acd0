"""Reminders that are due, and those that were given out.

Each is given out once by all processes together, also after a restart: whoever gives it out marks it afterwards, so
that a process that dies in between gives it out again rather than never.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import and_, func, select, update

from mcp_servers.task_manager.journal import Journal
from mcp_servers.task_manager.owning import find_owner, lock_owner, save_owner
from mcp_servers.task_manager.store import TaskTable
from mcp_servers.task_manager.tables import tasks

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Select

    from mcp_servers.task_manager.models import Person, Task

Reminded: TypeAlias = "tuple[int, datetime]"
"""A task and the moment that it was to be reminded of."""


def due(table: TaskTable, now: datetime, limit: int) -> list[Reminded]:
    """Which are due and not marked; earliest first."""
    return [(row[0], row[1]) for row in table.connection.execute(_due(table.owner.id, now, limit)).all()]


def claim(
    connection: Connection, person: Person, now: datetime, limit: int, only: Collection[int] | None = None
) -> list[Task]:
    """Mark as given out, and return, those that are due, or only these of them; earliest first."""
    if connection.execute(_due(find_owner(connection, person.owner).id, now, 1)).first() is None:
        return []
    owner = lock_owner(connection, person.owner)
    waiting: list[int] = list(connection.execute(_due(owner.id, now, limit)).scalars())
    ids = [one for one in waiting if only is None or one in only]
    if not ids:
        return []
    connection.execute(
        update(tasks).where(tasks.c.id.in_(ids), tasks.c.owner_id + 0 == owner.id).values(reminded_at=now)
    )
    found = TaskTable(connection, person, owner, now).many(ids)
    Journal(connection, owner, now).note("remind", ids, found[0].title)
    save_owner(connection, owner)
    return found


def come(table: TaskTable, now: datetime, limit: int) -> list[Task]:
    """The open tasks whose reminder has come, latest first."""
    waiting = _due(table.owner.id, now, limit, latest=True)
    fresh = list(table.connection.execute(waiting).scalars())
    return table.many([*fresh, *(one for one, _ in given_out(table, limit))][:limit])


def given_out(table: TaskTable, limit: int, since: datetime | None = None) -> list[Reminded]:
    """Which open tasks were claimed, latest first."""
    mine = and_(tasks.c.owner_id == table.owner.id, tasks.c.status == 0, tasks.c.reminded_at.is_not(None))
    query = select(tasks.c.id, tasks.c.remind_at).where(mine)
    query = query.where(tasks.c.reminded_at >= since) if since else query
    found = table.connection.execute(query.order_by(tasks.c.reminded_at.desc(), tasks.c.id).limit(limit))
    return [(row[0], row[1]) for row in found.all()]


def upcoming(table: TaskTable) -> datetime | None:
    """When the next one is due."""
    query = select(func.min(tasks.c.remind_at)).where(_waiting(table.owner.id))
    return table.connection.execute(query).scalar_one()


def _due(owner: int, now: datetime, limit: int, *, latest: bool = False) -> Select[Any, Any]:
    query = select(tasks.c.id, tasks.c.remind_at).where(_waiting(owner), tasks.c.remind_at <= now)
    return query.order_by(tasks.c.remind_at.desc() if latest else tasks.c.remind_at, tasks.c.id).limit(limit)


def _waiting(owner: int) -> ColumnElement[bool]:
    return and_(
        tasks.c.owner_id == owner,
        tasks.c.status == 0,
        tasks.c.remind_at.is_not(None),
        tasks.c.reminded_at.is_(None),
    )
