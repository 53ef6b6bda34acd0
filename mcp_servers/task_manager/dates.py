"""Stub until the grammar lands."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from mcp_servers.task_manager.errors import DateNotUnderstood

if TYPE_CHECKING:
    from mcp_servers.task_manager.models import Due


def parse_due(words: str, now: datetime, *, day: date | None = None) -> Due:  # noqa: ARG001 - stub
    """Stub."""
    plain = words.strip().casefold()
    near = {"today": 0, "tomorrow": 1}.get(plain)
    if near is not None:
        return now.date() + timedelta(days=near)
    try:
        return date.fromisoformat(plain)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(words.strip())
    except ValueError:
        raise DateNotUnderstood(f"I don't understand “{words}” as a time.") from None


def parse_span(words: str, now: datetime) -> tuple[datetime, datetime]:
    """Stub."""
    due = parse_due(words, now)
    day = due.date() if isinstance(due, datetime) else due
    start = datetime.combine(day, time.min, now.tzinfo)
    return start, start + timedelta(days=1)
