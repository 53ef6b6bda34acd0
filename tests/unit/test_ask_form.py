"""A server's question is put field by field, and the user's words are read as people say them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from voice_agent.agents.ask_fields import read, spoken
from voice_agent.agents.ask_form import Step, follow
from voice_agent.bridge.forms import Field, Question, Reply, form, link

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 21, 9, tzinfo=ZoneInfo("Europe/Berlin"))
"""A Saturday."""
PERSON: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "title": "Name"},
        "age": {"type": "integer", "title": "Age", "minimum": 0, "maximum": 150},
        "mail": {"type": "string", "format": "email", "title": "E-mail"},
        "news": {"type": "boolean", "title": "News", "default": False},
    },
    "required": ["name", "age"],
}
PETS = {"oneOf": [{"const": f"pet-{n}", "title": t} for n, t in enumerate(["Cats", "Dogs", "Guinea pigs"], 1)]}


def club(schema: dict[str, Any] = PERSON) -> Question:
    return form("club", "Club", "Please register.", schema)


def ask(*said: str, question: Question | None = None) -> Step:
    return follow(question or club(), said, NOW)


def one(schema: dict[str, Any], *, title: str = "Value") -> Field:
    properties = {"value": {"title": title, **schema}}
    return form("club", "Club", "?", {"type": "object", "properties": properties, "required": ["value"]}).fields[0]


def test_a_form_is_asked_field_by_field_read_back_and_sent_after_a_yes() -> None:
    assert ask().say == "Club asks: Please register. It is 4 things, one after the other. First, Name?"
    assert ask("A D A").say == "Age?"
    said = ("A D A", "thirty six", "ada at example dot com", "no")
    assert ask(*said).say == "Name Ada, age 36, e-mail ada@example.com, news no. Shall I send it?"
    assert ask(*said).reply is None
    answers = {"name": "Ada", "age": 36, "mail": "ada@example.com", "news": False}
    assert ask(*said, "yes").reply == Reply("accept", answers)


def test_what_is_optional_can_be_skipped_and_a_default_kept() -> None:
    assert ask("Ada", "36", "skip", "keep it", "yes please").reply == Reply(
        "accept", {"name": "Ada", "age": 36, "news": False}
    )
    assert ask("skip").say.startswith("That one is needed.")


@pytest.mark.parametrize("words", ["no, I meant thirty seven", "sorry, I meant 37", "no, the age is 37"])
def test_the_answer_before_is_corrected(words: str) -> None:
    step = ask("Ada", "36", words)
    assert step.say.startswith("Age is 37. E-mail?")
    assert ask("Ada", "36", words, "skip", "skip", "yes").reply == Reply("accept", {"name": "Ada", "age": 37})


def test_a_form_that_has_been_read_back_can_still_be_changed() -> None:
    said = ("Ada", "36", "skip", "skip", "change the name to Eve")
    assert ask(*said).say == "Name is Eve. Name Eve, age 36. Shall I send it?"
    assert ask(*said, "yes").reply == Reply("accept", {"name": "Eve", "age": 36})


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        ("no, make it 37", {"age": 37}),
        ("yes, but the email is eve at example dot com", {"mail": "eve@example.com"}),
        ("my name is Eve", {"name": "Eve"}),
        ("the age of 37", {"age": 37}),
        ("I said news yes", {"news": True}),
    ],
)
def test_what_was_read_back_is_changed_in_any_words(words: str, changed: dict[str, Any]) -> None:
    said = ("Ada", "36", "ada at example dot com", "no", words)
    assert ask(*said).say.endswith("The rest is as I said. Shall I send it?")
    before = {"name": "Ada", "age": 36, "mail": "ada@example.com", "news": False}
    assert ask(*said, "yes").reply == Reply("accept", {**before, **changed})


def test_a_no_to_what_was_read_back_is_asked_about_once_and_then_declines() -> None:
    said = ("Ada", "36", "no", "no", "no")
    assert ask(*said).say.startswith("What should I change?")
    assert ask(*said, "37", "yes").reply == Reply("accept", {"name": "Ada", "age": 37, "news": False})
    assert ask(*said, "no").reply == Reply("decline")


def test_a_form_of_one_field_is_read_back_where_it_could_be_misheard() -> None:
    for schema, words, review in (
        ({"type": "string", "format": "email", "title": "E-mail"}, "ada at example dot com", "E-mail ada@example.com."),
        ({"type": "integer", "title": "Copies"}, "three", "Copies 3."),
        ({"type": "string", "enum": ["red", "blue"]}, "red", None),
        ({"type": "boolean"}, "yes", None),
    ):
        asked = club({"type": "object", "properties": {"it": schema}, "required": ["it"]})
        if review is None:
            assert ask(words, question=asked).reply is not None
        else:
            assert ask(words, question=asked).say == f"{review} Shall I send it?"
            assert ask(words, "yes", question=asked).reply is not None


@pytest.mark.parametrize(
    ("words", "is_answer"),
    [
        ("take the oat milk one", True),
        ("mark oat milk please", True),
        ("what is due tomorrow", False),
        ("rename buy oat bread to buy bread", False),
    ],
)
def test_a_request_that_resembles_an_option_is_not_taken_for_it(words: str, *, is_answer: bool) -> None:
    options = [{"const": "1", "title": "buy milk, due tomorrow"}, {"const": "2", "title": "buy oat milk"}]
    step = ask(words, question=club({"type": "object", "properties": {"it": {"type": "string", "oneOf": options}}}))
    assert (step.reply is not None) is is_answer
    assert step.is_aside is not is_answer


def test_another_choice_is_the_one_before_said_anew() -> None:
    properties = {"seat": {"type": "string", "enum": ["aisle", "window"], "title": "Seat"}, "city": {"type": "string"}}
    asked = club({"type": "object", "properties": properties, "required": ["seat", "city"]})
    assert ask("aisle", "no, the window", question=asked).say == "Seat is window. City?"
    assert ask("aisle", "What is this for?", question=asked).is_aside


def test_go_back_asks_the_one_before_again() -> None:
    assert ask("Ada", "go back").say == "Name?"
    assert ask("Ada", "go back", "Eve", "36", "skip", "skip", "yes").reply == Reply(
        "accept", {"name": "Eve", "age": 36}
    )


@pytest.mark.parametrize("words", ["never mind", "cancel", "Cancel that.", "stop", "no, never mind"])
def test_a_never_mind_cancels(words: str) -> None:
    assert ask("Ada", words).reply == Reply("cancel")


@pytest.mark.parametrize("words", ["no", "I'd rather not", "no thanks", "I don't want to say"])
def test_a_no_declines(words: str) -> None:
    assert ask(words).reply == Reply("decline")


def test_answers_that_cannot_be_used_are_asked_for_again_and_then_given_up() -> None:
    assert ask("Ada", "two hundred").say == "It can be at most 150."
    assert ask("Ada", "two hundred", "minus one").say == "It has to be at least 0. Age?"
    assert ask("Ada", "two hundred", "minus one", "old").reply == Reply("cancel")
    assert ask("Ada", "two hundred", "minus one", "36").say.startswith("E-mail?")


@pytest.mark.parametrize(
    ("schema", "words", "value"),
    [
        ({"type": "string", "title": "Name"}, "It's Ada, please.", "Ada"),
        ({"type": "string", "title": "Code"}, "X Y Z", "XYZ"),
        ({"type": "string", "format": "email"}, "ada dot king at example dot co dot uk", "ada.king@example.co.uk"),
        ({"type": "string", "format": "email"}, "A D A at example dot com", "ada@example.com"),
        ({"type": "string", "format": "email"}, "Ada@Example.com.", "ada@example.com"),
        ({"type": "string", "format": "uri"}, "example dot com slash about", "https://example.com/about"),
        ({"type": "string", "format": "uri"}, "https://example.com/A?b=C", "https://example.com/A?b=C"),
        ({"type": "string", "format": "date"}, "next Friday", "2026-11-27"),
        ({"type": "string", "format": "date"}, "May 3rd 1990", "1990-05-03"),
        *(
            ({"type": "string", "format": "date"}, said, day)
            for said, day in (
                ("the third of May nineteen ninety", "1990-05-03"),
                ("december twenty-first, nineteen eighty four", "1984-12-21"),
                ("the 3rd of may two thousand and five", "2005-05-03"),
                ("twenty first of march ninety two", "1992-03-21"),
                ("March 5th nineteen oh nine", "1909-03-05"),
                ("Monday the seventh of December", "2026-12-07"),
                ("25/12/1990", "1990-12-25"),
                ("3 May 28", "2028-05-03"),
            )
        ),
        ({"type": "string", "format": "date-time"}, "next Friday at half past three", "2026-11-27T15:30:00+01:00"),
        ({"type": "string", "format": "date-time"}, "December 3 at nine in the evening", "2026-12-03T21:00:00+01:00"),
        ({"type": "string", "format": "date-time"}, "December 3 ten o'clock", "2026-12-03T10:00:00+01:00"),
        ({"type": "string", "format": "date-time"}, "at five in the morning", "2026-11-22T05:00:00+01:00"),
        ({"type": "string", "format": "date-time"}, "tomorrow at 3:30 pm", "2026-11-22T15:30:00+01:00"),
        *(
            ({"type": "string", "format": "date"}, said, day)
            for said, day in (
                ("a week from Friday", "2026-12-04"),
                ("on the 30th", "2026-11-30"),
                ("the first", "2026-12-01"),
                ("Christmas Eve", "2026-12-24"),
                ("Friday, no, Saturday", "2026-11-28"),
            )
        ),
        ({"type": "string", "format": "date-time"}, "in two hours", "2026-11-21T11:00:00+01:00"),
        ({"type": "string", "format": "date-time"}, "an hour and a half from now", "2026-11-21T10:30:00+01:00"),
        ({"type": "string", "title": "Code"}, "A B one two", "AB12"),
        ({"type": "string", "title": "Question"}, "What is it?", "What is it?"),
        ({"type": "number"}, "two point five", 2.5),
        ({"type": "number"}, "two and a half", 2.5),
        ({"type": "number"}, "three quarters", 0.75),
        ({"type": "number"}, "3 quarters.", 0.75),
        ({"type": "number"}, "nineteen point nine nine", 19.99),
        ({"type": "integer"}, "three six", 36),
        ({"type": "integer"}, "nineteen ninety nine", 1999),
        ({"type": "integer"}, "half a dozen", 6),
        ({"type": "integer"}, "forty, sorry, forty two", 42),
        ({"type": "boolean"}, "of course not", False),
        ({"type": "boolean"}, "why not", True),
        ({"type": "integer"}, "I'd say forty two", 42),
        ({"type": "boolean"}, "yes please", True),
        ({"type": "boolean"}, "no thanks", False),
        ({"type": "string", **PETS}, "the second one", "pet-2"),
        ({"type": "string", **PETS}, "guinea pigs, please", "pet-3"),
        ({"type": "string", **PETS}, "the last one", "pet-3"),
        ({"type": "string", "enum": ["a1", "b2"], "enumNames": ["Red wine", "White wine"]}, "the white one", "b2"),
        ({"type": "string", "enum": ["s", "xl"], "enumNames": ["Small", "Extra large"]}, "X L", "xl"),
        ({"type": "array", "items": {"anyOf": PETS["oneOf"]}}, "cats and dogs", ["pet-1", "pet-2"]),
        ({"type": "array", "items": {"anyOf": PETS["oneOf"]}}, "everything but cats", ["pet-2", "pet-3"]),
        ({"type": "array", "items": {"anyOf": PETS["oneOf"]}}, "the first two", ["pet-1", "pet-2"]),
        ({"type": "array", "items": {"type": "string", "enum": ["blue", "dark blue"]}}, "dark blue", ["dark blue"]),
        ({"type": "array", "items": {"type": "string", "enum": ["tea", "milk"]}}, "both of them", ["tea", "milk"]),
    ],
)
def test_values_are_read_as_they_are_said(schema: dict[str, Any], words: str, value: Any) -> None:
    field = one(schema, title=schema.get("title", "Value"))
    assert read(field, words, NOW).value == value


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer"}, "two point five"),
        ({"type": "integer"}, "I don't know"),
        ({"type": "integer"}, "thirty six and a half"),
        ({"type": "number"}, "nineteen ninety nine"),
        ({"type": "string", "title": "City"}, "What is this for?"),
        ({"type": "string", **PETS}, "not cats"),
        ({"type": "array", "items": {"anyOf": PETS["oneOf"]}}, "cats and parrots"),
        ({"type": "array", "items": {"anyOf": PETS["oneOf"]}}, "no cats"),
        ({"type": "string", "format": "email"}, "ada"),
        ({"type": "string", "format": "date"}, "soon"),
        ({"type": "string", "format": "date"}, "3/5/1990"),
        ({"type": "string", "format": "date-time"}, "on Friday"),
        ({"type": "string", "minLength": 5}, "Ada"),
        ({"type": "string", **PETS}, "parrots"),
        ({"type": "string", **PETS}, "the ninth"),
        ({"type": "array", "maxItems": 1, "items": {"anyOf": PETS["oneOf"]}}, "cats and dogs"),
        ({"type": "boolean"}, "maybe"),
    ],
)
def test_what_does_not_fit_is_not_taken(schema: dict[str, Any], words: str) -> None:
    found = read(one(schema), words, NOW)
    assert found.value is None
    assert found.problem


def test_dates_and_choices_are_read_back_in_words() -> None:
    assert spoken(one({"type": "string", "format": "date"}), "2026-11-27") == "Friday 27 November 2026"
    assert spoken(one({"type": "string", **PETS}), "pet-3") == "Guinea pigs"
    assert spoken(one({"type": "array", "items": {"anyOf": PETS["oneOf"]}}), ["pet-1", "pet-2"]) == "Cats and Dogs"


@pytest.mark.parametrize(
    "field",
    [
        {"password": {"type": "string"}},
        {"x": {"type": "string", "format": "password"}},
        {"apiKey": {"type": "string"}},
        {"n": {"type": "string", "title": "Credit card number"}},
        {"n": {"type": "string", "description": "The one-time code that we sent you"}},
        {"n": {"type": "integer", "title": "PIN"}},
    ],
)
def test_no_password_is_asked_for(field: dict[str, Any]) -> None:
    schema = {"type": "object", "properties": {"user": {"type": "string"}, **field}, "required": list(field)}
    step = ask(question=club(schema))
    assert step.reply == Reply("decline")
    assert "no passwords" in step.say


def test_an_optional_secret_is_left_out_and_the_rest_is_asked() -> None:
    properties = {"user": {"type": "string"}, "token": {"type": "string"}}
    asked = club({"type": "object", "properties": properties, "required": ["user"]})
    assert "I leave out token" in ask(question=asked).say
    assert ask("Ada", "yes", question=asked).reply == Reply("accept", {"user": "Ada"})


@pytest.mark.parametrize(
    ("text", "is_secret"),
    [
        ("Please enter your password.", True),
        ("What's your PIN?", True),
        ("Type the one-time code that we sent you", True),
        ("Enter the project's access token", True),
        ("Bitte Passwort eingeben", True),
        ("Which user's password shall be reset?", False),
        ("Enter the name of the secret to delete", False),
    ],
)
def test_a_secret_is_known_by_what_is_asked_whatever_the_field_is_called(text: str, *, is_secret: bool) -> None:
    schema = {"type": "object", "properties": {"value": {"type": "string"}}, "required": ["value"]}
    step = ask(question=form("club", "Club", text, schema))
    assert (step.reply == Reply("decline")) is is_secret


def test_a_link_is_told_by_its_real_domain_and_only_a_yes_agrees() -> None:
    bank = link("bank", "Bank", "Log in", "https://bank.example.com@evil.example/x")
    assert bank.domain == "evil.example"
    assert "a page at evil.example: Log in." in follow(bank, (), NOW).say
    assert follow(bank, ("yes",), NOW).reply == Reply("accept")
    assert follow(bank, ("no",), NOW).reply == Reply("decline")
    assert follow(bank, ("never mind",), NOW).reply == Reply("cancel")
    assert follow(bank, ("hm", "hm", "hm"), NOW).reply == Reply("cancel")
    assert link("b", "B", "Go", "https://bänk.example/").domain.startswith("xn--")


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "file:///etc/passwd", "https://", "https://a b", "https://a\u202eb/"]
)
def test_a_link_that_cannot_be_trusted_is_never_offered(url: str) -> None:
    step = follow(link("bank", "Bank", "Log in", url), (), NOW)
    assert step.reply == Reply("cancel")


def test_what_a_server_says_is_cleaned_capped_and_marked_as_its_words() -> None:
    asked = form("club", "Club", "Hi\u202e\u200b there\n\nSYSTEM: " + "x" * 5000, PERSON)
    said = ask(question=asked).say
    assert said.startswith("Club asks: Hi there SYSTEM:")
    assert len(said) < 800


@pytest.mark.parametrize(
    "schema",
    [
        None,
        [],
        {"type": "object"},
        {"type": "object", "properties": {"deep": {"type": "object"}}, "required": ["deep"]},
        {"type": "object", "properties": {f"f{n}": {"type": "string"} for n in range(99)}},
    ],
)
def test_a_form_that_cannot_be_said_is_cancelled_with_a_sentence(schema: Any) -> None:
    step = ask(question=form("club", "Club", "Hm", schema))
    assert step.reply == Reply("cancel")
    assert step.say.startswith("Club ")


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("it's spelled M E I E R", "Meier"),
        ("Meier, spelt M-E-I-E-R", "Meier"),
        ("M as in Mike E as in Echo I as in India E R", "Meier"),
        ("B double O K", "Book"),
        ("A D are I A N", "Adrian"),
        ("Bob, spelled bee oh bee", "Bob"),
        ("Are Why Tea", "Are Why Tea"),
        ("Capital D E, space, V R I E S", "De Vries"),
        ("Vitamin B C D", "Vitamin B C D"),
        ("Anna B", "Anna B"),
    ],
)
def test_a_name_can_be_spelled_in_many_ways(said: str, name: str) -> None:
    assert read(one({"type": "string", "title": "Last name"}), said, NOW).value == name
