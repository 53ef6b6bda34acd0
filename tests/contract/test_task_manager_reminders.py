"""Whoever subscribes to reminders learns of each when it comes: once, also after a restart, unless a process dies."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import time
from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from fastmcp import Client
from mcp_types import TextResourceContents

from mcp_servers.task_manager.server import build_server
from tests.support.subscribers import Listener
from tests.support.task_manager import BERLIN, NOW, FakeClock, Tasks

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.contract,
    pytest.mark.filterwarnings("ignore:resources/(un)?subscribe is removed:mcp.MCPDeprecationWarning"),
]
REMINDERS = "tasks://reminders"


@pytest.fixture(params=["auto", "legacy"])
def era(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tasks.db"


class RunningClock:
    """A clock that runs from a moment on."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._began = time.monotonic()

    def __call__(self) -> datetime:
        return self._start + timedelta(seconds=time.monotonic() - self._began)


async def reminded(client: Client[Any]) -> list[str]:
    (content,) = await client.read_resource(REMINDERS)
    assert isinstance(content, TextResourceContents)
    return [task["title"] for task in json.loads(content.text)["tasks"]]


async def add(path: Path, *titles: str, **arguments: str) -> None:
    earlier = FakeClock()
    earlier.now = NOW - timedelta(minutes=5)
    async with Client(build_server(path, BERLIN, clock=earlier)) as client:
        await Tasks(client, earlier).add(*titles, **arguments)


async def test_a_reminder_is_told_when_it_comes_to_all_who_subscribed(path: Path, era: str) -> None:
    await add(path, "dentist", due="today at 11")
    await add(path, "bus", due="today at noon", remind="an hour before")
    clock = RunningClock(NOW)
    here, elsewhere = (build_server(path, BERLIN, clock=clock) for _ in range(2))
    async with Listener(here, era) as first, Listener(here, era) as second, Listener(elsewhere, era) as third:
        for listener in (first, second, third):
            await listener.subscribe(REMINDERS)
        assert await reminded(first.client) == []
        soon = (clock() + timedelta(seconds=1)).isoformat(timespec="milliseconds")
        await third.client.call_tool("update_task", {"task": "dentist", "remind": soon})
        for listener in (first, second, third):
            assert await listener.told() == REMINDERS
        assert await reminded(third.client) == ["dentist"]
        await third.client.call_tool("create_task", {"title": "stove", "remind": "now"})
        for listener in (first, second, third):
            assert await listener.told() == REMINDERS
        assert await reminded(third.client) == ["stove", "dentist"]
        assert (first.untold, second.untold, third.untold) == (0, 0, 0)


async def test_one_that_came_while_nobody_listened_is_told_at_the_next_start_and_never_again(
    path: Path, era: str
) -> None:
    await add(path, "dentist", due="today at noon", remind="an hour before")
    later = FakeClock()
    later.now = NOW + timedelta(days=3)
    async with Listener(build_server(path, BERLIN, clock=later), era) as listener:
        await listener.subscribe(REMINDERS)
        assert await listener.told() == REMINDERS
        assert await reminded(listener.client) == ["dentist"]
    async with Listener(build_server(path, BERLIN, clock=later), era) as listener:
        await listener.subscribe(REMINDERS)
        await listener.subscribe("tasks://open")
        await add(path, "marker")
        assert await listener.told() == "tasks://open"
        assert listener.untold == 0


async def test_a_reminder_that_is_done_moved_or_removed_is_not_told(path: Path, era: str) -> None:
    clock = FakeClock()
    server = build_server(path, BERLIN, clock=clock)
    async with Listener(server, era) as listener:
        await listener.subscribe(REMINDERS)
        tasks = Tasks(listener.client, clock)
        await tasks.add("done", "moved", "removed", "deleted", due="today at noon", remind="an hour before")
        await tasks("complete_task", task="done")
        await tasks("update_task", task="moved", due="tomorrow at noon")
        await tasks("update_task", task="removed", remind="none")
        await tasks("delete_task", task="deleted")
        clock.now += timedelta(hours=3)
        await listener.subscribe("tasks://open")
        await tasks.add("marker")
        assert await listener.told() == "tasks://open"
        assert listener.untold == 0
        assert await reminded(listener.client) == []
        clock.now += timedelta(days=1)
        await tasks.add("another marker")
        assert sorted([await listener.told(), await listener.told()]) == ["tasks://open", REMINDERS]
        assert await reminded(listener.client) == ["moved"]


async def test_completing_a_task_takes_it_from_the_reminders_without_another_notice(path: Path, era: str) -> None:
    clock = FakeClock()
    server = build_server(path, BERLIN, clock=clock)
    async with Listener(server, era) as listener:
        await listener.subscribe(REMINDERS)
        tasks = Tasks(listener.client, clock)
        await tasks.add("dentist", due="today at noon", remind="an hour before")
        clock.now += timedelta(hours=1)
        await tasks.add("marker")
        assert await listener.told() == REMINDERS
        await listener.subscribe("tasks://open")
        await tasks("complete_task", task="dentist")
        assert await listener.told() == "tasks://open"
        assert await reminded(listener.client) == []
        assert listener.untold == 0


async def test_one_that_was_told_by_a_process_that_died_before_it_could_be_marked_is_told_again(path: Path) -> None:
    earlier = FakeClock()
    earlier.now = datetime.now(BERLIN) - timedelta(hours=1)
    async with Client(build_server(path, BERLIN, clock=earlier)) as client:
        await Tasks(client, earlier).add("dentist", remind="in half an hour")
    command = (sys.executable, "-m", "mcp_servers.task_manager", "--database", str(path))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    assert process.stdin is not None
    assert process.stdout is not None
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # nobody else can write, and so mark what was told
        hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
        for message in (
            {"id": 1, "method": "initialize", "params": hello},
            {"method": "notifications/initialized"},
            {"id": 2, "method": "resources/subscribe", "params": {"uri": REMINDERS}},
        ):
            process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        async with asyncio.timeout(45):
            while b"notifications/resources/updated" not in await process.stdout.readline():
                pass
        process.kill()
        await process.wait()
    async with Listener(build_server(path, BERLIN), "legacy") as listener:
        await listener.subscribe(REMINDERS)
        assert await listener.told() == REMINDERS
        assert await reminded(listener.client) == ["dentist"]
