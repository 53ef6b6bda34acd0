"""The words of the Task Manager: what a task is, and who is asking. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any, Literal, TypeAlias

Status: TypeAlias = Literal["open", "done"]
Priority: TypeAlias = Literal["low", "normal", "high"]
Due: TypeAlias = date | datetime
"""A whole day (`date`) or a moment (`datetime`, aware, in the person's zone)."""

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
    created: datetime
    completed: datetime | None

    def as_json(self) -> dict[str, Any]:
        """The task as tools return it: ids are text, moments ISO 8601 with their offset to the second."""
        return {
            "id": str(self.id),
            "title": self.title,
            "status": self.status,
            "due": due_as_text(self.due),
            "notes": self.notes,
            "priority": self.priority,
            "tags": list(self.tags),
            "repeat": self.repeat,
            "created": self.created.isoformat(timespec="seconds"),
            "completed": self.completed.isoformat(timespec="seconds") if self.completed else None,
        }


def due_as_text(due: Due | None) -> str | None:
    """`2026-11-27` for a day, `2026-11-27T15:00:00+01:00` for a moment."""
    if isinstance(due, datetime):
        return due.isoformat(timespec="seconds")
    return due.isoformat() if due else None


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the tasks that were asked for, in order."""

    tasks: tuple[Task, ...]
    total: int
    """How many there are over all pages."""
    next_cursor: str | None
    """Where the next page begins; None at the end."""
