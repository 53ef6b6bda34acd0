from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from livekit.agents import llm
from livekit.agents.llm import function_tool

from tests.support.schemas import task_schemas
from voice_agent.offline.brain.llm import RulesLLM, turns_of

if TYPE_CHECKING:
    from livekit.agents.llm import ToolChoice

pytestmark = pytest.mark.unit


async def _never(raw_arguments: dict[str, object]) -> None:
    raise AssertionError(f"called with {raw_arguments}")


TOOLS: list[llm.Tool] = [function_tool(_never, raw_schema=schema) for schema in task_schemas()]


async def chunks_for(said: str, *, tool_choice: ToolChoice = "auto") -> list[llm.ChatChunk]:
    context = llm.ChatContext()
    context.add_message(role="user", content=said)
    async with RulesLLM().chat(chat_ctx=context, tools=TOOLS, tool_choice=tool_choice) as stream:
        return [chunk async for chunk in stream]


async def test_an_answer_comes_word_by_word() -> None:
    words = [chunk.delta.content for chunk in await chunks_for("hello") if chunk.delta]
    assert words == ["Hello! ", "What ", "can ", "I ", "do ", "for ", "you?"]


async def test_a_wish_becomes_a_call_of_the_tool() -> None:
    calls = [
        call for chunk in await chunks_for("remind me to call mom") if chunk.delta for call in chunk.delta.tool_calls
    ]
    assert [(call.name, json.loads(call.arguments)) for call in calls] == [("tasks_create_task", {"title": "call mom"})]


async def test_no_tool_is_called_where_none_may_be() -> None:
    chunks = await chunks_for("remind me to call mom", tool_choice="none")
    assert not [call for chunk in chunks if chunk.delta for call in chunk.delta.tool_calls]


def test_the_index_is_kept_while_the_tools_are_the_same_objects() -> None:
    model = RulesLLM()
    first = model.brain_for(TOOLS)
    assert model.brain_for(list(TOOLS)) is first
    assert model.brain_for(TOOLS[:-1]) is not first


def test_it_names_itself() -> None:
    model = RulesLLM()
    assert (model.model, model.provider) == ("rules", "offline")


def test_turns_hold_what_was_said_done_and_answered() -> None:
    context = llm.ChatContext()
    context.add_message(role="system", content="Be kind.")
    context.add_message(role="assistant", content="Hi!")
    context.add_message(role="user", content="list")
    context.items += [
        llm.FunctionCall(call_id="1", name="tasks_list_tasks", arguments="not json"),
        llm.FunctionCallOutput(call_id="1", name="tasks_list_tasks", output="None.", is_error=False),
    ]
    context.add_message(role="assistant", content="None.")
    (turn,) = turns_of(context)
    assert (turn.said, turn.reply, turn.calls[0].arguments, turn.calls[0].output) == ("list", "None.", {}, "None.")
