"""What a new time means for a task that has one."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_servers.task_manager.errors import DateNotUnderstood
from mcp_servers.task_manager.models import due_as_text
from mcp_servers.task_manager.spoken import say_due
from mcp_servers.task_manager.times.moving import new_due
from tests.support.task_manager import BERLIN, NOW

pytestmark = pytest.mark.unit

AT_TWO = datetime(2026, 11, 25, 14, tzinfo=BERLIN)
"""Wednesday; now is Saturday the 21st, at ten."""

OF_A_MOMENT = {
    "by two days": "2026-11-27T14:00:00+01:00",
    "two days": "2026-11-27T14:00:00+01:00",
    "push it back two hours": "2026-11-25T16:00:00+01:00",
    "by an hour": "2026-11-25T15:00:00+01:00",
    "by half an hour": "2026-11-25T14:30:00+01:00",
    "by a week": "2026-12-02T14:00:00+01:00",
    "by one month": "2026-12-25T14:00:00+01:00",
    "by a day and two hours": "2026-11-26T16:00:00+01:00",
    "postpone it by two days": "2026-11-27T14:00:00+01:00",
    "back by an hour": "2026-11-25T15:00:00+01:00",
    "later by an hour": "2026-11-25T15:00:00+01:00",
    "an hour later": "2026-11-25T15:00:00+01:00",
    "two days later": "2026-11-27T14:00:00+01:00",
    "an hour earlier": "2026-11-25T13:00:00+01:00",
    "earlier by two days": "2026-11-23T14:00:00+01:00",
    "by a day earlier": "2026-11-24T14:00:00+01:00",
    "forward by an hour": "2026-11-25T13:00:00+01:00",
    "in two days": "2026-11-23T14:00:00+01:00",
    "in an hour": "2026-11-21T11:00:00+01:00",
    "friday": "2026-11-27T14:00:00+01:00",
    "2026-11-27": "2026-11-27T14:00:00+01:00",
    "by friday": "2026-11-27T14:00:00+01:00",
    "next week": "2026-11-23T14:00:00+01:00",
    "today": "2026-11-21T14:00:00+01:00",
    "friday at the same time": "2026-11-27T14:00:00+01:00",
    "friday all day": "2026-11-27",
    "any time friday": "2026-11-27",
    "friday at three": "2026-11-27T15:00:00+01:00",
    "friday morning": "2026-11-27T09:00:00+01:00",
    "four": "2026-11-25T16:00:00+01:00",
}


@pytest.mark.parametrize(("words", "due"), OF_A_MOMENT.items())
def test_a_task_of_some_moment_is_moved_as_people_mean_it(words: str, due: str) -> None:
    assert due_as_text(new_due(words, NOW, AT_TWO)) == due


@pytest.mark.parametrize(
    ("words", "due"),
    [
        ("by two days", "2026-11-27"),
        ("a week earlier", "2026-11-18"),
        ("friday", "2026-11-27"),
        ("in two days", "2026-11-23"),
        ("four", "2026-11-25T16:00:00+01:00"),
    ],
)
def test_a_task_of_a_whole_day_stays_one_unless_a_time_is_said(words: str, due: str) -> None:
    assert due_as_text(new_due(words, NOW, AT_TWO.date())) == due


def test_hours_cannot_be_counted_from_a_whole_day() -> None:
    with pytest.raises(DateNotUnderstood, match="no time to count from"):
        new_due("by an hour", NOW, AT_TWO.date())


def test_a_task_without_a_due_time_is_moved_from_now() -> None:
    assert new_due("by two days", NOW, None) == date(2026, 11, 23)
    assert new_due("an hour later", NOW, None) == datetime(2026, 11, 21, 11, tzinfo=BERLIN)


def test_a_time_of_day_that_has_passed_is_not_kept_for_today() -> None:
    assert new_due("today", NOW, AT_TWO.replace(hour=8)) == NOW.date()


def test_midnight_ends_the_day_it_is_moved_to() -> None:
    midnight = datetime(2026, 11, 26, tzinfo=BERLIN)
    assert new_due("friday", NOW, midnight) == datetime(2026, 11, 28, tzinfo=BERLIN)
    assert new_due("by a day", NOW, midnight) == datetime(2026, 11, 27, tzinfo=BERLIN)


def test_days_keep_the_time_of_day_across_a_change_of_the_clocks_and_hours_count_real_time() -> None:
    before = datetime(2027, 3, 27, 20, tzinfo=BERLIN)
    assert due_as_text(new_due("by a day", NOW, before)) == "2027-03-28T20:00:00+02:00"
    assert due_as_text(new_due("by 24 hours", NOW, before)) == "2027-03-28T21:00:00+02:00"


def test_what_is_moved_beyond_the_calendar_is_an_error_in_plain_words() -> None:
    with pytest.raises(DateNotUnderstood, match="Say it like"):
        new_due("by 99999 years", NOW, AT_TWO)


@given(st.integers(0, 60 * 24 * 400), st.integers(1, 300))
def test_later_and_earlier_by_as_much_lead_back(minutes: int, days: int) -> None:
    due = (NOW + timedelta(minutes=minutes)).replace(fold=0)
    later = new_due(f"by {days} days", NOW, due)
    if not isinstance(later, datetime) or later.hour != due.hour:
        return  # it was moved into the hour that daylight saving skips
    back = new_due(f"earlier by {days} days", NOW, later)
    assert isinstance(back, datetime)
    assert back.replace(fold=0) == due


def test_a_changed_due_time_is_said_with_its_whole_date() -> None:
    assert say_due(AT_TWO, NOW, whole=True) == "Wednesday 25 November at 2 PM"
