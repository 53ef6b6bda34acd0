"""Clients that others wrote use the Task Manager, over both transports: they create, list and complete."""

from __future__ import annotations

import contextlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from fastmcp import Client
from fastmcp.client.transports import StdioTransport, StreamableHttpTransport
from livekit.agents.llm import ToolContext
from livekit.agents.llm.mcp import MCPServerHTTP, MCPServerStdio, MCPToolset
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

from tests.support.program import environment, run
from tests.support.subscribers import Listener
from tests.support.task_service import serving

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

pytestmark = [
    pytest.mark.interop,
    pytest.mark.filterwarnings("ignore:resources/(un)?subscribe is removed:mcp.MCPDeprecationWarning"),
]

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
COMMAND = str(BIN / "task-manager-mcp")
TOOLS = {
    *("create_task", "list_tasks", "get_task", "complete_task", "reopen_task", "update_task", "delete_task"),
    *("clear_tasks", "upcoming_deadlines", "undo_last_change", "import_tasks", "export_tasks"),
}


@dataclass(frozen=True)
class Door:
    """How to reach a Task Manager: its URL, or None for a child process over stdio."""

    url: str | None
    env: dict[str, str]

    def transport(self) -> StdioTransport | StreamableHttpTransport:
        if self.url:
            return StreamableHttpTransport(self.url)
        return StdioTransport(COMMAND, [], env=self.env, keep_alive=False)


@pytest.fixture(params=["stdio", "http"])
def door(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Door]:
    env = environment(tmp_path)
    if request.param == "stdio":
        yield Door(None, env)
        return
    with serving(tmp_path) as service:
        yield Door(service.url, env)


@contextlib.asynccontextmanager
async def session_at(door: Door) -> AsyncGenerator[ClientSession]:
    streams = (
        streamable_http_client(door.url)
        if door.url
        else stdio_client(StdioServerParameters(command=COMMAND, args=[], env=door.env))
    )
    async with streams as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        yield session


async def test_the_session_of_the_python_sdk(door: Door) -> None:
    async with session_at(door) as session:
        assert {tool.name for tool in (await session.list_tools()).tools} == TOOLS
        await session.call_tool("create_task", {"title": "buy milk", "due": "tomorrow"})
        listed = await session.call_tool("list_tasks", {})
        assert listed.structured_content
        assert [task["title"] for task in listed.structured_content["tasks"]] == ["buy milk"]
        done = await session.call_tool("complete_task", {"task": "the milk"})
        assert done.structured_content
        assert done.structured_content["task"]["status"] == "done"


@pytest.mark.parametrize("era", ["auto", "legacy"])
async def test_the_client_of_fastmcp_in_each_era(door: Door, era: str) -> None:
    async def choose(_message: str, _type: Any, _params: Any, _context: Any) -> dict[str, str]:
        return {"task": "1"}

    async with Client(door.transport(), mode=cast("Any", era), elicitation_handler=choose) as client:
        for title in ("call the dentist", "pay the dentist"):
            await client.call_tool("create_task", {"title": title})
        done = await client.call_tool("complete_task", {"task": "dentist"})
        assert cast("Any", done.structured_content)["task"]["title"] == "call the dentist"
        listed = await client.call_tool("list_tasks", {})
        assert [task["title"] for task in cast("Any", listed.structured_content)["tasks"]] == ["pay the dentist"]


@pytest.mark.parametrize("era", ["auto", "legacy"])
async def test_one_client_learns_of_what_another_changes(door: Door, era: str) -> None:
    async with Listener(door.transport(), era) as listener, Client(door.transport()) as other:
        await listener.subscribe("tasks://open")
        await other.call_tool("create_task", {"title": "buy milk"})
        assert await listener.told() == "tasks://open"


async def test_the_toolset_of_livekit(door: Door) -> None:
    server = (
        MCPServerHTTP(door.url, client_session_timeout_seconds=30)
        if door.url
        else MCPServerStdio(COMMAND, [], env=door.env, client_session_timeout_seconds=30)
    )
    toolset = MCPToolset(id="tasks", mcp_server=server)
    await toolset.setup()
    try:
        tools = cast("dict[str, Any]", cast("Any", ToolContext(toolset.tools)).function_tools)
        assert set(tools) == TOOLS
        await tools["create_task"]({"title": "buy milk"})
        listed = await tools["list_tasks"]({})
        assert json.loads(listed)["text"] == "You have one open task: buy milk."
        done = await tools["complete_task"]({"task": "milk"})
        assert json.loads(done)["text"] == "Marked “buy milk” as done."
    finally:
        await toolset.aclose()


@pytest.mark.skipif(not (HERE / "node_modules").is_dir(), reason="npm packages are not installed; run: make test")
def test_the_client_of_the_typescript_sdk(door: Door, tmp_path: Path) -> None:
    done = run("node", str(HERE / "task_client.mjs"), door.url or COMMAND, home=tmp_path)
    assert done.status == 0, done.err
    found = json.loads(done.out)
    assert set(found["tools"]) == TOOLS
    assert found["asked"] == ["There are two: “pay the dentist”; and “call the dentist”, due tomorrow. Which one?"]
    assert found["told"] == "tasks://open"
    assert found["done"]["task"]["title"] == "call the dentist"
    assert [task["title"] for task in found["listed"]["tasks"]] == ["pay the dentist"]
    assert found["read"] == found["listed"]
    assert found["completion"]["values"] == ["pay the dentist"]
