"""One time, in words or as ISO 8601: a day, a time of day, or both; as a due time and as a span. Pure.

The rules where people differ are told in `dates`.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from mcp_servers.task_manager.errors import DateNotUnderstood
from mcp_servers.task_manager.times.counted import COUNTED
from mcp_servers.task_manager.times.holidays import HOLIDAY_RULES
from mcp_servers.task_manager.times.routine import ROUTINE_RULES
from mcp_servers.task_manager.times.rules import (
    FILLERS,
    FROM_A_DAY,
    RULES,
    Clock,
    NoSuchTimeError,
    Parts,
    Span,
    add_months,
)
from mcp_servers.task_manager.times.spans import SPAN_RULES
from mcp_servers.task_manager.times.words import normalise

if TYPE_CHECKING:
    from mcp_servers.task_manager.models import Due

PARTS_OF_DAY: Final = {"morning": (9, 0, 12), "afternoon": (15, 12, 18), "evening": (18, 17, 24), "night": (20, 17, 24)}
"""When something due then is due, and from when until when it lasts."""
LONGEST = 200
_AFTERNOON = range(1, 8)
"""Bare hours that mean the afternoon."""
_ISO = re.compile(
    r"\s*(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?))?\s*", re.IGNORECASE
)
_EVERY = re.compile(r"\b(?:every|each|daily|weekly|monthly|yearly|annually)\b", re.IGNORECASE)
_UP_TO = re.compile(r"\s*(by|until|till|before|no later than|not later than)\b", re.IGNORECASE)
_AFTER = re.compile(r"\s*(?:(?:any ?time|some ?time|only|not before|just) )?after\b", re.IGNORECASE)
_FAR = datetime(9999, 12, 30)  # noqa: DTZ001 - naive, as all ends of spans here
_GRAMMAR: Final = (*COUNTED, *RULES, *HOLIDAY_RULES, *ROUTINE_RULES, *SPAN_RULES)
_EXAMPLES = "Say it like “tomorrow”, “Friday at three” or “in two weeks”."


def one_due(words: str, now: datetime, day: date | None = None) -> Due:
    """When one time is due; see `dates.parse_due`."""
    iso = _iso(words, now)
    if iso is not None:
        return iso
    try:
        parts = _parse(words, now)
        due = _due(parts, day)
        if isinstance(due, datetime):
            return due
        if _before(words):
            return due - timedelta(days=1)
        return _span(parts)[1].date() if _after(words, parts) else due
    except (NoSuchTimeError, OverflowError, ValueError) as error:
        raise not_understood(words, error) from None


def one_span(words: str, now: datetime) -> tuple[datetime, datetime]:
    """How long one time lasts; see `dates.parse_span`."""
    zone = now.tzinfo
    iso = _iso(words, now)
    try:
        if iso is None:
            parts = _parse(words, now)
            start, end = _span(parts)
            if _after(words, parts):
                start, end = (start, _end_of_day(start)) if parts.clock else (end, _FAR)
        elif isinstance(iso, datetime):
            start, end = iso.replace(tzinfo=None), iso.replace(tzinfo=None) + timedelta(minutes=1)
        else:
            start, end = _days(iso, iso + timedelta(days=1))
        if _UP_TO.match(words):
            end = start if _before(words) else end
            start = min(datetime.combine(now.date(), time.min), end)
        return settled(start, zone), settled(end, zone)
    except (NoSuchTimeError, OverflowError, ValueError) as error:
        raise not_understood(words, error) from None


def _iso(words: str, now: datetime) -> Due | None:
    match = _ISO.fullmatch(words)
    if not match:
        return None
    try:
        if not match[2]:
            return date.fromisoformat(match[1])
        moment = datetime.fromisoformat(f"{match[1]}T{match[2].upper()}")
        return settled(moment, now.tzinfo) if moment.tzinfo is None else moment.astimezone(now.tzinfo)
    except (ValueError, OverflowError) as error:
        raise not_understood(words, error) from None


def _after(words: str, parts: Parts) -> bool:
    """Whether what follows the words is meant; "after two days" is in two days."""
    return bool(_AFTER.match(words)) and parts.shift is None and parts.moment is None


def _end_of_day(moment: datetime) -> datetime:
    return datetime.combine(moment.date() + timedelta(days=1), time.min)


def _before(words: str) -> bool:
    match = _UP_TO.match(words)
    return bool(match and match[1].casefold() == "before")


def names_day(words: str, now: datetime) -> bool:
    """Whether the words say a day, rather than a time of day alone. Raises `NoSuchTimeError`."""
    return _iso(words, now) is not None or _parse(words, now).names_day


def _parse(words: str, now: datetime) -> Parts:
    """Fill the slots from the words. Raises `NoSuchTimeError`."""
    if _EVERY.search(words):
        raise NoSuchTimeError("a task is due once, and what repeats goes into repeat")
    text = normalise(words) if len(words) <= LONGEST else ""
    parts = Parts(now)
    place, found = 0, False
    while place < len(text):
        matches = [(match.end(), fill, match) for rule, fill in _GRAMMAR if (match := rule.match(text, place))]
        longest = max(matches, key=lambda one: one[0], default=None)
        filler = FILLERS.match(text, place)
        if longest and longest[0] > place:
            longest[1](longest[2], parts)
            place, found = longest[0] + 1, True
        elif filler:
            place = filler.end()
        else:
            raise NoSuchTimeError
    if not found:
        raise NoSuchTimeError
    if parts.is_week:
        _widen(parts)
    if parts.minutes_from is not None:
        if parts.clock is None:
            raise NoSuchTimeError(FROM_A_DAY)
        exact = _exact(parts.clock, parts.part)
        parts.clock = Clock(exact.hour, exact.minute, back=exact.back - parts.minutes_from)
    if parts.end_of_day and not parts.names_day and not parts.moment:
        parts.date = parts.today
    return parts


def _widen(parts: Parts) -> None:
    """The week of the day said, for that day."""
    day = _day(parts)
    if day is None or parts.span:
        raise NoSuchTimeError
    monday = day - timedelta(days=day.weekday())
    parts.date = parts.weekday = parts.beside = parts.shift = None
    parts.span = Span(monday, monday + timedelta(days=7), max(monday, min(parts.today, monday + timedelta(days=6))))


def _day(parts: Parts) -> date | None:
    """The day that the slots agree on; None if none was said. Raises `NoSuchTimeError`."""
    day = parts.date
    weekday = parts.weekday
    if parts.span and day:
        raise NoSuchTimeError("that names two different times")
    if parts.span and weekday:
        days = [parts.span.start + timedelta(days=ahead) for ahead in range((parts.span.end - parts.span.start).days)]
        day = next((one for one in days[:7] if one.weekday() == weekday.weekday()), None)
        if day is None:
            raise NoSuchTimeError("there is no such day in it")
    elif parts.span:
        day = parts.span.pick
    elif day and weekday and day.weekday() != weekday.weekday():
        raise NoSuchTimeError(f"{day.day} {day:%B %Y} is a {day:%A}")
    day = day or weekday
    if parts.beside:
        number, way = parts.beside
        near = day or parts.today  # "Friday before noon"
        way = way if day else 1
        day = near + timedelta(days=way * ((way * (number - near.weekday()) - 1) % 7 + 1))
    if parts.shift:
        days, months = parts.shift
        day = add_months(day or parts.today, months) + timedelta(days=days)
    return day


def _due(parts: Parts, meant: date | None) -> Due:
    day = _day(parts)
    if parts.moment is not None:
        if day or parts.clock or parts.part:
            raise NoSuchTimeError("that names two different times")
        return parts.moment
    zone = parts.now.tzinfo
    if parts.clock is None and parts.part is None:
        assert day is not None
        return day
    clock = _exact(parts.clock, parts.part)
    if day is not None:
        due = at(day, clock, zone)
        vague = parts.clock is None and day == parts.today and due <= parts.now
        return day if vague else due
    for candidate in (meant, parts.today):
        if candidate is not None and (due := at(candidate, clock, zone)) > parts.now:
            return due
    return at(parts.today + timedelta(days=1), clock, zone)


def _exact(clock: Clock | None, part: str | None) -> Clock:
    """The time of day, where am and pm were left to be guessed or the part of the day says it."""
    if clock is None:
        return Clock(PARTS_OF_DAY[part or "morning"][0])
    if not clock.bare:
        return clock
    hour = clock.hour
    if part == "morning":
        hour %= 12
    elif part in ("evening", "night"):
        hour = 24 if hour == 12 else hour + 12  # noqa: PLR2004 - twelve at night is midnight
    elif part == "afternoon" or hour in _AFTERNOON:
        hour = hour % 12 + 12
    return Clock(hour, clock.minute, back=clock.back)


def clock_of(words: str) -> Clock:
    """The time of day that the words name. Raises `NoSuchTimeError`."""
    parts = _parse(words, datetime(2000, 1, 1, tzinfo=UTC))
    if parts.names_day or parts.moment or not (parts.clock or parts.part):
        raise NoSuchTimeError
    return _exact(parts.clock, parts.part)


def at(day: date, clock: Clock, zone: object) -> datetime:
    """That time of that day."""
    naive = datetime.combine(day, time.min) + timedelta(hours=clock.hour, minutes=clock.minute - clock.back)
    return settled(naive, zone)


def settled(naive: datetime, zone: object) -> datetime:
    """A moment that exists: through UTC, with the offset from before a jump of the clocks."""
    aware = naive.replace(tzinfo=zone, fold=0)  # type: ignore[arg-type]
    return aware.astimezone(UTC).astimezone(aware.tzinfo)


def _days(start: date, end: date) -> tuple[datetime, datetime]:
    return datetime.combine(start, time.min), datetime.combine(end, time.min)


def _span(parts: Parts) -> tuple[datetime, datetime]:
    """Naive start and end."""
    if parts.moment is not None:
        _due(parts, None)  # it refuses what names a day as well
        now, moment = parts.now.replace(tzinfo=None), parts.moment.replace(tzinfo=None)
        return min(now, moment), max(now, moment) + timedelta(minutes=1)
    if parts.clock is not None:
        due = _due(parts, None)
        assert isinstance(due, datetime)
        return due.replace(tzinfo=None), due.replace(tzinfo=None) + timedelta(minutes=1)
    day = _day(parts)
    if parts.part is not None:
        midnight = datetime.combine(day or parts.today, time.min)
        _, first, last = PARTS_OF_DAY[parts.part]
        return midnight + timedelta(hours=first), midnight + timedelta(hours=last)
    whole: Span | None = parts.span if not (parts.weekday or parts.beside or parts.shift) else None
    if whole:
        return _days(whole.start, whole.end)
    assert day is not None
    return _days(day, day + timedelta(days=1))


def not_understood(words: str, error: Exception) -> DateNotUnderstood:
    """The sentence about words that name no time, or an impossible one."""
    said = " ".join(words.split())
    said = said if len(said) <= 60 else said[:60] + "…"  # noqa: PLR2004 - enough to be recognised
    if isinstance(error, NoSuchTimeError) and str(error):
        return DateNotUnderstood(f"“{said}” cannot be: {error}. {_EXAMPLES}")
    return DateNotUnderstood(f"I don't understand “{said}” as a time. {_EXAMPLES}")
