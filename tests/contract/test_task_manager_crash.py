"""A process killed while it writes: what it acknowledged is there, once, and whole, in both kinds of database."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections import Counter
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from mcp_servers.task_manager.models import Person
from mcp_servers.task_manager.service import Query, TaskService

if TYPE_CHECKING:
    from pathlib import Path

    from mcp_servers.task_manager.database import Database
    from mcp_servers.task_manager.desk import Desk

pytestmark = pytest.mark.contract

ME = Person("me", ZoneInfo("Europe/Berlin"))
KILLS, ACKNOWLEDGED = 4, 12
WRITER = """
import asyncio, sys
from zoneinfo import ZoneInfo
from mcp_servers.task_manager.database import database_at
from mcp_servers.task_manager.models import Person
from mcp_servers.task_manager.service import TaskService

async def write(service, me, writer):
    for number in range(1000):
        key = f"{sys.argv[2]}-{writer}-{number}"
        def act(desk):
            task = desk.create(f"task {key}", tags=["a", "b"], repeat="daily")
            desk.complete(task.id)
            return key
        print(await service.once(me, key, "create_task", {"key": key}, act), flush=True)

async def main():
    service = TaskService(database_at(sys.argv[1]))
    await asyncio.gather(*(write(service, Person("me", ZoneInfo("Europe/Berlin")), writer) for writer in range(4)))

asyncio.run(main())
"""


async def killed(where: Path | str, run: int) -> list[str]:
    """The keys that a writer acknowledged until it was killed."""
    arguments = (sys.executable, "-c", WRITER, str(where), str(run))
    process = await asyncio.create_subprocess_exec(*arguments, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    told: list[str] = []
    async with asyncio.timeout(60):
        while len(told) < ACKNOWLEDGED:
            told.append((await process.stdout.readline()).decode().strip())
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        told += [
            line.decode().strip()
            for line in (await process.stdout.read()).splitlines(keepends=True)
            if line.endswith(b"\n")
        ]
        await process.wait()
    return told


async def test_what_was_acknowledged_is_kept_once_and_whole(where: Path | str, store: Database) -> None:
    service = TaskService(store)
    told = [key for run in range(KILLS) for key in await killed(where, run)]
    found: Counter[str] = Counter()
    cursor: str | None = None
    while True:
        page = (await service.list(ME, Query("all", limit=200, cursor=cursor))).page
        found.update(f"{task.status} {task.title.removeprefix('task ')}" for task in page.tasks)
        cursor = page.next_cursor
        if cursor is None:
            break
    assert all(found[f"done {key}"] == 1 and found[f"open {key}"] == 1 for key in told)
    assert set(found.values()) == {1}
    assert {key.split()[1] for key in found if key.startswith("done")} == {
        key.split()[1] for key in found if key.startswith("open")
    }
    for key in (told[0], told[-1]):

        def again(desk: Desk) -> str:
            return desk.create("twice").title

        assert await service.once(ME, key, "create_task", {"key": key}, again) == key
