"""What holds for any words about time, and for any time."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_servers.task_manager.errors import DateNotUnderstood
from mcp_servers.task_manager.times.dates import parse_due, parse_span

pytestmark = pytest.mark.unit

VOCABULARY = [
    *["today", "tomorrow", "yesterday", "monday", "friday", "week", "weekend", "month", "year", "next", "last", "this"],
    *["in", "on", "at", "by", "before", "after", "between", "and", "to", "the", "a", "of", "two", "three", "3", "15"],
    *["15:30", "9", "am", "pm", "noon", "midnight", "morning", "evening", "night", "first", "third", "end", "start"],
    *["rest", "half", "past", "quarter", "hour", "hours", "days", "weeks", "december", "january", "christmas", "new"],
    *["eve", "eod", "fortnight", "from", "until", "12/01", "2027-03-28", "working", "business", "day", "o'clock"],
    *["same", "time", "now"],
]
words = st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=6).map(" ".join)
zones = st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]).map(
    ZoneInfo
)


def moment_there(naive: datetime, zone: ZoneInfo) -> datetime:
    return naive.replace(tzinfo=UTC).astimezone(zone)


moments = st.builds(moment_there, st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1)), zones)  # noqa: DTZ001 - the zone comes after
quick = settings(max_examples=300, deadline=None)


def exists(moment: datetime) -> bool:
    """Whether clocks ever show it: a round trip through UTC keeps it."""
    return moment.astimezone(UTC).astimezone(moment.tzinfo).replace(tzinfo=None) == moment.replace(tzinfo=None)


@given(words, moments)
@quick
def test_any_words_are_a_time_that_exists_or_are_refused_in_words(said: str, now: datetime) -> None:
    try:
        due = parse_due(said, now)
    except DateNotUnderstood:
        return
    assert not isinstance(due, datetime) or (exists(due) and due.tzinfo == now.tzinfo)


@given(words, moments)
@quick
def test_any_words_are_a_span_that_has_a_length_or_are_refused(said: str, now: datetime) -> None:
    try:
        start, end = parse_span(said, now)
    except DateNotUnderstood:
        return
    assert start <= end
    assert exists(start)
    assert exists(end)


@given(st.text(max_size=60), moments)
@quick
def test_any_text_at_all_is_understood_or_refused(said: str, now: datetime) -> None:
    for parse in (parse_due, parse_span):
        with contextlib.suppress(DateNotUnderstood):
            parse(said, now)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), moments)
@quick
def test_a_day_in_iso_is_that_day(day: date, now: datetime) -> None:
    assert parse_due(day.isoformat(), now) == day


@given(moments, moments)
@quick
def test_a_moment_in_iso_is_that_moment(then: datetime, now: datetime) -> None:
    exact = then.replace(microsecond=0)
    assert parse_due(exact.isoformat(), now) == exact.astimezone(now.tzinfo)


@given(st.integers(1, 400), moments)
@quick
def test_so_many_days_are_so_many_days(days: int, now: datetime) -> None:
    assert parse_due(f"in {days} days", now) == now.date() + timedelta(days=days)


@given(st.integers(1, 100), moments)
@quick
def test_so_many_hours_are_hours_of_a_clock_that_never_jumps(hours: int, now: datetime) -> None:
    due = parse_due(f"in {hours} hours", now)
    assert isinstance(due, datetime)
    away = due.astimezone(UTC) - now.astimezone(UTC)
    assert timedelta(hours=hours) - timedelta(minutes=1) < away <= timedelta(hours=hours)


@pytest.mark.parametrize(
    ("said", "due"),
    [
        ("EOD", "2026-11-21"),
        ("Monday week", "2026-11-30"),
        ("tomorrow week", "2026-11-29"),
        ("Tuesday fortnight", "2026-12-08"),
        ("a week before Christmas", "2026-12-18"),
        ("rest of the week", "2026-11-22"),
        ("New Year", "2027-01-01"),
        ("EOW", "2026-11-22"),
        ("last Friday of the month", "2026-11-27"),
        ("first Monday of December", "2026-12-07"),
        ("second Tuesday in January", "2027-01-12"),
        ("last day of the month", "2026-11-30"),
        ("first working day of next month", "2026-12-01"),
        ("in three working days", "2026-11-25"),
    ],
)
def test_days_are_counted_as_people_count_them(said: str, due: str) -> None:
    now = datetime(2026, 11, 21, 10, tzinfo=ZoneInfo("Europe/Berlin"))
    assert parse_due(said, now) == date.fromisoformat(due)


@pytest.mark.parametrize("said", ["fifth Friday of February 2027", "first Monday of the year 3"])
def test_a_day_that_does_not_exist_is_refused(said: str) -> None:
    with pytest.raises(DateNotUnderstood):
        parse_due(said, datetime(2026, 11, 21, 10, tzinfo=ZoneInfo("Europe/Berlin")))
