"""Understands times as people say them in English, or as ISO 8601. Pure; "now" and its zone are given.

Rules, where people differ:
- A bare hour from 1 to 7 is in the afternoon, 8 to 11 in the morning, 12 is noon ("Friday at three" is 15:00). Words
  like "in the morning" or "tonight" go before that; so does a leading zero ("04:30").
- A time without a day is its next occurrence. Morning is 9:00, afternoon 15:00, evening 18:00, night 20:00; where that
  hour has passed today, the whole day is meant. Midnight ends its day.
- A weekday is the next one after today, "this Friday" may be today, "next Friday" is in the next week (from Monday).
- "Friday week" is a week after Friday; working days are Monday to Friday; "New Year" is 1 January.
- A span that has begun is due on its last day ("this week": Sunday), one to come on its first ("next month": the 1st);
  a weekend on its Saturday, or today.
- "Between three and five" or "Monday to Wednesday" is due at the second of the two, "after Friday" on the day after.
- Holidays, early and late, meals: see `holidays`, `spans` and `routine`.
- "12/01" is 1 December, as in American English, unless only the other way makes a date ("13/01");
  "12.01." is 12 January.
- A time that daylight saving skips is moved on by what is skipped; of one that comes twice the first is meant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, TypeVar

from mcp_servers.task_manager.errors import DateNotUnderstood
from mcp_servers.task_manager.times.rules import NoSuchTimeError
from mcp_servers.task_manager.times.single import LONGEST, names_day, not_understood, one_due, one_span

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcp_servers.task_manager.models import Due

_T = TypeVar("_T")
_JOINER = re.compile(r"\s+(?:and|or|to|until|till|through|thru)\s+|\s*[–—]\s*|\s+-\s+", re.IGNORECASE)  # noqa: RUF001 - as people type it
_RANGE = re.compile(r"\b(?:between|from)\b", re.IGNORECASE)
_HYPHEN = re.compile(
    r"(?<![\w:./-])(\d{1,2}(?::\d\d)?) ?- ?(\d{1,2}(?::\d\d(?: ?[ap]\.?m\b\.?)?| ?[ap]\.?m\b\.?))(?![\w:/-])",
    re.IGNORECASE,
)
_IN_THE_EVENING = re.compile(r"[^a-z](?:p\.?m\b|.*\b(?:afternoon|evening|night|tonight)\b)", re.IGNORECASE)
_DAY_AFTER = re.compile(r"\s*(?:the )?(?:day after|next day|following day|one after)(?: that)?\W*", re.IGNORECASE)


def parse_due(words: str, now: datetime, *, day: date | None = None) -> Due:
    """When something is due: a date for a whole day, else a datetime in the zone of `now`, to the minute.

    `day` is meant where only a time is said, unless that has passed. Raises `DateNotUnderstood`.
    """
    return _ranged(words, now, lambda: one_due(words, now, day), lambda found: found.due, lists=False)


def parse_span(words: str, now: datetime) -> tuple[datetime, datetime]:
    """From when (inclusive) until when (exclusive) the words last, in the zone of `now`.

    "By Friday" is from today until Friday ends, "Monday to Wednesday" until Wednesday ends. Raises `DateNotUnderstood`.
    """
    return _ranged(words, now, lambda: one_span(words, now), lambda found: (found.start, found.end), lists=True)


def range_start(words: str, now: datetime) -> datetime | None:
    """When "between three and five" begins; None for words that bound no span."""
    found = _between(_spaced(words), now, lists=False) if _RANGE.search(_spaced(words)) else None
    return found.start if found else None


@dataclass(frozen=True, slots=True)
class _Range:
    """What two times bound."""

    start: datetime
    end: datetime
    due: Due
    """The second of the two."""


def _ranged(words: str, now: datetime, one: Callable[[], _T], of: Callable[[_Range], _T], *, lists: bool) -> _T:
    """What is said as one time, else as a range. With "between" or "from" the range goes before."""
    spaced = _spaced(words)
    if _RANGE.search(spaced):
        found = _between(spaced, now, lists=lists)
        return of(found) if found else one()
    try:
        return one()
    except DateNotUnderstood:
        found = _between(spaced, now, lists=lists)
        if found is None:
            raise
        return of(found)


def _spaced(words: str) -> str:
    """With "from 3 to 5pm" for "3-5pm", where am, pm or minutes show that times are meant."""
    return _HYPHEN.sub(r"from \1 to \2", words) if len(words) <= LONGEST else words


def _between(words: str, now: datetime, *, lists: bool) -> _Range | None:
    """From the one time said until the other; None if it is not two times that bound a span.

    `lists`: "Monday and Tuesday" counts as well.
    """
    for joiner in _JOINER.finditer(words) if len(words) <= LONGEST else ():
        head, tail = words[: joiner.start()], words[joiner.end() :]
        is_list = joiner[0].strip().casefold() in ("and", "or") and not _RANGE.search(head)
        if is_list and not lists:
            continue
        try:
            found = _from_to(_RANGE.sub(" ", head), tail, now, is_list=is_list)
        except DateNotUnderstood:
            continue
        if found.start < found.end:
            return found
    return None


def _from_to(head: str, tail: str, now: datetime, *, is_list: bool) -> _Range:
    """`is_list`: the two must touch, for "Monday and Wednesday" leaves Tuesday out. Raises `DateNotUnderstood`."""
    start, first_end = one_span(head, now)
    if first_end - start <= timedelta(minutes=1) and head.split() != ["now"]:
        return _from_time_to_time(head, tail, now, start)
    if _DAY_AFTER.fullmatch(tail):
        return _Range(start, first_end + timedelta(days=1), first_end.date())
    second, end = one_span(tail, now)
    if end <= start:  # "Friday to Monday": the Monday after that Friday
        second, end = one_span(tail, start)
    if end - second <= timedelta(minutes=1) or (is_list and second > first_end):
        raise not_understood(tail, NoSuchTimeError())
    return _Range(start, end, end.date() - timedelta(days=1) if end.time() == time.min else end)


def _from_time_to_time(head: str, tail: str, now: datetime, start: datetime) -> _Range:
    """Where the day, or the half of the day, is said with one of the two, it is meant with both."""
    with_day = names_day(head, now)
    due = one_due(tail, now, start.date() if with_day else None)
    if not isinstance(due, datetime):
        raise not_understood(tail, NoSuchTimeError())
    if (with_day and due <= start) or due.date() > start.date():
        later = _perhaps(f"{tail} pm", now, start.date())
        due = later if later and start < later and later.date() == start.date() else due
    heads = [head, f"{head} pm"] if _IN_THE_EVENING.search(f" {tail}") else [head]
    morning = now if with_day else datetime.combine(due.date(), time.min, now.tzinfo)
    starts = [_perhaps(one, morning, due.date()) for one in heads]
    start = max((one for one in starts if one and one <= due), default=start)
    return _Range(start, due + timedelta(minutes=1), due)


def _perhaps(words: str, now: datetime, day: date) -> datetime | None:
    """The moment that the words name, if they do."""
    try:
        due = one_due(words, now, day)
    except DateNotUnderstood:
        return None
    return due if isinstance(due, datetime) else None
