"""The store beside a model in plain Python: whatever is done in whatever order, both hold and list the same."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from mcp_servers.task_manager.database import database_at
from mcp_servers.task_manager.errors import NothingToUndo
from mcp_servers.task_manager.matching import stems
from mcp_servers.task_manager.models import Person, Task
from mcp_servers.task_manager.places import RANKS, UNDUE, place_of_done, place_of_open
from mcp_servers.task_manager.service import Query, TaskService
from mcp_servers.task_manager.tables import owners, terms
from mcp_servers.task_manager.terms import signature_of, terms_of
from tests.support.task_manager import BERLIN, FakeClock

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from sqlalchemy import Connection

    from mcp_servers.task_manager.database import Database

pytestmark = pytest.mark.contract

WORDS = ["buy", "milk", "call", "mom", "dentist", "passport", "report", "the"]
titles = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)
dues = st.sampled_from([None, "today", "tomorrow", "2026-11-21T15:00", "2026-11-20", "2027-02-28", "2026-11-21T09:00"])
priorities = st.sampled_from(["low", "normal", "high"])
tags = st.lists(st.sampled_from(["home", "work", "x"]), max_size=2, unique=True)
repeats = st.sampled_from([None, None, "daily", "every Monday", "monthly"])
which = st.integers(0, 50)
steps = st.one_of(
    st.tuples(st.just("create"), titles, dues, priorities, tags, repeats),
    st.tuples(st.just("complete"), which),
    st.tuples(st.just("reopen"), which),
    st.tuples(st.just("update"), which, titles, dues, priorities, tags),
    st.tuples(st.just("delete"), which),
    st.tuples(st.just("clear"), st.sampled_from(["done", "open", "overdue", "all"])),
    st.tuples(st.just("undo")),
)
people = itertools.count()


class Model:
    """The tasks by id, and what they were before each change."""

    def __init__(self) -> None:
        self.tasks: dict[int, Task] = {}
        self.before: list[dict[int, Task]] = []

    def change(self, tasks: dict[int, Task]) -> None:
        self.before.append(self.tasks)
        self.tasks = tasks

    def listed(self, status: str) -> list[int]:
        def place(task: Task) -> tuple[int, int]:
            if task.completed is not None:
                return place_of_done(task.completed), task.id
            return place_of_open(task.due, task.priority, BERLIN), task.id

        return [task.id for task in sorted((t for t in self.tasks.values() if t.status == status), key=place)]


@pytest.fixture
def runner(tmp_path: Path) -> Generator[tuple[asyncio.Runner, Database]]:
    with asyncio.Runner() as runner:
        database = database_at(tmp_path / "tasks.db")
        yield runner, database
        runner.run(database.close())


@given(done=st.lists(steps, max_size=14))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_store_and_the_model_hold_the_same(
    runner: tuple[asyncio.Runner, Database], done: list[tuple[Any, ...]]
) -> None:
    loop, database = runner
    loop.run(play(database, done))


async def play(database: Database, done: list[tuple[Any, ...]]) -> None:
    clock = FakeClock()
    service = TaskService(database, clock)
    me = Person(f"person {next(people)}", BERLIN)
    model = Model()
    for step in done:
        clock.now += timedelta(seconds=1)
        await act(service, me, model, step)
        await compare(service, database, me, model)


async def act(service: TaskService, me: Person, model: Model, step: tuple[Any, ...]) -> None:
    kind, *rest = step
    if kind == "create":
        title, due, priority, labels, repeat = rest
        task = await service.create(me, title, due=due, priority=priority, tags=labels, repeat=repeat)
        assert (task.title, task.priority, list(task.tags)) == (title, priority, labels)
        model.change(model.tasks | {task.id: task})
    elif kind == "clear":
        await clear(service, me, model, rest[0])
    elif kind == "undo":
        if not model.before:
            with pytest.raises(NothingToUndo):
                await service.undo_last_change(me)
            return
        await service.undo_last_change(me)
        model.tasks = model.before.pop()
    elif model.tasks:
        number = sorted(model.tasks)[int(rest[0]) % len(model.tasks)]
        await act_on(service, me, model, kind, number, *rest[1:])


async def act_on(service: TaskService, me: Person, model: Model, kind: str, /, *given: Any) -> None:
    number, rest = int(given[0]), given[1:]
    task = model.tasks[number]
    if kind == "delete":
        assert await service.delete(me, number) == task
        model.change({one: other for one, other in model.tasks.items() if one != number})
    elif kind == "update":
        title, due, priority, labels = rest
        _, after = await service.update(me, number, title=title, due=due, priority=priority, tags=labels)
        assert after == replace(task, title=title, priority=priority, tags=tuple(labels), due=after.due)
        if after != task:
            model.change(model.tasks | {number: after})
    else:
        made = await (service.complete(me, number) if kind == "complete" else service.reopen(me, number))
        wanted = "done" if kind == "complete" else "open"
        assert made.changed == (task.status != wanted)
        assert made.task.status == wanted
        if made.changed:
            following = {made.following.id: made.following} if made.following else {}
            assert bool(following) == (kind == "complete" and task.repeat is not None)
            model.change(model.tasks | {number: made.task} | following)


async def clear(service: TaskService, me: Person, model: Model, kind: Any) -> None:
    overdue = {task.id for task in (await service.list(me, Query("overdue", limit=200))).page.tasks}
    gone = {
        task.id
        for task in model.tasks.values()
        if kind in {"all", task.status} or (kind == "overdue" and task.id in overdue)
    }
    assert await service.clear(me, kind) == len(gone)
    if gone:
        model.change({number: task for number, task in model.tasks.items() if number not in gone})


async def compare(service: TaskService, database: Database, me: Person, model: Model) -> None:
    for status in ("open", "done"):
        page = (await service.list(me, Query(status, limit=200))).page
        assert [task.id for task in page.tasks] == model.listed(status)
        assert {task.id: task for task in page.tasks} == {
            number: task for number, task in model.tasks.items() if task.status == status
        }
    everything = model.listed("open") + model.listed("done")
    of_home = [number for number in everything if "home" in model.tasks[number].tags]
    urgent = [number for number in everything if model.tasks[number].priority == "high"]
    with_milk = [number for number in everything if "milk" in stems(model.tasks[number].title)]
    for asked, wanted in (
        (Query("all", tag="home", limit=200), of_home),
        (Query("all", priority="high", limit=200), urgent),
        (Query("all", words="milk", limit=200), with_milk),
    ):
        if wanted or not asked.words:
            assert [task.id for task in (await service.list(me, asked)).page.tasks] == wanted
    indexed, counts = await database.read(lambda connection: kept(connection, me.owner))
    terms_by_task = {task.id: terms_of(task.title, task.tags, task.priority) for task in model.tasks.values()}
    assert indexed == {(number, term, signature_of(own)) for number, own in terms_by_task.items() for term in own}
    assert counts == (len(model.listed("open")), len(model.listed("done")))


def kept(connection: Connection, owner: str) -> tuple[set[tuple[int, str, int]], tuple[int, int]]:
    row = connection.execute(select(owners).where(owners.c.subject == owner)).mappings().first()
    if row is None:
        return set(), (0, 0)
    columns = (terms.c.task_id, terms.c.term, terms.c.signature)
    found = connection.execute(select(*columns).where(terms.c.owner_id == row["id"]))
    return {(number, term, signature) for number, term, signature in found}, (row["open_count"], row["done_count"])


def test_no_priority_reaches_into_the_next_second() -> None:
    assert max(RANKS.values()) < 4
    assert 1 << 60 <= UNDUE < 1 << 62
