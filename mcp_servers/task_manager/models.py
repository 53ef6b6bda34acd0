"""The words of the Task Manager: what a task is, and who is asking. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any, Literal, TypeAlias

Status: TypeAlias = Literal["open", "done"]
Priority: TypeAlias = Literal["low", "normal", "high"]
Due: TypeAlias = date | datetime
"""A whole day (`date`) or a moment (`datetime`, aware, in the person's zone)."""
Kind: TypeAlias = Literal["create", "complete", "reopen", "update", "delete", "clear", "import", "remind", "undo"]
"""What was done to tasks."""

LOCAL_OWNER = "local"
"""Whose tasks they are where nobody logs in."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who is asking."""

    owner: str
    """The key that their tasks are stored under."""
    zone: tzinfo
    """Where their days begin and end."""


@dataclass(frozen=True, slots=True)
class Task:
    """One task. Moments are aware and in the person's zone."""

    id: int
    title: str
    status: Status
    due: Due | None
    notes: str | None
    priority: Priority
    tags: tuple[str, ...]
    repeat: str | None
    """An iCalendar RRULE (RFC 5545, 3.3.10), without its name; see `repeats`."""
    created: datetime
    completed: datetime | None
    remind: str | None = None
    """How long before it is due its person is reminded; see `reminding`. None where `remind_at` is a fixed moment."""
    remind_at: datetime | None = None
    """When its person is reminded, or was."""

    def as_json(self) -> dict[str, Any]:
        """The task as tools return it: ids are text, moments ISO 8601 with their offset to the second."""
        from mcp_servers.task_manager.times.repeats import spoken

        return {
            "id": str(self.id),
            "title": self.title,
            "status": self.status,
            "due": due_as_text(self.due),
            "notes": self.notes,
            "priority": self.priority,
            "tags": list(self.tags),
            "repeat": spoken(self.repeat) if self.repeat else None,
            "created": self.created.isoformat(timespec="seconds"),
            "completed": self.completed.isoformat(timespec="seconds") if self.completed else None,
        }


def due_as_text(due: Due | None) -> str | None:
    """`2026-11-27` for a day, `2026-11-27T15:00:00+01:00` for a moment."""
    if isinstance(due, datetime):
        return due.isoformat(timespec="seconds")
    return due.isoformat() if due else None


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task to be imported as it is. Moments are aware."""

    title: str
    status: Status = "open"
    due: Due | None = None
    notes: str | None = None
    priority: Priority = "normal"
    tags: tuple[str, ...] = ()
    repeat: str | None = None
    """An RRULE."""
    created: datetime | None = None
    completed: datetime | None = None
    remind: str | None = None
    remind_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the tasks that were asked for, in order."""

    tasks: tuple[Task, ...]
    total: int | None
    """How many there are over all pages; None where counting would cost more than the page."""
    next_cursor: str | None
    """Where the next page begins; None at the end."""


@dataclass(frozen=True, slots=True)
class Completed:
    """What completing or reopening did."""

    task: Task
    changed: bool
    """False where it was like that already."""
    following: Task | None = None
    """The next task of one that repeats."""


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back."""

    kind: Kind
    """What had been done."""
    title: str
    """The title of the first task concerned, as it is known now or was known last."""
    count: int
    """How many tasks were concerned."""
    tasks: tuple[Task, ...]
    """Those of them that are there now, the first few."""


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody did, for whoever watches."""

    owner: str
    ids: tuple[int, ...]
    """The tasks concerned; empty for more than could be named."""
    kinds: frozenset[Kind]
