"""What can be done with tasks, for everybody; each call says whose. Knows neither SQL nor MCP.

A write is one transaction: `write(person, act)` runs `act` with the person's `Desk` under their lock, and
`once(person, key, tool, arguments, act)` keeps its answer in the same transaction, so that the same key never acts
twice. `act` is plain code that waits for nothing: it may run in another thread, and holds the lock.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from mcp_servers.task_manager import texts
from mcp_servers.task_manager.errors import KeyUsed
from mcp_servers.task_manager.loading import loaded

if TYPE_CHECKING:
    import builtins
    from collections.abc import Callable, Collection, Mapping, Sequence

    from sqlalchemy import Connection

    from mcp_servers.task_manager.database import Database
    from mcp_servers.task_manager.desk import Clearing, Desk
    from mcp_servers.task_manager.models import Change, Completed, Page, Person, Priority, Status, Task, Undone
    from mcp_servers.task_manager.reminders import Reminded
    from mcp_servers.task_manager.store import TaskTable

T = TypeVar("T")
Listing: TypeAlias = Literal["open", "done", "all", "today", "overdue", "upcoming", "undated"]

MOST_AT_ONCE = 200
"""Tasks on one page."""
MOST_TASKS = 2_000_000
"""Tasks of one person."""
KEYS_KEPT = timedelta(days=7)
"""How long an idempotency key is remembered."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of `list`."""

    status: Listing = "open"
    due: str | None = None
    """A day or a span as people say it; "none" for tasks that are not due."""
    words: str | None = None
    tag: str | None = None
    limit: int = 50
    cursor: str | None = None
    priority: Priority | None = None
    finished: str | None = None
    """A day or a span in which it was completed."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What `list` found."""

    page: Page
    close: tuple[str, ...] = ()
    """Titles that the words perhaps meant, where nothing was found."""
    span: tuple[datetime, datetime] | None = None
    """What `due`, or the status "today", was understood as."""
    overdue: int | None = 0
    """Beside the tasks of today: how many of earlier days are still open; None for very many."""


class TaskService:
    """The tasks of everybody."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        most_tasks: int = MOST_TASKS,
    ) -> None:
        self._database = database
        self._clock = clock
        self._most = most_tasks

    def now(self, person: Person) -> datetime:
        """This moment where the person is."""
        return self._clock().astimezone(person.zone)

    # -- writing

    async def write(self, person: Person, act: Callable[[Desk], T], *, long: bool = False) -> T:
        """Run `act` in one transaction; what it raises undoes it all. Raises `StoreUnavailable`.

        `long`: it may touch so many tasks that others should not wait for it to compute.
        """

        def work(connection: Connection) -> T:
            return self._act(connection, person, act)

        done = await self._database.write(work, long=long)
        self._database.feed.wake()
        return done

    async def once(
        self,
        person: Person,
        key: str | None,
        tool: str,
        arguments: Mapping[str, Any],
        act: Callable[[Desk], Any],
        *,
        long: bool = False,
    ) -> Any:
        """As `write`; with a key, a call that was made already is not made again: its answer (JSON) comes back.

        `arguments`: those of the call, without the key. Raises `KeyUsed` where the key was given with others.
        """
        if key is None:
            return await self.write(person, act, long=long)
        from mcp_servers.task_manager.journal import Answer, Answers

        clean = texts.key_of(key)
        fingerprint = fingerprint_of(tool, arguments)

        def work(connection: Connection) -> Any:
            from mcp_servers.task_manager.owning import lock_owner

            owner = lock_owner(connection, person.owner)
            kept = Answers(connection, owner, self.now(person))
            before = kept.get(clean)
            if before is not None:
                if (before.tool, before.fingerprint) != (tool, fingerprint):
                    raise KeyUsed("That idempotency_key belongs to another call. Give each call a key of its own.")
                return before.answer
            answer = self._act(connection, person, act, owner)
            kept.put(clean, Answer(tool, fingerprint, answer), KEYS_KEPT)
            return answer

        done = await self._database.write(work, long=long)
        self._database.feed.wake()
        return done

    async def create(
        self,
        person: Person,
        title: str,
        *,
        due: str | None = None,
        notes: str | None = None,
        priority: Priority = "normal",
        tags: Sequence[str] = (),
        repeat: str | None = None,
        remind: str | None = None,
    ) -> Task:
        """Add a task; see `Desk.create`."""
        given = {"due": due, "notes": notes, "priority": priority, "tags": tags, "repeat": repeat, "remind": remind}
        return await self.write(person, lambda desk: desk.create(title, **given))  # type: ignore[arg-type]

    async def complete(self, person: Person, words: str | int) -> Completed:
        """Mark as done; see `Desk.complete`."""
        return await self.write(person, lambda desk: desk.complete(words))

    async def reopen(self, person: Person, words: str | int) -> Completed:
        """Mark as not done; see `Desk.reopen`."""
        return await self.write(person, lambda desk: desk.reopen(words))

    async def set_status(self, person: Person, words: str | int, status: Status) -> tuple[Task, bool]:
        """Complete or reopen; also whether that changed anything."""
        done = await (self.complete(person, words) if status == "done" else self.reopen(person, words))
        return done.task, done.changed

    async def update(self, person: Person, words: str | int, **changes: Any) -> tuple[Task, Task]:
        """Change what is given; before and after; see `Desk.update`."""
        return await self.write(person, lambda desk: desk.update(words, **changes))

    async def delete(self, person: Person, words: str | int) -> Task:
        """Delete one task; what it was; see `Desk.delete`."""
        return await self.write(person, lambda desk: desk.delete(words))

    async def clear(self, person: Person, status: Clearing) -> int:
        """Delete all tasks of that kind; how many they were."""
        return await self.write(person, lambda desk: desk.clear(status), long=True)

    async def undo_last_change(self, person: Person) -> Undone:
        """Take back the last change. Raises `NothingToUndo`."""
        return await self.write(person, lambda desk: desk.undo(), long=True)

    # -- reading

    async def list(self, person: Person, query: Query) -> Listed:
        """One page. Open tasks by due time, then done ones, latest first.

        Raises `BadRequest`, `DateNotUnderstood`, `StoreUnavailable`.
        """
        await loaded()
        from mcp_servers.task_manager.listing import Lister

        lister = Lister(person, query, self.now(person))
        return await self._read(person, lister.read, long=bool(query.words))

    async def get(self, person: Person, words: str | int) -> Task:
        """The task of that id or those words, open ones first. Raises `TaskNotFound`, `SeveralTasks`."""
        from mcp_servers.task_manager.resolving import resolve

        by_id = isinstance(words, int) or words.strip().isdecimal()
        return await self._read(
            person, lambda table: resolve(table, words, self.now(person), prefer="open", reads=True), long=not by_id
        )

    async def titles_like(self, person: Person, typed: str, limit: int) -> builtins.list[str]:
        """Titles of open tasks that what is typed so far may become; see `suggesting`."""
        await loaded()
        from mcp_servers.task_manager.suggesting import titles

        return await self._read(person, lambda table: titles(table, typed, limit))

    async def tags_like(self, person: Person, typed: str, limit: int) -> builtins.list[str]:
        """Tags that begin with what is typed so far."""
        await loaded()
        from mcp_servers.task_manager.suggesting import tags

        return await self._read(person, lambda table: tags(table, typed, limit))

    # -- watching

    async def watch(self, person: Person, hear: Callable[[Change], None]) -> Callable[[], None]:
        """Have `hear` called with every change to the person's tasks from now on, by whomever, in whichever process.

        Call what comes back to end it. Raises `StoreUnavailable`.
        """
        return await self._database.feed.watch(person.owner, hear)

    async def due_reminders(self, person: Person, limit: int) -> builtins.list[Reminded]:
        """Which reminders are due and not claimed."""
        await loaded()
        from mcp_servers.task_manager.reminders import due

        return await self._read(person, lambda table: due(table, self.now(person), limit))

    async def claimed_reminders(self, person: Person, since: datetime, limit: int) -> builtins.list[Reminded]:
        """Which reminders any process has claimed since then, latest first."""
        await loaded()
        from mcp_servers.task_manager.reminders import given_out

        return await self._read(person, lambda table: given_out(table, limit, since))

    async def claim_reminders(
        self, person: Person, limit: int = 100, *, only: Collection[int] | None = None
    ) -> builtins.list[Task]:
        """Mark those that are due, or only these of them, as given out; each is, once by all processes together."""
        await loaded()
        from mcp_servers.task_manager.reminders import claim

        def work(connection: Connection) -> builtins.list[Task]:
            return claim(connection, person, self.now(person), limit, only)

        claimed = await self._database.write(work)
        if claimed:
            self._database.feed.wake()
        return claimed

    async def reminded(self, person: Person, limit: int = 20) -> builtins.list[Task]:
        """The open tasks whose reminder has come, latest first."""
        await loaded()
        from mcp_servers.task_manager.reminders import come

        return await self._read(person, lambda table: come(table, self.now(person), limit))

    async def next_reminder(self, person: Person) -> datetime | None:
        """When the next reminder that nobody was given is due; in the past where it is due already."""
        await loaded()
        from mcp_servers.task_manager.reminders import upcoming

        return await self._read(person, upcoming)

    # -- parts

    def _act(self, connection: Connection, person: Person, act: Callable[[Desk], T], held: Any = None) -> T:
        from mcp_servers.task_manager.desk import Desk
        from mcp_servers.task_manager.owning import lock_owner, save_owner

        owner = held or lock_owner(connection, person.owner)
        desk = Desk(connection, person, owner, self.now(person), self._most)
        done = act(desk)
        save_owner(connection, owner)
        return done

    async def _read(self, person: Person, work: Callable[[TaskTable], T], *, long: bool = False) -> T:
        """`long`: searching for words, which among very many tasks takes long enough for others to notice."""

        def read(connection: Connection) -> T:
            from mcp_servers.task_manager.owning import find_owner
            from mcp_servers.task_manager.store import TaskTable

            owner = find_owner(connection, person.owner)
            return work(TaskTable(connection, person, owner, self.now(person)))

        return await self._database.read(read, long=long)


def fingerprint_of(tool: str, arguments: Mapping[str, Any]) -> str:
    """What tells one call from another: its tool and its arguments, those that are None left out."""
    given = {name: value for name, value in arguments.items() if value is not None}
    text = json.dumps([tool, given], sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
