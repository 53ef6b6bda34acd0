"""The brain of rules meets resources, prompts, repetitions, reminders and undoing as tools and parameters it finds."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.schemas import TEXT, a_schema, task_schemas
from voice_agent.offline.brain.brain import Brain
from voice_agent.offline.brain.catalog import Catalog
from voice_agent.offline.brain.dialogue import Act, Ask, Call, Say, Turn

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=ZoneInfo("Europe/Berlin"))
WHICH = {"type": "string", "enum": ["Opening hours", "Open tasks", "A book"]}
ASKED = {"type": "string", "enum": ["Review my day", "Plan my week"]}


def titled(key: str, description: str, **properties: Any) -> dict[str, Any]:
    """A tool that takes a title."""
    parameters = {"type": "object", "properties": properties, "required": ["name"]}
    return {"name": key, "description": description, "parameters": parameters}


def with_more(schemas: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The task tools, with what says how often and when to remind."""
    for schema in schemas:
        if schema["name"].endswith(("create_task", "update_task")):
            schema["parameters"]["properties"] |= {"repeat": TEXT, "remind": TEXT}
    return schemas


BRAIN = Brain(
    Catalog.of(
        [
            *with_more(task_schemas()),
            a_schema("tasks_undo_last_change", "Take back the last change."),
            a_schema("tasks_export_tasks", "Export tasks.", format=TEXT),
            titled("read_resource", "Read what a server holds.", name=WHICH, about=TEXT),
            titled("use_prompt", "Do what a prompt asks.", name=ASKED),
        ]
    )
)
PLAIN = Brain(Catalog.of(task_schemas()))
ADDED = Turn(
    "add milk",
    (Call("tasks_create_task", {"title": "milk"}, 'Added milk.\n{"id":"7","title":"milk","due":null}'),),
    "Added milk.",
)


def calls_for(said: str, brain: Brain = BRAIN) -> list[tuple[str, dict[str, Any]]]:
    move = brain.decide([ADDED, Turn(said)], NOW)
    assert isinstance(move, Act), move
    return list(move.calls)


@pytest.mark.parametrize(
    ("said", "key", "arguments"),
    [
        (
            "remind me to call the dentist at three",
            "tasks_create_task",
            {"title": "call the dentist", "due": "at three", "remind": "at three"},
        ),
        ("add bread tomorrow", "tasks_create_task", {"title": "bread", "due": "tomorrow"}),
        (
            "add water the plants every Monday",
            "tasks_create_task",
            {"title": "water the plants", "repeat": "every Monday"},
        ),
        ("repeat it every Monday", "tasks_update_task", {"task": "7", "repeat": "every Monday"}),
        ("make that weekly", "tasks_update_task", {"task": "7", "repeat": "weekly"}),
        ("make it repeat every other week", "tasks_update_task", {"task": "7", "repeat": "every other week"}),
        ("stop repeating it", "tasks_update_task", {"task": "7", "repeat": "none"}),
        ("remind me an hour before", "tasks_update_task", {"task": "7", "remind": "an hour before"}),
        ("remind me of it at three", "tasks_update_task", {"task": "7", "remind": "at three"}),
        ("undo that", "tasks_undo_last_change", {}),
        ("take it back", "tasks_undo_last_change", {}),
        ("export my tasks", "tasks_export_tasks", {}),
        ("what's in the opening hours?", "read_resource", {"name": "Opening hours"}),
        ("read me the opening hours", "read_resource", {"name": "Opening hours"}),
        ("what's in the book Moby Dick", "read_resource", {"name": "A book", "about": "Moby Dick"}),
        ("review my day", "use_prompt", {"name": "Review my day"}),
        ("what's on my list", "tasks_list_tasks", {}),
        ("read me the open tasks", "tasks_list_tasks", {"status": "open"}),
    ],
)
def test_what_is_said_becomes_the_call(said: str, key: str, arguments: dict[str, Any]) -> None:
    assert calls_for(said) == [(key, arguments)]


def test_tools_without_these_parameters_get_what_they_take() -> None:
    assert calls_for("remind me to stretch at three", PLAIN) == [
        ("tasks_create_task", {"title": "stretch", "due": "at three"})
    ]
    assert calls_for("add water the plants every Monday", PLAIN) == [
        ("tasks_create_task", {"title": "water the plants", "due": "every Monday"})
    ]


def test_prompts_are_offered_as_things_to_say() -> None:
    for said in ("what can you do", "what prompts are there"):
        move = BRAIN.decide([ADDED, Turn(said)], NOW)
        assert isinstance(move, Say | Ask)
        assert "review my day" in move.text.lower()
        assert "read and use" not in move.text


def test_of_a_prompt_its_lists_are_said() -> None:
    lists = "Overdue:\n- nothing\n\nDue today:\n- call mom, at noon (id 3)\n- buy milk (id 4)"
    text = f"Do it:\n\nGo through my tasks.\n\n{lists}"
    made = Turn("review my day", (Call("use_prompt", {"name": "Review my day"}, text),))
    move = BRAIN.decide([made], NOW)
    assert isinstance(move, Say)
    assert move.text == "Overdue: nothing. Due today: call mom, at noon and buy milk."
