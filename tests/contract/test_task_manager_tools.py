"""What each tool does and says."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from fastmcp import Client

from mcp_servers.task_manager.server import build_server
from tests.support.task_manager import BERLIN, FakeClock, Tasks

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from fastmcp import FastMCP

pytestmark = pytest.mark.contract

NO_TIME = "I don't understand “the right time” as a time. Say it like “tomorrow”, “Friday at three” or “in two weeks”."


MUST_BE_TEXT = "title must be text. due must be text. tags must be a list of texts."


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def server(tmp_path: Path, clock: FakeClock) -> FastMCP[None]:
    return build_server(tmp_path / "data" / "tasks.db", BERLIN, clock=clock)


@pytest.fixture
async def tasks(server: FastMCP[None], clock: FakeClock) -> AsyncGenerator[Tasks]:
    async with Client(server) as client:
        yield Tasks(client, clock)


async def test_a_list_is_sorted_by_due_time_then_priority_then_age(tasks: Tasks) -> None:
    await tasks.add("someday")
    await tasks.add("someday, urgent", priority="high")
    await tasks.add("on friday", due="Friday")
    await tasks.add("on friday at three", due="Friday at three")
    await tasks.add("late", due="yesterday")
    assert await tasks.titles() == ["late", "on friday at three", "on friday", "someday, urgent", "someday"]
    assert tasks.said == (
        "You have five open tasks: late, was due yesterday; on friday at three, due Friday at 3 PM; "
        "on friday, due Friday; someday, urgent; and someday."
    )


async def test_each_status_lists_its_own(tasks: Tasks) -> None:
    await tasks.add("none")
    await tasks.add("late", due="yesterday")
    await tasks.add("this morning", due="today at 8")
    await tasks.add("today", due="today")
    await tasks.add("tonight", due="tonight")
    await tasks.add("friday", due="Friday")
    await tasks.add("finished", due="yesterday")
    await tasks("complete_task", task="finished")
    assert await tasks.titles(status="open") == ["late", "this morning", "tonight", "today", "friday", "none"]
    assert await tasks.titles(status="done") == ["finished"]
    assert await tasks.titles(status="all") == [
        "late",
        "this morning",
        "tonight",
        "today",
        "friday",
        "none",
        "finished",
    ]
    assert await tasks.titles(status="overdue") == ["late", "this morning"]
    assert await tasks.titles(status="upcoming") == ["tonight", "today", "friday"]
    assert await tasks.titles(status="today") == ["this morning", "tonight", "today"]
    assert (
        tasks.said
        == "You have three tasks due today: this morning at 8 AM, tonight at 8 PM and today. One more is overdue."
    )


async def test_due_narrows_to_a_day_or_a_span(tasks: Tasks) -> None:
    await tasks.add("sunday", due="tomorrow")
    await tasks.add("sunday evening", due="tomorrow at 7 pm")
    await tasks.add("next week", due="Tuesday")
    await tasks.add("never")
    assert await tasks.titles(due="tomorrow") == ["sunday evening", "sunday"]
    assert tasks.said == "You have two open tasks due tomorrow: sunday evening at 7 PM and sunday."
    assert await tasks.titles(due="tomorrow's") == ["sunday evening", "sunday"]
    assert await tasks.titles(due="this week") == ["sunday evening", "sunday"]
    assert await tasks.titles(due="next week") == ["next week"]
    assert tasks.said == "You have one open task due next week: next week, due Tuesday."
    assert await tasks.titles(due="by Tuesday") == ["sunday evening", "sunday", "next week"]
    assert await tasks.titles(due="tomorrow morning") == ["sunday"]
    assert await tasks.titles(due="Friday") == []
    assert tasks.said == "Nothing is due Friday."
    assert await tasks.titles(due="the last two weeks") == []
    assert tasks.said == "Nothing is due in the last two weeks."


async def test_words_and_tags_narrow_too(tasks: Tasks) -> None:
    await tasks.add("vacuum the car", "clean garage")
    await tasks.add("mow the lawn", tags=["Garden"])
    assert await tasks.titles(query="vacuuming") == ["vacuum the car"]
    assert tasks.said == "One open task matches “vacuuming”: vacuum the car."
    assert await tasks.titles(query="cleaning the garage") == ["clean garage"]
    assert await tasks.titles(tag="#garden") == ["mow the lawn"]
    assert await tasks.titles(query="clean the garden") == []
    assert tasks.said == "There is no open task like “clean the garden”. Did you mean “clean garage”?"


async def test_a_long_list_names_five_and_counts_the_rest(tasks: Tasks) -> None:
    await tasks.add(*(f"task {letter}" for letter in "abcdefgh"))
    await tasks("list_tasks")
    assert tasks.said == "You have eight open tasks: task a, task b, task c, task d, task e and three more."


async def test_pages_follow_each_other_without_gap_or_double(tasks: Tasks) -> None:
    await tasks.add("a", "b", due="Friday")
    await tasks.add("c", due="Monday at three")
    await tasks.add("d", "e", "f", "g")
    for title in ("a", "d", "e"):
        tasks.clock.now += timedelta(seconds=1)
        await tasks("complete_task", task=title)
    everything = await tasks.titles(status="all")
    assert everything == ["c", "b", "f", "g", "e", "d", "a"]
    for limit in range(1, 8):
        found: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = await tasks("list_tasks", status="all", limit=limit, **cursor)
            assert page["total"] == 7
            found += [task["title"] for task in page["tasks"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert found == everything


async def test_several_matches_are_named_and_nothing_is_done(tasks: Tasks) -> None:
    await tasks.add("call the dentist", due="Friday at three")
    await tasks.add("pay the dentist")
    assert await tasks.refusal("complete_task", task="the dentist") == (
        "There are two: “pay the dentist”; and “call the dentist”, due Friday at 3 PM. Which one?"
    )
    assert await tasks.titles(status="done") == []
    assert (await tasks("complete_task", task="calling the dentist"))["task"]["title"] == "call the dentist"


async def test_twins_are_told_apart_by_id(tasks: Tasks) -> None:
    await tasks.add("buy milk", "buy milk")
    assert await tasks.refusal("delete_task", task="buy milk") == (
        "There are two: “buy milk” (id 2) and “buy milk” (id 1). Which one?"
    )
    await tasks("delete_task", task="2")
    assert (await tasks("get_task", task="buy milk"))["task"]["id"] == "1"


async def test_what_does_not_match_suggests_what_is_close(tasks: Tasks) -> None:
    await tasks.add("call the dentist")
    assert await tasks.refusal("get_task", task="dentist appointment on monday") == (
        "There is no task like “dentist appointment on monday”. Did you mean “call the dentist”?"
    )
    assert await tasks.refusal("get_task", task="xyz") == "There is no task like “xyz”."


async def test_open_tasks_come_before_done_ones(tasks: Tasks) -> None:
    first, second = await tasks.add("water the plants", "water the plants, again")
    await tasks("complete_task", task=first)
    tasks.clock.now += timedelta(hours=1)
    assert (await tasks("complete_task", task="plants"))["task"]["id"] == second


async def test_completing_again_says_so_and_touches_no_other_task(tasks: Tasks) -> None:
    await tasks.add("call mom", "call mom about dinner")
    await tasks("complete_task", task="call mom")
    await tasks("complete_task", task="call mom")
    assert tasks.said == "“call mom” was already done."
    assert await tasks.titles() == ["call mom about dinner"]
    await tasks("reopen_task", task="call mom")
    await tasks("reopen_task", task="call mom")
    assert tasks.said == "“call mom” is still open."


async def test_update_changes_what_is_given_and_nothing_else(tasks: Tasks) -> None:
    await tasks.add("dentist", due="Friday at three", notes="bring card", tags=["health"])
    before = (await tasks("get_task", task="dentist"))["task"]
    assert (await tasks("update_task", task="dentist", due="four"))["task"]["due"] == "2026-11-27T16:00:00+01:00"
    assert tasks.said == "“dentist” is due Friday 27 November at 4 PM."
    assert (await tasks("update_task", task="dentist", due="by two days"))["task"]["due"] == "2026-11-29T16:00:00+01:00"
    assert tasks.said == "“dentist” is due next Sunday 29 November at 4 PM."
    assert (await tasks("update_task", task="dentist", due="thursday"))["task"]["due"] == "2026-11-26T16:00:00+01:00"
    assert (await tasks("update_task", task="dentist", due="none"))["task"] == before | {"due": None}
    assert tasks.said == "“dentist” has no due time any more."
    renamed = await tasks(
        "update_task", task="dentist", title="see the dentist", priority="high", notes="none", tags=[]
    )
    assert renamed["task"] == before | {
        "title": "see the dentist",
        "due": None,
        "notes": None,
        "priority": "high",
        "tags": [],
    }
    assert tasks.said == (
        "“dentist” is called “see the dentist”, has high priority, has no tags any more and has no notes any more."
    )


@pytest.mark.parametrize(
    ("status", "left", "said"),
    [
        ("done", ["late", "open"], "Deleted one finished task."),
        ("overdue", ["open", "finished"], "Deleted one overdue task."),
        ("open", ["finished"], "Deleted two open tasks."),
        ("all", [], "Deleted three tasks."),
    ],
)
async def test_clearing_deletes_that_status_only(tasks: Tasks, status: str, left: list[str], said: str) -> None:
    await tasks.add("open")
    await tasks.add("late", due="yesterday")
    await tasks.add("finished")
    await tasks("complete_task", task="finished")
    await tasks("clear_tasks", status=status)
    assert tasks.said == said
    assert await tasks.titles(status="all") == left


async def test_ids_are_never_used_again(tasks: Tasks) -> None:
    assert await tasks.add("a", "b") == ["1", "2"]
    await tasks("clear_tasks", status="all")
    assert await tasks.add("c") == ["3"]


async def test_what_models_send_by_mistake_is_understood(tasks: Tasks) -> None:
    created = await tasks("create_task", title=" buy\n milk ", due=None, notes="", priority="HIGH", tags="home, shop")
    assert created["task"]["title"] == "buy milk"
    assert created["task"]["notes"] is None
    assert created["task"]["priority"] == "high"
    assert created["task"]["tags"] == ["home", "shop"]
    assert (await tasks("get_task", task=1)) == created
    assert (await tasks("get_task", task="task #1")) == created


@pytest.mark.parametrize(
    ("tool", "arguments", "sentence"),
    [
        ("create_task", {}, "create_task needs title."),
        ("create_task", {"title": "  "}, "A task needs a title: say what is to be done."),
        (
            "create_task",
            {"title": "x" * 501},
            "A title has at most 500 letters. Shorten it, and put the rest into the notes.",
        ),
        ("create_task", {"title": "x", "colour": "red"}, "create_task has no parameter colour."),
        (
            "create_task",
            {"title": "check them", "due": "the right time"},
            NO_TIME,
        ),
        ("create_task", {"title": "x", "priority": "huge"}, "priority must be 'low', 'normal' or 'high'."),
        ("clear_tasks", {"status": "some"}, "status must be 'done', 'open', 'overdue' or 'all'."),
        ("list_tasks", {"cursor": "x"}, "That cursor is not from this list. Ask for the list again without a cursor."),
        ("list_tasks", {"limit": 0}, "limit must be at least 1."),
        ("list_tasks", {"limit": "many"}, "limit must be a whole number."),
        ("create_task", {"title": {}, "due": 3.5, "tags": [1]}, MUST_BE_TEXT),
        ("complete_task", {"task": " "}, "Say which task, by its words or its id."),
        ("complete_task", {"task": "9"}, "There is no task like “9”."),
        (
            "update_task",
            {"task": "1"},
            "Nothing to change was given: say the new title, due time, notes, priority, tags, repetition or reminder.",
        ),
    ],
)
async def test_a_mistake_is_a_sentence_to_act_on(
    tasks: Tasks, tool: str, arguments: dict[str, Any], sentence: str
) -> None:
    assert await tasks.refusal(tool, **arguments) == sentence


async def test_an_empty_list_is_said_plainly(tasks: Tasks) -> None:
    said = {
        "open": "You have no open tasks.",
        "done": "There are no finished tasks.",
        "all": "You have no tasks.",
        "today": "Nothing is due today.",
        "overdue": "Nothing is overdue.",
        "upcoming": "Nothing is coming up.",
    }
    for status, sentence in said.items():
        assert await tasks.titles(status=status) == []
        assert tasks.said == sentence


async def test_a_repeated_call_with_its_key_acts_once_and_is_answered_as_the_first_time(tasks: Tasks) -> None:
    first = await tasks("create_task", title="buy milk", idempotency_key="a")
    said = tasks.said
    assert await tasks("create_task", title="buy milk", idempotency_key="a") == first
    assert tasks.said == said
    await tasks("complete_task", task="milk", idempotency_key="b")
    tasks.clock.now += timedelta(hours=1)
    await tasks("complete_task", task="milk", idempotency_key="b")
    assert tasks.said == "Marked “buy milk” as done."
    deleted = await tasks("delete_task", task="milk", idempotency_key="c")
    assert await tasks("delete_task", task="milk", idempotency_key="c") == deleted
    assert await tasks.titles(status="all") == []
    assert await tasks.refusal("create_task", title="other", idempotency_key="a") == (
        "That idempotency_key belongs to another call. Give each call a key of its own."
    )


async def test_a_task_that_repeats_is_followed_by_its_next(tasks: Tasks) -> None:
    created = await tasks("create_task", title="water the plants", due="Monday", repeat="every week")
    assert tasks.said == "Added “water the plants”, due Monday, every week."
    assert created["task"]["repeat"] == "every week"
    done = await tasks("complete_task", task="plants")
    assert tasks.said == "Marked “water the plants” as done. The next is due Monday 30 November."
    assert (done["task"]["status"], done["task"]["due"]) == ("done", "2026-11-23")
    (following,) = (await tasks("list_tasks"))["tasks"]
    assert (following["due"], following["repeat"]) == ("2026-11-30", "every week")
    await tasks("update_task", task="plants", repeat="none")
    assert tasks.said == "“water the plants” does not repeat any more."


async def test_a_reminder_is_told_with_its_task(tasks: Tasks) -> None:
    created = await tasks("create_task", title="dentist", due="Friday at three", remind="an hour before")
    assert tasks.said == "Added “dentist”, due Friday at 3 PM, with a reminder Friday at 2 PM."
    assert created["task"]["remind"] == "2026-11-27T14:00:00+01:00"
    moved = await tasks("update_task", task="dentist", due="four")
    assert moved["task"]["remind"] == "2026-11-27T15:00:00+01:00"
    assert tasks.said == "“dentist” is due Friday 27 November at 4 PM and has its reminder Friday at 3 PM."
    without = await tasks("update_task", task="dentist", remind="none")
    assert "remind" not in without["task"]
    assert tasks.said == "“dentist” has no reminder any more."
    await tasks.add("bus", due="in an hour", remind="two hours before")
    assert tasks.said == "Added “bus”, due today at 11 AM. The time of its reminder, today at 9 AM, has passed."


async def test_the_last_change_can_be_taken_back_and_the_one_before_it(tasks: Tasks) -> None:
    await tasks.add("buy milk", "call mom")
    await tasks("complete_task", task="milk")
    await tasks("update_task", task="mom", due="Friday")
    await tasks("clear_tasks", status="all")
    back = await tasks("undo_last_change")
    assert (tasks.said, back["total"]) == ("Two tasks are back.", 2)
    assert sorted(task["title"] for task in back["tasks"]) == ["buy milk", "call mom"]
    await tasks("undo_last_change")
    assert tasks.said == "“call mom” is as it was before."
    await tasks("undo_last_change")
    assert tasks.said == "“buy milk” is open again."
    assert await tasks("undo_last_change") == {"tasks": [], "total": 0, "next_cursor": None}
    assert tasks.said == "Took back adding “call mom”."
    await tasks("undo_last_change")
    assert await tasks.refusal("undo_last_change") == "There is nothing to undo."


async def test_deadlines_that_come_up_are_listed_nearest_first(tasks: Tasks) -> None:
    await tasks.add("friday", due="Friday")
    await tasks.add("tonight", due="tonight")
    await tasks.add("late", due="yesterday")
    await tasks.add("christmas", due="24 December")
    await tasks.add("someday")
    soon = await tasks("upcoming_deadlines")
    assert [task["title"] for task in soon["tasks"]] == ["tonight", "friday"]
    assert (
        tasks.said
        == "You have two upcoming tasks due in the next 7 days: tonight, due today at 8 PM; and friday, due Friday."
    )
    far = await tasks("upcoming_deadlines", within="this year", limit=2)
    assert far["total"] == 3
    assert far["next_cursor"]


async def test_a_priority_narrows_a_list(tasks: Tasks) -> None:
    await tasks.add("ordinary")
    await tasks.add("urgent", priority="high")
    assert await tasks.titles(priority="high") == ["urgent"]


async def test_a_list_too_long_to_be_counted_is_said_to_be_long(tasks: Tasks) -> None:
    text = "title,due\n" + "".join(f"call number {number},yesterday\n" for number in range(1_100))
    await tasks("import_tasks", format="csv", text=text)
    page = await tasks("list_tasks", query="call number", limit=2)
    assert (page["total"], len(page["tasks"])) == (None, 2)
    assert tasks.said.startswith("Many open tasks match “call number”: call number 0, was due yesterday;")
    assert tasks.said.endswith("; and many more.")
    await tasks("list_tasks", query="call number", limit=2, cursor=page["next_cursor"])
    assert tasks.said.startswith("Then there are: call number 2")
    await tasks("list_tasks", status="overdue")
    assert tasks.said.startswith("You have many overdue tasks: ")
    await tasks("list_tasks", status="today")
    assert tasks.said == "Nothing is due today. Many more are overdue."
