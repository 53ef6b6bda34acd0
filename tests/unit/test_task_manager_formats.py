"""Tasks as JSON, CSV and todo.txt: what is written, and what is read of it and of what people write themselves."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_servers.task_manager import transfer
from mcp_servers.task_manager.errors import BadRequest, TaskError, TooMuch
from mcp_servers.task_manager.formats import Format
from mcp_servers.task_manager.models import NewTask, Task
from mcp_servers.task_manager.texts import notes_of, tags_of, title_of
from mcp_servers.task_manager.times import reminding
from tests.support.task_manager import BERLIN, NOW

pytestmark = pytest.mark.unit

RULES = ["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TH", "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=WEEKLY;INTERVAL=2"]
moments = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001 - made aware
    lambda moment: moment.astimezone(BERLIN)
)
titles = st.text(max_size=60).map(lambda words: title_of(f"{words} x"))


@st.composite
def some_tasks(draw: st.DrawFn) -> Task:
    done = draw(st.booleans())
    due = draw(st.none() | st.dates(date(1900, 1, 1), date(2100, 1, 1)) | moments)
    before = draw(st.none() | st.sampled_from(["-3600s", "-0s", "-1d 09:00"])) if due else None
    return Task(
        id=1,
        title=draw(titles | st.sampled_from(["=1+1", "'=1+1", "x ray", "(A) b", "2026-01-01 c", "due:friday @a", "-"])),
        status="done" if done else "open",
        due=due,
        notes=notes_of(draw(st.none() | st.text(max_size=80))),
        priority=draw(st.sampled_from(["low", "normal", "high"])),
        tags=tags_of(
            draw(st.lists(st.text(max_size=12) | st.sampled_from(["a,b", 'say "x"', "two words"]), max_size=4))
        ),
        repeat=draw(st.none() | st.sampled_from(RULES)) if due else None,
        created=draw(moments),
        completed=draw(moments) if done else None,
        remind=before,
        remind_at=reminding.moment(before, due, BERLIN) if before and due else draw(st.none() | moments),
    )


def as_new(task: Task) -> NewTask:
    return NewTask(**{one.name: getattr(task, one.name) for one in fields(NewTask)})


@pytest.mark.parametrize("kind", ["json", "csv"])
@given(tasks=st.lists(some_tasks(), min_size=1, max_size=5))
def test_json_and_csv_lose_nothing(kind: Format, tasks: list[Task]) -> None:
    assert transfer.read(transfer.write(tasks, kind), kind, NOW) == [as_new(task) for task in tasks]


@given(tasks=st.lists(some_tasks(), min_size=1, max_size=5))
def test_todo_txt_keeps_as_many_tasks_and_whether_they_are_done(tasks: list[Task]) -> None:
    found = transfer.read(transfer.write(tasks, "todo.txt"), "todo.txt", NOW)
    assert [task.status for task in found] == [task.status for task in tasks]
    assert [task.created.date() for task in found if task.created] == [task.created.date() for task in tasks]


MILK = Task(
    id=7,
    title="buy milk",
    status="open",
    due=datetime(2026, 11, 27, 15, tzinfo=BERLIN),
    notes="oat",
    priority="high",
    tags=("home", "the shop"),
    repeat="FREQ=WEEKLY;INTERVAL=2",
    created=NOW,
    completed=None,
)
RAY = Task(
    id=8,
    title="x ray",
    status="done",
    due=None,
    notes=None,
    priority="low",
    tags=(),
    repeat=None,
    created=NOW,
    completed=NOW + timedelta(days=1),
)


def test_todo_txt_is_as_its_readers_expect() -> None:
    text = transfer.write([MILK, RAY], "todo.txt")
    assert text == (
        "(A) 2026-11-21 buy milk @home @the-shop due:2026-11-27T15:00:00+01:00 rec:2w\n"
        "x 2026-11-22 2026-11-21 x ray pri:C\n"
    )
    milk, ray = transfer.read(text, "todo.txt", NOW)
    assert (milk.title, milk.due, milk.priority, milk.tags) == ("buy milk", MILK.due, "high", ("home", "the-shop"))
    assert milk.repeat == MILK.repeat
    assert (ray.title, ray.status, ray.priority) == ("x ray", "done", "low")


def test_todo_txt_by_hand_is_understood() -> None:
    text = "(B) call mom +family @phone due:2026-11-23\n\nx paid http://bank.example/x\nmail bob@example.com note:\r\n"
    call, paid, mail = transfer.read(text, "todo.txt", NOW)
    assert (call.title, call.tags, call.due, call.priority) == (
        "call mom",
        ("family", "phone"),
        date(2026, 11, 23),
        "normal",
    )
    assert (paid.title, paid.status, paid.completed) == ("paid http://bank.example/x", "done", NOW)
    assert (mail.title, mail.tags) == ("mail bob@example.com note:", ())


def test_a_spreadsheet_by_hand_is_understood() -> None:
    text = "\ufeffTitle;Due;Tags;Priority\r\nbuy milk;Friday at three;home, shop;HIGH\r\n;;;\r\ncall mom;;;\r\n"
    milk, mom = transfer.read(text, "csv", NOW)
    assert (milk.title, milk.due, milk.tags, milk.priority) == ("buy milk", MILK.due, ("home", "shop"), "high")
    assert mom == NewTask("call mom")


def test_no_cell_is_a_formula_to_a_spreadsheet() -> None:
    text = transfer.write([MILK, replace(RAY, title="=1+1")], "csv")
    assert [row["title"] for row in csv.DictReader(io.StringIO(text))] == ["buy milk", "'=1+1"]


def test_what_list_tasks_returned_can_be_imported() -> None:
    listed: dict[str, Any] = {"tasks": [{"id": "3", "title": "call mom", "due": "2026-11-23", "tags": []}], "total": 1}
    assert transfer.read(json.dumps(listed), "json", NOW) == [NewTask("call mom", due=date(2026, 11, 23))]


@pytest.mark.parametrize(
    ("kind", "text", "sentence"),
    [
        ("csv", "title,due\na,Friday\nb,the blue day\n", "Nothing was imported. Line 3: I don't understand “the blue"),
        ("csv", 'title,notes\n"a","1\n2"\n,x\n', "Nothing was imported. Line 4: A task needs a title: say what is"),
        ("csv", "title\na,b\n", "Nothing was imported. Line 2: it has more cells than there are columns."),
        ("csv", "name\na\n", "The first line must name the columns, one of them title. The columns are title, status"),
        ("csv", "title,colour\na,red\n", "There is no column “colour”. The columns are title"),
        ("csv", "title,title\na,b\n", "A column is there twice."),
        ("csv", "", "The first line must name the columns"),
        ("json", "[{]", "That is not JSON: Expecting property name enclosed in double quotes in line 1."),
        ("json", "[" * 100_000, "That is not JSON of tasks."),
        ("json", "3", "The JSON must be a list of tasks, or an object with a list named tasks."),
        ("json", "[1, {}]", "Nothing was imported. Task 1: it must be an object with a title. Task 2: A task needs"),
        ("json", '[{"title": 3}]', "Nothing was imported. Task 1: title must be text."),
        ("json", '[{"title": "a", "tags": [3]}]', "Nothing was imported. Task 1: tags must be a list of texts."),
        ("json", '[{"title": "a", "owner": "b"}]', "Nothing was imported. Task 1: there is no field owner."),
        ("json", '[{"title": "a", "status": "new"}]', "Nothing was imported. Task 1: status must be open or done."),
        ("json", '[{"title": "a", "created": "now"}]', "Nothing was imported. Task 1: created must be a date"),
        ("json", "[]", "There is no task in that JSON text."),
        (
            "todo.txt",
            "a\nx 2026-01-01\n",
            "Nothing was imported. Line 2: A task needs a title: say what is to be done.",
        ),
    ],
)
def test_what_cannot_be_read_is_named_and_nothing_is_imported(kind: Format, text: str, sentence: str) -> None:
    with pytest.raises(BadRequest) as caught:
        transfer.read(text, kind, NOW)
    assert str(caught.value).startswith(sentence)


def test_only_the_first_bad_lines_are_told() -> None:
    with pytest.raises(BadRequest) as caught:
        transfer.read("title,status\n" + "a,b\n" * 5, "csv", NOW)
    assert str(caught.value) == (
        "Nothing was imported. Line 2: status must be open or done. Line 3: status must be open or done. "
        "Line 4: status must be open or done. And two more cannot be read."
    )


def test_an_import_has_a_size() -> None:
    with pytest.raises(TooMuch, match="at most 1000000 letters"):
        transfer.read("x" * 1_000_001, "todo.txt", NOW)
    with pytest.raises(TooMuch, match="at most 10000 tasks"):
        transfer.read("x\n" * 10_001, "todo.txt", NOW)


@pytest.mark.parametrize("kind", get_args(Format))
@given(text=st.text(max_size=200) | st.text(alphabet='[]{}",:\\title \n;', max_size=60))
def test_any_text_is_read_or_refused_in_words(kind: Format, text: str) -> None:
    told = ""
    try:
        transfer.read(text, kind, NOW)
    except TaskError as error:
        told = str(error)
    assert not told or told.endswith((".", "?"))
