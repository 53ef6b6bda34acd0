"""What a server asks while its call waits is put to the user in the conversation, and answered in the user's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mcp_servers.task_manager.server import build_server
from tests.fakes.chat import Call, Chat, Turn
from tests.support.asking_server import asking_server
from tests.support.talk import Talk, a_talk
from tests.support.task_manager import BERLIN, FakeClock
from voice_agent.config.types import VoiceOptions

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.pipeline

FREE = VoiceOptions(trust=True, confirm="never")
REGISTERS: list[Turn] = [Call("club_register", {}), "You are in."]


def kinds(talk: Talk) -> list[tuple[str | None, str]]:
    return [(line["field"], line["kind"]) for line in talk.of("question")]


async def test_a_form_is_filled_in_by_talking_and_the_model_sees_only_what_came_back(tmp_path: Path) -> None:
    async with a_talk(tmp_path, REGISTERS, {"club": asking_server()}, voice=FREE) as talk:
        asked = await talk.say("sign me up")
        assert asked.startswith("Please register. It is 2 things") or "asks: Please register." in asked
        assert asked.endswith("First, Name?")
        assert await talk.say("Ada") == "Age?"
        assert await talk.say("two hundred") == "It can be at most 150."
        assert await talk.say("thirty six") == "Name Ada, age 36. Shall I send it?"
        assert await talk.say("yes") == "You are in."
        first, last = talk.openai.chats
    [call], [result] = talk.of("tool_call"), talk.of("tool_result")
    assert call["call"] == result["call"]
    assert result["text"].startswith("accept age=36, name=Ada")
    assert kinds(talk) == [("name", "text"), ("age", "integer"), ("age", "integer"), (None, "review")]
    assert {line["kind"] for line in talk.of("agent")[1:-1]} == {"question"}
    assert first.user == last.user == "sign me up"
    assert [text for text in last.results if "accept" in text] == list(last.results)
    seen = str(last.messages)
    assert "two hundred" not in seen
    assert "Shall I send it" not in seen


async def test_never_mind_cancels_the_question_and_the_talk_goes_on(tmp_path: Path) -> None:
    script: list[Turn] = [Call("club_register", {}), "Nobody was registered.", "Hello."]
    async with a_talk(tmp_path, script, {"club": asking_server()}, voice=FREE) as talk:
        await talk.say("sign me up")
        await talk.say("Ada")
        assert await talk.say("never mind") == "Okay, I've cancelled that. Nobody was registered."
        assert await talk.say("hello") == "Hello."
    assert talk.of("tool_result")[0]["text"].startswith("cancel")


async def test_a_no_declines(tmp_path: Path) -> None:
    script: list[Turn] = [Call("club_register", {}), "All right."]
    async with a_talk(tmp_path, script, {"club": asking_server()}, voice=FREE) as talk:
        await talk.say("sign me up")
        assert await talk.say("I'd rather not") == "All right."
    assert talk.of("tool_result")[0]["text"].startswith("decline")


async def test_no_password_is_asked_for(tmp_path: Path) -> None:
    script: list[Turn] = [Call("club_log_in", {}), "That did not work."]
    async with a_talk(tmp_path, script, {"club": asking_server()}, voice=FREE) as talk:
        said = await talk.say("log in")
    assert "I take no passwords or other secrets here" in said
    assert "That did not work." in said
    assert talk.of("tool_result")[0]["text"].startswith("decline")
    assert not talk.of("question")


async def test_a_link_is_told_by_its_domain_and_shown_whole(tmp_path: Path) -> None:
    script: list[Turn] = [Call("club_pay", {}), "Go ahead."]
    async with a_talk(tmp_path, script, {"club": asking_server()}, voice=FREE) as talk:
        said = await talk.say("pay the fee")
        assert "a page at pay.example: Pay the fee." in said
        assert "https" not in said
        assert await talk.say("yes") == "Go ahead."
    [shown] = talk.of("question")
    assert (shown["url"], shown["kind"]) == ("https://pay.example/1?x=2", "link")
    assert talk.of("tool_result")[0]["text"].startswith("accept")


async def test_two_calls_that_both_ask_are_put_one_after_the_other(tmp_path: Path) -> None:
    both = (Call("club_paint", {"wall": "north"}), Call("club_paint", {"wall": "south"}))
    script: list[Turn] = [both, "One is painted.", "So is the other."]
    async with a_talk(tmp_path, script, {"club": asking_server()}, voice=FREE) as talk:
        first = await talk.say("paint both walls")
        assert first.count("Which colour") == 1
        second = await talk.say("red")
        assert second.count("Which colour") == 1
        await talk.say("the blue one")
    assert sorted(line["text"].split(" with")[0] for line in talk.of("tool_result")) == [
        "accept colour=blue",
        "accept colour=red",
    ]
    assert len(talk.of("tool_call")) == 2


class Milk:
    """The Task Manager with two tasks about milk, and a model that knows one thing about it."""

    def __init__(self, folder: Path) -> None:
        self.server: Any = build_server(folder / "tasks.db", BERLIN, clock=FakeClock())
        self.calls = 0

    def __call__(self, chat: Chat) -> Turn:
        if chat.results:
            return f"Done: {chat.results[-1]}"
        if "add" in chat.user:
            return tuple(Call("tasks_create_task", {"title": title}) for title in ("buy milk", "buy oat milk"))
        self.calls += 1
        tool = "tasks_delete_task" if "delete" in chat.user else "tasks_complete_task"
        return Call(tool, {"task": "oat milk" if "oat" in chat.user else "milk"})


@pytest.mark.parametrize("answer", ["the oat milk", "oat", "the first one", "The first one."])
async def test_which_of_two_tasks_is_asked_once_and_the_answer_acted_on(tmp_path: Path, answer: str) -> None:
    milk = Milk(tmp_path)
    async with a_talk(tmp_path, milk, {"tasks": milk.server}) as talk:
        await talk.say("add both")
        asked = await talk.say("I've bought milk")
        assert asked.count("Which one?") == 1
        offered = asked.index("oat milk") < asked.index("“buy milk”")
        words = answer if offered else answer.replace("first", "second")
        assert "Marked “buy oat milk” as done" in await talk.say(words)
    assert milk.calls == 1


async def test_a_call_that_is_read_back_does_not_ask_which_a_second_time(tmp_path: Path) -> None:
    milk = Milk(tmp_path)
    async with a_talk(tmp_path, milk, {"tasks": milk.server}) as talk:
        await talk.say("add both")
        which = await talk.say("delete milk")
        assert "Which one?" in which
        assert not talk.of("question")
        assert await talk.say("delete the oat one") == "Delete the task “buy oat milk”? Shall I go ahead?"
        assert "Deleted “buy oat milk”" in await talk.say("yes")
    assert [line["tool"] for line in talk.of("tool_call")].count("delete_task") == 1


async def test_a_request_in_between_is_answered_and_the_question_asked_again(tmp_path: Path) -> None:
    milk = Milk(tmp_path)

    def model(chat: Chat) -> Turn:
        if chat.user.startswith("what"):
            return f"Now: {chat.results[-1]}" if chat.results else Call("tasks_list_tasks", {})
        return milk(chat)

    async with a_talk(tmp_path, model, {"tasks": milk.server}) as talk:
        await talk.say("add both")
        asked = await talk.say("I've bought milk")
        assert set(talk.conversation.toolset.questions.options) == {"buy milk", "buy oat milk"}
        between = await talk.say("what is on my list today")
        assert between.startswith("Now: ")
        assert between.endswith(asked.split(". ", 1)[-1]) or "Which one?" in between
        assert "Marked “buy oat milk” as done" in await talk.say("the oat milk")
        assert talk.conversation.toolset.questions.options == ()
    assert [line["tool"] for line in talk.of("tool_call")] == [
        "create_task",
        "create_task",
        "complete_task",
        "list_tasks",
    ]


@pytest.mark.parametrize("profile", ["quality", "offline"])
async def test_what_was_misheard_is_read_back_as_it_is_called_and_asked_about_once(
    tmp_path: Path, profile: str
) -> None:
    def model(chat: Chat) -> Turn:
        if chat.results:
            return chat.results[-1].split("\n")[0]
        if "delete" in chat.user:
            return Call("tasks_delete_task", {"task": "call Hanna"})
        return Call("tasks_create_task", {"title": "call Anna"})

    server: Any = build_server(tmp_path / "tasks.db", BERLIN, clock=FakeClock())
    async with a_talk(tmp_path, model, {"tasks": server}, profile=profile) as talk:
        await talk.say("add call Anna")
        assert await talk.say("delete call Hanna") == "Delete the task “call Anna”? Shall I go ahead?"
        assert await talk.say("yes") == "Deleted “call Anna”."
        assert not talk.of("question")
    assert talk.of("tool_call")[-1]["arguments"] == {"task": "call Anna"}


async def test_a_call_that_was_agreed_to_and_then_asks_is_answered_without_a_word_of_the_waiting(
    tmp_path: Path,
) -> None:
    def model(chat: Chat) -> Turn:
        return chat.results[-1] if chat.results else Call("club_register")

    asks = VoiceOptions(confirm="always")
    async with a_talk(tmp_path, model, {"club": asking_server()}, voice=asks) as talk:
        assert "Register" in await talk.say("sign me up")
        assert (await talk.say("yes")).endswith("First, Name?")
        await talk.say("Ada")
        await talk.say("36")
        assert (await talk.say("yes")).startswith("accept age=36, name=Ada")
        assert "Not done yet: the server is asking" not in str(talk.openai.chats[-1].messages)
