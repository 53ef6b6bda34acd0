"""Days, times and spans as they are written made into words as they are said. Pure, English."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_SHORT_MONTHS = {name[:3]: name for name in _MONTHS} | {"Sept": "September"}
_DAYS = {
    "Mon": "Monday", "Tue": "Tuesday", "Tues": "Tuesday", "Wed": "Wednesday", "Thu": "Thursday", "Thur": "Thursday",
    "Thurs": "Thursday", "Fri": "Friday", "Sat": "Saturday", "Sun": "Sunday",
}  # fmt: skip
_MONTH = "|".join(_MONTHS)
_SHORT_MONTH, _SHORT_DAY = "|".join(sorted(_SHORT_MONTHS, key=len, reverse=True)), "|".join(_DAYS)
_DAY = r"(\d{4})-(\d\d)-(\d\d)"
_MOMENT = re.compile(rf"\b{_DAY}[T ](\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?(?![\d:])")
_BETWEEN = re.compile(rf"(?:(?<=-\d\d)|(?<=:\d\d)|(?<=\dZ))(?:/|--)(?={_DAY})")
_SPAN = re.compile(
    r"\bP(?=\d|T\d)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?\b"
)
_PARTS = ("year", "month", "week", "day", "hour", "minute", "second")
LEADS = rf"(?:{_MONTH}|{_SHORT_MONTH})\.?|(?:{_SHORT_DAY}|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)[.,]?"
"""Words that may belong to the figure after them."""


def moments(text: str, zone: tzinfo | None) -> str:
    """Return `text` with its moments (RFC 3339) in the time of `zone`; None: as written, with “UTC” where that is."""

    def said(match: re.Match[str]) -> str:
        day, clock, offset = "-".join(match.groups()[:3]), match[4], match[5]
        try:
            when = datetime.fromisoformat(f"{day}T{clock}{offset or ''}")
        except ValueError:
            return match[0]
        if offset and zone is not None:
            when = when.astimezone(zone)
        is_utc = offset is not None and zone is None and when.utcoffset() is not None and not when.utcoffset()
        at = f"{_day_of(when.year, when.month, when.day)} at {_clock(when.hour, when.minute)}"
        return f"{at} UTC" if is_utc else at

    return _MOMENT.sub(said, _BETWEEN.sub(" to ", text))


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ending}"


def _day_of(year: int, month: int, day: int) -> str:
    return f"{_MONTHS[month - 1]} {_ordinal(day)}, {_year(year)}"


def _day(match: re.Match[str]) -> str:
    return _real_day(match, *(int(part) for part in match.groups()[:3]))


def _day_first(match: re.Match[str]) -> str:
    return _real_day(match, int(match[3]), int(match[2]), int(match[1]))


def _slashed(match: re.Match[str]) -> str:
    """A day between slashes, where it cannot but be one: 21/11/2026, 11/21/2026."""
    one, two, year = (int(part) for part in match.groups())
    most = len(_MONTHS)
    if one <= most and two <= most and one != two:
        return match[0]
    return _real_day(match, year, min(one, two), max(one, two))


def _real_day(match: re.Match[str], year: int, month: int, day: int) -> str:
    if not (1 <= month <= 12 and 1 <= day <= 31):  # noqa: PLR2004 - the calendar's
        return match[0]
    return _day_of(year, month, day)


def _month(match: re.Match[str]) -> str:
    return f"{_MONTHS[int(match[2]) - 1]} {_year(int(match[1]))}"


def _year(year: int) -> str:
    return f"{year // 100} {year % 100:02}" if 2010 <= year < 2100 else str(year)  # noqa: PLR2004 - "twenty twenty-six"


def _time(match: re.Match[str]) -> str:
    hour, minute = int(match[1]), int(match[2])
    if hour > 23 or minute > 59:  # noqa: PLR2004 - the clock's
        return match[0]
    half = (match[3] or "").replace(".", "").upper()
    if half:
        return f"{_minutes(hour, minute)} {half}"
    if 0 < hour <= 12:  # noqa: PLR2004 - which half of the day it is was not written
        return f"{_minutes(hour, minute)} o'clock" if minute == 0 else _minutes(hour, minute)
    return _clock(hour, minute)


def _clock(hour: int, minute: int) -> str:
    if (hour, minute) == (0, 0):
        return "midnight"
    if (hour, minute) == (12, 0):
        return "noon"
    return f"{_minutes((hour - 1) % 12 + 1, minute)} {'AM' if hour < 12 else 'PM'}"  # noqa: PLR2004 - the clock's


def _minutes(hour: int, minute: int) -> str:
    return str(hour) if minute == 0 else f"{hour} {'oh ' if minute < 10 else ''}{minute}"  # noqa: PLR2004 - one digit


def _written_day(match: re.Match[str]) -> str:
    since = f"the {_ordinal(int(match[2]))} to " if match[2] else ""
    return f"{match[1] or ''}{since}the {_ordinal(int(match[3]))} of {match[4]}{_with_year(match[5])}"


def _month_first(match: re.Match[str]) -> str:
    day = int(match[2])
    return f"{match[1]} {_ordinal(day)}{_with_year(match[3])}" if 1 <= day <= 31 else match[0]  # noqa: PLR2004 - the calendar's


def _with_year(year: str | None) -> str:
    return f", {_year(int(year))}" if year else ""


def _days(match: re.Match[str]) -> str:
    return f"{_DAYS[match[1]]} to {_DAYS[match[2]]}"


def _half_to(match: re.Match[str]) -> str:
    return f" {match[1].upper()}M to "


def _span(match: re.Match[str]) -> str:
    told = [(int(count), name) for count, name in zip(match.groups(), _PARTS, strict=True) if count]
    words = [f"{count} {name}{'' if count == 1 else 's'}" for count, name in told if count]
    return " and ".join(words[-2:]) if len(words) < 3 else ", ".join(words)  # noqa: PLR2004 - two need no comma


RULES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(rf"\b{_DAY}\b"), _day),
    (re.compile(r"(?<![\w-])((?:19|20)\d\d)-(0[1-9]|1[0-2])(?![\w-]|\.\d)"), _month),
    (re.compile(r"(?<![\w.])(\d{1,2})\.(\d{1,2})\.((?:19|20)\d\d)\b"), _day_first),
    (re.compile(r"(?<![\w/])(\d{1,2})/(\d{1,2})/((?:19|20)\d\d)\b"), _slashed),
    (_SPAN, _span),
    (re.compile(rf"\b({_SHORT_DAY})\b\.? ?[-\u2013] ?({_SHORT_DAY})\b\.?"), _days),
    (re.compile(rf"\b({_SHORT_MONTH})\b\.?(?= \d)"), lambda found: _SHORT_MONTHS[found[1]]),
    (re.compile(rf"(?<=\d )({_SHORT_MONTH})\b\.?(?! [a-z])(?=[\s,;:!?)]|$)|(?<=\d )({_SHORT_MONTH})\b(?=\.)"),
     lambda found: _SHORT_MONTHS[found[1] or found[2]]),
    (re.compile(rf"(?<![Tt]he )\b({_SHORT_DAY})\b[.,]?(?= (?:the )?\d)"), lambda found: _DAYS[found[1]]),
    (re.compile(r"(?<=\d) ?([ap])\.?m\b\.? ?[-\u2013] ?(?=\d)", re.IGNORECASE), _half_to),
    (re.compile(r"\b(\d{1,2}):(\d\d)(?::\d\d)?(?:\s*([ap]\.?m\b\.?))?", re.IGNORECASE), _time),
    (
        re.compile(
            rf"\b((?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,? )?(?:(\d{{1,2}}) ?[-\u2013] ?)?(\d{{1,2}}) ({_MONTH})\b"
            r"(?:,? ((?:19|20)\d\d)\b)?"
        ),
        _written_day,
    ),
    (re.compile(rf"\b({_MONTH}) (\d{{1,2}})\b(?![:.,]\d|%| \d\d\b)(?:,? ((?:19|20)\d\d)\b)?"), _month_first),
    (re.compile(r"\b(UTC|GMT) ?([+-]) ?(?=\d)"), lambda found: f"{found[1]} {'plus' if found[2] == '+' else 'minus'} "),
)  # fmt: skip
"""In this order: days before times, times before ranges."""
