"""More ways to say a time: ranges, holidays, early and late, meals, and what comes after what."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from mcp_servers.task_manager.errors import DateNotUnderstood
from mcp_servers.task_manager.models import due_as_text
from mcp_servers.task_manager.times.dates import parse_due, parse_span
from mcp_servers.task_manager.times.holidays import HOLIDAYS

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 18, 10, 0, tzinfo=ZoneInfo("Europe/Berlin"))
"""A Wednesday morning."""

RANGES = {
    "between 3 and 5": "2026-11-18T17:00",
    "between 3 and 5 pm tomorrow": "2026-11-19T17:00",
    "tomorrow between 9 and 11": "2026-11-19T11:00",
    "between 8 and 10 tonight": "2026-11-18T22:00",
    "tonight between 8 and 10": "2026-11-18T22:00",
    "from 10 to 12 tomorrow": "2026-11-19T12:00",
    "from 2 to 4 on Friday": "2026-11-20T16:00",
    "3-5pm": "2026-11-18T17:00",
    "9:30-10:45": "2026-11-18T10:45",
    "8pm to 10": "2026-11-18T22:00",
    "between 11pm and 2am": "2026-11-19T02:00",
    "between Monday and Wednesday": "2026-11-25",
    "Monday to Wednesday": "2026-11-25",
    "between Friday and Monday": "2026-11-23",
    "in two or three days": "2026-11-21",
    "in 2-3 weeks": "2026-12-09",
    "after Friday": "2026-11-21",
    "after the weekend": "2026-11-23",
    "after next week": "2026-11-30",
    "after 6pm": "2026-11-18T18:00",
    "after two days": "2026-11-20",
}
NAMED = {
    "Easter": "2027-03-28",
    "Easter 2028": "2028-04-16",
    "Good Friday": "2027-03-26",
    "Thanksgiving": "2026-11-26",
    "next Thanksgiving": "2026-11-26",
    "Thanksgiving at 4": "2026-11-26T16:00",
    "last Christmas": "2025-12-25",
    "Christmas next year": "2027-12-25",
    "the day before Thanksgiving": "2026-11-25",
    "the night before Christmas": "2026-12-24T20:00",
    "the Friday after Christmas": "2027-01-01",
    "the Monday before Thanksgiving": "2026-11-23",
    "the week of Christmas": "2026-12-21",
    "Mother's Day": "2027-05-09",
    "Father's Day": "2027-06-20",
    "Labor Day": "2027-09-06",
    "Memorial Day": "2027-05-31",
    "Black Friday": "2026-11-27",
    "St. Patrick's Day": "2027-03-17",
    "4th of July": "2027-07-04",
    "Thanksgiving weekend": "2026-11-28",
    "Labor Day weekend": "2027-09-04",
    "in spring": "2027-03-01",
    "this autumn": "2026-11-30",
    "next winter": "2026-12-01",
    "mid fall": "2027-10-15",
    "late summer 2028": "2028-08-01",
}
PARTS = {
    "in the coming week": "2026-11-25",
    "within the next month": "2026-12-18",
    "next Tuesday but one": "2026-12-01",
    "early next week": "2026-11-23",
    "the middle of next week": "2026-11-25",
    "late next week": "2026-11-26",
    "later this week": "2026-11-22",
    "mid December": "2026-12-15",
    "mid-November": "2026-11-20",
    "early November": "2027-11-01",
    "late December": "2026-12-21",
    "first week of January": "2027-01-01",
    "end of the quarter": "2026-12-31",
    "end of Q1": "2027-03-31",
    "next month on the 12th": "2026-12-12",
    "the last two weeks": "2026-11-18",
}
TIMES = {
    "two hours before midnight": "2026-11-18T22:00",
    "half an hour after lunch tomorrow": "2026-11-19T12:30",
    "noonish": "2026-11-18T12:00",
    "around 3ish": "2026-11-18T15:00",
    "four-ish on Friday": "2026-11-20T16:00",
    "before lunch tomorrow": "2026-11-19T12:00",
    "after lunch": "2026-11-18T13:00",
    "Monday after lunch": "2026-11-23T13:00",
    "after work": "2026-11-18T18:00",
    "before bed": "2026-11-18T22:00",
    "last thing tonight": "2026-11-18T22:00",
    "late Friday afternoon": "2026-11-20T17:00",
    "early tomorrow morning": "2026-11-19T07:00",
    "eighteen hundred": "2026-11-18T18:00",
    "nine hundred hours": "2026-11-19T09:00",
    "within the hour": "2026-11-18T11:00",
    "in the next two hours": "2026-11-18T12:00",
    "same time next week": "2026-11-25T10:00",
    "asap": "2026-11-18T10:00",
    "25.11.": "2026-11-25",
    "two Fridays from now": "2026-11-27",
    "Monday after next": "2026-11-30",
    "the next business day": "2026-11-19",
}


@pytest.mark.parametrize(("words", "due"), [*RANGES.items(), *NAMED.items(), *PARTS.items(), *TIMES.items()])
def test_a_due_time_is_what_people_mean(words: str, due: str) -> None:
    assert (due_as_text(parse_due(words, NOW)) or "").removesuffix("+01:00").removesuffix(":00") == due


@pytest.mark.parametrize(
    ("words", "start", "end"),
    [
        ("between 8 and 10 pm", "2026-11-18T20:00", "2026-11-18T22:01"),
        ("between 9 and 5", "2026-11-18T09:00", "2026-11-18T17:01"),
        ("from 10 to 12", "2026-11-18T10:00", "2026-11-18T12:01"),
        ("early next week", "2026-11-23T00:00", "2026-11-25T00:00"),
        ("mid December", "2026-12-11T00:00", "2026-12-21T00:00"),
        ("the last two weeks", "2026-11-04T00:00", "2026-11-19T00:00"),
        ("the last 24 hours", "2026-11-17T10:00", "2026-11-18T10:01"),
        ("next quarter", "2027-01-01T00:00", "2027-04-01T00:00"),
        ("the week of December 7th", "2026-12-07T00:00", "2026-12-14T00:00"),
        ("after Friday", "2026-11-21T00:00", "9999-12-30T00:00"),
        ("after 3 tomorrow", "2026-11-19T15:00", "2026-11-20T00:00"),
    ],
)
def test_a_span_is_what_people_mean(words: str, start: str, end: str) -> None:
    assert [f"{one:%Y-%m-%dT%H:%M}" for one in parse_span(words, NOW)] == [start, end]


@pytest.mark.parametrize(
    "words", ["Monday or Tuesday", "3-5", "3 or 5", "soon", "whenever", "my birthday", "between 5 and Friday", "after"]
)
def test_what_names_no_one_time_is_not_guessed(words: str) -> None:
    with pytest.raises(DateNotUnderstood, match="Say it like"):
        parse_due(words, NOW)


def test_a_repetition_is_no_due_time_and_the_error_says_where_it_goes() -> None:
    with pytest.raises(DateNotUnderstood, match="what repeats goes into repeat"):
        parse_due("every Monday at nine", NOW)


def test_every_holiday_has_a_day_in_every_year() -> None:
    for _, day_of in HOLIDAYS:
        assert all(isinstance(day_of(year), date) for year in range(2000, 2100))
