"""Text as it is written made into text as it is said, where espeak-ng reads it out sign by sign. Pure, English."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from voice_agent.offline.voice_units import FIRST, THEN

if TYPE_CHECKING:
    from collections.abc import Callable

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_MONTH = "|".join(_MONTHS)


def spoken(text: str) -> str:
    """Dates, times, amounts, links, addresses and ids as a person would say them; marks that are not read taken out."""
    for pattern, said in _RULES:
        text = pattern.sub(said, text)
    return " ".join(text.split())


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ending}"


def _day(match: re.Match[str]) -> str:
    year, month, day = (int(part) for part in match.groups()[:3])
    if not (1 <= month <= 12 and 1 <= day <= 31):  # noqa: PLR2004 - the calendar's
        return match[0]
    return f"{_MONTHS[month - 1]} {_ordinal(day)}, {_year(year)}"


def _year(year: int) -> str:
    return f"{year // 100} {year % 100:02}" if 2010 <= year < 2100 else str(year)  # noqa: PLR2004 - "twenty twenty-six"


def _day_and_time(match: re.Match[str]) -> str:
    return f"{_day(match)} at {_clock(int(match[4]), int(match[5]))}"


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
    return f"{match[1] or ''}the {_ordinal(int(match[2]))} of {match[3]}"


def _link(match: re.Match[str]) -> str:
    return f"a link to {match[1].removeprefix('www.')}"


_RULES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"https?://([^\s/?#:]+)[^\s,;]*?(?=[.!?]?(?:[\s,;]|$))"), _link),
    *FIRST,
    (re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){2,3}[0-9a-f]{4,12}\b", re.IGNORECASE), "with a long ID"),
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{10,}\b", re.IGNORECASE), "with a long ID"),
    (re.compile(r"\b(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?\b"), _day_and_time),
    (re.compile(r"\b(\d{4})-(\d\d)-(\d\d)\b"), _day),
    (re.compile(r"\b(\d{1,2}):(\d\d)(?::\d\d)?(?:\s*([ap]\.?m\b\.?))?", re.IGNORECASE), _time),
    (re.compile(rf"\b((?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,? )?(\d{{1,2}}) ({_MONTH})\b"), _written_day),
    *THEN,
    (re.compile(r"#(?=\d)"), "number "),
    (re.compile(r"(?<![\d-])(\d+)-(\d+)(?![\d-])"), r"\1 to \2"),
    (re.compile(r"(?<=\w)\s*[\u2013\u2014]\s*(?=\d)|(?<=[AP]M)\s*-\s*(?=\d)"), " to "),
    (re.compile(r"\bDr\.(?= [A-Z])"), "Doctor"),
    (re.compile(r"\bMr\.(?= [A-Z])"), "Mister"),
    (re.compile(r"\bMrs\.(?= [A-Z])"), "Missis"),
    (re.compile(r"\be\.g\.,?"), "for example,"),
    (re.compile(r"\bi\.e\.,?"), "that is,"),
    (re.compile(r"[“”„«»\"*`|<>{}\[\]]+|(?<!\w)['‘’]|['‘’](?!\w)"), " "),  # noqa: RUF001 - quotation marks as they come
    (re.compile(r"(?<=\w)_(?=\w)"), " "),
    (re.compile(r"\s+([,.;:!?])"), r"\1"),
)
"""In this order: dates before times, times before ranges."""
