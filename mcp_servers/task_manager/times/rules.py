"""The grammar of times: patterns over normalised words, each of which fills one slot of `Parts`. Pure.

At every place the longest pattern that fits wins; words between the patterns must be `FILLERS`.
Weeks begin on Monday. A weekday alone is the next one after today; "next" puts it into the next calendar week.
"""

from __future__ import annotations

import calendar
import math
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from mcp_servers.task_manager.times.words import MONTHS, WEEKDAYS

if TYPE_CHECKING:
    from collections.abc import Callable

FILLERS = re.compile(
    r"(?:at|on|by|for|the|of|due|until|till|before|around|about|approximately|roughly|sometime|some time|any ?time|"
    r"all day|please|sharp|exactly|from|and|after|no later than|not later than|at the latest|latest|"
    r"later(?= today| this| on)|within|or so|ish|maybe|perhaps|probably|rest of(?= today| tomorrow))(?: |$)"
)
_PART_NAMES = r"(morning|afternoon|evening|night)"
_DAY_NAMES = "|".join(WEEKDAYS)
_MONTH_NAMES = "|".join(MONTHS)
_HOUR = r"(\d{1,2}|noon|midnight)(?: oclock)?(?: (am|pm))?"
YEAR = r"(?: (?:of |in )?(?P<year>\d{4}|next year|this year))?"
"""At the end of a pattern; see `year_said`."""
_NO_MONTH = f"(?! (?:of )?(?:{_MONTH_NAMES}))"
_MINUTES = r"(half|quarter|5|10|20|25|\d{1,2}(?= min))(?: minutes?)?"
_QUANTITY = r"\d{1,6}(?:\.5)? (?:second|minute|hour|day|week|month|year)s?"
QUANTITIES = rf"{_QUANTITY}(?: (?:and )?{_QUANTITY})*"
"""Such as "1 hour and 15 minutes", in normalised words."""


FROM_A_DAY = "only days, weeks, months and years can be counted from a day"


class NoSuchTimeError(ValueError):
    """A part that is understood but cannot be; the message says why, without a full stop."""


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day."""

    hour: int
    """0 to 24; 24 is the midnight that ends the day."""
    minute: int = 0
    bare: bool = False
    """Said without am, pm or a 24-hour form."""
    back: int = 0
    """Minutes before it ("quarter to")."""


@dataclass(frozen=True, slots=True)
class Span:
    """Whole days, and the one of them by which something due then is due."""

    start: date
    end: date
    """The day after the last."""
    pick: date


@dataclass(slots=True)
class Parts:
    """What was said; a slot that is filled twice with different things makes no sense."""

    now: datetime
    date: date | None = None
    weekday: date | None = None
    """The day meant by a weekday's name alone."""
    span: Span | None = None
    clock: Clock | None = None
    part: str | None = None
    """Morning, afternoon, evening or night."""
    moment: datetime | None = None
    beside: tuple[int, int] | None = None
    """A weekday, and whether the first one before (-1) or after (1) the day said is meant."""
    shift: tuple[int, int] | None = None
    """Days and months to go on from the day said, or from today."""
    minutes_from: int | None = None
    """To go on from the time of day said: "an hour before noon" is -60."""
    is_week: bool = False
    """Of the day said, its whole week is meant."""
    end_of_day: bool = False
    """Said beside a day, it adds nothing: a day ends with itself. Said alone, it is today."""

    def put(self, slot: str, value: object) -> None:
        """Fill a slot. Raises `NoSuchTimeError` where it has another value already."""
        held = getattr(self, slot)
        if held is not None and held != value:
            raise NoSuchTimeError("that names two different times")
        setattr(self, slot, value)

    @property
    def names_day(self) -> bool:
        """Whether a day or days were said."""
        return any((self.date, self.weekday, self.span, self.beside, self.shift))

    @property
    def today(self) -> date:
        """The day it is."""
        return self.now.date()


Fill: TypeAlias = "Callable[[re.Match[str], Parts], None]"


def add_months(day: date, months: int) -> date:
    """The same day of another month, or its last where it is shorter. Raises `OverflowError`."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not date.min.year <= year <= date.max.year:
        raise OverflowError
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def year_said(year: str | None, today: date) -> int | None:
    """The year of these words: its number, where two digits mean 20.., or "next year"."""
    if not year:
        return None
    if not year.isdigit():
        return today.year + (year == "next year")
    return int(year) + (2000 if len(year) == 2 else 0)  # noqa: PLR2004 - "26"


def next_date(today: date, month: int | None, day: int, year: str | None = None) -> date:
    """The first such day that is not past; of that year where one is given, see `year_said`."""
    named = year_said(year, today)
    if named is not None:
        return _date(named, month or today.month, day)
    first = today.replace(day=1)
    for ahead in range(12 * 8 + 1):
        start = add_months(first, ahead)
        if month in (None, start.month) and day <= calendar.monthrange(start.year, start.month)[1]:
            found = start.replace(day=day) if day else today
            if found >= today and day:
                return found
    raise NoSuchTimeError("there is no such day")


def _date(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise NoSuchTimeError("there is no such day") from None


# -- days


def _near_day(match: re.Match[str], parts: Parts) -> None:
    days = {"today": 0, "tomorrow": 1, "yesterday": -1}[match[2]]
    away = {"day after ": 1, "day before ": -1}.get(match[1] or "", 0)
    parts.put("date", parts.today + timedelta(days=days + away))


def _weekday(match: re.Match[str], parts: Parts) -> None:
    which, name, later = match.groups()
    number = WEEKDAYS.index(name)
    monday = parts.today - timedelta(days=parts.today.weekday())
    if which == "next":
        day = monday + timedelta(days=7 + number)
    elif which in ("last", "past"):
        day = parts.today - timedelta(days=(parts.today.weekday() - number - 1) % 7 + 1)
    else:
        soonest = 0 if which == "this" else 1
        day = parts.today + timedelta(days=(number - parts.today.weekday() - soonest) % 7 + soonest)
    parts.put("weekday", day + timedelta(days={" week": 7, " fortnight": 14}.get(later or "", 0)))


def _month_day(match: re.Match[str], parts: Parts) -> None:
    parts.put("date", next_date(parts.today, MONTHS.index(match[1]) + 1, int(match[2]), match[3]))


def _day_month(match: re.Match[str], parts: Parts) -> None:
    parts.put("date", next_date(parts.today, MONTHS.index(match[2]) + 1, int(match[1]), match[3]))


def _day_of_month(match: re.Match[str], parts: Parts) -> None:
    day = int(match[1])
    if match[2]:
        first = add_months(parts.today.replace(day=1), 1 if match[2] == "next " else 0)
        parts.put("date", _date(first.year, first.month, day))
    else:
        parts.put("date", next_date(parts.today, None, day))


def _month_then_day(match: re.Match[str], parts: Parts) -> None:
    first = add_months(parts.today.replace(day=1), match["month"] == "next month")
    parts.put("date", _date(first.year, first.month, int(match["day"])))


def _iso_date(match: re.Match[str], parts: Parts) -> None:
    parts.put("date", _date(int(match[1]), int(match[2]), int(match[3])))


def _dotted_date(match: re.Match[str], parts: Parts) -> None:
    parts.put("date", next_date(parts.today, int(match[2]), int(match[1]), match[3]))


def _slashed_date(match: re.Match[str], parts: Parts) -> None:
    first, second = int(match[1]), int(match[2])
    month, day = (second, first) if first > 12 else (first, second)  # noqa: PLR2004 - months
    parts.put("date", next_date(parts.today, month, day, match[3]))


# -- quantities


def quantities_in(text: str) -> list[tuple[float, str]]:
    """Count and unit of each of `QUANTITIES`."""
    return [(float(count), unit) for count, unit in re.findall(r"(\d+(?:\.5)?) ([a-z]+?)s?\b", text)]


def days_and_months(count: float, unit: str) -> tuple[int, int]:
    """What so many days, weeks, months or years are."""
    if unit in ("month", "year"):
        months = count * (12 if unit == "year" else 1)
        return math.ceil(months % 1 * 30), int(months)
    return math.ceil(count * (7 if unit == "week" else 1)), 0


def _quantities(match: re.Match[str], parts: Parts) -> None:
    found = quantities_in(match[1])
    backwards = -1 if match[2] in ("before", "ago") else 1
    if all(unit in ("day", "week", "month", "year") for _, unit in found):
        pairs = [days_and_months(count, unit) for count, unit in found]
        parts.put("shift", (backwards * sum(pair[0] for pair in pairs), backwards * sum(pair[1] for pair in pairs)))
        return
    if match[2] in ("before", "after") and all(unit in ("hour", "minute") for _, unit in found):
        minutes = sum(count * (60 if unit == "hour" else 1) for count, unit in found)
        parts.put("minutes_from", backwards * int(minutes))
        return
    if match[2] in ("before", "from", "after", "on"):
        raise NoSuchTimeError(FROM_A_DAY)
    seconds = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
    if any(unit not in seconds for _, unit in found):
        raise NoSuchTimeError("hours and months do not go together")
    parts.put("moment", in_seconds(parts.now, backwards * sum(count * seconds[unit] for count, unit in found)))


def in_seconds(now: datetime, seconds: float) -> datetime:
    """So much time later by the clock that never jumps, to the minute."""
    from datetime import UTC

    later = (now.astimezone(UTC) + timedelta(seconds=seconds)).astimezone(now.tzinfo)
    return later.replace(second=0, microsecond=0)


def _now(_match: re.Match[str], parts: Parts) -> None:
    parts.put("moment", in_seconds(parts.now, 0))


# -- times of day


def _clock(match: re.Match[str], parts: Parts) -> None:
    hour, minute, half = match[1], int(match[2] or 0), match[3]
    parts.put("clock", _hour(hour, minute, half))


def _hour(hour: str, minute: int, half: str | None, back: int = 0) -> Clock:
    number = int(hour)
    if half:
        if not 1 <= number <= 12:  # noqa: PLR2004 - a half day's hours
            raise NoSuchTimeError("there is no such hour")
        return Clock(number % 12 + (12 if half == "pm" else 0), minute, back=back)
    if number > 23:  # noqa: PLR2004 - a day's hours
        raise NoSuchTimeError("there is no such hour")
    return Clock(number, minute, bare=1 <= number <= 12 and not hour.startswith("0"), back=back)  # noqa: PLR2004 - "04:30" is exact


def _past_or_to(match: re.Match[str], parts: Parts) -> None:
    amount, direction, hour, half = match.groups()
    minutes = {"half": 30, "quarter": 15}.get(amount) or int(amount)
    before = direction in ("to", "till", "before", "of")
    named = {"noon": Clock(12), "midnight": Clock(24)}.get(hour)
    if named:
        exact = Clock(named.hour, 0, back=minutes) if before else Clock(named.hour % 24, minutes)
        parts.put("clock", exact)
        return
    parts.put("clock", _hour(hour, 0 if before else minutes, half, minutes if before else 0))


def _half(match: re.Match[str], parts: Parts) -> None:
    parts.put("clock", _hour(match[1], 30, match[2]))


def _named_clock(match: re.Match[str], parts: Parts) -> None:
    parts.put("clock", Clock(12 if match[1] == "noon" else 24))


def _compact_clock(match: re.Match[str], parts: Parts) -> None:
    parts.put("clock", Clock(int(match[1]), int(match[2])))


def _end_of_day(_match: re.Match[str], parts: Parts) -> None:
    parts.end_of_day = True


def _same_time(_match: re.Match[str], parts: Parts) -> None:
    parts.put("clock", Clock(parts.now.hour, parts.now.minute))


def _same_time_next(match: re.Match[str], parts: Parts) -> None:
    _same_time(match, parts)
    days, months = days_and_months(1, match[1])
    parts.put("shift", (days, months))


def _part(match: re.Match[str], parts: Parts) -> None:
    if match[1] == "this":
        parts.put("date", parts.today)
    parts.put("part", match[2] or "morning")


def _first_thing(_match: re.Match[str], parts: Parts) -> None:
    parts.put("part", "morning")


def _tonight(_match: re.Match[str], parts: Parts) -> None:
    parts.put("date", parts.today)
    parts.put("part", "night")


_TABLE: tuple[tuple[str, Fill], ...] = (
    (r"(?:the )?(day after |day before )?(today|tomorrow|yesterday)", _near_day),
    (rf"(?:(this|next|coming|last|past|following) )?(?:coming )?({_DAY_NAMES})( week| fortnight)?", _weekday),
    (rf"({_MONTH_NAMES}) (?:the )?(\d{{1,2}})(?:st|nd|rd|th)?(?! (?:am|pm)|[:.]\d){YEAR}", _month_day),
    (rf"(\d{{1,2}})(?:st|nd|rd|th)? (?:of )?({_MONTH_NAMES}){YEAR}", _day_month),
    (r"(\d{1,2})(?:st|nd|rd|th)(?: of (?:the |this )?(next |this )?month)?", _day_of_month),
    (r"(?:in )?(?P<month>next month|this month),? (?:on )?(?:the )?(?P<day>\d{1,2})(?:st|nd|rd|th)", _month_then_day),
    (r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})", _iso_date),
    (r"(\d{1,2})\.(0?[1-9]|1[0-2])\. ?(\d{4}|\d\d)?", _dotted_date),
    (r"(\d{1,2})/(\d{1,2})(?:/(\d{4}|\d\d))?", _slashed_date),
    (rf"(?:in )?({QUANTITIES})(?: from now| (from|after|before|on|ago|time)\b)?", _quantities),
    (r"right now|now|immediately|right away|straight away", _now),
    (r"(\d{1,2})(?:[:. ]([0-5]\d)(?::[0-5]\d)?)?(?: oclock)?(?: (am|pm))?", _clock),
    (
        rf"{_MINUTES} (past|after|to|till|before) {_HOUR}{_NO_MONTH}",
        _past_or_to,
    ),
    (rf"(quarter) (of) {_HOUR}", _past_or_to),
    (r"half (\d{1,2})(?: (am|pm))?", _half),
    (r"(noon|midnight)", _named_clock),
    (r"(?:at )?(?:this|the same|same) time next (week|month|year)", _same_time_next),
    (r"(?:at )?(?:this|the current|the same|same) time", _same_time),
    (r"([01]\d|2[0-3])([0-5]\d)(?: hours)?", _compact_clock),
    (r"([1-9]|1[0-2])([0-5]\d) (am|pm)", _clock),
    (r"([1-9])([0-5]\d)()", _clock),
    (r"(?:by )?(?:the )?eod", _end_of_day),
    (rf"(?:1st thing )?(?:in |during |at )?(?:the )?(?:(this) )?{_PART_NAMES}", _part),
    (r"(?:(this) )?(1st thing)", _first_thing),
    (r"tonight", _tonight),
)  # fmt: skip
RULES = tuple((re.compile(rf"(?:{pattern})(?![^ ])"), fill) for pattern, fill in _TABLE)
