"""A form on a screen takes what the voice takes, and shows everything but secrets."""

from __future__ import annotations

from typing import Any

import pytest

from voice_agent.agents.ask_filled import filled, form_shown, words_of
from voice_agent.bridge.forms import Question, Reply, form, link

pytestmark = pytest.mark.unit

PETS = [{"const": f"pet-{n}", "title": t} for n, t in enumerate(["Cats", "Dogs", "Guinea pigs"], 1)]
EVERYTHING: dict[str, Any] = {
    "name": {"type": "string", "title": "Name", "minLength": 2, "maxLength": 10},
    "mail": {"type": "string", "format": "email", "title": "E-mail"},
    "site": {"type": "string", "format": "uri", "title": "Site"},
    "born": {"type": "string", "format": "date", "title": "Born"},
    "from": {"type": "string", "format": "date-time", "title": "From"},
    "age": {"type": "integer", "title": "Age", "minimum": 0, "maximum": 150},
    "size": {"type": "number", "title": "Size"},
    "news": {"type": "boolean", "title": "News", "default": False},
    "pet": {"type": "string", "title": "Pet", "oneOf": PETS},
    "pets": {"type": "array", "title": "Pets", "items": {"anyOf": PETS}, "minItems": 1, "maxItems": 2},
}


def asks(**properties: Any) -> Question:
    return form("club", "Club", "Please.", {"type": "object", "properties": properties, "required": ["name"]})


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("name", "A", "too short"),
        ("name", "A" * 11, "too long"),
        ("name", 3, "didn't get"),
        ("mail", "ada", "e-mail"),
        ("site", "example.com", "web address"),
        ("born", "31.12.1999", "a day"),
        ("from", "2026-01-01T10:00", "a day and a time"),
        ("age", 1.5, "whole"),
        ("age", -1, "at least 0"),
        ("age", 151, "at most 150"),
        ("age", True, "a number"),
        ("size", "big", "a number"),
        ("news", "yes", "a yes or a no"),
        ("pet", "Cats", "none of the options"),
        ("pets", [], "at least 1"),
        ("pets", ["pet-1", "pet-2", "pet-3"], "at most 2"),
        ("pets", ["pet-4"], "none of the options"),
    ],
)
def test_what_does_not_fit_is_refused_in_words_that_name_the_field(name: str, value: Any, problem: str) -> None:
    title = str(EVERYTHING[name]["title"])
    with pytest.raises(ValueError, match=f"^{title}: .*{problem}"):
        filled(asks(**EVERYTHING), {"name": "Ada", name: value})


def test_everything_that_fits_goes_to_the_server_as_it_is_and_is_said_in_words() -> None:
    content = {
        "name": "Ada",
        "mail": "ada@example.com",
        "site": "https://example.com",
        "born": "1999-12-31",
        "from": "2026-01-01T10:00:00+01:00",
        "age": 36,
        "size": 1.5,
        "news": True,
        "pet": "pet-2",
        "pets": ["pet-1", "pet-3"],
    }
    reply = filled(asks(**EVERYTHING), content)
    assert reply == Reply("accept", content)
    said = words_of(asks(**EVERYTHING), reply)
    assert "Name Ada, E-mail ada@example.com" in said
    assert "Pet Dogs, Pets Cats and Guinea pigs." in said


def test_what_is_needed_must_be_there_and_nothing_else_may() -> None:
    with pytest.raises(ValueError, match=r"^Name: That one is needed"):
        filled(asks(**EVERYTHING), {})
    with pytest.raises(ValueError, match="no field “shoe”"):
        filled(asks(**EVERYTHING), {"name": "Ada", "shoe": 3})


def test_a_secret_is_neither_shown_nor_taken() -> None:
    asked = asks(name={"type": "string"}, password={"type": "string", "title": "Password"})
    shown = form_shown(asked, {})
    assert [one["name"] for one in shown["fields"]] == ["name"]
    assert shown["left_out"] == ["Password"]
    with pytest.raises(ValueError, match="no field “password”"):
        filled(asked, {"name": "Ada", "password": "x"})


def test_a_link_is_shown_by_its_domain_and_answered_without_content() -> None:
    asked = link("club", "Club", "Pay the fee.", "https://pay.example/1?x=2", is_waited_for=True)
    shown = form_shown(asked, {})
    assert (shown["domain"], shown["is_waited_for"], shown["fields"]) == ("pay.example", True, [])
    assert filled(asked, {"anything": 1}) == Reply("accept")
    assert words_of(asked, Reply("decline")) == "I'd rather not."
