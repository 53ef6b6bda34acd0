"""What can be done with one person's tasks within one transaction. Knows people's words and times.

The words are resolved and acted on under one lock, so that two clients never act on a stale match. Every change is
noted in the journal in the same transaction.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from mcp_servers.task_manager import texts
from mcp_servers.task_manager.errors import BadRequest, NothingToUndo, TooMuch
from mcp_servers.task_manager.journal import Journal
from mcp_servers.task_manager.models import Completed, NewTask, Undone
from mcp_servers.task_manager.resolving import resolve
from mcp_servers.task_manager.selecting import Filter, before
from mcp_servers.task_manager.store import TaskTable
from mcp_servers.task_manager.times import reminding, repeats

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from mcp_servers.task_manager.models import Due, Person, Priority, Status, Task
    from mcp_servers.task_manager.store import Owner

Clearing: TypeAlias = Literal["done", "open", "overdue", "all"]

CLEAR = "none"
"""What is said to empty a due time, notes, a repetition or a reminder."""
_BATCH = 500


class Desk:
    """The operations of one transaction. `now` is in the person's zone."""

    def __init__(self, connection: Connection, person: Person, owner: Owner, now: datetime, most: int) -> None:
        self.now = now
        self._most = most
        self._table = TaskTable(connection, person, owner, now)
        self._journal = Journal(connection, owner, now)
        self._person = person

    def create(
        self,
        title: str,
        *,
        due: str | None = None,
        notes: str | None = None,
        priority: Priority = "normal",
        tags: Sequence[str] = (),
        repeat: str | None = None,
        remind: str | None = None,
    ) -> Task:
        """Add a task. Raises `BadRequest`, `TooMuch`, `DateNotUnderstood`."""
        rule = repeats.parse(repeat) if _is_said(repeat) else None
        when = self._due(due) if _is_said(due) else None
        if rule:
            when, rule = repeats.begin(rule, when, self.now)
        reminder = reminding.parse(remind, self.now, when) if _is_said(remind) else reminding.NONE
        new = NewTask(texts.title_of(title), "open", when, texts.notes_of(notes), priority, texts.tags_of(tags), rule)
        return self._add([replace(new, remind=reminder.before, remind_at=reminder.at)], "create")[0]

    def add_all(self, news: Sequence[NewTask], told: Callable[[int], object] | None = None) -> list[Task]:
        """Add tasks as they are, as one change; texts are made harmless. Raises `BadRequest`, `TooMuch`.

        `told` is called with how many have been added so far.
        """
        clean = [
            replace(
                _begun(new, self.now),
                title=texts.title_of(new.title),
                notes=texts.notes_of(new.notes),
                tags=texts.tags_of(new.tags),
                completed=(new.completed or self.now) if new.status == "done" else None,
            )
            for new in news
        ]
        return self._add(clean, "import", told) if clean else []

    def complete(self, words: str | int) -> Completed:
        """Mark as done; a task that repeats is followed by its next. Raises `TaskNotFound`, `SeveralTasks`."""
        task = self._resolve(words, "open", repeatable=True)
        if task.status == "done":
            return Completed(task, changed=False)
        self._journal.keep(self._table.images([task.id]))
        done = self._table.replace(task, replace(task, status="done", completed=self.now))
        following = self._following(task)
        added = self._table.insert([following])[0] if following else None
        if added:
            self._journal.keep([(added.id, None)])
        self._journal.note("complete", [task.id, *([added.id] if added else [])], task.title, 1)
        return Completed(done, changed=True, following=added)

    def reopen(self, words: str | int) -> Completed:
        """Mark as not done after all. Raises as `complete`."""
        task = self._resolve(words, "done", repeatable=True)
        if task.status == "open":
            return Completed(task, changed=False)
        return Completed(self._change(task, replace(task, status="open", completed=None), "reopen"), changed=True)

    def update(
        self,
        words: str | int,
        *,
        title: str | None = None,
        due: str | None = None,
        notes: str | None = None,
        priority: Priority | None = None,
        tags: Sequence[str] | None = None,
        repeat: str | None = None,
        remind: str | None = None,
    ) -> tuple[Task, Task]:
        """Change what is given (`"none"` empties due, notes, repeat and remind, no tags at all empties tags).

        Before and after. Raises as `create` and `complete`.
        """
        values: dict[str, Any] = {}
        if title:
            values["title"] = texts.title_of(title)
        if notes:
            values["notes"] = None if _is_none(notes) else texts.notes_of(notes)
        if priority:
            values["priority"] = priority
        if tags is not None:
            values["tags"] = texts.tags_of(tags)
        if not values and not due and not repeat and not remind:
            raise BadRequest(
                "Nothing to change was given: say the new title, due time, notes, priority, tags, "
                "repetition or reminder."
            )
        task = self._resolve(words, "open")
        after = self._timed(task, replace(task, **values), due, repeat, remind)
        return task, task if after == task else self._change(task, after, "update")

    def delete(self, words: str | int) -> Task:
        """Delete one task, open ones first; what it was. Raises as `complete`."""
        task = self._resolve(words, "open")
        self._journal.keep(self._table.images([task.id]))
        self._table.remove([task])
        self._journal.note("delete", [task.id], task.title)
        return task

    def clear(self, status: Clearing) -> int:
        """Delete all tasks of that kind, as one change; how many they were."""
        overdue = (before(self.now),) if status == "overdue" else ()
        statuses: dict[Clearing, tuple[Status, ...]] = {"all": ("open", "done"), "done": ("done",)}
        first: Task | None = None
        count = 0
        ids: list[int] = []
        for one in statuses.get(status, ("open",)):
            wanted = Filter(one, overdue)
            after: tuple[int, int] | None = None
            while rows := self._table.select(wanted, _BATCH, after):
                found = [task for task, _ in rows]
                first = first or found[0]
                numbers = [task.id for task in found]
                self._journal.keep(self._table.images(numbers))
                count, ids = count + len(found), (ids + numbers)[: 2 * _BATCH]
                after = (rows[-1][1], numbers[-1])
                if overdue:
                    self._table.remove(found)
            if not overdue and count:
                self._table.remove_all(one)
        if first is not None:
            self._journal.note("clear", ids, first.title, count)
        return count

    def undo(self) -> Undone:
        """Take back the last change that is not taken back yet. Raises `NothingToUndo`."""
        entry = self._journal.last()
        if entry is None:
            raise NothingToUndo("There is nothing to undo.")
        ids: list[int] = []
        for part in self._journal.images(entry):
            self._table.restore(part)
            ids += [number for number, _ in part][: _BATCH - len(ids)]
        self._journal.mark_undone(entry)
        self._journal.note("undo", ids, entry.title, entry.count)
        return Undone(entry.kind, entry.title, entry.count, tuple(self._table.many(ids[:_BATCH])))

    # -- parts

    def _resolve(self, words: str | int, prefer: Status, *, repeatable: bool = False) -> Task:
        return resolve(self._table, words, self.now, prefer=prefer, repeatable=repeatable)

    def _add(
        self,
        news: Sequence[NewTask],
        kind: Literal["create", "import"],
        told: Callable[[int], object] | None = None,
    ) -> list[Task]:
        held = sum(self._table.owner.counts.values())
        if held + len(news) > self._most:
            raise TooMuch(f"The list holds {held} tasks, and {self._most} is the most. Clear the finished ones first.")
        added: list[Task] = []
        for start in range(0, len(news), _BATCH):
            added += self._table.insert(news[start : start + _BATCH])
            if told:
                told(len(added))
        self._journal.keep([(task.id, None) for task in added])
        self._journal.note(kind, [task.id for task in added], added[0].title)
        return added

    def _change(self, task: Task, after: Task, kind: Literal["reopen", "update"]) -> Task:
        self._journal.keep(self._table.images([task.id]))
        changed = self._table.replace(task, after)
        self._journal.note(kind, [task.id], task.title)
        return changed

    def _following(self, task: Task) -> NewTask | None:
        if task.repeat is None:
            return None
        due = repeats.following(task.repeat, task.due, self.now)
        if due is None:
            return None
        new = NewTask(task.title, "open", due, task.notes, task.priority, task.tags, repeats.rest(task.repeat))
        return replace(new, remind=task.remind, remind_at=reminding.moved(task, due, self._person.zone))

    def _timed(self, task: Task, after: Task, due: str | None, repeat: str | None, remind: str | None) -> Task:
        """The task with what was said about its times."""
        if due:
            after = replace(after, due=self._new_due(due, task.due))
        if repeat:
            rule = None if _is_none(repeat) else repeats.parse(repeat)
            start, rule = repeats.begin(rule, after.due, self.now) if rule else (after.due, None)
            after = replace(after, due=start, repeat=rule)
        elif after.repeat and after.due != task.due:
            after = replace(after, repeat=None) if after.due is None else after
        if remind:
            reminder = reminding.NONE if _is_none(remind) else reminding.parse(remind, self.now, after.due)
            return replace(after, remind=reminder.before, remind_at=reminder.at)
        if after.due != task.due and task.remind is not None:
            at = reminding.moment(task.remind, after.due, self._person.zone) if after.due else None
            return replace(after, remind=task.remind if at else None, remind_at=at)
        return after

    def _due(self, words: str | None) -> Due:
        from mcp_servers.task_manager.times.dates import parse_due

        return parse_due(words or "", self.now)

    def _new_due(self, words: str, due: Due | None) -> Due | None:
        """What the words mean for a task with that due time, see `moving`."""
        if _is_none(words):
            return None
        from mcp_servers.task_manager.times.moving import new_due

        return new_due(words, self.now, due)


def _begun(new: NewTask, now: datetime) -> NewTask:
    if not new.repeat:
        return replace(new, repeat=None)
    due, rule = repeats.begin(repeats.parse(new.repeat), new.due, now)
    return replace(new, due=due, repeat=rule)


def _is_none(words: str) -> bool:
    return words.strip().casefold() == CLEAR


def _is_said(words: str | None) -> bool:
    return bool(words) and not _is_none(words or "")
