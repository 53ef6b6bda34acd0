"""The tasks of one person, over one connection: SQL in, `Task` out. Knows nothing of words or tools."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from sqlalchemy import and_, delete, func, insert, or_, select, tuple_, update

from mcp_servers.task_manager.models import Due, Person, Priority, Status, Task
from mcp_servers.task_manager.tables import NEVER, tags, tasks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement, RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

RANKS: dict[Priority, int] = {"high": 0, "normal": 1, "low": 2}
PRIORITIES: dict[int, Priority] = {rank: priority for priority, rank in RANKS.items()}

When: TypeAlias = Literal["any", "overdue", "ahead", "never"]
"""Overdue: its day or moment has passed. Ahead: it has one that has not. Never: it has none."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which tasks; every part narrows."""

    status: Status | None = None
    when: When = "any"
    start: datetime | None = None
    """Due at or after this (aware, where the person is); a whole day counts where it overlaps start and end."""
    end: datetime | None = None
    """Due before this (aware, where the person is)."""
    tag: str | None = None
    ids: frozenset[int] | None = None


class TaskTable:
    """The rows of `person`, within the transaction of `connection`."""

    def __init__(self, connection: AsyncConnection, person: Person, now: datetime) -> None:
        self._connection = connection
        self._person = person
        self._now = now

    async def insert(
        self, title: str, due: Due | None, notes: str | None, priority: Priority, labels: Sequence[str]
    ) -> Task:
        """Add an open task."""
        values: dict[str, Any] = {
            "owner": self._person.owner,
            "title": title,
            "status": "open",
            "notes": notes,
            "priority": RANKS[priority],
            "created_at": self._now,
            "changed_at": self._now,
            **self._due_columns(due),
        }
        result = await self._connection.execute(insert(tasks).values(values))
        key = result.inserted_primary_key
        assert key is not None
        number = int(key[0])
        await self._set_tags(number, labels)
        created = self._now.astimezone(self._person.zone)
        return Task(number, title, "open", due, notes, priority, tuple(labels), None, created, None)

    async def get(self, number: int) -> Task | None:
        """The task of that id, if it is this person's."""
        found = await self.select(Filter(ids=frozenset({number})), limit=1)
        return found[0] if found else None

    async def required(self, number: int) -> Task:
        """The task of that id, which is known to be there."""
        task = await self.get(number)
        assert task is not None
        return task

    async def titles(self, wanted: Filter | None = None) -> list[tuple[int, str, Status, datetime]]:
        """Id, title, status and time of the last change, newest task first: what words are matched against."""
        columns = (tasks.c.id, tasks.c.title, tasks.c.status, tasks.c.changed_at)
        rows = await self._connection.execute(
            select(*columns).where(self._where(wanted or Filter())).order_by(tasks.c.id.desc())
        )
        return [(row[0], row[1], row[2], row[3]) for row in rows]

    async def select(self, wanted: Filter, limit: int, after: Sequence[Any] | None = None) -> list[Task]:
        """Open tasks by due time, then priority; done ones (`status="done"`) latest first.

        `after`: the `position` of the task that the page before ended with.
        """
        if wanted.status == "done":
            key = (tasks.c.completed_at, tasks.c.id)
            order = [column.desc() for column in key]
        else:
            key = (tasks.c.due_at, tasks.c.priority, tasks.c.id)
            order = [column.asc() for column in key]
        query = select(tasks).where(self._where(wanted)).order_by(*order).limit(limit)
        if after is not None:
            here = tuple_(*after, types=[column.type for column in key])
            query = query.where(tuple_(*key) < here if wanted.status == "done" else tuple_(*key) > here)
        rows = (await self._connection.execute(query)).mappings().all()
        labels = await self._tags_of([row["id"] for row in rows])
        return [self._task(row, labels.get(row["id"], ())) for row in rows]

    async def count(self, wanted: Filter) -> int:
        """How many match."""
        query = select(func.count()).select_from(tasks).where(self._where(wanted))
        return int((await self._connection.execute(query)).scalar_one())

    async def set_status(self, number: int, status: Status) -> None:
        """Complete or reopen."""
        completed = self._now if status == "done" else None
        await self._change(number, {"status": status, "completed_at": completed})

    async def change(
        self, number: int, columns: dict[str, Any], due: tuple[Due | None] | None, labels: Sequence[str] | None
    ) -> None:
        """Set columns (`title`, `notes`, `priority` as a word); `due` in a tuple where it is to change."""
        values = dict(columns)
        if "priority" in values:
            values["priority"] = RANKS[values["priority"]]
        if due is not None:
            values |= self._due_columns(due[0])
        await self._change(number, values)
        if labels is not None:
            await self._connection.execute(delete(tags).where(tags.c.task_id == number))
            await self._set_tags(number, labels)

    async def delete(self, wanted: Filter) -> int:
        """Delete what matches; how many they were."""
        return (await self._connection.execute(delete(tasks).where(self._where(wanted)))).rowcount

    def position(self, task: Task) -> tuple[Any, ...]:
        """Where the task stands in the order of `select`."""
        if task.completed is not None:
            return (task.completed, task.id)
        return (self._due_columns(task.due)["due_at"], RANKS[task.priority], task.id)

    async def _change(self, number: int, values: dict[str, Any]) -> None:
        mine = and_(tasks.c.owner == self._person.owner, tasks.c.id == number)
        await self._connection.execute(update(tasks).where(mine).values(changed_at=self._now, **values))

    async def _set_tags(self, number: int, labels: Sequence[str]) -> None:
        if labels:
            rows = [{"task_id": number, "tag": tag, "position": index} for index, tag in enumerate(labels)]
            await self._connection.execute(insert(tags), rows)

    async def _tags_of(self, numbers: Iterable[int]) -> dict[int, tuple[str, ...]]:
        query = select(tags).where(tags.c.task_id.in_(list(numbers))).order_by(tags.c.task_id, tags.c.position)
        found: dict[int, tuple[str, ...]] = {}
        for number, tag, _ in await self._connection.execute(query):
            found[number] = (*found.get(number, ()), tag)
        return found

    def _where(self, wanted: Filter) -> ColumnElement[bool]:
        parts: list[ColumnElement[bool]] = [tasks.c.owner == self._person.owner]
        if wanted.status is not None:
            parts.append(tasks.c.status == wanted.status)
        if wanted.ids is not None:
            parts.append(tasks.c.id.in_(wanted.ids))
        if wanted.tag is not None:
            parts.append(tasks.c.id.in_(select(tags.c.task_id).where(tags.c.tag == wanted.tag)))
        today = self._now.astimezone(self._person.zone).date()
        day, moment = tasks.c.due_day, tasks.c.due_at
        if wanted.when == "overdue":
            parts.append(or_(day < today, and_(day.is_(None), moment < self._now)))
        elif wanted.when == "never":
            parts.append(moment == NEVER)
        elif wanted.when == "ahead":
            parts += [moment < NEVER, or_(day >= today, and_(day.is_(None), moment >= self._now))]
        if wanted.start is not None:
            parts.append(or_(day >= wanted.start.date(), and_(day.is_(None), moment >= wanted.start)))
        if wanted.end is not None:
            after = wanted.end.date() + timedelta(days=wanted.end.time() > time.min)
            parts += [moment < NEVER, or_(day < after, and_(day.is_(None), moment < wanted.end))]
        return and_(*parts)

    def _due_columns(self, due: Due | None) -> dict[str, Any]:
        if due is None:
            return {"due_day": None, "due_at": NEVER}
        if isinstance(due, datetime):
            return {"due_day": None, "due_at": due}
        return {"due_day": due, "due_at": datetime.combine(due, time(23, 59, 59), self._person.zone)}

    def _task(self, row: RowMapping, labels: tuple[str, ...]) -> Task:
        zone = self._person.zone
        due: Due | None = row["due_day"]
        if due is None and row["due_at"] != NEVER:
            due = row["due_at"].astimezone(zone)
        completed: datetime | None = row["completed_at"]
        return Task(
            id=row["id"],
            title=row["title"],
            status=row["status"],
            due=due,
            notes=row["notes"],
            priority=PRIORITIES[row["priority"]],
            tags=labels,
            repeat=row["repeat"],
            created=row["created_at"].astimezone(zone),
            completed=completed.astimezone(zone) if completed else None,
        )


def overdue(due: Due | None, now: datetime) -> bool:
    """Whether its day, or its moment, has passed."""
    if isinstance(due, datetime):
        return due < now
    return isinstance(due, date) and due < now.date()
