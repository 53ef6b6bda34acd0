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
ROWS: list[dict[str, Any]] = [
    {"id": "1", "title": "pay the rent", "due": "2026-11-21", "priority": "high", "tags": ["home"]},
    {"id": "2", "title": "buy milk", "due": "2026-11-22", "priority": "normal", "tags": ["shopping"]},
    {"id": "3", "title": "call the dentist", "due": "2026-11-27", "priority": "high", "notes": "bring the card"},
    {"id": "4", "title": "water the plants", "due": None, "priority": "low", "tags": []},
    {"id": "5", "title": "renew passport", "due": None, "priority": "normal", "tags": []},
]  # fmt: skip


URGENT = "You have two open tasks of high priority: pay the rent today and call the dentist on Friday."


def listing(rows: list[dict[str, Any]], **more: Any) -> str:
    return json.dumps({"tasks": rows, **more})


def done(said: str, *turns: Turn, rows: list[dict[str, Any]] = ROWS, brain: Brain = TASKS) -> tuple[str, list[Any]]:
    """What is said in the end, and the calls after the first, which lists `rows`."""
    calls: list[Call] = []
    for _ in range(5):
        move = brain.decide([*turns, Turn(said, tuple(calls))], NOW)
        if isinstance(move, Say | Ask):
            return move.text, [(call.key, call.arguments) for call in calls if "list" not in call.key]
        assert isinstance(move, Act)
        calls += [Call(key, arguments, _answer(key, arguments, rows)) for key, arguments in move.calls]
    raise AssertionError(calls)


def _answer(key: str, arguments: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    if "list" in key:
        return f"You have {len(rows)} open tasks.\n{listing(rows)}"
    name = next((row["title"] for row in rows if row["id"] == arguments.get("task")), arguments.get("task"))
    return f"Marked “{name}” as done." if "complete" in key else f"Changed “{name}”."


def heard(said: str = "what's on my list?", reply: str = "", rows: list[dict[str, Any]] = ROWS) -> Turn:
    return Turn(said, (Call("tasks_list_tasks", {}, listing(rows)),), reply)


def ids(calls: list[Any]) -> list[str]:
    return [arguments["task"] for _, arguments in calls]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("what's urgent?", URGENT),
        ("high priority tasks", URGENT),
        ("which have no due date?", "You have two open tasks with no due date: water the plants and renew passport."),
        ("how many low priority tasks are there", "You have one open task of low priority."),
        ("which tasks have notes", "You have one open task with notes: call the dentist on Friday."),
        ("what was the last thing I added?", "The last one you added is renew passport."),
        ("what's the note on the dentist?", "“call the dentist”, notes: bring the card."),
    ],
)  # fmt: skip
def test_a_question_is_answered_by_what_the_rows_say(said: str, told: str) -> None:
    rows = [row for row in ROWS if "dentist" in row["title"]] if "the dentist?" in said else ROWS
    assert done(said, rows=rows)[0] == told


def test_what_the_rows_do_not_say_is_not_made_up() -> None:
    told, _ = done("what's urgent?", rows=[{"id": "1", "title": "buy milk"}])
    assert told == "I can't tell: the list doesn't say anything about priority."


def test_a_tool_that_chooses_by_itself_is_told_what_by() -> None:
    level = {"type": "string", "enum": ["low", "high"]}
    brain = Brain(
        Catalog.of(
            [
                a_schema("todo_add_task", "Adds it.", ("title",), title=TEXT),
                a_schema("todo_list_tasks", "Lists tasks.", priority=level, tag=TEXT),
            ]
        )
    )
    assert brain.decide([Turn("show me the urgent ones")], NOW) == _Calls([("todo_list_tasks", {"priority": "high"})])
    assert brain.decide([Turn("work tasks")], NOW) == _Calls([("todo_list_tasks", {"tag": "work"})])


class _Calls:
    def __init__(self, calls: list[tuple[str, dict[str, Any]]]) -> None:
        self._calls = calls

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Act) and list(other.calls) == self._calls

    __hash__ = None  # pyright: ignore[reportAssignmentType]  # it only compares


def test_all_pages_are_looked_at() -> None:
    limit = {"type": "integer", "maximum": 2}
    brain = Brain(
        Catalog.of(
            [
                a_schema("todo_add_task", "Adds it.", ("title",), title=TEXT),
                a_schema("todo_list_tasks", "Lists tasks.", limit=limit, cursor=TEXT),
            ]
        )
    )
    said = "which tasks have no due date"
    first = Call("todo_list_tasks", {"limit": 2}, listing(ROWS[:3], next_cursor="c3"))
    assert brain.decide([Turn(said, (first,))], NOW) == _Calls([("todo_list_tasks", {"limit": 2, "cursor": "c3"})])
    rest = Call("todo_list_tasks", {"limit": 2, "cursor": "c3"}, listing(ROWS[3:], next_cursor=None))
    move = brain.decide([Turn(said, (first, rest))], NOW)
    assert isinstance(move, Say)
    assert "plants and renew passport" in move.text


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("the first two are done", ["1", "2"]),
        ("the second one is done", ["2"]),
        ("tick off the first and the third", ["1", "3"]),
        ("I've done all of them", ["1", "2", "3", "4", "5"]),
        ("mark everything as done", ["1", "2", "3", "4", "5"]),
        ("delete the last two", ["4", "5"]),
        ("everything except the milk is done", ["1", "3", "4", "5"]),
        ("push everything but the last one to Monday", ["1", "2", "3", "4"]),
    ],
)
def test_places_in_the_list_are_those_of_the_list_that_was_read(said: str, meant: list[str]) -> None:
    assert ids(done(said, heard())[1]) == meant


def test_places_count_among_what_was_told_and_all_among_what_was_meant() -> None:
    urgent = heard("what's urgent?", "You have two open tasks of high priority: pay the rent and call the dentist.")
    assert ids(done("delete the last one", urgent)[1]) == ["3"]
    assert ids(done("they're all done", urgent)[1]) == ["1", "3"]


def test_several_changes_are_one_answer() -> None:
    told, _ = done("mark everything as done", heard(rows=ROWS[:3]))
    assert told == "Marked “pay the rent”, “buy milk” and “call the dentist” as done."


@pytest.mark.parametrize(
    ("said", "scope", "meant", "change"),
    [
        ("push everything for today to tomorrow", {"status": "open", "due": "today"}, None, {"due": "tomorrow"}),
        ("delete all high priority tasks", {"status": "open"}, ["1", "3"], {}),
        ("move the overdue ones to Friday", {"status": "overdue"}, None, {"due": "Friday"}),
        ("delete everything tagged work", {"status": "open", "tag": "work"}, None, {}),
        ("mark everything as done", {"status": "open"}, None, {}),
    ],
)
def test_tasks_that_are_described_are_looked_up_and_changed_each(
    said: str, scope: dict[str, str], meant: list[str] | None, change: dict[str, str]
) -> None:
    first = TASKS.decide([Turn(said)], NOW)
    assert first == _Calls([("tasks_list_tasks", scope)])
    calls = done(said)[1]
    assert ids(calls) == (meant or ["1", "2", "3", "4", "5"])
    assert all(change.items() <= arguments.items() for _, arguments in calls)


def test_many_changes_at_once_are_asked_about_first() -> None:
    rows = [{"id": str(number), "title": f"task number {number}"} for number in range(12)]
    text, calls = done("mark everything as done", rows=rows)
    assert (text, calls) == ("Those are twelve tasks. Shall I do that to all of them?", [])
    asked = Turn("mark everything as done", (Call("tasks_list_tasks", {"status": "open"}, listing(rows)),), text)
    assert len(done("yes", asked, rows=rows)[1]) == 12
    assert done("no", asked, rows=rows) == ("Okay.", [])


def test_a_long_list_is_about_thirty_words_with_the_rest_on_offer() -> None:
    rows = [{"id": str(number), "title": f"write the long report number {number}"} for number in range(9)]
    prose = "You have nine open tasks: " + "; ".join(str(row["title"]) for row in rows[:5]) + "; and four more."
    call = Call("tasks_list_tasks", {}, f"{prose} Two more are overdue.\n{listing(rows, total=9)}")
    told = TASKS.decide([Turn("what's on my list?", (call,))], NOW)
    assert isinstance(told, Say)
    assert told.text.startswith("You have nine open tasks: write the long report number 0, ")
    assert told.text.endswith(" more. Two more are overdue. Shall I go on?")
    assert len(told.text.split()) <= 36
    turn = Turn("what's on my list?", (call,), told.text)
    following = TASKS.decide([turn, Turn("yes")], NOW)
    assert isinstance(following, Say)
    assert "number 0" not in following.text
    assert "write the long report number 4" in following.text


def test_everything_is_the_whole_list_once_something_else_was_done() -> None:
    ticked = Turn("the milk is done", (Call("tasks_complete_task", {"task": "milk"}, listing(ROWS[1:2])),), "Done.")
    nothing = Turn("what's due on Sunday?", (Call("tasks_list_tasks", {"due": "Sunday"}, listing([])),), "Nothing.")
    for turns in ((heard(), ticked), (heard(), nothing)):
        move = TASKS.decide([*turns, Turn("mark everything as done")], NOW)
        assert move == _Calls([("tasks_list_tasks", {"status": "open"})])


def test_what_is_done_on_a_yes_is_all_that_is_said() -> None:
    deleted = Call("tasks_delete_task", {"task": "1"}, "Deleted “pay the rent”.")
    move = TASKS.decide([Turn("delete the rent", reply="Delete “pay the rent”?"), Turn("yes", (deleted,))], NOW)
    assert isinstance(move, Say)
    assert move.text == "Deleted “pay the rent”."


def test_a_tool_that_names_only_some_is_followed_by_the_offer_to_go_on() -> None:
    prose = "You have five open tasks: pay the rent; buy milk; and three more."
    call = Call("tasks_list_tasks", {}, f"{prose}\n{listing(ROWS)}")
    told = TASKS.decide([Turn("what's on my list?", (call,))], NOW)
    assert isinstance(told, Say)
    assert told.text == f"{prose} Shall I go on?"
    following = TASKS.decide([Turn("what's on my list?", (call,), told.text), Turn("yes")], NOW)
    assert isinstance(following, Say)
    assert following.text == "call the dentist on Friday, water the plants and renew passport."
