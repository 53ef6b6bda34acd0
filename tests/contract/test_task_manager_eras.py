"""The tools as clients of both protocol eras see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import jsonschema
import pytest
from fastmcp import Client

from mcp_servers.task_manager.server import build_server
from tests.support.task_manager import BERLIN, FakeClock, Tasks

if TYPE_CHECKING:
    from pathlib import Path

    from fastmcp import FastMCP

pytestmark = pytest.mark.contract


@pytest.fixture(params=["auto", "legacy"])
def era(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def server(tmp_path: Path, clock: FakeClock) -> FastMCP[None]:
    return build_server(tmp_path / "data" / "tasks.db", BERLIN, clock=clock)


async def test_each_era_creates_lists_changes_completes_reopens_and_deletes(
    server: FastMCP[None], clock: FakeClock, era: str
) -> None:
    async with Client(server, mode=cast("Any", era)) as client:
        assert client.protocol_version == {"auto": "2026-07-28", "legacy": "2025-11-25"}[era]
        tasks = Tasks(client, clock)
        created = await tasks(
            "create_task", title="buy milk", due="tomorrow", notes="oat", priority="high", tags=["home"]
        )
        assert created == {
            "task": {
                "id": "1",
                "title": "buy milk",
                "status": "open",
                "due": "2026-11-22",
                "notes": "oat",
                "priority": "high",
                "tags": ["home"],
                "repeat": None,
                "created": "2026-11-21T10:00:00+01:00",
                "completed": None,
            }
        }
        assert tasks.said == "Added “buy milk”, due tomorrow."
        assert await tasks("list_tasks") == {"tasks": [created["task"]], "total": 1, "next_cursor": None}
        assert tasks.said == "You have one open task: buy milk, due tomorrow."
        assert await tasks("get_task", task="milk") == created
        assert tasks.said == "“buy milk” is due tomorrow, of high priority and tagged home. Notes: oat"
        changed = await tasks("update_task", task="the milk", due="Friday at three")
        assert changed["task"] == created["task"] | {"due": "2026-11-27T15:00:00+01:00"}
        assert tasks.said == "“buy milk” is due Friday 27 November at 3 PM."
        done = await tasks("complete_task", task="bought the milk")
        assert done["task"] == changed["task"] | {"status": "done", "completed": "2026-11-21T10:00:00+01:00"}
        assert tasks.said == "Marked “buy milk” as done."
        assert (await tasks("reopen_task", task="1"))["task"] == changed["task"]
        assert tasks.said == "“buy milk” is open again."
        assert await tasks("delete_task", task="milk") == changed
        assert tasks.said == "Deleted “buy milk”."
        assert await tasks("clear_tasks", status="all") == {"deleted": 0}
        assert tasks.said == "There were no tasks to delete."


async def test_each_era_lists_the_tools_with_truthful_annotations(server: FastMCP[None], era: str) -> None:
    async with Client(server, mode=cast("Any", era)) as client:
        tools = {tool.name: tool for tool in await client.list_tools()}
    hints = {
        name: (a.read_only_hint, a.destructive_hint, a.idempotent_hint, a.open_world_hint)
        for name, tool in tools.items()
        if (a := tool.annotations)
    }
    assert hints == {
        "create_task": (False, False, False, False),
        "list_tasks": (True, False, True, False),
        "get_task": (True, False, True, False),
        "complete_task": (False, False, False, False),
        "reopen_task": (False, False, False, False),
        "update_task": (False, False, False, False),
        "delete_task": (False, True, False, False),
        "clear_tasks": (False, True, True, False),
        "upcoming_deadlines": (True, False, True, False),
        "undo_last_change": (False, False, False, False),
        "import_tasks": (False, False, False, False),
        "export_tasks": (True, False, True, False),
    }


async def test_every_tool_and_parameter_is_described_shortly_and_has_schemas(server: FastMCP[None]) -> None:
    async with Client(server) as client:
        tools = await client.list_tools()
    for tool in tools:
        assert tool.title
        assert len(tool.title.split()) <= 4
        assert tool.description
        assert len(tool.description) <= 160
        jsonschema.Draft202012Validator.check_schema(tool.input_schema)
        assert tool.output_schema
        jsonschema.Draft202012Validator.check_schema(tool.output_schema)
        for parameter in tool.input_schema["properties"].values():
            assert parameter["description"]
            assert "anyOf" not in parameter
            assert parameter.get("default", "") is not None
    required = {tool.name: tool.input_schema.get("required", []) for tool in tools}
    assert required == {
        "create_task": ["title"],
        "list_tasks": [],
        "get_task": ["task"],
        "complete_task": ["task"],
        "reopen_task": ["task"],
        "update_task": ["task"],
        "delete_task": ["task"],
        "clear_tasks": ["status"],
        "upcoming_deadlines": [],
        "undo_last_change": [],
        "import_tasks": ["format", "text"],
        "export_tasks": [],
    }
    writing = {tool.name for tool in tools if tool.annotations and not tool.annotations.read_only_hint}
    assert writing == {tool.name for tool in tools if "idempotency_key" in tool.input_schema["properties"]}
