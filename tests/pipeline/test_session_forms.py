"""What a server asks can be answered as a form, on a screen, as well as by voice: whichever comes first counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pytest

from tests.fakes.chat import Call
from tests.support.asking_server import asking_server
from tests.support.talk import Talk, a_talk
from voice_agent.config.types import VoiceOptions

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.chat import Turn

pytestmark = pytest.mark.pipeline

FREE = VoiceOptions(trust=True, confirm="never")
REGISTERS: list[Turn] = [Call("club_register", {}), "You are in."]


async def fill(talk: Talk, action: Literal["accept", "decline", "cancel"], **content: Any) -> str:
    call = talk.of("question")[-1]["call"]
    return await talk.say(talk.conversation.toolset.questions.fill(call, action, content))


async def test_a_form_filled_in_on_a_screen_lets_the_call_go_on(tmp_path: Path) -> None:
    async with a_talk(tmp_path, REGISTERS, {"club": asking_server()}, voice=FREE) as talk:
        await talk.say("sign me up")
        [asked] = talk.of("question")
        assert [(one["name"], one["kind"], one["is_required"]) for one in asked["form"]["fields"]] == [
            ("name", "text", True),
            ("age", "integer", True),
        ]
        assert await fill(talk, "accept", name="Ada", age=36) == "You are in."
        seen = str(talk.openai.chats[-1].messages)
        with pytest.raises(LookupError):
            talk.conversation.toolset.questions.fill(asked["call"], "accept", {"name": "Bob", "age": 1})
    assert talk.of("tool_result")[0]["text"].startswith("accept age=36, name=Ada")
    assert [line["action"] for line in talk.of("question_closed")] == ["accept"]
    assert talk.of("user")[-1]["text"] == "Name Ada, Age 36."
    assert "Age 36" not in seen


async def test_what_has_been_said_stands_in_the_form_and_the_voice_can_finish_it(tmp_path: Path) -> None:
    async with a_talk(tmp_path, REGISTERS, {"club": asking_server()}, voice=FREE) as talk:
        await talk.say("sign me up")
        await talk.say("Ada")
        assert talk.of("question")[-1]["form"]["values"] == {"name": "Ada"}
        with pytest.raises(ValueError, match="Age: It can be at most 150"):
            talk.conversation.toolset.questions.fill(
                talk.of("question")[-1]["call"], "accept", {"name": "A", "age": 200}
            )
        await talk.say("thirty six")
        assert not talk.of("question_closed")
        assert await talk.say("yes") == "You are in."
    assert [line["action"] for line in talk.of("question_closed")] == ["accept"]
    assert len(talk.of("tool_call")) == 1


async def test_a_form_can_be_declined_or_given_up(tmp_path: Path) -> None:
    script: list[Turn] = [Call("club_register", {}), "All right.", Call("club_register", {}), "Fine."]
    async with a_talk(tmp_path, script, {"club": asking_server()}, voice=FREE) as talk:
        await talk.say("sign me up")
        assert await fill(talk, "decline") == "All right."
        await talk.say("sign me up")
        assert await fill(talk, "cancel") == "Fine."
    assert [line["text"].split()[0] for line in talk.of("tool_result")] == ["decline", "cancel"]
    assert [line["action"] for line in talk.of("question_closed")] == ["decline", "cancel"]


async def test_a_question_whose_call_is_given_up_is_withdrawn(tmp_path: Path) -> None:
    script: list[Turn] = [Call("club_register", {}), "Fine."]
    async with a_talk(tmp_path, script, {"club": asking_server()}, voice=FREE) as talk:
        await talk.say("sign me up")
        assert talk.conversation.toolset.cancel_running(talk.of("question")[0]["call"])
        await talk.until(lambda: talk.of("tool_result"))
    assert [line["action"] for line in talk.of("question_closed")] == ["withdrawn"]


async def test_a_link_that_was_opened_on_the_page_is_a_yes(tmp_path: Path) -> None:
    script: list[Turn] = [Call("club_pay", {}), "Go ahead."]
    async with a_talk(tmp_path, script, {"club": asking_server()}, voice=FREE) as talk:
        await talk.say("pay the fee")
        assert talk.of("question")[0]["form"]["domain"] == "pay.example"
        assert await fill(talk, "accept") == "Go ahead."
    assert talk.of("tool_result")[0]["text"].startswith("accept")
