"""JSON Schemas of what the tools return. Lean, since clients check every answer against them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mcp_servers.task_manager.models import Page, Task


def _or_null(kind: str, description: str) -> dict[str, Any]:
    return {"type": [kind, "null"], "description": description}


def _closed(properties: dict[str, Any], *optional: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


_TEXT: dict[str, Any] = {"type": "string"}

TASK: Final = _closed(
    {
        "id": {"type": "string", "description": "Names the task in the other tools."},
        "title": {"type": "string", "description": "What is to be done."},
        "status": {"type": "string", "enum": ["open", "done"]},
        "due": _or_null("string", "ISO 8601: a date for a whole day, a date and time with offset for a moment."),
        "notes": _or_null("string", "More about it."),
        "priority": {"type": "string", "enum": ["low", "normal", "high"]},
        "tags": {"type": "array", "items": _TEXT},
        "repeat": _or_null("string", "How it repeats; null for a task that does not."),
        "created": {"type": "string", "description": "When it was added: ISO 8601 with offset."},
        "completed": _or_null("string", "When it was completed; null while it is open."),
        "remind": {"type": "string", "description": "When its reminder comes, or came; only where it has one."},
    },
    "remind",
)

ONE: Final = _closed({"task": TASK})

MANY: Final = _closed(
    {
        "tasks": {"type": "array", "items": TASK},
        "total": _or_null("integer", "How many there are over all pages; null where that was not counted."),
        "next_cursor": _or_null("string", "Give it as cursor to get the next page; null at the end."),
    }
)

DELETED: Final = _closed({"deleted": {"type": "integer", "minimum": 0, "description": "How many were deleted."}})


IMPORTED: Final = _closed({"imported": {"type": "integer", "minimum": 1, "description": "How many were added."}})

EXPORTED: Final = _closed(
    {
        "format": {"type": "string", "enum": ["json", "csv", "todo.txt"]},
        "text": {"type": "string", "description": "A whole file in that format."},
        "count": {"type": "integer", "minimum": 0, "description": "How many tasks are in it."},
        "next_cursor": _or_null("string", "Give it as cursor to get the file after this one; null at the end."),
    }
)


def of_task(task: Task) -> dict[str, Any]:
    """The task in the shape of `TASK`."""
    reminder = {"remind": task.remind_at.isoformat(timespec="seconds")} if task.remind_at else {}
    return task.as_json() | reminder


def of_one(task: Task) -> dict[str, Any]:
    """The task in the shape of `ONE`."""
    return {"task": of_task(task)}


def of_many(tasks: Iterable[Task], total: int | None, next_cursor: str | None = None) -> dict[str, Any]:
    """The tasks in the shape of `MANY`."""
    return {"tasks": [of_task(task) for task in tasks], "total": total, "next_cursor": next_cursor}


def of_page(page: Page) -> dict[str, Any]:
    """The page in the shape of `MANY`."""
    return of_many(page.tasks, page.total, page.next_cursor)
