from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_servers.task_manager.errors import DateNotUnderstood
from mcp_servers.task_manager.models import due_as_text
from mcp_servers.task_manager.spoken import say_due
from mcp_servers.task_manager.times.dates import parse_due, parse_span

pytestmark = pytest.mark.unit

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=BERLIN)
"""A Saturday morning."""

DUES = {
    # days
    "today": "2026-11-21",
    "tomorrow": "2026-11-22",
    "Tomorrow.": "2026-11-22",
    "tommorow": "2026-11-22",
    "tomorow": "2026-11-22",
    "tommorrow": "2026-11-22",
    "to morrow": "2026-11-22",
    "tomorrow's": "2026-11-22",
    "tomorrows": "2026-11-22",
    "by tomorrow": "2026-11-22",
    "the day after tomorrow": "2026-11-23",
    "day after tomorrow": "2026-11-23",
    "yesterday": "2026-11-20",
    "later today": "2026-11-21",
    "monday": "2026-11-23",
    "on Monday": "2026-11-23",
    "for monday": "2026-11-23",
    "Friday": "2026-11-27",
    "by Friday": "2026-11-27",
    "before Friday": "2026-11-26",
    "this Friday": "2026-11-27",
    "coming friday": "2026-11-27",
    "wensday": "2026-11-25",
    "thurs": "2026-11-26",
    "Saturday": "2026-11-28",
    "this saturday": "2026-11-21",
    "sunday": "2026-11-22",
    "next Sunday": "2026-11-29",
    "next Tuesday": "2026-11-24",
    "next Friday": "2026-11-27",
    "Friday next week": "2026-11-27",
    "next week friday": "2026-11-27",
    "a week from Friday": "2026-12-04",
    "a week on Friday": "2026-12-04",
    "Friday week": "2026-12-04",
    "two weeks from monday": "2026-12-07",
    "a week from today": "2026-11-28",
    "a week from tomorrow": "2026-11-29",
    "three days after tomorrow": "2026-11-25",
    "in two weeks": "2026-12-05",
    "in 2 weeks": "2026-12-05",
    "two weeks from now": "2026-12-05",
    "in two weeks' time": "2026-12-05",
    "in a week": "2026-11-28",
    "within three days": "2026-11-24",
    "in a couple of days": "2026-11-23",
    "in a few days": "2026-11-24",
    "in ten days": "2026-12-01",
    "in a month": "2026-12-21",
    "in one year": "2027-11-21",
    "in a week and a half": "2026-12-02",
    "next week": "2026-11-23",
    "this week": "2026-11-22",
    "sometime this week": "2026-11-22",
    "this weekend": "2026-11-21",
    "next weekend": "2026-11-28",
    "the weekend": "2026-11-21",
    "this month": "2026-11-30",
    "next month": "2026-12-01",
    "next year": "2027-01-01",
    "end of the month": "2026-11-30",
    "the end of this month": "2026-11-30",
    "by the end of the month": "2026-11-30",
    "at the end of next month": "2026-12-31",
    "end of the week": "2026-11-22",
    "by the end of next week": "2026-11-29",
    "end of the year": "2026-12-31",
    "end of the day": "2026-11-21",
    "beginning of next month": "2026-12-01",
    "start of next week": "2026-11-23",
    "end of January": "2027-01-31",
    "in December": "2026-12-01",
    "the 3rd of May": "2027-05-03",
    "third of may": "2027-05-03",
    "May 3rd": "2027-05-03",
    "may third": "2027-05-03",
    "may the fourth": "2027-05-04",
    "December first": "2026-12-01",
    "december 1": "2026-12-01",
    "Dec. 24th": "2026-12-24",
    "the twenty fourth of december": "2026-12-24",
    "december twenty-fifth": "2026-12-25",
    "december second": "2026-12-02",
    "3 May 2028": "2028-05-03",
    "May 3rd, 2028": "2028-05-03",
    "february 29": "2028-02-29",
    "Friday, November 27th": "2026-11-27",
    "Friday the 27th": "2026-11-27",
    "Friday 4 December": "2026-12-04",
    "next Friday 4 December": "2026-12-04",
    "on the 15th": "2026-12-15",
    "the 30th": "2026-11-30",
    "the twenty first": "2026-11-21",
    "the 15th of next month": "2026-12-15",
    "the 31st": "2026-12-31",
    "2026-12-24": "2026-12-24",
    "2026/12/24": "2026-12-24",
    "24.12.2026": "2026-12-24",
    "12/24": "2026-12-24",
    "24/12/2026": "2026-12-24",
    "the day": "2026-11-21",
    "Christmas": "2026-12-25",
    "on Christmas Eve": "2026-12-24",
    "new year's day": "2027-01-01",
    "Valentine's Day": "2027-02-14",
    "this coming friday": "2026-11-27",
    "next week on tuesday": "2026-11-24",
    "a week tomorrow": "2026-11-29",
    "by the end of the day": "2026-11-21",
    "EOD": "2026-11-21",
    "by eod": "2026-11-21",
    "end of day": "2026-11-21",
    "eod friday": "2026-11-27",
    "by the end of the day on Friday": "2026-11-27",
    "by end of day tomorrow": "2026-11-22",
    "close of business monday": "2026-11-23",
    "new years eve": "2026-12-31",
    "New Year’s Eve": "2026-12-31",  # noqa: RUF001 - as recognisers write it
    "new year's": "2027-01-01",
    "a week before christmas": "2026-12-18",
    "the day before christmas": "2026-12-24",
    "the week after christmas": "2027-01-01",
    "monday week": "2026-11-30",
    "on Monday week": "2026-11-30",
    "the week after next": "2026-11-30",
    "any time friday": "2026-11-27",
    "12/01": "2026-12-01",
    "3/4": "2027-03-04",
    "12/01/2026": "2026-12-01",
    "13/01": "2027-01-13",
    # moments
    "tonight": "2026-11-21T20:00:00+01:00",
    "tonight at 6pm": "2026-11-21T18:00:00+01:00",
    "tonight at eight": "2026-11-21T20:00:00+01:00",
    "this evening": "2026-11-21T18:00:00+01:00",
    "this afternoon": "2026-11-21T15:00:00+01:00",
    "this morning": "2026-11-21",
    "tomorrow morning": "2026-11-22T09:00:00+01:00",
    "tomorrow in the morning": "2026-11-22T09:00:00+01:00",
    "first thing tomorrow": "2026-11-22T09:00:00+01:00",
    "in the morning": "2026-11-22T09:00:00+01:00",
    "saturday morning": "2026-11-28T09:00:00+01:00",
    "sunday night": "2026-11-22T20:00:00+01:00",
    "tomorrow night": "2026-11-22T20:00:00+01:00",
    "tomorrow evening at seven": "2026-11-22T19:00:00+01:00",
    "at 9 in the evening": "2026-11-21T21:00:00+01:00",
    "tomorrow at seven in the morning": "2026-11-22T07:00:00+01:00",
    "today at noon": "2026-11-21T12:00:00+01:00",
    "noon": "2026-11-21T12:00:00+01:00",
    "midday tomorrow": "2026-11-22T12:00:00+01:00",
    "tomorrow at lunchtime": "2026-11-22T12:00:00+01:00",
    "midnight": "2026-11-22T00:00:00+01:00",
    "tonight at midnight": "2026-11-22T00:00:00+01:00",
    "Friday at midnight": "2026-11-28T00:00:00+01:00",
    "Friday at three": "2026-11-27T15:00:00+01:00",
    "friday at 3": "2026-11-27T15:00:00+01:00",
    "friday 3 pm": "2026-11-27T15:00:00+01:00",
    "at three on Friday": "2026-11-27T15:00:00+01:00",
    "3 p.m. on friday": "2026-11-27T15:00:00+01:00",
    "monday at 8": "2026-11-23T08:00:00+01:00",
    "monday at eleven": "2026-11-23T11:00:00+01:00",
    "monday at twelve": "2026-11-23T12:00:00+01:00",
    "monday at twelve a.m.": "2026-11-23T00:00:00+01:00",
    "tomorrow at 4am": "2026-11-22T04:00:00+01:00",
    "tomorrow at 4:30 p.m.": "2026-11-22T16:30:00+01:00",
    "at 4:30 p.m.": "2026-11-21T16:30:00+01:00",
    "4.30 pm": "2026-11-21T16:30:00+01:00",
    "half past four": "2026-11-21T16:30:00+01:00",
    "half past four tomorrow": "2026-11-22T16:30:00+01:00",
    "half 4 tomorrow": "2026-11-22T16:30:00+01:00",
    "quarter to nine": "2026-11-22T08:45:00+01:00",
    "a quarter past three": "2026-11-21T15:15:00+01:00",
    "quarter to one": "2026-11-21T12:45:00+01:00",
    "quarter of five": "2026-11-21T16:45:00+01:00",
    "ten past five": "2026-11-21T17:10:00+01:00",
    "twenty to six": "2026-11-21T17:40:00+01:00",
    "five minutes to noon": "2026-11-21T11:55:00+01:00",
    "three thirty": "2026-11-21T15:30:00+01:00",
    "tomorrow at seven oh five": "2026-11-22T19:05:00+01:00",
    "three o'clock": "2026-11-21T15:00:00+01:00",
    "3 o’clock tomorrow": "2026-11-22T15:00:00+01:00",  # noqa: RUF001 - as recognisers write it
    "seven thirty pm": "2026-11-21T19:30:00+01:00",
    "tomorrow at seven thirty p.m.": "2026-11-22T19:30:00+01:00",
    "four thirty": "2026-11-21T16:30:00+01:00",
    "4:30": "2026-11-21T16:30:00+01:00",
    "430": "2026-11-21T16:30:00+01:00",
    "friday at 430": "2026-11-27T16:30:00+01:00",
    "730pm": "2026-11-21T19:30:00+01:00",
    "tomorrow 1130 am": "2026-11-22T11:30:00+01:00",
    "eod at 5 pm": "2026-11-21T17:00:00+01:00",
    "6 PM": "2026-11-21T18:00:00+01:00",
    "9am": "2026-11-22T09:00:00+01:00",
    "at 18:45": "2026-11-21T18:45:00+01:00",
    "tomorrow at 16": "2026-11-22T16:00:00+01:00",
    "tomorrow 1530": "2026-11-22T15:30:00+01:00",
    "around 3 tomorrow": "2026-11-22T15:00:00+01:00",
    "tomorrow at about 3 please": "2026-11-22T15:00:00+01:00",
    "before noon": "2026-11-21T12:00:00+01:00",
    "in an hour": "2026-11-21T11:00:00+01:00",
    "in a hour": "2026-11-21T11:00:00+01:00",
    "in one hour": "2026-11-21T11:00:00+01:00",
    "an hour from now": "2026-11-21T11:00:00+01:00",
    "in half an hour": "2026-11-21T10:30:00+01:00",
    "in an hour and a half": "2026-11-21T11:30:00+01:00",
    "in two and a half hours": "2026-11-21T12:30:00+01:00",
    "in 1 hour and 15 minutes": "2026-11-21T11:15:00+01:00",
    "in 20 minutes": "2026-11-21T10:20:00+01:00",
    "20 minutes from now": "2026-11-21T10:20:00+01:00",
    "in twenty five minutes": "2026-11-21T10:25:00+01:00",
    "in a quarter of an hour": "2026-11-21T10:15:00+01:00",
    "in three quarters of an hour": "2026-11-21T10:45:00+01:00",
    "in 24 hours": "2026-11-22T10:00:00+01:00",
    "in two days at noon": "2026-11-23T12:00:00+01:00",
    "a week from friday at 3 pm": "2026-12-04T15:00:00+01:00",
    "december 24th at six": "2026-12-24T18:00:00+01:00",
    "December 4th at 3 in the afternoon": "2026-12-04T15:00:00+01:00",
    "Friday, December 4th, at 3 PM": "2026-12-04T15:00:00+01:00",
    "on friday morning at ten": "2026-11-27T10:00:00+01:00",
    "by 5pm today": "2026-11-21T17:00:00+01:00",
    "saturday the 28th at 7 in the evening": "2026-11-28T19:00:00+01:00",
    "at seven tonight": "2026-11-21T19:00:00+01:00",
    "tomorrow before noon": "2026-11-22T12:00:00+01:00",
    "monday at nine thirty": "2026-11-23T09:30:00+01:00",
    "tomorrow at 8 p m": "2026-11-22T20:00:00+01:00",
    "monday 5:15": "2026-11-23T17:15:00+01:00",
    "monday 05:15": "2026-11-23T05:15:00+01:00",
    "christmas eve at four": "2026-12-24T16:00:00+01:00",
    "first thing in the morning": "2026-11-22T09:00:00+01:00",
    "first thing monday morning": "2026-11-23T09:00:00+01:00",
    "this time tomorrow": "2026-11-22T10:00:00+01:00",
    "the current time tommorow": "2026-11-22T10:00:00+01:00",
    "same time next week": "2026-11-28T10:00:00+01:00",
    "now": "2026-11-21T10:00:00+01:00",
    "2026-12-24T18:00:00+01:00": "2026-12-24T18:00:00+01:00",
    "2026-12-24T17:00:00Z": "2026-12-24T18:00:00+01:00",
    "2026-12-24T18:00": "2026-12-24T18:00:00+01:00",
    "2026-12-24 18:00": "2026-12-24T18:00:00+01:00",
    "2026-07-24T18:00:00": "2026-07-24T18:00:00+02:00",
    "2026-11-27 at 3 PM": "2026-11-27T15:00:00+01:00",
}


@pytest.mark.parametrize(("words", "due"), DUES.items())
def test_a_due_time_is_understood_as_people_mean_it(words: str, due: str) -> None:
    assert due_as_text(parse_due(words, NOW)) == due


@pytest.mark.parametrize(
    "words",
    [
        "the right time",
        "in awhile",
        "in a while",
        "around the holidays",
        "later",
        "soon",
        "someday",
        "the dentist",
        "",
        "   ",
        "at",
        "25:00",
        "tomorrow at 13 pm",
        "february 30",
        "the 32nd",
        "in 99999999999 years",
        "friday monday",
        "3 pm at 4 pm",
        "9999-99-99",
        "every monday",
        "🙂",
        "in",
        "next",
    ],
)
def test_what_is_no_time_is_an_error_that_says_what_can_be_said(words: str) -> None:
    with pytest.raises(DateNotUnderstood, match="Say it like"):
        parse_due(words, NOW)


def test_a_time_alone_keeps_the_day_it_is_asked_for() -> None:
    assert parse_due("four", NOW, day=date(2026, 11, 27)) == datetime(2026, 11, 27, 16, tzinfo=BERLIN)
    assert parse_due("Monday at four", NOW, day=date(2026, 11, 27)) == datetime(2026, 11, 23, 16, tzinfo=BERLIN)
    assert parse_due("four", NOW, day=date(2026, 11, 2)) == datetime(2026, 11, 21, 16, tzinfo=BERLIN)


def test_a_weekday_that_contradicts_the_date_is_an_error() -> None:
    with pytest.raises(DateNotUnderstood, match="5 December 2026 is a Saturday"):
        parse_due("Friday December 5th", NOW)


def test_a_time_that_daylight_saving_skips_is_moved_on() -> None:
    now = datetime(2027, 3, 27, 10, tzinfo=BERLIN)
    assert due_as_text(parse_due("tomorrow at 2:30 am", now)) == "2027-03-28T03:30:00+02:00"


def test_of_a_time_that_comes_twice_the_first_is_meant() -> None:
    now = datetime(2026, 10, 24, 10, tzinfo=BERLIN)
    assert due_as_text(parse_due("tomorrow at 2:30 am", now)) == "2026-10-25T02:30:00+02:00"


def test_hours_count_real_time_across_a_change_of_the_clocks_and_days_do_not() -> None:
    now = datetime(2027, 3, 27, 20, tzinfo=BERLIN)
    assert due_as_text(parse_due("in 24 hours", now)) == "2027-03-28T21:00:00+02:00"
    assert due_as_text(parse_due("tomorrow at 8 pm", now)) == "2027-03-28T20:00:00+02:00"


@given(st.text(max_size=60))
def test_any_text_is_a_time_or_a_clear_error(words: str) -> None:
    try:
        due = parse_due(words, NOW)
        start, end = parse_span(words, NOW)
    except DateNotUnderstood:
        return
    assert isinstance(due, date)
    assert start <= end


WORDS = sorted({word for phrase in DUES for word in phrase.split()})


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join))
def test_any_mixture_of_time_words_is_a_time_or_a_clear_error(words: str) -> None:
    try:
        due = parse_due(words, NOW)
    except DateNotUnderstood:
        return
    assert not isinstance(due, datetime) or (due.utcoffset() is not None and due.second == 0)


NOWS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)).map(lambda naive: naive.replace(tzinfo=BERLIN))  # noqa: DTZ001 - hypothesis wants naive bounds


@given(NOWS, st.integers(-400, 800))
def test_a_day_that_is_said_is_understood_as_that_day(now: datetime, away: int) -> None:
    day = now.date() + timedelta(days=away)
    assert parse_due(say_due(day, now), now) == day


@given(NOWS, st.integers(0, 60 * 24 * 500))
def test_a_moment_that_is_said_is_understood_as_that_moment(now: datetime, minutes: int) -> None:
    moment = (now.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(BERLIN).replace(second=0, microsecond=0)
    assert parse_due(say_due(moment, now), now) == moment.replace(fold=0)


@given(NOWS)
def test_iso_8601_is_taken_as_it_is(moment: datetime) -> None:
    moment = moment.replace(microsecond=0, fold=0).astimezone(UTC).astimezone(BERLIN)
    assert parse_due(moment.isoformat(), NOW) == moment
    assert parse_due(moment.date().isoformat(), NOW) == moment.date()
