from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from voice_agent.offline.brain.grammar import understand
from voice_agent.offline.brain.wishes import Action

pytestmark = pytest.mark.unit

OWN = Path(__file__).parents[2] / "benchmarks" / "data" / "task_utterances.jsonl"


def rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in OWN.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("part", ["development", "held_out"])
def test_nearly_every_utterance_is_taken_for_what_it_is(part: str) -> None:
    labelled = [row for row in rows() if row["part"] == part]
    either = {"complete", "delete"}
    wrong = [
        row["text"]
        for row in labelled
        if (got := str(understand(row["text"])[0].action)) != row["action"] and {got, row["action"]} != either
    ]
    assert len(labelled) > 75
    assert len(wrong) <= 0.03 * len(labelled), wrong


@pytest.mark.parametrize(
    ("said", "title", "due"),
    [
        ("Add buy milk for tomorrow", "buy milk", "tomorrow"),
        ("remind me to call mom tomorrow at 5", "call mom", "tomorrow at 5"),
        ("um could you uh remind me on friday to to water the plants please", "water the plants", "friday"),
        ("tonight at nine remind me to put the bins out", "put the bins out", "tonight at nine"),
        ("Remind me to ask Jen about Friday's party", "ask Jen about Friday's party", None),
        ("add call the vet for monday actually tuesday", "call the vet", "tuesday"),
        ("add milk no wait bread", "bread", None),
        ("i need to include a stop at the bakery to the list of things to do", "a stop at the bakery", None),
        ("remind me to delete the old photos", "delete the old photos", None),
        ("add cancel the gym membership to my list", "cancel the gym membership", None),
        ("add call the dentist on Friday at 3, it is urgent", "call the dentist", "Friday at 3"),
    ],
)
def test_a_new_task_has_the_words_of_the_task_and_no_others(said: str, title: str, due: str | None) -> None:
    (wish,) = understand(said)
    assert (wish.action, wish.title, wish.due) == (Action.CREATE, title, due)


@pytest.mark.parametrize(
    ("said", "titles"),
    [
        ("add milk and bread to my list", ("milk", "bread")),
        ("add eggs, butter and flour to the shopping list", ("eggs", "butter", "flour")),
        ("remind me to buy milk and call the plumber", ("buy milk", "call the plumber")),
        ("add mac and cheese to my list", ("mac and cheese",)),
        ("add milk, mac and cheese to my list", ("milk", "mac and cheese")),
        ("add eggs, bread and butter to my shopping list", ("eggs", "bread", "butter")),
        ("i must buy a gift for tom and jane", ("buy a gift for tom and jane",)),
    ],
)
def test_several_things_are_several_tasks_and_one_thing_is_one(said: str, titles: tuple[str, ...]) -> None:
    assert understand(said)[0].titles == titles


def test_two_commands_in_one_breath_are_two_wishes() -> None:
    first, second = understand("add milk to my list and remind me to call mom tomorrow")
    assert (first.action, first.title) == (Action.CREATE, "milk")
    assert (second.action, second.title, second.due) == (Action.CREATE, "call mom", "tomorrow")


@pytest.mark.parametrize(
    ("said", "action", "title"),
    [
        ("I've bought the milk", Action.COMPLETE, "the milk"),
        ("i called the dentist this morning", Action.COMPLETE, "call the dentist"),
        ("the package has been mailed", Action.COMPLETE, "mail the package"),
        ("cross walk the dog off my list", Action.COMPLETE, "walk the dog"),
        ("I haven't finished the report yet", Action.REOPEN, "the report"),
        ("take eggs off the shopping list", Action.DELETE, "eggs"),
        ("i don't need to buy milk anymore", Action.DELETE, "buy milk"),
        ("is vacuuming on my list?", Action.LIST, "vacuuming"),
        ("does my list have vacuuming on it", Action.LIST, "vacuuming"),
    ],
)
def test_a_task_is_named_as_it_would_be_on_the_list(said: str, action: Action, title: str) -> None:
    wish = understand(said)[0]
    assert (wish.action, wish.title) == (action, title)


@pytest.mark.parametrize(
    ("said", "status", "due"),
    [
        ("anything overdue?", "overdue", None),
        ("what's due tomorrow", None, "tomorrow"),
        ("what have I finished", "done", None),
        ("what's coming up", "upcoming", None),
        ("what do i still have to do today", "open", "today"),
    ],
)
def test_a_question_says_which_tasks_it_is_about(said: str, status: str | None, due: str | None) -> None:
    wish = understand(said)[0]
    assert (wish.action, wish.status, wish.due, wish.titles) == (Action.LIST, status, due, ())


@pytest.mark.parametrize(
    ("said", "status"),
    [("delete all finished tasks", "done"), ("clear my list", "all"), ("delete everything that is overdue", "overdue")],
)
def test_clearing_says_what_is_cleared(said: str, status: str) -> None:
    wish = understand(said)[0]
    assert (wish.action, wish.status) == (Action.CLEAR, status)


def test_a_change_says_to_what() -> None:
    (moved,) = understand("move the dentist to Friday at three")
    (renamed,) = understand("rename laundry to wash the bed sheets")
    (urgent,) = understand("mark the invoice as urgent")
    assert (moved.action, moved.title, moved.due) == (Action.UPDATE, "the dentist", "Friday at three")
    assert (renamed.title, renamed.new_title) == ("laundry", "wash the bed sheets")
    assert (urgent.title, urgent.priority) == ("invoice", "high")


@pytest.mark.parametrize("said", ["remind me", "set a reminder", "put something on my list", "add a task for tomorrow"])
def test_a_reminder_of_nothing_is_asked_about(said: str) -> None:
    assert understand(said)[0].action is Action.CLARIFY


def test_no_utterance_takes_long_however_long_it_is() -> None:
    for words in ("no wait ", "the list of my tasks on my list ", "remind me to ", "and add "):
        assert understand(words * 5000)


@pytest.mark.parametrize(
    ("said", "title", "due"),
    [
        ("make a note: the boiler needs a service", "the boiler needs a service", None),
        ("make a note to call Bob", "call Bob", None),
        ("send the invoice to Kim, EOD", None, None),
        ("add book the venue a week before Christmas", "book the venue", "a week before Christmas"),
        ("remind me Monday week to ring the accountant", "ring the accountant", "Monday week"),
        ("remind me to submit the timesheet by end of day", "submit the timesheet", "end of day"),
        ("note to self, cancel the gym membership by New Year", "cancel the gym membership", "New Year"),
        ("add buy christmas cards by christmas", "buy christmas cards", "christmas"),
        ("remind me to take my pills between 3 and 5", "take my pills", "between 3 and 5"),
        ("um, so, add, like, a reminder to feed the cat at 6", "feed the cat", "at 6"),
        ("so yeah, add basically clean out the garage this weekend", "clean out the garage", "this weekend"),
    ],
)
def test_time_words_and_fillers_stay_out_of_titles(said: str, title: str | None, due: str | None) -> None:
    wish = understand(said)[0]
    if title is not None:
        assert (wish.action, wish.title, wish.due) == (Action.CREATE, title, due)
    assert "EOD" not in (wish.title or "")


@pytest.mark.parametrize(
    ("said", "title", "change"),
    [
        ("dentist to Monday instead", "dentist", {"due": "Monday"}),
        ("bring the dentist forward to Tuesday", "the dentist", {"due": "Tuesday"}),
        ("can we do the dentist on Wednesday at eleven instead", "the dentist", {"due": "Wednesday at eleven"}),
        ("move the dentist a Friday", "the dentist", {"due": "Friday"}),
        ("change the dentist to 430", "the dentist", {"due": "430"}),
        ("change the dentist to four thirty", "the dentist", {"due": "four thirty"}),
        ("push the rent back by two days", "the rent", {"due": "by two days"}),
        ("bring the flights forward by a day", "the flights", {"due": "earlier by a day"}),
        ("add a note to the dentist: bring the card", "the dentist", {"notes": "bring the card"}),
        ("put a note on the rent saying ask for a receipt", "the rent", {"notes": "ask for a receipt"}),
        ("take the date off the milk", "the milk", {"due": "none"}),
        ("the flights aren't that important", "the flights", {"priority": "low"}),
    ],
)
def test_a_change_is_heard_however_it_is_worded(said: str, title: str, change: dict[str, str]) -> None:
    (wish,) = understand(said)
    assert (wish.action, wish.title) == (Action.UPDATE, title)
    assert {name: getattr(wish, name) for name in change} == change


def test_each_of_two_tasks_has_its_own_time() -> None:
    first, second = understand("add call Anna tomorrow and email Ben on Monday")
    assert [(wish.title, wish.due) for wish in (first, second)] == [("call Anna", "tomorrow"), ("email Ben", "Monday")]
    moved = understand("shift the plants to Sunday and the rent to Monday")
    assert [(wish.action, wish.due) for wish in moved] == [(Action.UPDATE, "Sunday"), (Action.UPDATE, "Monday")]
    done = understand("I finished the report and booked the flights")
    assert [wish.title for wish in done] == ["the report", "book the flights"]
