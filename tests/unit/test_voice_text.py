from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_agent.agents.aloud import as_people_say
from voice_agent.offline.voice_text import spoken

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

pytestmark = pytest.mark.unit


async def pieces(text: str, size: int) -> AsyncGenerator[str]:
    for start in range(0, len(text), size):
        yield text[start : start + size]


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
        ("1234.5 EUR, JPY 900 and -$3.2 million", "1234 euros and 50 cents, 900 yen and minus 3.2 million dollars"),
        (
            "1 kg, 2.5 kg, 80 km/h and 5 m², not 5m",
            "1 kilogram, 2.5 kilograms, 80 kilometres an hour and 5 square metres, not 5m",
        ),
        ("-3 °C at 55 %, 30 cm x 40 cm", "minus 3 degrees Celsius at 55 percent, 30 centimetres by 40 centimetres"),
        ("Code X9-204-BQ, PIN 004217, order #A1B2C3.", "Code X 9, 2 0 4, B Q, PIN 0 0 4 2 1 7, order A 1 B 2 C 3."),
        ("COVID-19, F-16 and 555-0123", "COVID-19, F-16 and 5 5 5, 0 1 2 3"),
        ("9:00-17:30, 10:15 \u2013 14:00", "9 o'clock to 5 30 PM, 10 15 to 2 PM"),
        ("+49 30 1234567", "plus 4 9, 3 0, 1 2 3 4 5 6 7"),
        ("DE89 3704 0044 0532 0130 00", "D E 8 9, 3 7 0 4, 0 0 4 4, 0 5 3 2, 0 1 3 0, 0 0"),
        ("anna.berg@example.org at 10.0.0.12", "anna dot berg at example dot org at 10 dot 0 dot 0 dot 12"),
        ("99:99 and 2026-13-45", "99:99 and 2026-13-45"),
    ],
)
def test_signs_are_said_as_people_say_them(written: str, said: str) -> None:
    assert spoken(written) == said


WHOLE = (
    "The invoice is 1,234.50 EUR, due on 2026-12-04 at 15:30. See https://example.org/a?b=c now, it weighs 2.5 kg. "
    "Call +49 30 1234567 from 3 - 5 people today."
)


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
async def test_text_in_pieces_is_said_as_the_whole_would_be(size: int) -> None:
    assert "".join([piece async for piece in as_people_say(pieces(WHOLE, size))]) == spoken(WHOLE)


async def test_plain_words_are_not_held_back() -> None:
    text = "Well, it is “fine”, isn't it? "
    assert [piece async for piece in as_people_say(pieces(text, 1))] == text.replace(" ", " |").split("|")[:-1]


@given(st.text(max_size=300))
def test_no_text_is_too_odd(text: str) -> None:
    assert "  " not in spoken(text)
