"""A key acts once, and every change can be taken back: over both kinds of database."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from mcp_servers.task_manager.database import database_at
from mcp_servers.task_manager.errors import (
    BadRequest,
    KeyUsed,
    NothingToUndo,
)
from mcp_servers.task_manager.models import Person
from mcp_servers.task_manager.service import KEYS_KEPT, Query, TaskService

if TYPE_CHECKING:
    from pathlib import Path

    from mcp_servers.task_manager.database import Database
    from mcp_servers.task_manager.desk import Desk
    from tests.support.task_manager import FakeClock

pytestmark = pytest.mark.contract

BERLIN = ZoneInfo("Europe/Berlin")
ME = Person("me", BERLIN)
OTHER = Person("somebody else", BERLIN)


async def titles(service: TaskService, **asked: Any) -> list[str]:
    return [task.title for task in (await service.list(ME, Query(**asked))).page.tasks]


def make(title: str) -> Any:
    def act(desk: Desk) -> Any:
        return {"id": desk.create(title).id}

    return act


async def test_the_same_key_acts_once_and_answers_as_the_first_time(service: TaskService) -> None:
    first = await service.once(ME, "k1", "create_task", {"title": "buy milk"}, make("buy milk"))
    again = await service.once(ME, "k1", "create_task", {"title": "buy milk"}, make("buy milk"))
    assert first == again
    assert await titles(service) == ["buy milk"]


async def test_the_same_key_at_the_same_time_acts_once(service: TaskService, where: Path | str) -> None:
    elsewhere = database_at(where)
    services = [service, TaskService(elsewhere)]
    calls = [one.once(ME, "k1", "create_task", {}, make("buy milk")) for one in services * 8]
    answers = await asyncio.gather(*calls)
    assert len({json.dumps(answer) for answer in answers}) == 1
    assert await titles(service) == ["buy milk"]
    await elsewhere.close()


async def test_a_key_is_remembered_by_the_next_process(service: TaskService, where: Path | str) -> None:
    first = await service.once(ME, "k1", "create_task", {}, make("buy milk"))
    after = database_at(where)
    assert await TaskService(after).once(ME, "k1", "create_task", {}, make("buy milk")) == first
    await after.close()


@pytest.mark.parametrize(("tool", "arguments"), [("create_task", {"title": "buy bread"}), ("delete_task", {})])
async def test_a_key_of_another_call_is_refused(service: TaskService, tool: str, arguments: dict[str, str]) -> None:
    await service.once(ME, "k1", "create_task", {"title": "buy milk"}, make("buy milk"))
    with pytest.raises(KeyUsed, match="belongs to another call"):
        await service.once(ME, "k1", tool, arguments, make("buy bread"))
    assert await titles(service) == ["buy milk"]


async def test_keys_are_each_persons_own(service: TaskService) -> None:
    await service.once(ME, "k1", "create_task", {}, make("buy milk"))
    await service.once(OTHER, "k1", "create_task", {}, make("call mom"))
    assert (await service.list(OTHER, Query())).page.tasks[0].title == "call mom"


async def test_a_call_that_failed_can_be_made_again_with_its_key(service: TaskService) -> None:
    def fail(desk: Desk) -> Any:
        desk.create("buy milk")
        raise BadRequest("no")

    with pytest.raises(BadRequest):
        await service.once(ME, "k1", "create_task", {}, fail)
    assert await titles(service) == []
    await service.once(ME, "k1", "create_task", {}, make("buy milk"))
    assert await titles(service) == ["buy milk"]


async def test_old_keys_are_forgotten_in_time(service: TaskService, clock: FakeClock, store: Database) -> None:
    for number in range(40):
        await service.once(ME, f"old {number}", "create_task", {}, make(f"task {number}"))
    clock.now += KEYS_KEPT + timedelta(days=1)
    for number in range(40):
        await service.once(ME, f"new {number}", "create_task", {}, make(f"task {number}"))

    def count(connection: Any) -> int:
        return connection.exec_driver_sql("SELECT count(*) FROM answers").scalar_one()

    assert await store.read(count) == 40


@pytest.mark.parametrize("key", ["", "  ", "x" * 256, "a\x00b", "\ud800"])
async def test_a_key_that_cannot_be_kept_is_refused(service: TaskService, key: str) -> None:
    with pytest.raises(BadRequest, match="idempotency_key is 1 to 255"):
        await service.once(ME, key, "create_task", {}, make("buy milk"))


async def test_each_kind_of_change_is_taken_back_one_after_the_other(service: TaskService) -> None:
    milk = await service.create(ME, "buy milk", due="tomorrow", tags=["home"], notes="two", priority="high")
    bread = await service.create(ME, "buy bread")
    await service.update(ME, bread.id, title="buy rolls", due="Friday", tags=["x"])
    await service.complete(ME, milk.id)
    await service.reopen(ME, milk.id)
    await service.delete(ME, milk.id)
    await service.clear(ME, "all")
    kinds: list[str] = []
    states: list[list[str]] = []
    for _ in range(7):
        undone = await service.undo_last_change(ME)
        kinds.append(undone.kind)
        states.append(sorted(await titles(service, status="all")))
    assert kinds == ["clear", "delete", "reopen", "complete", "update", "create", "create"]
    assert states[0] == ["buy rolls"]
    assert states[1:4] == [["buy milk", "buy rolls"]] * 3
    assert states[4:] == [["buy bread", "buy milk"], ["buy milk"], []]
    with pytest.raises(NothingToUndo, match="nothing to undo"):
        await service.undo_last_change(ME)


async def test_what_was_deleted_comes_back_as_it_was_and_is_found(service: TaskService) -> None:
    milk = await service.create(
        ME, "buy milk", due="tomorrow at three", tags=["home"], repeat="daily", remind="an hour before"
    )
    await service.delete(ME, "milk")
    undone = await service.undo_last_change(ME)
    assert (undone.kind, undone.title, undone.count) == ("delete", "buy milk", 1)
    assert undone.tasks == (milk,)
    assert await service.get(ME, "the milk") == milk
    assert await titles(service, tag="home") == ["buy milk"]


async def test_completing_a_repeating_task_is_undone_with_its_next(service: TaskService) -> None:
    await service.create(ME, "water plants", due="today", repeat="daily")
    await service.complete(ME, "plants")
    assert len(await titles(service, status="all")) == 2
    await service.undo_last_change(ME)
    (task,) = (await service.list(ME, Query("all"))).page.tasks
    assert task.status == "open"


async def test_nobody_undoes_what_another_did(service: TaskService) -> None:
    await service.create(OTHER, "buy milk")
    with pytest.raises(NothingToUndo):
        await service.undo_last_change(ME)


async def test_an_undo_with_a_key_is_done_once(service: TaskService) -> None:
    for title in ("buy milk", "buy bread"):
        await service.create(ME, title)

    def undo(desk: Desk) -> Any:
        return desk.undo().title

    assert [await service.once(ME, "k", "undo_last_change", {}, undo) for _ in range(2)] == ["buy bread"] * 2
    assert await titles(service) == ["buy milk"]
