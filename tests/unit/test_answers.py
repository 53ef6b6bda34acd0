from __future__ import annotations

import pytest

from voice_agent.agents.answers import Answer, Request, answer_of, echoes, request_of, ways_to_say

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "text",
    [
        "Yes.",
        "yes please",
        "Yeah, go ahead.",
        "okay",
        "Sure thing!",
        "Please do.",
        "um, yes",
        "That's right",
        "sure, why not",
        "yes, that would be great",
        "mhm",
        "all three of them",
    ],
)
def test_a_plain_agreement_is_a_yes(text: str) -> None:
    assert answer_of(text) is Answer.YES


@pytest.mark.parametrize(
    ("text", "deed"), [("yes, delete them", "delete"), ("yes, add it", "create"), ("pin it", "pin")]
)
def test_a_deed_is_a_yes_to_that_deed_alone(text: str, deed: str) -> None:
    assert answer_of(text, ways_to_say(deed)) is Answer.YES
    assert answer_of(text, ways_to_say("archive")) is Answer.OTHER
    assert answer_of(text) is Answer.OTHER


@pytest.mark.parametrize("word", ["please ", "i am sure ", "yes go ahead and delete it "])
def test_a_yes_that_goes_on_and_on_is_judged_at_once(word: str) -> None:
    assert answer_of(word * 100 + "nonsense", ways_to_say("delete")) is Answer.OTHER
    assert answer_of(word * 100, ways_to_say("delete")) is Answer.YES


@pytest.mark.parametrize(
    "text",
    [
        "No.",
        "no, thanks",
        "Don't!",
        "never mind",
        "nope",
        "please don't",
        "cancel that",
        "not now",
        "wait",
        "actually no",
        "I don't think so",
        "of course not",
        "I've changed my mind",
    ],
)
def test_a_plain_refusal_is_a_no(text: str) -> None:
    assert answer_of(text) is Answer.NO


@pytest.mark.parametrize(
    "text",
    [
        "yes, but make it Friday",
        "yes and add eggs",
        "yes if it is overdue",
        "wait, when is it due?",
        "are you sure",
        "what's on my list",
        "I don't know, yes maybe",
        "say yes",
        "",
        "...",
        "yesterday",
    ],
)
def test_anything_else_is_neither(text: str) -> None:
    assert answer_of(text) is Answer.OTHER


@pytest.mark.parametrize(
    "text",
    ["no, the other one", "no wait, yes", "not the milk, the eggs", "never mind, add bread", "um, no, delete milk"],
)
def test_what_begins_with_a_no_is_never_a_yes(text: str) -> None:
    assert answer_of(text) is Answer.NO_BUT


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ("Repeat that.", Request.REPEAT),
        ("Sorry, what did you say?", Request.REPEAT),
        ("could you repeat that please", Request.REPEAT),
        ("Slower, please.", Request.SLOWER),
        ("Can you speak a bit slower?", Request.SLOWER),
        ("speak faster", Request.FASTER),
        ("What did you just do?", Request.RECAP),
        ("Never mind.", Request.STOP),
        ("stop that", Request.STOP),
        ("That's all, thanks.", Request.GOODBYE),
        ("okay, that's it for today", Request.GOODBYE),
        ("Goodbye!", Request.GOODBYE),
        ("thanks, bye", Request.GOODBYE),
        ("can you say that again more slowly", Request.REPEAT),
        ("sorry?", Request.REPEAT),
        ("which servers are down?", Request.STATUS),
    ],
)
def test_a_standing_request_is_recognised(text: str, request_: Request) -> None:
    assert request_of(text) is request_


@pytest.mark.parametrize(
    "text",
    [
        "repeat the milk task every week",
        "add slow down on coffee to my list",
        "I'm done with the dishes",
        "stop the reminder for milk",
        "remind me to say goodbye to Anna",
        "cancel my to do list",
    ],
)
def test_a_request_for_a_tool_is_not_taken_for_a_standing_one(text: str) -> None:
    assert request_of(text) is None


@pytest.mark.parametrize(
    ("text", "is_echo"),
    [
        ("Yes, delete the task.", True),
        ("yes, delete the dentist", True),
        ("okay, you can delete it", True),
        ("yes, delete the milk", False),
        ("yes, but delete the dentist on Friday", False),
        ("yes, and call the dentist", False),
        ("yes, call the dentist", False),
        ("yes, delete call the dentist", True),
        ("sure, go ahead and remove the dentist task", True),
        ("yes, delete it, call the dentist", False),
        ("yes, delete the list", False),
        ("delete the task", False),
        ("no, delete the task", False),
    ],
)
def test_a_yes_in_the_words_of_the_question_is_a_yes_to_it_and_no_other_is(text: str, *, is_echo: bool) -> None:
    assert echoes(text, "delete the task “call the dentist”") is is_echo
