"""Where a task stands in lists, as one number. Pure.

Open tasks: by due time, then priority, those without a due time last. Done ones: latest first.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import tzinfo

    from mcp_servers.task_manager.models import Due, Priority

RANKS: Final[dict[Priority, int]] = {"high": 0, "normal": 1, "low": 2}
PRIORITIES: Final[dict[int, Priority]] = {rank: priority for priority, rank in RANKS.items()}
UNDUE: Final = 1 << 60
"""The first place of tasks without a due time."""
STEPS = 4
"""Places within a second: one for each priority."""
ZONES: Final = timedelta(hours=27)
"""By how much the end of a day can differ between two places on Earth, and one hour of daylight saving."""


def end_of(due: Due, zone: tzinfo) -> datetime:
    """The moment itself, or the last second of the day."""
    return due if isinstance(due, datetime) else datetime.combine(due, time(23, 59, 59), zone)


def place_of_open(due: Due | None, priority: Priority, zone: tzinfo) -> int:
    """The place of an open task."""
    return (UNDUE if due is None else place_at(end_of(due, zone))) + RANKS[priority]


def place_of_done(completed: datetime) -> int:
    """The place of a done task."""
    from mcp_servers.task_manager.tables import ticks

    return -ticks(completed)


def place_at(moment: datetime) -> int:
    """The first place of open tasks due in that second."""
    return int(moment.timestamp() // 1) * STEPS


def overdue(due: Due | None, now: datetime) -> bool:
    """Whether its day, or its moment, has passed."""
    if isinstance(due, datetime):
        return due < now
    return isinstance(due, date) and due < now.date()
