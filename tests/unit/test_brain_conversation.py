from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.schemas import task_schemas
from voice_agent.offline.brain.brain import Brain
from voice_agent.offline.brain.catalog import Catalog
from voice_agent.offline.brain.dialogue import Act, Ask, Call, Say, Turn

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=ZoneInfo("Europe/Berlin"))
TASKS = Brain(Catalog.of(task_schemas()))
ADDED = Turn(
    "add milk",
    (Call("tasks_create_task", {"title": "milk"}, 'Added milk.\n{"id":"7","title":"milk","due":null}'),),
    "Added milk.",
)


def calls_for(*turns: Turn | str, brain: Brain = TASKS) -> list[tuple[str, dict[str, Any]]]:
    move = brain.decide([Turn(turn) if isinstance(turn, str) else turn for turn in turns], NOW)
    assert isinstance(move, Act), move
    return list(move.calls)


def words_for(*turns: Turn | str, brain: Brain = TASKS) -> str:
    move = brain.decide([Turn(turn) if isinstance(turn, str) else turn for turn in turns], NOW)
    assert isinstance(move, Say | Ask), move
    return move.text


def listed(*tasks: dict[str, Any]) -> str:
    return json.dumps({"tasks": [{"id": str(number), **task} for number, task in enumerate(tasks, start=1)]})


def test_it_in_a_second_clause_is_the_task_of_the_first() -> None:
    assert calls_for(ADDED, "move plums to monday and rename it to prunes") == [
        ("tasks_update_task", {"task": "plums", "title": "prunes", "due": "monday"})
    ]


@pytest.mark.parametrize(
    ("said", "tool"),
    [("what's left for today?", "tasks_list_tasks"), ("delete the milk", "tasks_delete_task")],
)
def test_a_request_of_its_own_is_no_answer_to_the_question_before(said: str, tool: str) -> None:
    failed = Call("tasks_create_task", {}, "I don't understand “later” as a time.", is_error=True)
    asked = Turn("remind me later to stretch", (failed,), "I didn't get when that should be. When?")
    assert calls_for(asked, said)[0][0] == tool


@pytest.mark.parametrize(
    ("said", "change"),
    [
        ("no, thursday", {"due": "thursday"}),
        ("no I meant friday", {"due": "friday"}),
        ("No, make it Tuesday", {"due": "Tuesday"}),
        ("tomorrow afternoon", {"due": "tomorrow afternoon"}),
        ("no, I meant soy milk", {"title": "soy milk"}),
    ],
)
def test_what_is_said_right_after_puts_the_task_right(said: str, change: dict[str, str]) -> None:
    assert calls_for(ADDED, said) == [("tasks_update_task", {"task": "7", **change})]


def test_what_cannot_be_undone_is_said_and_what_can_is_undone() -> None:
    assert words_for(ADDED, "undo that") == "I can't undo that, but I can delete milk: just say “delete it”."
    ticked = Turn("milk is done", (Call("tasks_complete_task", {"task": "milk"}, 'Done.\n{"id":"7","title":"milk"}'),))
    assert calls_for(ticked, "undo that") == [("tasks_reopen_task", {"task": "7"})]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("what day is it today", "It's Saturday, November 21st, 2026."),
        ("what time is it?", "It's 10 am."),
        ("what time is it in New York?", "It's 4 am on Saturday in New York."),
        ("what time is it in Atlantis?", "I don't know what time it is in Atlantis."),
        ("hold on", "Okay."),
        ("thanks", "You're welcome."),
    ],
)
def test_the_clock_and_small_talk_need_no_tool_and_disturb_nothing(said: str, told: str) -> None:
    assert words_for(ADDED, said) == told
