from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from mcp_servers.task_manager.errors import DateNotUnderstood
from mcp_servers.task_manager.times.dates import parse_span

pytestmark = pytest.mark.unit

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=BERLIN)

SPANS = {
    "the coming week": ("2026-11-21T00:00", "2026-11-29T00:00"),
    "Thanksgiving weekend": ("2026-11-26T00:00", "2026-11-30T00:00"),
    "this winter": ("2026-12-01T00:00", "2027-03-01T00:00"),
    "early next summer": ("2027-06-01T00:00", "2027-07-01T00:00"),
    "today": ("2026-11-21T00:00", "2026-11-22T00:00"),
    "tomorrow": ("2026-11-22T00:00", "2026-11-23T00:00"),
    "for tomorrow": ("2026-11-22T00:00", "2026-11-23T00:00"),
    "the day": ("2026-11-21T00:00", "2026-11-22T00:00"),
    "Friday": ("2026-11-27T00:00", "2026-11-28T00:00"),
    "this week": ("2026-11-16T00:00", "2026-11-23T00:00"),
    "the week": ("2026-11-16T00:00", "2026-11-23T00:00"),
    "rest of the week": ("2026-11-21T00:00", "2026-11-23T00:00"),
    "next week": ("2026-11-23T00:00", "2026-11-30T00:00"),
    "next week Tuesday": ("2026-11-24T00:00", "2026-11-25T00:00"),
    "this weekend": ("2026-11-21T00:00", "2026-11-23T00:00"),
    "this month": ("2026-11-01T00:00", "2026-12-01T00:00"),
    "next month": ("2026-12-01T00:00", "2027-01-01T00:00"),
    "December": ("2026-12-01T00:00", "2027-01-01T00:00"),
    "in May": ("2027-05-01T00:00", "2027-06-01T00:00"),
    "next year": ("2027-01-01T00:00", "2028-01-01T00:00"),
    "the next three days": ("2026-11-21T00:00", "2026-11-25T00:00"),
    "in the next two weeks": ("2026-11-21T00:00", "2026-12-06T00:00"),
    "tomorrow morning": ("2026-11-22T00:00", "2026-11-22T12:00"),
    "tonight": ("2026-11-21T17:00", "2026-11-22T00:00"),
    "by Friday": ("2026-11-21T00:00", "2026-11-28T00:00"),
    "before Friday": ("2026-11-21T00:00", "2026-11-27T00:00"),
    "in an hour": ("2026-11-21T10:00", "2026-11-21T11:01"),
    "2026-12-24": ("2026-12-24T00:00", "2026-12-25T00:00"),
    "Friday at three": ("2026-11-27T15:00", "2026-11-27T15:01"),
    "rest of today": ("2026-11-21T00:00", "2026-11-22T00:00"),
    "the rest of this week": ("2026-11-21T00:00", "2026-11-23T00:00"),
    "the week after next": ("2026-11-30T00:00", "2026-12-07T00:00"),
    "between monday and wednesday": ("2026-11-23T00:00", "2026-11-26T00:00"),
    "from Monday to Wednesday": ("2026-11-23T00:00", "2026-11-26T00:00"),
    "monday through friday": ("2026-11-23T00:00", "2026-11-28T00:00"),
    "Friday to Monday": ("2026-11-27T00:00", "2026-12-01T00:00"),
    "from now until friday": ("2026-11-21T10:00", "2026-11-28T00:00"),
    "between december 3rd and december 5th": ("2026-12-03T00:00", "2026-12-06T00:00"),
    "today and tomorrow": ("2026-11-21T00:00", "2026-11-23T00:00"),
    "tomorrow and the day after": ("2026-11-22T00:00", "2026-11-24T00:00"),
    "tomorrow and the day after tomorrow": ("2026-11-22T00:00", "2026-11-24T00:00"),
    "Saturday or Sunday": ("2026-11-28T00:00", "2026-11-30T00:00"),
    "this week and next week": ("2026-11-16T00:00", "2026-11-30T00:00"),
    "between two and four": ("2026-11-21T14:00", "2026-11-21T16:01"),
    "between two and four tomorrow": ("2026-11-22T14:00", "2026-11-22T16:01"),
    "tomorrow between two and four": ("2026-11-22T14:00", "2026-11-22T16:01"),
    "yesterday": ("2026-11-20T00:00", "2026-11-21T00:00"),
    "last week": ("2026-11-09T00:00", "2026-11-16T00:00"),
}


@pytest.mark.parametrize(("words", "span"), SPANS.items())
def test_a_span_lasts_as_long_as_people_mean(words: str, span: tuple[str, str]) -> None:
    start, end = parse_span(words, NOW)
    assert (start.strftime("%Y-%m-%dT%H:%M"), end.strftime("%Y-%m-%dT%H:%M")) == span


@pytest.mark.parametrize("words", ["monday and wednesday", "3 to 5 december", "friday to the dentist", "between and"])
def test_what_does_not_bound_a_span_is_an_error(words: str) -> None:
    with pytest.raises(DateNotUnderstood, match="Say it like"):
        parse_span(words, NOW)
