"""When somebody is to be reminded: at a moment, or so long before the task is due. Pure.

Kept as text: `-3600s` is an hour before the due time, `-1d 09:00` the day before at nine. A whole day is counted from
nine in the morning, for nobody wants to be woken at midnight. "Between three and five" reminds at three.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from mcp_servers.task_manager.errors import BadRequest, DateNotUnderstood

if TYPE_CHECKING:
    from datetime import tzinfo

    from mcp_servers.task_manager.models import Due, Task

MORNING: Final = time(9)
_STORED = re.compile(r"-(\d+)s|-(\d+)d (\d\d):(\d\d)")
_BEFORE = re.compile(
    r"(?P<amount>.+?)\s+(?:before(?:hand)?|earlier|in advance|ahead|prior)"
    r"(?:\s+(?:it(?:'s| is)? (?:is )?due|then|that|it))?"
    r"(?:\s+(?:at\s+)?(?P<clock>.+))?",
    re.IGNORECASE,
)
_AT_DUE = re.compile(r"(?:at (?:the|its) (?:due )?time|when (?:it(?:'s| is) )?due|on time|then)", re.IGNORECASE)
_ON_THE_DAY = re.compile(
    r"(?:on |in )?the (?:same )?(?P<part>day|morning|afternoon|evening|night)(?: itself)?(?: (?P<which>of|before))?"
    r"(?: (?:it|that|then|the day|it is due))?(?:,? at (?P<clock>.+))?",
    re.IGNORECASE,
)
_SECONDS: Final = {"second": 1, "minute": 60, "hour": 3600}


@dataclass(frozen=True, slots=True)
class Reminder:
    """When to remind."""

    at: datetime | None
    before: str | None
    """The text that is kept, where it is so long before the due time."""


NONE = Reminder(None, None)


def parse(words: str | None, now: datetime, due: Due | None) -> Reminder:
    """What the words mean for a task due then. Raises `DateNotUnderstood`, `BadRequest` for one without a due time."""
    from mcp_servers.task_manager.times.dates import parse_due, range_start

    said = " ".join((words or "").split())
    stored = said if _STORED.fullmatch(said) else _before(said)
    if stored is not None:
        if due is None:
            raise BadRequest(f"“{said}” needs a due time to count from. Say when the task is due, or a time to remind.")
        return Reminder(moment(stored, due, now.tzinfo or UTC), stored)
    found = range_start(said, now) or parse_due(said, now, day=due if due and not isinstance(due, datetime) else None)
    at = found if isinstance(found, datetime) else _morning(found, now.tzinfo or UTC)
    return Reminder(max(at, now), None)


def _before(said: str) -> str | None:
    """The text to be kept; None where the words name a moment. Raises `DateNotUnderstood`."""
    from mcp_servers.task_manager.times.rules import QUANTITIES, Clock, NoSuchTimeError, days_and_months, quantities_in
    from mcp_servers.task_manager.times.single import clock_of, not_understood
    from mcp_servers.task_manager.times.words import normalise

    if _AT_DUE.fullmatch(said):
        return "-0s"
    on_the_day = _on_the_day(said)
    if on_the_day is not None:
        return on_the_day
    match = _BEFORE.fullmatch(said)
    if not match:
        return None
    amount = re.sub(
        r"^(?:the|by) ", "", normalise(re.sub(r"^the ", "1 ", match["amount"].strip(), flags=re.IGNORECASE))
    )
    if not re.fullmatch(QUANTITIES, amount):
        return None
    seconds, days = 0.0, 0
    try:
        for count, unit in quantities_in(amount):
            if unit in _SECONDS:
                seconds += count * _SECONDS[unit]
            else:
                more, months = days_and_months(count, unit)
                days += more + 30 * months
        at: Clock | None = clock_of(match["clock"]) if match["clock"] else None
    except NoSuchTimeError as error:
        raise not_understood(said, error) from None
    if at is not None and not seconds:
        return f"-{days}d {at.hour % 24:02}:{at.minute:02}"
    if at is not None:
        raise DateNotUnderstood(
            f"“{said}” names two different times. Say “an hour before” or “the day before at nine”."
        )
    return f"-{days}d {MORNING:%H:%M}" if days and not seconds else f"-{int(seconds) + days * 86_400}s"


def _on_the_day(said: str) -> str | None:
    """Of "on the day at eight", "the evening before", "the morning of": the text to be kept."""
    from mcp_servers.task_manager.times.rules import Clock, NoSuchTimeError
    from mcp_servers.task_manager.times.single import clock_of, not_understood

    match = _ON_THE_DAY.fullmatch(said)
    if match is None:
        return None
    days = 1 if (match["which"] or "").casefold() == "before" else 0
    part = match["part"].casefold()
    words = match["clock"] or (f"in the {part}" if part != "day" else "")
    try:
        clock = clock_of(words) if words else Clock(MORNING.hour)
    except NoSuchTimeError as error:
        raise not_understood(said, error) from None
    return f"-{days}d {clock.hour % 24:02}:{clock.minute:02}"


def moment(stored: str, due: Due, zone: tzinfo) -> datetime:
    """The moment that the kept text means for a task due then."""
    match = _STORED.fullmatch(stored)
    if match is None:
        raise BadRequest(f"“{stored}” is no reminder. Say it like “an hour before”.")
    if match[1]:
        start = due if isinstance(due, datetime) else _morning(due, zone)
        return (start.astimezone(UTC) - timedelta(seconds=int(match[1]))).astimezone(zone)
    day = due.date() if isinstance(due, datetime) else due
    aware = datetime.combine(day - timedelta(days=int(match[2])), time(int(match[3]), int(match[4])), zone)
    return aware.astimezone(UTC).astimezone(zone)


def moved(task: Task, due: Due, zone: tzinfo) -> datetime | None:
    """The reminder of the task that follows a repeating one: as long before its due time."""
    if task.remind is not None:
        return moment(task.remind, due, zone)
    if task.remind_at is None or task.due is None:
        return None
    return task.remind_at + (_start(due, zone) - _start(task.due, zone))


def _start(due: Due, zone: tzinfo) -> datetime:
    return (due if isinstance(due, datetime) else _morning(due, zone)).replace(tzinfo=zone)


def _morning(day: object, zone: tzinfo) -> datetime:
    from datetime import date

    assert isinstance(day, date)
    return datetime.combine(day, MORNING, zone)
