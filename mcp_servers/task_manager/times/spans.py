"""Spans of days: weeks, months, quarters and years, and their beginnings, middles and ends. Pure.

Early, mid and late in a week are Monday and Tuesday, Wednesday, Thursday and Friday; in a month the days up to the
10th, the 20th (about the 15th) and the last; in a year the first three months, the middle six and the last three.
Seasons are those of the northern half of the earth, by months: spring from 1 March; "next spring" is the next to begin.
"The coming week" and "in the next week" are the seven days from today; "next week" begins on its Monday.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from itertools import pairwise

from mcp_servers.task_manager.times.rules import (
    YEAR,
    Fill,
    NoSuchTimeError,
    Parts,
    Span,
    add_months,
    days_and_months,
    in_seconds,
    year_said,
)
from mcp_servers.task_manager.times.words import MONTHS, SEASONS

_MONTH_NAMES = "|".join(MONTHS)
_NAME = f"(?P<name>day|week|weekend|month|quarter|year|{'|'.join(SEASONS)}|{_MONTH_NAMES})"
_EDGE = (
    r"(?:(?P<edge>end|beginning|start|rest|remainder|early|early on|mid|middle|late|later|1st half|2nd half|"
    r"1st day|last day|(?:1st|2nd|3rd|4th|last) week) (?:of |in |on |through )?)?"
)
_WHICH = "(?:(?P<which>this coming|this|next|last|past|previous|coming|current|following) )?"
_BEGINS = frozenset({"beginning", "start", "1st day"})
_ENDS = frozenset({"end", "last day"})
_BACK = frozenset({"last", "past", "previous"})


def _span(match: re.Match[str], parts: Parts) -> None:
    edge, which, name = match["edge"], match["which"], match["name"]
    if (name == "quarter" and not (edge or which)) or (name in ("day", "weekend") and edge and edge not in _ENDS):
        raise NoSuchTimeError
    today = parts.today
    ahead = 2 if match["after_next"] else {"next": 1, "following": 1}.get(which or "", -1 if which in _BACK else 0)
    year = year_said(match["year"], today)
    start, end = _whole(name, ahead, year, today)
    if (name in MONTHS or name in SEASONS) and which not in _BACK and year is None:
        _, last, _ = _part(edge, name, start, end, today)
        if last <= today:
            start, end = add_months(start, 12), add_months(end, 12)
    start, end, pick = _part(edge, name, start, end, today)
    parts.put("span", Span(start, end, pick))


def _whole(name: str, ahead: int, year: int | None, today: date) -> tuple[date, date]:
    """First day and the one after the last, of the one that is so many after the current one."""
    if name == "day":
        return today + timedelta(days=ahead), today + timedelta(days=ahead + 1)
    if name in ("week", "weekend"):
        monday = today + timedelta(days=7 * ahead - today.weekday())
        return monday + timedelta(days=5 * (name == "weekend")), monday + timedelta(days=7)
    if name == "year":
        return date(today.year + ahead, 1, 1), date(today.year + ahead + 1, 1, 1)
    if name == "quarter":
        start = add_months(today.replace(day=1, month=(today.month - 1) // 3 * 3 + 1), 3 * ahead)
        return start, add_months(start, 3)
    if name in SEASONS:
        return _season(name, ahead, year, today)
    if name == "month":
        start = add_months(today.replace(day=1), ahead)
    else:
        month = MONTHS.index(name) + 1
        begun = month < today.month or (month == today.month and ahead > 0)
        if ahead < 0:
            start = date(today.year - (month >= today.month), month, 1)
        else:
            start = date(year if year is not None else today.year + begun, month, 1)
    return start, add_months(start, 1)


def _season(name: str, ahead: int, year: int | None, today: date) -> tuple[date, date]:
    """As `_whole`; the one that has begun, else the next, where none is said."""
    month = 3 * SEASONS.index(name) + 3
    starts = [date(today.year + number, month, 1) for number in (-1, 0, 1)]
    if year is not None:
        start = date(year, month, 1)
    elif ahead < 0:
        start = [one for one in starts if add_months(one, 3) <= today][-1]
    elif ahead > 0:
        start = next(one for one in starts if one > today)
    else:
        start = next(one for one in starts if add_months(one, 3) > today)
    return start, add_months(start, 3)


def _part(edge: str | None, name: str, start: date, end: date, today: date) -> tuple[date, date, date]:
    """That part of the span, as its first day, the one after its last, and the one by which it is due."""
    last = end - timedelta(days=1)
    current = start <= today < end
    if edge is None:
        pick = (max(start, today) if name == "weekend" else last) if current else start
        return start, end, pick
    if edge in _BEGINS:
        after = start + timedelta(days=1) if edge == "1st day" else _within("early", name, start, end)[1]
        return start, after, start
    if edge in _ENDS:
        return last, end, last
    if edge in ("rest", "remainder") or (edge == "later" and current):
        return (today if start < today < end else start), end, last
    first, after = _within(edge.split()[0] if edge.endswith(("half", "on")) else edge, name, start, end)
    pick = first.replace(day=15) if edge in ("mid", "middle") and name in (*MONTHS, "month", *SEASONS) else first
    if edge in ("mid", "middle") and name == "year":
        pick = first.replace(month=7)
    if first <= today < after and pick < today:
        pick = after - timedelta(days=1)
    return first, after, pick


def _within(edge: str, name: str, start: date, end: date) -> tuple[date, date]:
    """First day, and the one after the last, of a part that is neither edge nor rest."""
    if edge.endswith("week"):
        weeks = {"1st": 0, "2nd": 7, "3rd": 14, "4th": 21}
        first = end - timedelta(days=7) if edge.startswith("last") else start + timedelta(days=weeks[edge[:3]])
        return first, first + timedelta(days=7)
    if name == "week":
        first, length = {"early": (0, 2), "mid": (2, 1), "middle": (2, 1), "1st": (0, 3), "2nd": (3, 4)}.get(
            edge, (3, 2)
        )
        return start + timedelta(days=first), start + timedelta(days=first + length)
    if name == "year":
        a, b = {"early": (0, 3), "mid": (3, 9), "middle": (3, 9), "1st": (0, 6), "2nd": (6, 12)}.get(edge, (9, 12))
        return add_months(start, a), add_months(start, b)
    if name in SEASONS or name == "quarter":
        half = add_months(start, 1) + timedelta(days=15)
        months = [add_months(start, ahead) for ahead in range(4)]
        early, mid, late = pairwise(months)
        return {"early": early, "mid": mid, "middle": mid, "1st": (start, half), "2nd": (half, end)}.get(edge, late)
    a, b = {"early": (1, 11), "mid": (11, 21), "middle": (11, 21), "1st": (1, 16), "2nd": (16, 0)}.get(edge, (21, 0))
    return start.replace(day=a), start.replace(day=b) if b else end


def _quarter(match: re.Match[str], parts: Parts) -> None:
    number = int(match["number"] or match["nth"])
    year = year_said(match["year"], parts.today)
    start = date(parts.today.year if year is None else year, number * 3 - 2, 1)
    if year is None and add_months(start, 3) <= parts.today:
        start = add_months(start, 12)
    parts.put("span", Span(*_part(match["edge"], "quarter", start, add_months(start, 3), parts.today)))


def _counted(match: re.Match[str], parts: Parts) -> None:
    days, months = days_and_months(int(match["count"] or 1), match["unit"])
    if match["which"] in _BACK:
        first = add_months(parts.today, -months) - timedelta(days=days)
        parts.put("span", Span(first, parts.today + timedelta(days=1), parts.today))
    else:
        last = add_months(parts.today, months) + timedelta(days=days)
        parts.put("span", Span(parts.today, last + timedelta(days=1), last))


def _hours(match: re.Match[str], parts: Parts) -> None:
    seconds = int(match["count"] or 1) * (3600 if match["unit"] == "hour" else 60)
    parts.put("moment", in_seconds(parts.now, -seconds if match["which"] in _BACK else seconds))


_COUNT = r"(?:in |over |within |during )?(?:the )?(?P<which>next|coming|following|last|past|previous)"
_TABLE: tuple[tuple[str, Fill], ...] = (
    (
        r"(?:in|over|within|during) the (?P<which>next|last|past) (?P<count>)(?P<unit>week|month|year)",
        _counted,
    ),
    (
        r"(?:(?:in|over|within|during) )?(?:the |this )?(?P<which>coming) (?P<count>)(?P<unit>week|month|year)",
        _counted,
    ),
    (
        rf"(?:in |during |over )?(?:the )?{_EDGE}(?:the )?{_WHICH}{_NAME}(?P<after_next> after next)?{YEAR}",
        _span,
    ),
    (
        (
            rf"(?:in )?(?:the )?(?:(?P<edge>end|beginning|start) of )?(?:the )?"
            rf"(?:q(?P<number>[1-4])|(?P<nth>[1-4])(?:st|nd|rd|th) quarter){YEAR}"
        ),
        _quarter,
    ),
    (rf"{_COUNT} (?P<count>\d{{1,3}}) (?P<unit>day|week|month|year)s?", _counted),
    (rf"{_COUNT} (?:(?P<count>\d{{1,3}}) )?(?P<unit>hour|minute)s?", _hours),
)
SPAN_RULES = tuple((re.compile(rf"(?:{pattern})(?![^ ])"), fill) for pattern, fill in _TABLE)
