"""Watching a database, opening it, and what is said where it cannot be had, for both kinds."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from mcp_servers.task_manager.database import database_at
from mcp_servers.task_manager.errors import (
    StoreUnavailable,
)
from mcp_servers.task_manager.models import Change, Person
from mcp_servers.task_manager.service import Query, TaskService

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.contract

BERLIN = ZoneInfo("Europe/Berlin")
ME = Person("me", BERLIN)
OTHER = Person("somebody else", BERLIN)


class Heard:
    """What a watcher was told."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self._event = asyncio.Event()

    def __call__(self, change: Change) -> None:
        self.changes.append(change)
        self._event.set()

    async def until(self, kind: str) -> Change:
        async with asyncio.timeout(20):
            while not any(kind in change.kinds for change in self.changes):
                self._event.clear()
                await self._event.wait()
        return next(change for change in self.changes if kind in change.kinds)


async def test_changes_of_this_and_of_another_process_are_heard(service: TaskService, where: Path | str) -> None:
    milk = await service.create(ME, "buy milk")
    heard = Heard()
    unwatch = await service.watch(ME, heard)
    await service.update(ME, "milk", title="buy oat milk")
    assert (await heard.until("update")).ids == (milk.id,)
    elsewhere = database_at(where)
    await TaskService(elsewhere).complete(ME, "milk")
    assert (await heard.until("complete")).ids == (milk.id,)
    assert all("create" not in change.kinds for change in heard.changes)
    unwatch()
    await elsewhere.close()


async def test_nobody_hears_of_the_tasks_of_another(service: TaskService) -> None:
    heard, own = Heard(), Heard()
    unwatch = [await service.watch(OTHER, heard), await service.watch(ME, own)]
    await service.create(ME, "buy milk")
    await own.until("create")
    assert heard.changes == []
    for one in unwatch:
        one()


async def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    database = database_at("postgresql://me:secret@127.0.0.1:9/tasks")
    with pytest.raises(StoreUnavailable, match=r"database tasks on 127\.0\.0\.1:9 cannot be reached") as caught:
        await TaskService(database).create(ME, "buy milk")
    assert "secret" not in str(caught.value)
    await database.close()


async def test_a_database_of_a_newer_version_is_left_alone(where: Path | str) -> None:
    first = database_at(where)
    await TaskService(first).create(ME, "buy milk")
    await first.write(lambda connection: connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'"))
    await first.close()
    second = database_at(where)
    with pytest.raises(StoreUnavailable, match="made by a newer version"):
        await TaskService(second).create(ME, "buy bread")
    await second.close()


async def test_many_that_open_one_database_at_once_all_succeed(where: Path | str) -> None:
    databases = [database_at(where) for _ in range(5)]
    await asyncio.gather(*(TaskService(one).create(ME, f"task {number}") for number, one in enumerate(databases)))
    assert (await TaskService(databases[0]).list(ME, Query())).page.total == 5
    for one in databases:
        await one.close()


OLD_LAYOUT = """
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
INSERT INTO alembic_version VALUES ('0001');
CREATE TABLE tasks (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, owner VARCHAR(255) NOT NULL, title TEXT NOT NULL,
  status VARCHAR(8) NOT NULL, due_day DATE, due_at DATETIME NOT NULL, notes TEXT, priority SMALLINT NOT NULL,
  repeat TEXT, created_at DATETIME NOT NULL, changed_at DATETIME NOT NULL, completed_at DATETIME);
CREATE TABLE task_tags (task_id INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE, tag VARCHAR(64) NOT NULL,
  position SMALLINT NOT NULL, PRIMARY KEY (task_id, tag));
INSERT INTO tasks VALUES
  (1, 'me', 'buy milk', 'open', '2026-11-22', '2026-11-22 22:59:59.000000', 'two', 0, NULL,
   '2026-11-20 10:00:00.000000', '2026-11-20 10:00:00.000000', NULL),
  (2, 'me', 'call mom', 'done', NULL, '2026-11-22 14:00:00.000000', NULL, 1, NULL,
   '2026-11-20 10:00:00.000000', '2026-11-20 11:00:00.000000', '2026-11-20 11:00:00.000000'),
  (3, 'somebody else', 'their task', 'open', NULL, '9999-12-31 00:00:00.000000', NULL, 2, NULL,
   '2026-11-20 10:00:00.000000', '2026-11-20 10:00:00.000000', NULL);
INSERT INTO task_tags VALUES (1, 'shop', 1), (1, 'home', 0);
UPDATE sqlite_sequence SET seq = 9;
"""


def backups(folder: Path) -> list[Path]:
    return list(folder.glob("tasks.db.backup-0001-*"))


async def test_a_file_of_the_first_layout_keeps_its_tasks_and_never_gives_an_id_again(tmp_path: Path) -> None:
    path = tmp_path / "tasks.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(OLD_LAYOUT)
    database = database_at(path)
    service = TaskService(database)
    milk = await service.get(ME, "milk")
    assert (milk.id, milk.due, milk.notes, milk.priority, milk.tags) == (
        *(1, date(2026, 11, 22), "two", "high"),
        ("home", "shop"),
    )
    mom = await service.get(ME, "mom")
    assert (mom.status, mom.due) == ("done", datetime(2026, 11, 22, 15, tzinfo=BERLIN))
    listed = await service.list(ME, Query("all", tag="home"))
    assert [task.id for task in listed.page.tasks] == [1]
    assert (await service.get(OTHER, "their task")).due is None
    assert (await service.create(ME, "new")).id == 10
    (copy,) = backups(tmp_path)
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT count(*) FROM tasks").fetchone() == (3,)
    await database.close()
