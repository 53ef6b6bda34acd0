"""A client that subscribes learns at once of what others change, in both protocol eras."""

from __future__ import annotations

import asyncio
import contextlib
import time
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport
from mcp.shared.exceptions import MCPError
from mcp_types import PromptReference, ResourceTemplateReference

from mcp_servers.task_manager import subscriptions
from mcp_servers.task_manager.server import build
from mcp_servers.task_manager.watching import TASK_NAME
from tests.support.subscribers import WITHIN, Listener
from tests.support.task_manager import BERLIN, FakeClock, Tasks
from tests.support.task_service import ALICE, BOB, serving, write_tokens

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from fastmcp import FastMCP

pytestmark = [
    pytest.mark.contract,
    pytest.mark.filterwarnings("ignore:resources/(un)?subscribe is removed:mcp.MCPDeprecationWarning"),
]


@pytest.fixture(params=["auto", "legacy"])
def era(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tasks.db"


def server_of(path: Path, clock: Any = None) -> FastMCP[None]:
    return build(path, BERLIN, clock=clock or FakeClock()).mcp


class HeldClock:
    """A clock that stands at a moment, and runs from when it is let go."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._began: float | None = None

    def go(self) -> None:
        self._began = time.monotonic()

    def __call__(self) -> datetime:
        return self._start + timedelta(seconds=0 if self._began is None else time.monotonic() - self._began)


@asynccontextmanager
async def tasks_of(server: Any) -> AsyncGenerator[Tasks]:
    async with Client(server) as client:
        yield Tasks(client, FakeClock())


def watching() -> list[asyncio.Task[Any]]:
    return [task for task in asyncio.all_tasks() if task.get_name() == TASK_NAME]


async def test_a_change_by_another_session_is_told(path: Path, era: str) -> None:
    server = server_of(path)
    async with Listener(server, era) as listener, tasks_of(server) as other:
        await listener.subscribe("tasks://open")
        await other.add("buy milk")
        assert await listener.told() == "tasks://open"
        await other("complete_task", task="milk")
        assert await listener.told() == "tasks://open"
        assert listener.untold == 0


async def test_a_change_by_another_process_is_told(path: Path, era: str) -> None:
    async with Listener(server_of(path), era) as listener, tasks_of(server_of(path)) as other:
        await listener.subscribe("tasks://open")
        await other.add("buy milk")
        assert await listener.told() == "tasks://open"


async def test_only_what_reads_otherwise_has_changed(path: Path, era: str) -> None:
    server = server_of(path)
    async with Listener(server, era) as listener, tasks_of(server) as other:
        await other.add("buy milk", "call mom")
        for uri in ("tasks://today", "tasks://1", "tasks://call%20mom"):
            await listener.subscribe(uri)
        await other("update_task", task="1", due="today")
        assert sorted([await listener.told(), await listener.told()]) == ["tasks://1", "tasks://today"]
        await other("update_task", task="2", notes="about dinner")
        assert await listener.told() == "tasks://call%20mom"
        await other("delete_task", task="1")
        assert sorted([await listener.told(), await listener.told()]) == ["tasks://1", "tasks://today"]
        await other.add("read a book")
        await other("complete_task", task="mom")
        assert await listener.told() == "tasks://call%20mom"
        assert listener.untold == 0


async def test_whoever_unsubscribes_is_told_no_more(path: Path, era: str) -> None:
    server = server_of(path)
    async with Listener(server, era) as listener, tasks_of(server) as other:
        await listener.subscribe("tasks://open")
        await listener.subscribe("tasks://today")
        await listener.unsubscribe("tasks://open")
        await other.add("buy milk", due="today")
        assert await listener.told() == "tasks://today"
        assert listener.untold == 0


async def test_nothing_is_watched_once_the_session_has_ended(path: Path, era: str) -> None:
    server = server_of(path)
    async with Client(server):  # so that the server goes on
        async with Listener(server, era) as listener:
            await listener.subscribe("tasks://open")
            assert len(watching()) == 1
        async with asyncio.timeout(WITHIN):
            await asyncio.gather(*watching(), return_exceptions=True)
        assert watching() == []


async def test_tasks_of_today_change_at_midnight(path: Path, era: str) -> None:
    async with tasks_of(server_of(path)) as other:
        await other.add("tomorrow's", due="tomorrow")
    late = HeldClock(datetime(2026, 11, 21, 23, 59, 59, tzinfo=BERLIN))
    async with Listener(server_of(path, late), era) as listener:
        await listener.subscribe("tasks://today")
        await listener.subscribe("tasks://open")
        late.go()
        assert await listener.told() == "tasks://today"
        assert (late() + timedelta(milliseconds=5)).date() == datetime(2026, 11, 22, tzinfo=BERLIN).date()
        assert listener.untold == 0


async def test_what_is_not_there_cannot_be_subscribed_to(path: Path) -> None:
    async with Listener(server_of(path), "legacy") as listener:
        for uri in ("tasks://7", "tasks://milk", "tasks://", "file:///etc/passwd"):
            with pytest.raises(MCPError) as caught:
                await listener.subscribe(uri)
            assert (caught.value.code, caught.value.data) == (-32602, {"uri": uri})


async def test_a_stream_says_what_it_leaves_out(path: Path) -> None:
    async with Listener(server_of(path), "auto") as listener:
        await listener.subscribe("tasks://7")
        assert not listener.stream.honored.resource_subscriptions
        await listener.subscribe("tasks://open")
        assert listener.stream.honored.resource_subscriptions == ["tasks://open"]


async def test_a_person_has_a_number_of_subscriptions(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "MOST_OF_ONE", 2)
    async with Listener(server_of(path), "legacy") as listener:
        await listener.subscribe("tasks://open")
        await listener.subscribe("tasks://open")
        await listener.subscribe("tasks://today")
        with pytest.raises(MCPError, match="There are 2 subscriptions already"):
            await listener.subscribe("tasks://reminders")
        await listener.unsubscribe("tasks://today")
        await listener.subscribe("tasks://reminders")


async def test_both_eras_say_that_they_can_be_subscribed_to(path: Path, era: str) -> None:
    async with Listener(server_of(path), era) as listener:
        capabilities = listener.client.server_capabilities
        assert capabilities
        assert capabilities.resources
        assert capabilities.resources.subscribe


async def test_nobody_learns_of_the_tasks_of_another_person(tmp_path: Path, era: str) -> None:
    with serving(tmp_path, "--tokens", str(write_tokens(tmp_path))) as service:
        alice, bob = (StreamableHttpTransport(service.url, auth=token) for token in (ALICE, BOB))
        async with Listener(alice, era) as hers, Listener(bob, era) as his, Client(alice) as she, Client(bob) as he:
            for title in ("hers", "secret"):
                await she.call_tool("create_task", {"title": title, "tags": ["private"]})
            for listener in (hers, his):
                await listener.subscribe("tasks://open")
            with contextlib.suppress(MCPError):  # refused in one era, left out in the other
                await his.subscribe("tasks://1")
            with pytest.raises(MCPError):
                await he.read_resource("tasks://1")
            await she.call_tool("update_task", {"task": "1", "title": "hers still"})
            assert await hers.told() == "tasks://open"
            assert his.untold == 0
            await he.call_tool("create_task", {"title": "his"})
            assert await his.told() == "tasks://open"
            assert (his.untold, hers.untold) == (0, 0)
            tag = PromptReference(type="ref/prompt", name="daily_review")
            assert (await he.complete(tag, {"name": "tag", "value": "p"})).values == []
            task = ResourceTemplateReference(type="ref/resource", uri="tasks://{id}")
            assert (await he.complete(task, {"name": "id", "value": "s"})).values == []
