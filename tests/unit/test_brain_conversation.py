from __future__ import annotations

import json
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


TEXTS = {"type": "array", "items": TEXT}
FILES = Brain(
    Catalog.of(
        [
            *task_schemas(),
            a_schema(
                "git_git_add",
                "Adds file contents to the staging area",
                ("repo_path", "files"),
                repo_path=TEXT,
                files=TEXTS,
            ),
            a_schema("git_git_status", "Shows the working tree status", ("repo_path",), repo_path=TEXT),
            a_schema(
                "git_git_create_branch",
                "Creates a new branch",
                ("repo_path", "branch_name"),
                repo_path=TEXT,
                branch_name=TEXT,
            ),
            a_schema(
                "files_write_file", "Create a new file or overwrite one.", ("path", "content"), path=TEXT, content=TEXT
            ),
            a_schema(
                "files_move_file", "Move or rename files.", ("source", "destination"), source=TEXT, destination=TEXT
            ),
        ]
    )
)


def test_fillers_are_no_arguments_and_the_place_told_before_still_holds() -> None:
    said = "create a branch called feature in the repo"
    assert words_for(said, brain=FILES) == "What is the repo path?"
    status = Turn("git status of /src/app", (Call("git_git_status", {"repo_path": "/src/app"}, "clean"),), "clean")
    assert calls_for(status, said, brain=FILES) == [
        ("git_git_create_branch", {"branch_name": "feature", "repo_path": "/src/app"})
    ]
    assert calls_for(status, "stage new.txt", brain=FILES) == [
        ("git_git_add", {"files": ["new.txt"], "repo_path": "/src/app"})
    ]


def memory() -> Brain:
    thing = {"type": "object", "properties": {"name": TEXT, "entityType": TEXT, "observations": TEXTS}}
    return Brain(
        Catalog.of(
            [
                *task_schemas(),
                a_schema(
                    "memory_create_entities",
                    "Create new entities",
                    ("entities",),
                    entities={"type": "array", "items": thing},
                ),
                a_schema("memory_delete_entities", "Delete entities", ("entityNames",), entityNames=TEXTS),
                a_schema("memory_search_nodes", "Search for nodes", ("query",), query=TEXT),
            ]
        )
    )


@pytest.mark.parametrize(
    ("said", "query"),
    [
        ("who likes tea?", "likes tea"),
        ("forget Anna", "Anna"),
        ("remember my wife's name is Clara", "my wife"),
        ("what is my wife's name?", "my wife"),
    ],
)
def test_facts_go_to_the_tools_that_keep_them(said: str, query: str) -> None:
    assert calls_for(said, brain=memory()) == [("memory_search_nodes", {"query": query})]


def test_who_is_to_be_forgotten_is_looked_up_first() -> None:
    known = Call("memory_search_nodes", {"query": "Anna"}, '{"entities":[{"name":"Anna","entityType":"person"}]}')
    assert calls_for(Turn("forget Anna", (known,)), brain=memory()) == [
        ("memory_delete_entities", {"entityNames": ["Anna"]})
    ]
    unknown = Call("memory_search_nodes", {"query": "Anna"}, '{"entities":[],"relations":[]}')
    assert words_for(Turn("forget Anna", (unknown,)), brain=memory()) == "I know nothing about Anna."


def test_a_fact_is_no_task_where_nothing_keeps_facts() -> None:
    assert words_for("remember my wife's name is Clara").startswith("I have no memory for facts.")
    assert calls_for("remember to buy milk") == [("tasks_create_task", {"title": "buy milk"})]


@pytest.mark.parametrize("cut", [None, -8])
def test_json_is_never_read_aloud(cut: int | None) -> None:
    things = [{"name": "Anna", "entityType": "person", "observations": ["Anna likes tea"]}]
    output = json.dumps(things, indent=2)[:cut] + ("" if cut else "\n" + json.dumps({"entities": things}))
    told = words_for(Turn("read the memory graph", (Call("memory_read_graph", {}, output),)), brain=memory())
    assert not set(told) & set('[]{}"')


def test_a_task_is_named_to_the_tool_without_article_and_quotes_stay_paired() -> None:
    assert calls_for("delete the dentist") == [("tasks_delete_task", {"task": "dentist"})]
    assert calls_for('add read "War and Peace"') == [("tasks_create_task", {"title": 'read "War and Peace"'})]


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("by milk", "buy milk"),
        ("and call the plumber", "call the plumber"),
        ("at call the plumber", "call the plumber"),
        ("I'd call the plumber", "call the plumber"),
        ("water the tomatoes", "water the tomatoes"),
    ],
)
def test_what_makes_no_sense_as_it_is_written_is_heard_as_the_task_it_sounds_like(said: str, title: str) -> None:
    assert calls_for(said) == [("tasks_create_task", {"title": title})]


def test_what_the_assistant_might_be_asked_to_do_itself_is_asked_about_before_it_is_a_task() -> None:
    offer = "I can't do that myself. Shall I put “call the plumber” on your list?"
    assert words_for("call the plumber") == offer
    asked = Turn("call the plumber", reply=offer)
    assert calls_for(asked, "yes please") == [("tasks_create_task", {"title": "call the plumber"})]
    assert words_for(asked, "no") == "Okay."


def test_those_just_told_are_deleted_and_not_the_whole_list() -> None:
    told = Turn("what's due today?", (Call("tasks_list_tasks", {}, listed({"title": "milk"}, {"title": "eggs"})),))
    assert calls_for(told, "delete all of those") == [
        ("tasks_delete_task", {"task": "1"}),
        ("tasks_delete_task", {"task": "2"}),
    ]
    assert calls_for("empty my shopping list") == [("tasks_list_tasks", {"status": "all", "tag": "shopping"})]


HOME = Brain(
    Catalog.of(
        [
            *task_schemas(),
            a_schema(
                "home_set_light",
                "Turn a light on or off",
                ("room", "on"),
                room={"type": "string", "enum": ["kitchen", "hall"]},
                on={"type": "boolean"},
            ),
            a_schema("weather_get_forecast", "Weather forecast", ("city",), city=TEXT, days={"type": "integer"}),
            a_schema("chat_send_message", "Send a message to a channel", ("channel", "text"), channel=TEXT, text=TEXT),
        ]
    )
)  # fmt: skip


@pytest.mark.parametrize(
    ("said", "call"),
    [
        ("turn the hall light off", ("home_set_light", {"room": "hall", "on": False})),
        (
            "weather forecast for New York for the next 3 days",
            ("weather_get_forecast", {"city": "New York", "days": 3}),
        ),
        ("will it rain in Oslo tomorrow", ("weather_get_forecast", {"city": "Oslo"})),
        (
            "send a message to general saying lunch is ready",
            ("chat_send_message", {"channel": "general", "text": "lunch is ready"}),
        ),
    ],
)
def test_switches_places_and_channels_are_filled_from_the_words(said: str, call: tuple[str, dict[str, Any]]) -> None:
    assert calls_for(said, brain=HOME) == [call]
