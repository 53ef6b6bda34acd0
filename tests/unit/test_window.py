"""How much of a long conversation is kept word for word."""

from __future__ import annotations

import pytest
from livekit.agents import llm

from voice_agent.agents.window import LEFT, LONGEST, MOST, SHORTENED, Window

pytestmark = pytest.mark.unit


def user(text: str) -> llm.ChatMessage:
    return llm.ChatMessage(role="user", content=[text])


def system(text: str) -> llm.ChatMessage:
    return llm.ChatMessage(role="system", content=[text])


def call(name: str, output: str = "ok") -> list[llm.ChatItem]:
    return [
        llm.FunctionCall(call_id=name, name="get_thing", arguments="{}"),
        llm.FunctionCallOutput(call_id=name, name="get_thing", output=output, is_error=False),
    ]


def test_a_conversation_is_cut_before_words_of_the_user_and_keeps_its_instructions() -> None:
    window = Window()
    items: list[llm.ChatItem] = [system("Be brief.")]
    for number in range(MOST // 3 + 1):
        items += [user(f"turn {number}"), *call(f"c{number}")]
    assert window.is_full(items)
    first, second, *rest = window.newest(items)
    assert first is items[0]
    assert second.type == "message"
    assert second.role == "user"
    assert rest[-1] is items[-1]
    assert LEFT - 3 <= len(rest) + 1 <= LEFT


def test_long_answers_are_let_go_of_though_they_are_few() -> None:
    window = Window()
    items = [item for n in range(9) for item in (user(f"turn {n}"), *call(f"c{n}", "x" * (LONGEST // 8)))]
    assert window.is_full(items)
    kept = window.newest(items)
    assert 0 < sum(len(one.output) for one in kept if one.type == "function_call_output") <= SHORTENED


def test_a_turn_is_never_cut_in_two_however_long_it_is() -> None:
    items = [user("do it all"), *(item for n in range(MOST) for item in call(f"c{n}"))]
    assert Window().newest(items) == items
    huge = [user("before"), user("read it"), *call("c", "x" * 2 * LONGEST)]
    assert Window().newest(huge) == huge[1:]


def test_ids_are_known_from_what_was_cut_until_that_is_too_much() -> None:
    window = Window()
    window.remember([user("note n-17"), *call("c", "n-18"), llm.ChatMessage(role="assistant", content=["n-19"])])
    assert window.past == ("note n-17", "n-18")
    window.remember([user("x" * 200_000), user("y" * 200_000)])
    assert "n-18" not in window.past
