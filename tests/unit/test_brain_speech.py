from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from voice_agent.bridge.results import bounded_json
from voice_agent.offline.brain.dialogue import Call
from voice_agent.offline.brain.render import render
from voice_agent.offline.brain.results import read_output
from voice_agent.offline.brain.spoken import for_the_ear, moment

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=ZoneInfo("Europe/Berlin"))


def said_of(output: str, *, is_error: bool = False) -> str:
    return render((Call("x_do", {}, output, is_error),), NOW)


def test_prose_is_said_and_the_data_behind_it_is_not() -> None:
    assert said_of('Added “milk”.\n{"task":{"id":"3","title":"milk"}}') == "Added “milk”."


def test_answers_that_begin_alike_are_joined() -> None:
    calls = (Call("x_do", {}, "Added “milk”."), Call("x_do", {}, "Added “bread”."))
    assert render(calls, NOW) == "Added “milk” and “bread”."


def test_a_long_list_is_cut_with_an_offer_to_go_on() -> None:
    items = [{"id": f"a1b2c3d4-{n}", "title": f"thing {n}", "due": "2026-11-22"} for n in range(9)]
    said = said_of(json.dumps({"items": items, "next_cursor": "zz"}))
    assert said.startswith("Nine results: thing 0 tomorrow")
    assert said.endswith("Shall I go on?")
    assert "a1b2" not in said


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([], "I found nothing."),
        ({"result": 5}, "5."),
        ({"result": True}, "Yes."),
        ({"result": 1234567}, "1,234,567."),
        ({"timezone": "Asia/Tokyo", "datetime": "2026-11-22T03:12:00+09:00"}, "It's 3:12 am on Sunday in Tokyo."),
        ({"timezone": "Europe/Berlin", "datetime": "2026-11-22T12:00:00+01:00"}, "It's noon on Sunday."),
        ({"result": 0.0000123}, "0.000012."),
        ({"result": 3.14159265}, "3.1416."),
        ({"account": "Main", "balance": -1520.75, "currency": "USD"}, "account Main, balance -$1,520.75."),
        (
            [{"title": "Rent", "amount": 950, "currency": "EUR"}, {"title": "Tea", "amount": 3.2, "currency": "EUR"}],
            "Two results: Rent €950 and Tea €3.20.",
        ),
        ({"city": "Rome", "temperature_c": 21.5, "windKmh": 12}, "city Rome, temperature 21.5°C, wind 12 km/h."),
        (
            {"name": "Run", "distance_m": 10250, "duration_seconds": 3725},
            "Run: distance 10,250 m, duration 1 hour and 2 minutes.",
        ),
        ({"name": "gauge", "value": None}, "gauge: value unknown."),
        ({"id": "77", "name": "Ada", "isActive": True, "updated_at": "2026-01-01T00:00:00Z"}, "Ada: is active yes."),
    ],
)
def test_data_becomes_a_sentence(data: Any, said: str) -> None:
    assert said_of(json.dumps(data)) == said


def test_a_list_that_was_cut_short_is_told_with_its_true_length() -> None:
    rows = [{"name": f"row {n}", "price": n + 0.5, "currency": "EUR"} for n in range(20_000)]
    said = said_of(bounded_json({"rows": rows}, 6_000))
    assert said.startswith("20,000 results: row 0 €0.50, row 1 €1.50")
    assert said.endswith("and 19,995 more. Shall I go on?")


@pytest.mark.parametrize(
    ("prose", "said"),
    [
        ("| city | price |\n|---|---|\n| Rome | 12.50 |\n| Oslo | 30 |", "Two results: Rome 12.50 and Oslo 30."),
        ("Prices:\n| city | price |\n|:--|--:|\n| Rome | 12.50 |\n| Oslo | 30 |", "Prices: Rome 12.50 and Oslo 30."),
        ("city,price\nRome,12\nOslo,30", "Two results: Rome 12 and Oslo 30."),
        ('city,price\n"Rome, Italy",12\nOslo,30', "Two results: Rome, Italy 12 and Oslo 30."),
        ("1234567890", "1,234,567,890."),
        ("1.5e-07", "0.00000015."),
        ("004217", "004217."),
    ],
)
def test_tables_and_bare_numbers_become_words(prose: str, said: str) -> None:
    assert said_of(prose) == said


def test_nothing_of_the_machine_is_spoken() -> None:
    raw = (
        "## Report\n- **Done** at 2026-11-22T15:00:00+01:00, see [here](https://example.com/a?b=1) "
        "and /home/ann/files/notes.txt (id: 3f2b8c1e-0000-4000-8000-000000000000) `x` <b>now</b>"
    )
    spoken = for_the_ear(raw, NOW)
    assert spoken == "Report Done at tomorrow at 3 pm, see here and notes.txt x now"


def test_moments_are_said_as_people_say_them() -> None:
    assert moment("2026-11-21", NOW) == "today"
    assert moment("2026-11-27T15:30:00+01:00", NOW) == "on Friday at 3:30 pm"
    assert moment("2027-12-03", NOW) == "on December 3rd 2027"
    assert moment("soon", NOW) == "soon"


def test_errors_are_short_and_without_a_traceback() -> None:
    assert said_of("Error: there is no such file", is_error=True) == "There is no such file"
    assert said_of("Traceback (most recent call last): KeyError", is_error=True) == "Sorry, that didn't work."


def test_a_call_that_awaits_the_users_yes_is_passed_over_in_silence() -> None:
    waiting = "Not done yet: the user has been asked “Delete milk?” and must agree in their own words first."
    assert said_of(waiting) == ""


def test_lines_of_fields_are_told_by_their_messages() -> None:
    log = "History:\nCommit: abc\nMessage: One\n\nCommit: def\nMessage: Two"
    assert said_of(log) == "History: One and Two."


def test_json_in_prose_is_data_only_where_it_is_json() -> None:
    assert read_output("use {this} thing").data is None
    assert read_output('[1,2]\n{"result":[1,2]}').data == [1, 2]
