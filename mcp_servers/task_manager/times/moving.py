"""What a new time means for a task that has one already. Pure; "now" and its zone are given.

Rules, where people differ:
- "By two days", "two days later" and "earlier by an hour" count from the task's own due time, and so does "two days"
  alone; "in two days" counts from now.
- "Forward by" is earlier, as in "bring it forward"; "back by" is later, as in "push it back".
- A time without a day keeps the task's day, unless that time has passed. A day without a time keeps the task's time of
  day, unless that has passed today or "all day" is said.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from mcp_servers.task_manager.times.dates import parse_due
from mcp_servers.task_manager.times.rules import (
    QUANTITIES,
    Clock,
    NoSuchTimeError,
    add_months,
    days_and_months,
    in_seconds,
    quantities_in,
)
from mcp_servers.task_manager.times.single import LONGEST, at, not_understood
from mcp_servers.task_manager.times.words import normalise

if TYPE_CHECKING:
    from datetime import date

    from mcp_servers.task_manager.models import Due

_EARLIER: Final = {"earlier", "sooner", "forward", "forwards"}
_WHERE = r"(later|earlier|sooner|forwards?|back|backwards?|out)"
_VERB = r"(?:(?:postponed?|delay(?:ed)?|push(?:ed)?|moved?|shift(?:ed)?|put|bring|brought|it|is) )*"
_BY = re.compile(rf"{_VERB}(?:{_WHERE} )?(?:by )?({QUANTITIES})(?: {_WHERE})?")
_LATER = re.compile(rf"{_VERB}({QUANTITIES}) {_WHERE}")
_SAME_TIME = re.compile(r"\b(?:at )?(?:the )?same time\b", re.IGNORECASE)
_ALL_DAY = re.compile(
    r"\b(?:(?:all|whole) day|any ?time|(?:end|close) of (?:the )?(?:day|business)|eod|eob|cob)\b", re.IGNORECASE
)
_SECONDS: Final = {"second": 1, "minute": 60, "hour": 3600}


def new_due(words: str, now: datetime, due: Due | None) -> Due:
    """When a task that is due at `due` is due from now on. Raises `DateNotUnderstood`."""
    text = normalise(words) if len(words) <= LONGEST else ""
    try:
        if match := _BY.fullmatch(text):
            return _moved(match[2], {match[1], match[3]}, now, due)
        if match := _LATER.fullmatch(text):
            return _moved(match[1], {match[2]}, now, due)
    except (NoSuchTimeError, OverflowError, ValueError) as error:
        raise not_understood(words, error) from None
    if not isinstance(due, datetime):
        return parse_due(words, now, day=due)
    found = parse_due(_SAME_TIME.sub("", words).strip() or words, now, day=_day_of(due))
    if isinstance(found, datetime) or _ALL_DAY.search(words):
        return found
    kept = at(found, _clock_of(due), now.tzinfo)
    return found if found == now.date() and kept <= now else kept


def _moved(quantities: str, where: set[str | None], now: datetime, due: Due | None) -> Due:
    way = -1 if where & _EARLIER else 1
    days = months = 0
    seconds = 0.0
    for count, unit in quantities_in(quantities):
        if unit in _SECONDS:
            seconds += way * count * _SECONDS[unit]
        else:
            more_days, more_months = days_and_months(count, unit)
            days, months = days + way * more_days, months + way * more_months
    if due is None:
        due = now if seconds else now.date()
    if not isinstance(due, datetime):
        if seconds:
            raise NoSuchTimeError("the task is due on a day, with no time to count from")
        return add_months(due, months) + timedelta(days=days)
    if days or months:
        due = at(add_months(_day_of(due), months) + timedelta(days=days), _clock_of(due), now.tzinfo)
    return in_seconds(due, seconds) if seconds else due


def _is_midnight(due: datetime) -> bool:
    """Midnight ends its day."""
    return due.hour == due.minute == 0


def _day_of(due: datetime) -> date:
    return due.date() - timedelta(days=_is_midnight(due))


def _clock_of(due: datetime) -> Clock:
    return Clock(24 if _is_midnight(due) else due.hour, due.minute)
