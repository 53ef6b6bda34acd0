from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from voice_agent.offline.brain import addresses, figures, moments, times

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("said", "rest", "due"),
    [
        ("call mom tomorrow at 5", "call mom", "tomorrow at 5"),
        ("friday to call my mother", "to call my mother", "friday"),
        ("pay rent by march 3rd at noon", "pay rent", "march 3rd at noon"),
        ("take the chicken out in a hour", "take the chicken out", "in a hour"),
        ("renew the passport before june 3rd", "renew the passport", "before june 3rd"),
        ("tomorrow at half past five call bob", "call bob", "tomorrow at half past five"),
        ("five mile run", "five mile run", None),
        ("buy 2 eggs", "buy 2 eggs", None),
        ("clean the second floor", "clean the second floor", None),
        ("request time off around the holidays", "request time off around the holidays", None),
    ],
)
def test_time_words_are_told_from_the_others(said: str, rest: str, due: str | None) -> None:
    assert times.split(said) == (rest, due)


def test_only_time_words_are_only_time() -> None:
    assert times.is_only_time("on Friday at three, please")
    assert not times.is_only_time("Friday with Anna")


@pytest.mark.parametrize(
    ("said", "values"),
    [
        ("add 2 and 3", [2, 3]),
        ("the sum of twenty five and one hundred and six", [25, 106]),
        ("minus five plus 3.5", [-5, 3.5]),
        ("one point five", [1.5]),
        ("read notes2.txt of 2026-11-21", []),
    ],
)
def test_numbers_are_read_in_digits_and_words(said: str, values: list[float]) -> None:
    assert [number.value for number in figures.numbers(said)] == values


def test_places_times_and_days_are_read_as_tools_want_them() -> None:
    said = "convert 3 pm New York time to Tokyo"
    assert [zone for zone, _ in moments.zones(said)] == ["America/New_York", "Asia/Tokyo"]
    assert moments.clock_time(said) == "15:00"
    assert moments.clock_time("quarter to one at night") == "00:45"
    assert moments.day("a table for next tuesday", NOW) == date(2026, 11, 24)
    assert moments.day("from the 3rd of march", NOW) == date(2027, 3, 3)
    assert moments.day("february 30", NOW) is None


def test_paths_and_addresses_are_found_in_speech() -> None:
    assert addresses.path("read the file notes dot txt") == "notes.txt"
    assert addresses.paths("move a/b.md to ../c.md") == ["a/b.md", "../c.md"]
    assert addresses.path("at 3 p.m. please") is None
    assert addresses.url("open example.com") == "https://example.com"
