"""The tasks of one person, within one transaction: SQL in, `Task` out. Knows nothing of words or tools."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import and_, bindparam, delete, insert, select, update

from mcp_servers.task_manager.indexing import TermIndex
from mcp_servers.task_manager.models import NewTask, Person, Status, Task
from mcp_servers.task_manager.places import PRIORITIES, RANKS, end_of, place_of_done, place_of_open
from mcp_servers.task_manager.selecting import STATUSES, Filter, statement
from mcp_servers.task_manager.tables import tasks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement, Connection, RowMapping

    from mcp_servers.task_manager.models import Due

_WORDS: dict[int, Status] = {number: status for status, number in STATUSES.items()}
_INSERT = insert(tasks).returning(tasks.c.id)
_ONE = (tasks.c.id == bindparam("number"), tasks.c.owner_id + 0 == bindparam("mine"))
"""One task of an owner. The sum keeps SQLite from reading all the owner's tasks for it."""
_GET, _UPDATE = select(tasks).where(*_ONE), update(tasks).where(*_ONE)
_MANY = select(tasks).where(tasks.c.id.in_(bindparam("numbers", expanding=True)), _ONE[1])
_FIRST = (
    select(tasks)
    .where(tasks.c.owner_id == bindparam("mine"), tasks.c.status == bindparam("state"))
    .order_by(tasks.c.place, tasks.c.id)
    .limit(bindparam("most"))
)
"""The first page of all tasks of one status."""


@dataclass(slots=True)
class Owner:
    """What a transaction knows of whose tasks they are."""

    id: int
    version: int = 0
    counts: dict[Status, int] = field(default_factory=lambda: {"open": 0, "done": 0})
    saved: dict[str, int] = field(default_factory=dict[str, int])
    """The columns as they were read."""


class TaskTable:
    """The rows of one owner; moments are given in the zone of `person`."""

    def __init__(self, connection: Connection, person: Person, owner: Owner, now: datetime) -> None:
        self.connection = connection
        self.owner = owner
        self._person = person
        self._now = now
        self.index = TermIndex(connection, owner.id)

    def insert(self, news: Sequence[NewTask]) -> list[Task]:
        """Add tasks as they are."""
        found: list[Task] = []
        for new in news:
            created = (new.created or self._now).astimezone(self._person.zone)
            task = Task(
                *(0, new.title, new.status, new.due, new.notes, new.priority, new.tags, new.repeat),
                *(created, new.completed, new.remind, new.remind_at),
            )
            columns = self._columns(task) | {"created_at": created, "reminded_at": None}
            if new.remind_at is not None and new.remind_at < self._now:
                columns["reminded_at"] = self._now
            row = self.connection.execute(_INSERT, columns).one()
            found.append(self._numbered(task, int(row[0])))
            self.owner.counts[new.status] += 1
        self.index.add((task.id, STATUSES[task.status], self._place(task), task) for task in found)
        return found

    def get(self, number: int) -> Task | None:
        """The task of that id, if it is this person's."""
        found = self.many([number])
        return found[0] if found else None

    def many(self, numbers: Sequence[int]) -> list[Task]:
        """The tasks of those ids that are this person's, in that order."""
        if not numbers:
            return []
        rows = {row["id"]: self._task(row) for row in self._rows_of(numbers)}
        return [rows[number] for number in numbers if number in rows]

    def changed_at(self, task: Task) -> datetime:
        """When anything about it was changed last."""
        return self.connection.execute(select(tasks.c.changed_at).where(tasks.c.id == task.id)).scalar_one()

    def select(self, wanted: Filter, limit: int, after: tuple[int, int] | None = None) -> list[tuple[Task, int]]:
        """Tasks in the order of their places, which come with them; `after`: place and id to go on from."""
        if wanted.is_whole and after is None:
            values = {"mine": self.owner.id, "state": STATUSES[wanted.status], "most": limit}
            return [(self._task(row), row["place"]) for row in self.connection.execute(_FIRST, values).mappings().all()]
        ordered = self._rarest_first(wanted)
        if ordered is None:
            return []
        if wanted.dues and not wanted.terms:  # chosen in an index alone, and read then
            query, values = statement("places", ordered, self.owner.id, limit, after)
            found: dict[int, int] = {row.id: row.place for row in self.connection.execute(query, values).all()}
            return [(task, found[task.id]) for task in self.many(list(found))]
        query, values = statement("rows", ordered, self.owner.id, limit, after)
        return [(self._task(row), row["place"]) for row in self.connection.execute(query, values).mappings().all()]

    def count(self, wanted: Filter, most: int) -> int | None:
        """How many match; None for more than `most`."""
        if wanted.is_whole:
            return self.owner.counts[wanted.status]
        ordered = self._rarest_first(wanted)
        if ordered is None:
            return 0
        query, values = statement("count", ordered, self.owner.id, most + 1)
        found = int(self.connection.execute(query, values).scalar_one())
        return found if found <= most else None

    def replace(self, before: Task, after: Task) -> Task:
        """Write a task that was changed."""
        same_reminder = after.remind_at is None or after.remind_at == before.remind_at
        columns = self._columns(after) | ({} if same_reminder else {"reminded_at": None})
        self.index.remove([before])
        self.connection.execute(_UPDATE, columns | {"number": after.id, "mine": self.owner.id})
        self.index.add([(after.id, STATUSES[after.status], self._place(after), after)])
        self.owner.counts[before.status] -= 1
        self.owner.counts[after.status] += 1
        return after

    def remove(self, gone: Sequence[Task]) -> None:
        """Delete these tasks."""
        self.index.remove(gone)
        numbers = [task.id for task in gone]
        self.connection.execute(delete(tasks).where(self._own(numbers)))
        self.index.forget(gone)
        for task in gone:
            self.owner.counts[task.status] -= 1

    def remove_all(self, status: Status) -> None:
        """Delete every task of that status."""
        mine = (tasks.c.owner_id == self.owner.id, tasks.c.status == STATUSES[status])
        self.connection.execute(delete(tasks).where(*mine))
        self.index.remove_all(STATUSES[status])
        self.owner.counts[status] = 0

    def images(self, numbers: Sequence[int]) -> list[tuple[int, dict[str, Any] | None]]:
        """The rows as they are, as JSON; None for those that are not there."""
        rows = {row["id"]: _as_image(row) for row in self._rows_of(numbers)}
        return [(number, rows.get(number)) for number in numbers]

    def restore(self, images: Sequence[tuple[int, dict[str, Any] | None]]) -> None:
        """Make these rows what they were."""
        present = self.many([number for number, _ in images])
        if present:
            self.remove(present)
        rows = [_from_image(image) for _, image in images if image is not None]
        if rows:
            self.connection.execute(insert(tasks), rows)
        back = [self._task(cast("RowMapping", row)) for row in rows]
        self.index.add((one.id, STATUSES[one.status], row["place"], one) for one, row in zip(back, rows, strict=True))
        for task in back:
            self.owner.counts[task.status] += 1

    def _place(self, task: Task) -> int:
        if task.completed is not None:
            return place_of_done(task.completed)
        return place_of_open(task.due, task.priority, self._person.zone)

    def _columns(self, task: Task) -> dict[str, Any]:
        is_day = task.due is not None and not isinstance(task.due, datetime)
        return {
            "owner_id": self.owner.id,
            "status": STATUSES[task.status],
            "place": self._place(task),
            "title": task.title,
            "notes": task.notes,
            "priority": RANKS[task.priority],
            "tags": json.dumps(task.tags, ensure_ascii=False),
            "due_day": task.due if is_day else None,
            "due_at": None if task.due is None else end_of(task.due, self._person.zone),
            "repeat": task.repeat,
            "remind": task.remind,
            "remind_at": task.remind_at,
            "changed_at": self._now,
            "completed_at": task.completed,
        }

    def _numbered(self, task: Task, number: int) -> Task:
        return replace(task, id=number)

    def _task(self, row: RowMapping) -> Task:
        zone = self._person.zone
        moment: datetime | None = row["due_at"]
        due: Due | None = row["due_day"] or (moment.astimezone(zone) if moment else None)
        completed: datetime | None = row["completed_at"]
        remind_at: datetime | None = row["remind_at"]
        return Task(
            id=row["id"],
            title=row["title"],
            status=_WORDS[row["status"]],
            due=due,
            notes=row["notes"],
            priority=PRIORITIES[row["priority"]],
            tags=tuple(json.loads(row["tags"])),
            repeat=row["repeat"],
            created=row["created_at"].astimezone(zone),
            completed=completed.astimezone(zone) if completed else None,
            remind=row["remind"],
            remind_at=remind_at.astimezone(zone) if remind_at else None,
        )

    # -- queries

    def _rows_of(self, numbers: Sequence[int]) -> Iterable[RowMapping]:
        if len(numbers) == 1:
            return self.connection.execute(_GET, {"number": numbers[0], "mine": self.owner.id}).mappings()
        return self.connection.execute(_MANY, {"numbers": numbers, "mine": self.owner.id}).mappings().all()

    def _own(self, numbers: Sequence[int]) -> ColumnElement[bool]:
        """Those of these ids that are the owner's. The sum keeps SQLite from reading all the owner's tasks for it."""
        fits = tasks.c.id == numbers[0] if len(numbers) == 1 else tasks.c.id.in_(numbers)
        return and_(fits, tasks.c.owner_id + 0 == self.owner.id)

    def _rarest_first(self, wanted: Filter) -> Filter | None:
        """The same with its terms in the order in which they are best looked for; None where no task has one."""
        if len(wanted.terms) <= 1:
            return wanted
        groups = self.index.rarest_first([[term] for term in dict.fromkeys(wanted.terms)], STATUSES[wanted.status])
        return replace(wanted, terms=tuple(term for (term,) in groups)) if groups else None


def _as_image(row: RowMapping) -> dict[str, Any]:
    from mcp_servers.task_manager.tables import ticks

    return {
        name: ticks(value) if isinstance(value, datetime) else value.isoformat() if isinstance(value, date) else value
        for name, value in row.items()
    }


def _from_image(image: dict[str, Any]) -> dict[str, Any]:
    from mcp_servers.task_manager.tables import Moment

    row = dict(image)
    for column in tasks.c:
        value = row.get(column.name)
        if isinstance(column.type, Moment):
            row[column.name] = (
                None if value is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value)
            )
    row["due_day"] = date.fromisoformat(row["due_day"]) if row["due_day"] else None
    return row
