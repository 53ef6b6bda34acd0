import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_agent.offline.voice_text import spoken

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Friday 4 December at 3 PM.", "Friday the 4th of December at 3 PM."),
        ("on 2026-12-04", "on December 4th, 20 26"),
        ("due 2026-12-04T15:00:00", "due December 4th, 20 26 at 3 PM"),
        ("due 2026-12-04T09:05:00+01:00.", "due December 4th, 20 26 at 9 oh 5 AM."),
        ("at 15:30", "at 3 30 PM"),
        ("at 3:30 pm", "at 3 30 PM"),
        ("at 7:05", "at 7 oh 5"),
        ("at 3:00", "at 3 o'clock"),
        ("9 AM \u2013 10 AM", "9 AM to 10 AM"),
        ("It costs $12.50, or \u20ac1, \u00a30.50.", "It costs 12 dollars and 50 cents, or 1 euro, 50 pence."),
        ("I've added \u201cBuy milk\u201d.", "I've added Buy milk."),
        ("See https://www.example.com/a?b=1 now.", "See a link to example.com now."),
        ("Task 1f3a9c2e-7b1d-4c5e-8f00-aabbccddeeff is done.", "Task with a long ID is done."),
        ("Task #12 takes 2 h.", "Task number 12 takes 2 hours."),
        ("Dr. Smith", "Doctor Smith"),
        ("the players' choice, it's `create_task`", "the players choice, it's create task"),
        ("version 1.8.9, 10 tasks", "version 1.8.9, 10 tasks"),
        ("99:99 and 2026-13-45", "99:99 and 2026-13-45"),
    ],
)
def test_signs_are_said_as_people_say_them(written: str, said: str) -> None:
    assert spoken(written) == said


@given(st.text(max_size=300))
def test_no_text_is_too_odd(text: str) -> None:
    assert "  " not in spoken(text)
