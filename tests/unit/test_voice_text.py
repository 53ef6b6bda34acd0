from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_agent.agents.aloud import Aloud
from voice_agent.offline.voice_text import letters, spoken

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
        ("due 21.11.2026, 21/11/2026", "due November 21st, 20 26, November 21st, 20 26"),
        ("Mon 21 Nov, 12-14 Nov", "Monday the 21st of November, the 12th to the 14th of November"),
        ("Nov 21, 2026, Mon-Fri", "November 21st, 20 26, Monday to Friday"),
        ("in 2026-11, not 3/4/2026", "in November 20 26, not 3/4/2026"),
        ("2026-11-21/2026-11-25, PT1H30M", "November 21st, 20 26 to November 25th, 20 26, 1 hour and 30 minutes"),
        ("2026-11-21T15:00Z", "November 21st, 20 26 at 3 PM UTC"),
        ("3pm-5pm, 9 - 10, 3-5, UTC+1", "3 PM to 5pm, 9 to 10, 3 to 5, UTC plus 1"),
        ("1.234,50 €, 5 000 EUR, 1,5 km", "1234 euros and 50 cents, 5000 euros, 1.5 kilometres"),
        ("$5-10, €12/month, 20 €/kWh", "5 dollars to 10 dollars, 12 euros per month, 20 euros per kilowatt hour"),
        ("1.2 kg/m³, 3.5 km/h, 16 GiB", "1.2 kilograms per cubic metre, 3.5 kilometres an hour, 16 gibibytes"),
        (">= 5, <5, > 3%, +5%", "at least 5, less than 5, more than 3 percent, plus 5 percent"),
        ("1/2, 1 1/2 cups, page 1/2, on 1/2", "one half, 1 and a half cups, page 1 of 2, on 1/2"),
        ("ABC-123, ISO 9001, PROJ-42, MP3", "A B C, 1 2 3, ISO 9001, PROJ-42, MP3"),
        ("order #12345, PIN 1234, ISBN 978-3-16-148410-0",
         "order 1 2 3 4 5, PIN 1 2 3 4, ISBN 9 7 8, 3, 1 6, 1 4 8 4 1 0, 0"),
        ("0800 123 4567, (030) 123456, +4930123456",
         "0 8 0 0, 1 2 3, 4 5 6 7, 0 3 0, 1 2 3 4 5 6, plus 4 9 3 0 1 2 3 4 5 6"),
        ("v1.2.3 at 10.0.0.1:80, fe80::1", "version 1.2.3 at 10 dot 0 dot 0 dot 1 port 80, an IP version 6 address"),
        ("00:1A:2B:3C:4D:5E, commit a1b2c3d", "0 0, 1 A, 2 B, 3 C, 4 D, 5 E, commit A 1 B 2 C 3 D"),
        ("id: 3f2504e04f8911d39a0c0305e82c3301", "with a long ID"),
        ("see https://good.com@evil.example/x.", "see a link to evil.example."),
        ("(https://a.org/b), [here](https://a.org/c)", "(a link to a.org), here"),
        ("in ~/notes/work/todo.md and/or 24/7", "in todo.md and or 24/7"),
        ("Milk\nEggs\n\nThat is all", "Milk, Eggs. That is all"),
        ("std::vector, x -> y, a > b", "std::vector, x to y, a, b"),
    ],
)  # fmt: skip
def test_signs_are_said_as_people_say_them(written: str, said: str) -> None:
    assert spoken(written) == said
    assert spoken(said) == said


def test_a_moment_is_told_in_the_time_of_who_listens() -> None:
    assert spoken("2026-11-21T23:30:00Z", BERLIN) == "November 22nd, 20 26 at 12 30 AM"
    assert spoken("2026-11-21T23:30:00", BERLIN) == "November 21st, 20 26 at 11 30 PM"


def test_thousands_of_empty_lines_are_one_pause() -> None:
    assert spoken("Milk" + " \n" * 3_000 + "Eggs") == "Milk. Eggs"


def test_a_letter_that_is_spelt_is_no_article() -> None:
    assert letters("A B C, 1 A, A 1, a plan A is A-one") == "ay B C, 1 ay, ay 1, a plan A is A-one"


WHOLE = (
    "The invoice is 1,234.50 EUR, due on 2026-12-04 at 15:30. See https://example.org/a?b=c now, it weighs 2.5 kg. "
    "Call +49 30 1234567 from 3 - 5 people today.\nOn Nov 21, 2026 it is USD 20 or EUR 5.\n\nYour code 123456 is for "
    "www.example.org, at 2026-11-21T23:30:00Z, from Dr. Berg, x -> y."
)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
async def test_text_in_pieces_is_said_as_the_whole_would_be(size: int) -> None:
    assert "".join([piece async for piece in Aloud("en-GB", BERLIN)(pieces(WHOLE, size))]) == spoken(WHOLE, BERLIN)


async def test_plain_words_are_not_held_back() -> None:
    text = "Well, it is “fine”, isn't it? "
    assert [piece async for piece in Aloud("en", BERLIN)(pieces(text, 1))] == text.replace(" ", " |").split("|")[:-1]


async def test_another_language_is_left_as_it_is() -> None:
    text = "Es kostet 5 EUR, am 21.11.2026 um 15:00."
    assert "".join([piece async for piece in Aloud("de", BERLIN)(pieces(text, 3))]) == text


@given(st.text(max_size=300))
def test_no_text_is_too_odd(text: str) -> None:
    assert "  " not in spoken(text)
