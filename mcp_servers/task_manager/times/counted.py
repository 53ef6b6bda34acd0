"""Days that are counted: the last Friday of a month, three working days from now, Monday week. Pure."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

from mcp_servers.task_manager.times.rules import NoSuchTimeError, add_months
from mcp_servers.task_manager.times.words import MONTHS, WEEKDAYS

if TYPE_CHECKING:
    from mcp_servers.task_manager.times.rules import Fill, Parts

_DAY_NAMES = "|".join(WEEKDAYS)
_WORKING = r"(?:week|working|work|business) ?days?"
_SATURDAY = 5
_NO_DAY = "breakfast|lunch|dinner|supper|work|school|bed|bedtime|noon|midnight"


def nth_of_month(month: date, nth: int, kind: str) -> date | None:
    """The nth such day of the month that begins on `month`; -1 the last. `kind`: a weekday, "day" or "weekday"."""
    length = calendar.monthrange(month.year, month.month)[1]
    days = [month + timedelta(days=ahead) for ahead in range(length)]
    if kind in WEEKDAYS:
        days = [day for day in days if day.weekday() == WEEKDAYS.index(kind)]
    elif kind != "day":
        days = [day for day in days if day.weekday() < _SATURDAY]
    place = nth - 1 if nth > 0 else nth
    return days[place] if -len(days) <= place < len(days) else None


def _nth(match: re.Match[str], parts: Parts) -> None:
    which, kind, near, name, year = match.groups()
    nth = -1 if which == "last" else int(which[0])
    first = parts.today.replace(day=1)
    if name == "month":
        months = [add_months(first, 1)] if near == "next" else [first, add_months(first, 1)]
    else:
        this = date(int(year) if year else first.year, MONTHS.index(name) + 1, 1)
        months = [this] if year else [this, this.replace(year=this.year + 1)]
        months = months[1:] if near == "next" and months[0] <= first else months
    found = [day for month in months if (day := nth_of_month(month, nth, kind))]
    ahead = [day for day in found if day >= parts.today or year or near]
    if not ahead:
        raise NoSuchTimeError("there is no such day")
    parts.put("date", ahead[0])


def _working_days(match: re.Match[str], parts: Parts) -> None:
    day, left = parts.today, int(match[1] or 1)
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < _SATURDAY
    parts.put("date", day)


def _day_week(match: re.Match[str], parts: Parts) -> None:
    days = 7 if match[2] == "week" else 14
    parts.put("date", parts.today + timedelta(days=days + (match[1] == "tomorrow")))


def _weekdays_on(match: re.Match[str], parts: Parts) -> None:
    number = WEEKDAYS.index(match[2])
    first = (number - parts.today.weekday() - 1) % 7 + 1
    parts.put("date", parts.today + timedelta(days=first + 7 * (int(match[1]) - 1)))


def _after_next(match: re.Match[str], parts: Parts) -> None:
    """The one of the week after next."""
    parts.put("date", parts.today + timedelta(days=14 + WEEKDAYS.index(match[1]) - parts.today.weekday()))


def _but_one(match: re.Match[str], parts: Parts) -> None:
    """The one after the next."""
    parts.put("date", parts.today + timedelta(days=(WEEKDAYS.index(match[1]) - parts.today.weekday() - 1) % 7 + 8))


def _week_of(_match: re.Match[str], parts: Parts) -> None:
    parts.is_week = True


def _beside(match: re.Match[str], parts: Parts) -> None:
    number = _SATURDAY if match[1] == "weekend" else WEEKDAYS.index(match[1])
    parts.put("beside", (number, -1 if match[2] == "before" else 1))


_TABLE: tuple[tuple[str, Fill], ...] = (
    (
        (
            rf"(?:on )?(?:the )?(1st|2nd|3rd|4th|5th|last) ({_DAY_NAMES}|day|weekday|working day|business day) "
            rf"(?:of|in) (?:the )?(?:(this|next) )?(month|{'|'.join(MONTHS)})(?: (\d{{4}}))?"
        ),
        _nth,
    ),
    (rf"(?:in |within )?(\d{{1,3}}) {_WORKING}(?: from now| time)?", _working_days),
    (rf"(?:on )?(?:the )?next ()(?:{_WORKING})", _working_days),
    (r"(today|tomorrow) (week|fortnight)", _day_week),
    (rf"(?:in )?(\d{{1,2}}) ({_DAY_NAMES})s? (?:from now|from today|hence|away)", _weekdays_on),
    (r"(?:in |during )?(?:the )?week (?:of|commencing|beginning|starting)(?: on)?(?: the)?(?= )", _week_of),
    (rf"(?:the )?({_DAY_NAMES}) after next(?: week)?", _after_next),
    (rf"(?:the )?(?:next )?({_DAY_NAMES}) but 1", _but_one),
    (rf"(?:the )?({_DAY_NAMES}|weekend) (before|after)(?! (?:next|{_NO_DAY})\b)(?= [a-z])", _beside),
)
COUNTED = tuple((re.compile(rf"(?:{pattern})(?![^ ])"), fill) for pattern, fill in _TABLE)
