"""Repetition and reminders as people say them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_servers.task_manager.errors import BadRequest, DateNotUnderstood
from mcp_servers.task_manager.times import reminding, repeats

if TYPE_CHECKING:
    from mcp_servers.task_manager.models import Due

pytestmark = pytest.mark.unit

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 21, 10, tzinfo=BERLIN)
FRIDAY = datetime(2026, 11, 27, 15, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("daily", "FREQ=DAILY"),
        ("every 1 January and 1 July", "FREQ=YEARLY;BYMONTH=1,7;BYMONTHDAY=1"),
        ("every day", "FREQ=DAILY"),
        ("every weekday", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("Monday to Friday", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("weekly", "FREQ=WEEKLY"),
        ("once a week", "FREQ=WEEKLY"),
        ("every Monday and Thursday", "FREQ=WEEKLY;BYDAY=MO,TH"),
        ("Mondays", "FREQ=WEEKLY;BYDAY=MO"),
        ("every two weeks", "FREQ=WEEKLY;INTERVAL=2"),
        ("every other Friday", "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR"),
        ("every third day", "FREQ=DAILY;INTERVAL=3"),
        ("monthly", "FREQ=MONTHLY"),
        ("quarterly", "FREQ=MONTHLY;INTERVAL=3"),
        ("every first Monday of the month", "FREQ=MONTHLY;BYDAY=1MO"),
        ("the last Friday of every month", "FREQ=MONTHLY;BYDAY=-1FR"),
        ("on the 15th of each month", "FREQ=MONTHLY;BYMONTHDAY=15"),
        ("the last day of every month", "FREQ=MONTHLY;BYMONTHDAY=-1"),
        ("every 31st", "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1"),
        ("last day of the month", "FREQ=MONTHLY;BYMONTHDAY=-1"),
        ("first Monday of the month", "FREQ=MONTHLY;BYDAY=1MO"),
        ("the 15th of the month", "FREQ=MONTHLY;BYMONTHDAY=15"),
        ("every 1st and 15th of the month", "FREQ=MONTHLY;BYMONTHDAY=1,15"),
        ("once a month on the 3rd", "FREQ=MONTHLY;BYMONTHDAY=3"),
        ("every quarter", "FREQ=MONTHLY;INTERVAL=3"),
        ("every fortnight", "FREQ=WEEKLY;INTERVAL=2"),
        ("every Christmas", "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25"),
        ("yearly", "FREQ=YEARLY"),
        ("every 25 December", "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25"),
        ("every day except Sunday", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA"),
        ("RRULE:FREQ=DAILY;INTERVAL=3", "FREQ=DAILY;INTERVAL=3"),
    ],
)
def test_words_mean_a_rule_and_the_rule_is_said_so_that_it_means_the_same(words: str, rule: str) -> None:
    assert repeats.parse(words) == rule
    assert repeats.parse(repeats.spoken(rule)) == rule


@pytest.mark.parametrize(
    "words",
    [
        "",
        "now and then",
        "every",
        "every hour",
        "twice a week",
        "FREQ=HOURLY",
        "FREQ=DAILY;BYDAY=XX",
        "every 32nd",
        "every Easter",
    ],
)
def test_what_is_no_repetition_is_refused(words: str) -> None:
    with pytest.raises(BadRequest, match="Say it like"):
        repeats.parse(words)


@pytest.mark.parametrize(
    ("words", "due", "begins"),
    [
        ("every Monday at nine", None, datetime(2026, 11, 23, 9, tzinfo=BERLIN)),
        ("every morning", None, datetime(2026, 11, 22, 9, tzinfo=BERLIN)),
        ("every evening", date(2026, 11, 24), datetime(2026, 11, 24, 18, tzinfo=BERLIN)),
        ("every day at nine", FRIDAY, FRIDAY),
        ("every Saturday", None, date(2026, 11, 21)),
    ],
)
def test_a_time_of_day_goes_into_the_due_time(words: str, due: Due | None, begins: Due) -> None:
    start, rule = repeats.begin(repeats.parse(words), due, NOW)
    assert start == begins
    assert "BYHOUR" not in rule


rules = st.sampled_from(
    [
        *["daily", "every weekday", "weekly", "every two weeks", "monthly", "every Monday and Thursday", "yearly"],
        *["every first Monday of the month", "the last day of every month", "every 31st", "every other day"],
    ]
)
zones = st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]).map(ZoneInfo)


@given(rules, zones, st.datetimes(datetime(2025, 1, 1), datetime(2029, 1, 1)), st.integers(0, 1000))  # noqa: DTZ001 - the zone comes after
@settings(max_examples=150, deadline=None)
def test_the_next_is_always_later_in_the_future_and_at_the_same_time_of_day(
    words: str, zone: ZoneInfo, naive: datetime, days: int
) -> None:
    due = naive.replace(tzinfo=zone, second=0, microsecond=0)
    now = due + timedelta(days=days)
    start, rule = repeats.begin(repeats.parse(words), due, now)
    following = repeats.following(rule, start, now)
    assert isinstance(following, datetime)
    assert following > now
    assert following > due
    gap = datetime.combine(following.date(), due.timetz().replace(tzinfo=zone, fold=0))
    moved = gap.astimezone(ZoneInfo("UTC")).astimezone(zone).replace(tzinfo=None) != gap.replace(tzinfo=None)
    assert following.time() == due.time() or moved


@pytest.mark.parametrize(
    ("words", "at"),
    [
        ("an hour before", "2026-11-27T14:00"),
        ("30 minutes before", "2026-11-27T14:30"),
        ("the day before at nine", "2026-11-26T09:00"),
        ("two days before at 6 pm", "2026-11-25T18:00"),
        ("a week before", "2026-11-20T09:00"),
        ("the evening before", "2026-11-26T18:00"),
        ("on the day at eight", "2026-11-27T08:00"),
        ("when it's due", "2026-11-27T15:00"),
        ("tomorrow at nine", "2026-11-22T09:00"),
        ("2026-11-25T09:00", "2026-11-25T09:00"),
    ],
)
def test_a_reminder_is_a_moment_or_so_long_before(words: str, at: str) -> None:
    found = reminding.parse(words, NOW, FRIDAY)
    assert found.at == datetime.fromisoformat(at).replace(tzinfo=BERLIN)
    if found.before:
        later = FRIDAY + timedelta(days=7)
        assert reminding.moment(found.before, later, BERLIN) == (found.at + timedelta(days=7) if found.at else None)


def test_before_a_whole_day_is_before_nine_in_its_morning() -> None:
    assert reminding.parse("an hour before", NOW, date(2026, 11, 27)).at == datetime(2026, 11, 27, 8, tzinfo=BERLIN)


@pytest.mark.parametrize("words", ["sometime", "an hour before at nine", "the day before at noon o'two"])
def test_what_is_no_reminder_is_refused(words: str) -> None:
    with pytest.raises((DateNotUnderstood, BadRequest)):
        reminding.parse(words, NOW, FRIDAY)
