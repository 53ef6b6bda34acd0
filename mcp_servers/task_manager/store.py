"""The tasks of one person, within one transaction: SQL in, `Task` out. Knows nothing of words or tools."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import and_, bindparam, delete, func, insert, or_, select, tuple_, update

from mcp_servers.task_manager.indexing import TermIndex
from mcp_servers.task_manager.models import NewTask, Person, Status, Task
from mcp_servers.task_manager.places import PRIORITIES, RANKS, STEPS, UNDUE, end_of, place_of_done, place_of_open
from mcp_servers.task_manager.tables import tasks, terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement, Connection, RowMapping, Select

    from mcp_servers.task_manager.models import Due

STATUSES: dict[Status, int] = {"open": 0, "done": 1}
_WORDS: dict[int, Status] = {number: status for status, number in STATUSES.items()}
_INSERT = insert(tasks).returning(tasks.c.id)
_ONE = (tasks.c.id == bindparam("number"), tasks.c.owner_id + 0 == bindparam("mine"))
"""One task of an owner. The sum keeps SQLite from reading all the owner's tasks for it."""
_GET, _UPDATE = select(tasks).where(*_ONE), update(tasks).where(*_ONE)
_FIRST = (
    select(tasks)
    .where(tasks.c.owner_id == bindparam("mine"), tasks.c.status == bindparam("state"))
    .order_by(tasks.c.place, tasks.c.id)
    .limit(bindparam("most"))
)
"""The first page of all tasks of one status."""
_EPOCH = date(1970, 1, 1).toordinal()
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Dues:
    """Due within these bounds; each may be open."""

    first_day: date | None = None
    last_day: date | None = None
    """Inclusive."""
    start: datetime | None = None
    end: datetime | None = None
    """Exclusive."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which tasks of one status; every part narrows."""

    status: Status
    dues: tuple[Dues, ...] = ()
    undue: bool = False
    """Only those without a due time."""
    finished: tuple[datetime, datetime] | None = None
    """Only those completed from the first moment until before the second."""
    terms: tuple[str, ...] = ()
    ids: frozenset[int] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it is everything of that status."""
        return self == Filter(self.status)


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
        self._index = TermIndex(connection, owner.id)

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
            if new.remind_at is not None and new.remind_at <= self._now:
                columns["reminded_at"] = self._now
            row = self.connection.execute(_INSERT, columns).one()
            found.append(self._numbered(task, int(row[0])))
            self.owner.counts[new.status] += 1
        self._index.add((task.id, STATUSES[task.status], self._place(task), task) for task in found)
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
            return [(self._task(row), row["place"]) for row in self.connection.execute(_FIRST, values).mappings()]
        place, number = (terms.c.place, terms.c.task_id) if wanted.terms else (tasks.c.place, tasks.c.id)
        query, values = self._rows(wanted)
        if after is not None:
            query = query.where(tuple_(place, number) > tuple_(*after))
        if wanted.dues and not wanted.terms:
            return self._few_of_many(query, limit, is_sorted=wanted.status == "open")
        query = query.order_by(place, number).limit(limit)
        return [(self._task(row), row["place"]) for row in self.connection.execute(query, values).mappings()]

    def _few_of_many(self, query: Select[Any], limit: int, *, is_sorted: bool) -> list[tuple[Task, int]]:
        """Chosen in an index alone, and read then. The sum keeps SQLite to the index of due times."""
        place = tasks.c.place if is_sorted else tasks.c.place + 0
        ids = query.with_only_columns(tasks.c.id, tasks.c.place).order_by(place, tasks.c.id).limit(limit)
        found = {row[0]: row[1] for row in self.connection.execute(ids)}
        return [(task, found[task.id]) for task in self.many(list(found))]

    def count(self, wanted: Filter, most: int) -> int | None:
        """How many match; None for more than `most`."""
        if wanted.is_whole:
            return self.owner.counts[wanted.status]
        query, values = self._rows(wanted, counted=True)
        inner = query.limit(most + 1).subquery()
        found = int(self.connection.execute(select(func.count()).select_from(inner), values).scalar_one())
        return found if found <= most else None

    def replace(self, before: Task, after: Task) -> Task:
        """Write a task that was changed."""
        same_reminder = after.remind_at is None or after.remind_at == before.remind_at
        columns = self._columns(after) | ({} if same_reminder else {"reminded_at": None})
        self._index.remove([before])
        self.connection.execute(_UPDATE, columns | {"number": after.id, "mine": self.owner.id})
        self._index.add([(after.id, STATUSES[after.status], self._place(after), after)])
        self.owner.counts[before.status] -= 1
        self.owner.counts[after.status] += 1
        return after

    def remove(self, gone: Sequence[Task]) -> None:
        """Delete these tasks."""
        self._index.remove(gone)
        numbers = [task.id for task in gone]
        self.connection.execute(delete(tasks).where(self._own(numbers)))
        self._index.forget(gone)
        for task in gone:
            self.owner.counts[task.status] -= 1

    def remove_all(self, status: Status) -> None:
        """Delete every task of that status."""
        mine = (tasks.c.owner_id == self.owner.id, tasks.c.status == STATUSES[status])
        self.connection.execute(delete(tasks).where(*mine))
        self._index.remove_all(STATUSES[status])
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
        self._index.add((one.id, STATUSES[one.status], row["place"], one) for one, row in zip(back, rows, strict=True))
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
        from dataclasses import replace

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
        return self.connection.execute(select(tasks).where(self._own(numbers))).mappings()

    def _own(self, numbers: Sequence[int]) -> ColumnElement[bool]:
        """Those of these ids that are the owner's. The sum keeps SQLite from reading all the owner's tasks for it."""
        fits = tasks.c.id == numbers[0] if len(numbers) == 1 else tasks.c.id.in_(numbers)
        return and_(fits, tasks.c.owner_id + 0 == self.owner.id)

    def _rows(self, wanted: Filter, *, counted: bool = False) -> tuple[Select[Any], dict[str, Any]]:
        """What matches, driven by the rarest of its terms, else by the index of the lists; `counted`: only ids.

        Also what is to be bound to it.
        """
        status, place = STATUSES[wanted.status], tasks.c.place
        needs_row = not counted or bool(wanted.dues) or wanted.undue
        values: dict[str, Any] = {}
        if wanted.terms:
            groups = self._index.rarest_first([[term] for term in dict.fromkeys(wanted.terms)], status)
            place = terms.c.place
            query = select(terms.c.task_id) if counted else select(tasks)
            if needs_row:
                query = query.join_from(terms, tasks, tasks.c.id == terms.c.task_id)
            conditions, values = self._index.having(groups, status)
            query = query.where(*conditions)
        else:
            mine = tasks.c.owner_id == self.owner.id if wanted.ids is None else self._own(sorted(wanted.ids))
            query = select(tasks.c.id) if counted else select(tasks)
            query = query.where(mine, tasks.c.status == status)
        if wanted.undue:
            query = query.where(place >= UNDUE if wanted.status == "open" else tasks.c.due_at.is_(None))
        if wanted.finished is not None:
            first_moment, last = wanted.finished
            query = query.where(place <= place_of_done(first_moment), place > place_of_done(last))
        for dues in wanted.dues:
            query = query.where(*_due_within(dues))
        if wanted.dues and wanted.status == "open":
            query = query.where(*_place_within(wanted.dues, place))
        return query, values


def _due_within(dues: Dues) -> list[ColumnElement[bool]]:
    day, moment = tasks.c.due_day, tasks.c.due_at
    found: list[ColumnElement[bool]] = [moment.is_not(None)]
    earliest, latest = _rough_bounds(dues)
    if earliest is not None:
        found.append(moment >= datetime.fromtimestamp(earliest, UTC))
    if latest is not None:
        found.append(moment <= datetime.fromtimestamp(latest, UTC))
    if dues.first_day is not None and dues.start is not None:
        found.append(or_(day >= dues.first_day, and_(day.is_(None), moment >= dues.start)))
    if dues.last_day is not None and dues.end is not None:
        found.append(or_(day <= dues.last_day, and_(day.is_(None), moment < dues.end)))
    return found


def _place_within(dues: Sequence[Dues], place: ColumnElement[int]) -> list[ColumnElement[bool]]:
    """Bounds by which the index narrows: the exact ones, widened by how far apart the days of two zones are.

    One on each side: of several, SQLite looks only for the first.
    """
    bounds = [_rough_bounds(one) for one in dues]
    earliest = [one for one, _ in bounds if one is not None]
    latest = [one for _, one in bounds if one is not None]
    found: list[ColumnElement[bool]] = [place < min([UNDUE, *((one + 1) * STEPS for one in latest)])]
    if earliest:
        found.append(place >= max(earliest) * STEPS)
    return found


_SOONEST, _LATEST = -62_135_596_800, 253_402_300_798
"""Seconds from 1970 to the first and the last second of the calendar."""


def _rough_bounds(dues: Dues) -> tuple[int | None, int | None]:
    """Seconds since 1970 that `due_at` lies between, wherever a whole day was given."""
    earliest = latest = None
    if dues.first_day is not None and dues.start is not None:
        day = (dues.first_day.toordinal() - _EPOCH + 1) * _DAY - 15 * 3600
        earliest = max(_SOONEST, min(day, int(dues.start.timestamp())))
    if dues.last_day is not None and dues.end is not None:
        day = (dues.last_day.toordinal() - _EPOCH + 1) * _DAY + 13 * 3600
        latest = min(_LATEST, max(day, int(dues.end.timestamp())))
    return earliest, latest


def before(now: datetime) -> Dues:
    """Overdue: its day or moment has passed."""
    return Dues(last_day=_yesterday(now.date()), end=now)


def ahead(now: datetime) -> Dues:
    """Its day or moment has not passed."""
    return Dues(first_day=now.date(), start=now)


def _yesterday(day: date) -> date:
    return day - timedelta(days=1)


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
