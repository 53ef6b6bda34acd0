"""JSON Schemas of what the tools return."""

from __future__ import annotations

from typing import Any, Final


def _one_of(kind: dict[str, Any], description: str) -> dict[str, Any]:
    return {"anyOf": [kind, {"type": "null"}], "description": description}


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_TEXT: dict[str, Any] = {"type": "string"}
_MOMENT: dict[str, Any] = {"type": "string", "format": "date-time"}

TASK: Final = _closed(
    {
        "id": {"type": "string", "description": "Names the task in the other tools."},
        "title": {"type": "string", "description": "What is to be done."},
        "status": {"type": "string", "enum": ["open", "done"]},
        "due": _one_of(_TEXT, "ISO 8601: a date for a whole day, a date and time with offset for a moment."),
        "notes": _one_of(_TEXT, "More about it."),
        "priority": {"type": "string", "enum": ["low", "normal", "high"]},
        "tags": {"type": "array", "items": _TEXT},
        "repeat": _one_of(_TEXT, "How it repeats; null for a task that does not."),
        "created": _MOMENT,
        "completed": _one_of(_MOMENT, "When it was completed; null while it is open."),
    }
)

ONE: Final = _closed({"task": TASK})

MANY: Final = _closed(
    {
        "tasks": {"type": "array", "items": TASK},
        "total": _one_of({"type": "integer", "minimum": 0}, "How many there are over all pages."),
        "next_cursor": _one_of(_TEXT, "Give it as cursor to get the next page; null at the end."),
    }
)

DELETED: Final = _closed({"deleted": {"type": "integer", "minimum": 0, "description": "How many were deleted."}})
