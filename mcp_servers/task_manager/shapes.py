"""JSON Schemas of what the tools return. Lean, since clients check every answer against them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mcp_servers.task_manager.models import Page


def _or_null(kind: str, description: str) -> dict[str, Any]:
    return {"type": [kind, "null"], "description": description}


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
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
    }
)

ONE: Final = _closed({"task": TASK})

MANY: Final = _closed(
    {
        "tasks": {"type": "array", "items": TASK},
        "total": _or_null("integer", "How many there are over all pages."),
        "next_cursor": _or_null("string", "Give it as cursor to get the next page; null at the end."),
    }
)

DELETED: Final = _closed({"deleted": {"type": "integer", "minimum": 0, "description": "How many were deleted."}})


def of_page(page: Page) -> dict[str, Any]:
    """The page as tools and resources return it, in the shape of `MANY`."""
    return {"tasks": [task.as_json() for task in page.tasks], "total": page.total, "next_cursor": page.next_cursor}
