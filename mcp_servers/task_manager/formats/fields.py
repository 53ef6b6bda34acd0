"""A task as named fields, as JSON and CSV have it, and back. Pure; "now" and its zone are given.

Repeats are iCalendar rules, moments ISO 8601 to the microsecond, so that nothing is lost on the way. What people write
themselves ("Friday at three", "every Monday", "an hour before") is understood too.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any, Final, cast

from mcp_servers.task_manager.errors import BadRequest
from mcp_servers.task_manager.models import NewTask
from mcp_servers.task_manager.texts import notes_of, tags_of, title_of
from mcp_servers.task_manager.times import reminding, repeats
from mcp_servers.task_manager.times.dates import parse_due

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcp_servers.task_manager.models import Due, Priority, Status, Task

FIELDS: Final = (
    "title",
    "status",
    "due",
    "notes",
    "priority",
    "tags",
    "repeat",
    "remind",
    "created",
    "completed",
)
PRIORITIES: Final = ("low", "normal", "high")
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]")


def fields_of(task: Task) -> dict[str, Any]:
    """Every field of the task but its id: texts, None, and a list for the tags."""
    return {
        "title": task.title,
        "status": task.status,
        "due": due_text(task.due),
        "notes": task.notes,
        "priority": task.priority,
        "tags": list(task.tags),
        "repeat": task.repeat,
        "remind": task.remind or (moment_text(task.remind_at) if task.remind_at else None),
        "created": moment_text(task.created),
        "completed": moment_text(task.completed) if task.completed else None,
    }


def task_of(fields: Mapping[str, Any], now: datetime) -> NewTask:
    """The task of these fields; only a title is needed. Raises `TaskError`."""
    texts = {name: _text(name, value) for name, value in fields.items() if name != "tags"}
    due, rule = _times(texts, now)
    completed = _moment("completed", texts.get("completed"), now)
    status = _one_of("status", texts.get("status") or ("done" if completed else "open"), ("open", "done"))
    reminder = _reminder(texts.get("remind"), due, now)
    return NewTask(
        title=title_of(texts.get("title") or ""),
        status=cast("Status", status),
        due=due,
        notes=notes_of(texts.get("notes")),
        priority=cast("Priority", _one_of("priority", texts.get("priority") or "normal", PRIORITIES)),
        tags=tags_of(_labels(fields.get("tags"))),
        repeat=rule,
        remind=reminder.before,
        remind_at=reminder.at,
        created=_moment("created", texts.get("created"), now),
        completed=(completed or now) if status == "done" else None,
    )


def due_text(due: Due | None) -> str | None:
    """ISO 8601; None for none."""
    return moment_text(due) if isinstance(due, datetime) else due and due.isoformat()


def moment_text(moment: datetime) -> str:
    """ISO 8601 with an offset of whole minutes, which ages ago they were not."""
    offset = moment.utcoffset()
    is_whole = offset is not None and not offset.total_seconds() % 60
    return (moment if is_whole else moment.astimezone(UTC)).isoformat()


def _text(name: str, value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value.strip() or None if value else None
    raise BadRequest(f"{name} must be text.")


def _labels(value: Any) -> list[str]:
    labels = cast("list[Any]", value if isinstance(value, list) else [] if value is None else [value])
    if not all(isinstance(label, str) for label in labels):
        raise BadRequest("tags must be a list of texts.")
    return labels


def _one_of(name: str, given: str, known: tuple[str, ...]) -> str:
    if given.casefold() not in known:
        raise BadRequest(f"{name} must be {' or '.join(known)}.")
    return given.casefold()


def _moment(name: str, text: str | None, now: datetime) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        if len(text) == len("2026-11-21"):
            found = datetime.combine(date.fromisoformat(text), time.min)
        return (found if found.tzinfo else found.replace(tzinfo=now.tzinfo)).astimezone(now.tzinfo)
    except (ValueError, OverflowError):
        raise BadRequest(f"{name} must be a date, or a date and time, as ISO 8601.") from None


def _times(texts: Mapping[str, str | None], now: datetime) -> tuple[Due | None, str | None]:
    """The due time and the rule; a rule without a due time begins with its first day. Raises `TaskError`."""
    due = parse_due(said, now) if (said := texts.get("due")) else None
    rule = repeats.parse(said) if (said := texts.get("repeat")) else None
    if rule and due is None:
        due, rule = repeats.begin(rule, None, now)
    return due, rule


def _reminder(text: str | None, due: Due | None, now: datetime) -> reminding.Reminder:
    """Raises `TaskError`."""
    if not text:
        return reminding.NONE
    if _ISO.match(text):  # one that is past stays so
        return reminding.Reminder(_moment("remind", text, now), None)
    return reminding.parse(text, now, due)
