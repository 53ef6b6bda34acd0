"""What can be done with tasks. Knows people's words and times; knows neither SQL nor MCP.

Every write resolves the words and acts within one transaction, so that two clients never act on a stale match.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from mcp_servers.task_manager.errors import BadRequest
from mcp_servers.task_manager.paging import read_page
from mcp_servers.task_manager.resolving import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mcp_servers.task_manager.database import Database
    from mcp_servers.task_manager.models import Due, Page, Person, Priority, Status, Task
    from mcp_servers.task_manager.store import Filter, TaskTable, When

Listing: TypeAlias = Literal["open", "done", "all", "today", "overdue", "upcoming", "undated"]
Clearing: TypeAlias = Literal["done", "open", "overdue", "all"]

LONGEST_TITLE = 500
LONGEST_NOTES = 20_000
LONGEST_TAG = 64
MOST_TAGS = 20
MOST_AT_ONCE = 200
"""Tasks on one page."""
CLEAR = "none"
"""What is said to empty a due time or notes."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of `list`."""

    status: Listing = "open"
    due: str | None = None
    """A day or a span as people say it."""
    words: str | None = None
    tag: str | None = None
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """What `list` found."""

    page: Page
    close: tuple[str, ...] = ()
    """Titles that the words perhaps meant, where nothing was found."""
    span: tuple[datetime, datetime] | None = None
    """What `due`, or the status "today", was understood as."""
    overdue: int = 0
    """Beside the tasks of today: how many of earlier days are still open."""


class TaskService:
    """The tasks of everybody; each call says whose."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._clock = clock

    def now(self, person: Person) -> datetime:
        """This moment where the person is."""
        return self._clock().astimezone(person.zone)

    async def create(
        self,
        person: Person,
        title: str,
        *,
        due: str | None = None,
        notes: str | None = None,
        priority: Priority = "normal",
        tags: Sequence[str] = (),
    ) -> Task:
        """Add a task. Raises `BadRequest`, `DateNotUnderstood`, `StoreUnavailable`."""
        clean, labels = _title(title), _tags(tags)
        when = self._due(person, due) if due else None
        async with self._database.write() as connection:
            return await self._table(connection, person).insert(clean, when, _notes(notes), priority, labels)

    async def list(self, person: Person, query: Query) -> Listed:
        """One page. Open tasks by due time, then done ones, latest first. Raises as `create`."""
        from mcp_servers.task_manager.store import Filter

        wanted = Filter(tag=_tag(query.tag) if query.tag else None)
        span = self._span(person, "today" if query.status == "today" and not query.due else query.due)
        if span:
            wanted = replace(wanted, start=span[0], end=span[1])
        sections = [self._section(person, wanted, status, query.status) for status in _SECTIONS[query.status]]
        close: tuple[str, ...] = ()
        async with self._database.read() as connection:
            table = self._table(connection, person)
            if query.words:
                from mcp_servers.task_manager.matching import find

                titles = {row[0]: row[1] for section in sections for row in await table.titles(section)}
                found = find(query.words, titles)
                close = tuple(titles[number] for number in found.close)
                sections = [replace(section, ids=frozenset(found.ids)) for section in sections]
            page = await read_page(table, sections, max(1, min(query.limit, MOST_AT_ONCE)), query.cursor)
            alone = query.status == "today" and query == Query("today", limit=query.limit)
            before = Filter(status="open", end=span[0]) if alone and span else None
            overdue = await table.count(before) if before else 0
        return Listed(page, close, span, overdue)

    async def get(self, person: Person, words: str | int) -> Task:
        """The task of that id or those words, open ones first. Raises `TaskNotFound`, `SeveralTasks`."""
        async with self._database.read() as connection:
            return await resolve(self._table(connection, person), words, self.now(person), prefer="open")

    async def set_status(self, person: Person, words: str | int, status: Status) -> tuple[Task, bool]:
        """Complete or reopen; also whether that changed anything."""
        async with self._database.write() as connection:
            table = self._table(connection, person)
            other: Status = "open" if status == "done" else "done"
            task = await resolve(table, words, self.now(person), prefer=other, repeatable=True)
            if task.status == status:
                return task, False
            await table.set_status(task.id, status)
            return await table.required(task.id), True

    async def update(
        self,
        person: Person,
        words: str | int,
        *,
        title: str | None = None,
        due: str | None = None,
        notes: str | None = None,
        priority: Priority | None = None,
        tags: Sequence[str] | None = None,
    ) -> tuple[Task, Task]:
        """Change what is given (`"none"` empties due and notes, no tags at all empties tags); before and after."""
        columns: dict[str, Any] = {}
        if title:
            columns["title"] = _title(title)
        if notes:
            columns["notes"] = None if notes.strip().casefold() == CLEAR else _notes(notes)
        if priority:
            columns["priority"] = priority
        labels = None if tags is None else _tags(tags)
        if not columns and not due and labels is None:
            raise BadRequest("Nothing to change was given: say the new title, due time, notes, priority or tags.")
        async with self._database.write() as connection:
            table = self._table(connection, person)
            before = await resolve(table, words, self.now(person), prefer="open")
            await table.change(before.id, columns, self._new_due(person, due, before), labels)
            return before, await table.required(before.id)

    async def delete(self, person: Person, words: str | int) -> Task:
        """Delete one task for good, open ones first; what it was."""
        from mcp_servers.task_manager.store import Filter

        async with self._database.write() as connection:
            table = self._table(connection, person)
            task = await resolve(table, words, self.now(person), prefer="open")
            await table.delete(Filter(ids=frozenset({task.id})))
            return task

    async def clear(self, person: Person, status: Clearing) -> int:
        """Delete all tasks of that status for good; how many they were."""
        from mcp_servers.task_manager.store import Filter

        wanted = {
            "done": Filter(status="done"),
            "open": Filter(status="open"),
            "overdue": Filter(status="open", when="overdue"),
            "all": Filter(),
        }[status]
        async with self._database.write() as connection:
            return await self._table(connection, person).delete(wanted)

    def _table(self, connection: Any, person: Person) -> TaskTable:
        from mcp_servers.task_manager.store import TaskTable

        return TaskTable(connection, person, self.now(person))

    def _due(self, person: Person, words: str) -> Due:
        from mcp_servers.task_manager.dates import parse_due

        return parse_due(words, self.now(person))

    def _span(self, person: Person, words: str | None) -> tuple[datetime, datetime] | None:
        from mcp_servers.task_manager.dates import parse_span

        return parse_span(words, self.now(person)) if words else None

    def _new_due(self, person: Person, words: str | None, task: Task) -> tuple[Due | None] | None:
        """What the words mean for this task (see `moving`), in a tuple; None where it stays as it is."""
        if not words:
            return None
        if words.strip().casefold() == CLEAR:
            return (None,)
        from mcp_servers.task_manager.moving import new_due

        return (new_due(words, self.now(person), task.due),)

    def _section(self, person: Person, wanted: Filter, status: Status, listing: Listing) -> Filter:
        if listing == "today" and wanted.start and wanted.end:
            midnight = datetime.combine(self.now(person).date(), time.min, person.zone)
            wanted = replace(
                wanted, start=max(wanted.start, midnight), end=min(wanted.end, midnight + timedelta(days=1))
            )
        whens: dict[Listing, When] = {"overdue": "overdue", "upcoming": "ahead", "undated": "never"}
        return replace(wanted, status=status, when=whens.get(listing, "any"))


_SECTIONS: dict[Listing, tuple[Status, ...]] = {
    "open": ("open",),
    "done": ("done",),
    "all": ("open", "done"),
    "today": ("open",),
    "overdue": ("open",),
    "upcoming": ("open",),
    "undated": ("open",),
}


def _title(words: str) -> str:
    clean = _printable(words)
    if not clean:
        raise BadRequest("A task needs a title: say what is to be done.")
    if len(clean) > LONGEST_TITLE:
        raise BadRequest(f"A title has at most {LONGEST_TITLE} letters. Shorten it, and put the rest into the notes.")
    return clean


def _notes(words: str | None) -> str | None:
    if words and len(words) > LONGEST_NOTES:
        raise BadRequest(f"Notes have at most {LONGEST_NOTES} letters. Shorten them.")
    return (words or "").replace("\0", "").strip() or None


def _tags(labels: Sequence[str]) -> tuple[str, ...]:
    clean = tuple(dict.fromkeys(_tag(label) for label in labels if label.strip(" #")))
    if len(clean) > MOST_TAGS:
        raise BadRequest(f"A task has at most {MOST_TAGS} tags.")
    return clean


def _tag(label: str) -> str:
    clean = _printable(label).lstrip("# ").casefold()
    if len(clean) > LONGEST_TAG:
        raise BadRequest(f"A tag has at most {LONGEST_TAG} letters.")
    return clean


def _printable(words: str) -> str:
    """One line without control characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())
