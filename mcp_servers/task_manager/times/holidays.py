"""Holidays by name, with the day that each has in a year. Pure.

Where countries differ it is the American day (Thanksgiving, Mother's Day, Labor Day); Easter is the western one.
A holiday's weekend is the Saturday and Sunday nearest to it, with the holiday where it touches them, and the Friday
after Thanksgiving; it is due on its Saturday.
"""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from mcp_servers.task_manager.times.rules import YEAR, NoSuchTimeError, Span, year_said

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcp_servers.task_manager.times.rules import Fill, Parts

_DayOfYear: TypeAlias = "Callable[[int], date]"


def _on(month: int, day: int) -> _DayOfYear:
    return lambda year: date(year, month, day)


def _nth(nth: int, weekday: int, month: int, plus: int = 0) -> _DayOfYear:
    """The nth such weekday of the month (-1 the last), and so many days after it."""

    def day_of(year: int) -> date:
        first, length = calendar.monthrange(year, month)
        days = range(1 + (weekday - first) % 7, length + 1, 7)
        return date(year, month, days[nth - 1 if nth > 0 else nth]) + timedelta(days=plus)

    return day_of


def _easter(plus: int = 0) -> _DayOfYear:
    def day_of(year: int) -> date:
        from dateutil.easter import easter

        return easter(year) + timedelta(days=plus)

    return day_of


_MONDAY, _THURSDAY, _FRIDAY, _SATURDAY, _SUNDAY = 0, 3, 4, 5, 6
_SAINT = r"(?:st|saint) "
HOLIDAYS: tuple[tuple[str, _DayOfYear], ...] = (
    (r"new years?(?: day)?", _on(1, 1)),
    (r"epiphany|three kings day|3 kings day", _on(1, 6)),
    (r"(?:martin luther king|mlk)(?: jr)? day", _nth(3, _MONDAY, 1)),
    (r"groundhog day", _on(2, 2)),
    (rf"(?:{_SAINT})?valentines?(?: day)?", _on(2, 14)),
    (r"presidents? day", _nth(3, _MONDAY, 2)),
    (r"(?:international )?womens? day", _on(3, 8)),
    (r"pi day", _on(3, 14)),
    (rf"{_SAINT}(?:patricks?|paddys?)(?: day)?", _on(3, 17)),
    (r"april fools?(?: day)?", _on(4, 1)),
    (r"(?:mardi gras|shrove tuesday|pancake day|fat tuesday)", _easter(-47)),
    (r"ash wednesday", _easter(-46)),
    (r"palm sunday", _easter(-7)),
    (r"maundy thursday", _easter(-3)),
    (r"good friday", _easter(-2)),
    (r"easter(?: sunday| day)?", _easter()),
    (r"easter (?:weekend|saturday)|holy saturday", _easter(-1)),
    (r"easter monday", _easter(1)),
    (r"ascension(?: day)?", _easter(39)),
    (r"(?:pentecost|whitsun|whit sunday)", _easter(49)),
    (r"whit monday", _easter(50)),
    (r"corpus christi", _easter(60)),
    (r"earth day", _on(4, 22)),
    (r"may day", _on(5, 1)),
    (r"cinco de mayo", _on(5, 5)),
    (r"mothers? day", _nth(2, _SUNDAY, 5)),
    (r"memorial day", _nth(-1, _MONDAY, 5)),
    (r"fathers? day", _nth(3, _SUNDAY, 6)),
    (r"juneteenth", _on(6, 19)),
    (r"canada day", _on(7, 1)),
    (r"independence day", _on(7, 4)),
    (r"bastille day", _on(7, 14)),
    (r"labou?r day", _nth(1, _MONDAY, 9)),
    (r"columbus day|indigenous peoples? day", _nth(2, _MONDAY, 10)),
    (r"halloween", _on(10, 31)),
    (r"all (?:saints?|hallows?) day", _on(11, 1)),
    (r"all souls? day", _on(11, 2)),
    (r"(?:guy fawkes|bonfire)(?: night| day)?", _on(11, 5)),
    (r"(?:veterans?|remembrance|armistice) day", _on(11, 11)),
    (r"thanksgiving(?: day)?", _nth(4, _THURSDAY, 11)),
    (r"black friday", _nth(4, _THURSDAY, 11, plus=1)),
    (r"cyber monday", _nth(4, _THURSDAY, 11, plus=4)),
    (rf"{_SAINT}nicholas(?: day)?", _on(12, 6)),
    (r"christmas eve|xmas eve", _on(12, 24)),
    (r"(?:christmas|xmas)(?: day)?", _on(12, 25)),
    (rf"boxing day|{_SAINT}stephens? day", _on(12, 26)),
    (r"new years? eve", _on(12, 31)),
)
"""The name in normalised words, and its day of a year."""


def _fill(day_of: _DayOfYear, match: re.Match[str], parts: Parts) -> None:
    year = year_said(match["year"], parts.today)
    which = match["which"]
    if year is not None:
        parts.put("date", day_of(year))
        return
    days = [day_of(parts.today.year + ahead) for ahead in (-1, 0, 1)]
    if which in ("last", "past"):
        parts.put("date", max(day for day in days if day < parts.today))
        return
    ahead = [day for day in days if day >= parts.today]
    if not ahead:
        raise NoSuchTimeError("there is no such day")
    parts.put("date", min(ahead))


def _weekend(day_of: _DayOfYear, match: re.Match[str], parts: Parts) -> None:
    year = year_said(match["year"], parts.today)
    years = [year] if year is not None else [parts.today.year, parts.today.year + 1]
    for one in years:
        day = day_of(one)
        saturday = day + timedelta(days=(_SATURDAY - day.weekday() + 3) % 7 - 3)
        start = day if day.weekday() in (_THURSDAY, _FRIDAY) else saturday
        end = saturday + timedelta(days=2 + (day.weekday() == _MONDAY))
        if year is not None or end > parts.today:
            parts.put("span", Span(start, end, min(max(saturday, parts.today), end - timedelta(days=1))))
            return


def fixed_day(name: str) -> tuple[int, int] | None:
    """Month and day of a holiday that is on the same one every year."""
    day_of = next((day_of for names, day_of in HOLIDAYS if re.fullmatch(names, name)), None)
    days = {(day.month, day.day) for day in map(day_of, range(2001, 2008))} if day_of else set[tuple[int, int]]()
    return days.pop() if len(days) == 1 else None


def _rule(names: str, fill: Fill) -> tuple[re.Pattern[str], Fill]:
    return re.compile(rf"(?:(?P<which>this|next|last|past|coming) )?(?:coming )?(?:{names}){YEAR}(?![^ ])"), fill


HOLIDAY_RULES: tuple[tuple[re.Pattern[str], Fill], ...] = (
    *(_rule(names, partial(_fill, day_of)) for names, day_of in HOLIDAYS),
    *(_rule(f"(?:{names}) weekend", partial(_weekend, day_of)) for names, day_of in HOLIDAYS),
)
