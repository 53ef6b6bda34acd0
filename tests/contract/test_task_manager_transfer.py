"""Importing and exporting tasks through the tools."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import pytest
from fastmcp import Client
from mcp_types import EmbeddedResource, TextContent, TextResourceContents

from mcp_servers.task_manager.server import build_server
from tests.support.task_manager import BERLIN, FakeClock, Tasks

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

pytestmark = pytest.mark.contract


@pytest.fixture(params=["auto", "legacy"])
def era(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def tasks(tmp_path: Path, era: str) -> AsyncGenerator[Tasks]:
    clock = FakeClock()
    async with Client(build_server(tmp_path / "tasks.db", BERLIN, clock=clock), mode=cast("Any", era)) as client:
        yield Tasks(client, clock)


async def export(tasks: Tasks, **arguments: str) -> dict[str, Any]:
    result = await tasks.client.call_tool("export_tasks", arguments)
    said, file = result.content
    assert isinstance(said, TextContent)
    assert isinstance(file, EmbeddedResource)
    assert isinstance(file.resource, TextResourceContents)
    content = cast("dict[str, Any]", result.structured_content)
    assert file.resource.text == content["text"]
    tasks.said = said.text
    return content


async def some_tasks(tasks: Tasks) -> None:
    await tasks.add("buy milk", due="Friday at three", notes="oat,\n“barista”", tags=["home", "a, b"], priority="high")
    await tasks.add("=water the plants", due="Monday", repeat="every week", remind="an hour before")
    await tasks.add("call mom")
    await tasks("complete_task", task="mom")


@pytest.mark.parametrize("kind", ["json", "csv"])
async def test_what_is_exported_and_imported_again_is_the_same(tasks: Tasks, kind: str) -> None:
    await some_tasks(tasks)
    before = await tasks("list_tasks", status="all")
    file = await export(tasks, format=kind)
    assert tasks.said == f"Exported three tasks as {kind.upper()}."
    assert (file["count"], file["next_cursor"]) == (3, None)
    await tasks("clear_tasks", status="all")
    assert await tasks("import_tasks", format=kind, text=file["text"]) == {"imported": 3}
    assert tasks.said == "Imported three tasks."
    after = await tasks("list_tasks", status="all")
    assert [task | {"id": ""} for task in after["tasks"]] == [task | {"id": ""} for task in before["tasks"]]
    assert (await export(tasks, format=kind))["text"] == file["text"]


async def test_todo_txt_goes_out_and_in(tasks: Tasks) -> None:
    await some_tasks(tasks)
    file = await export(tasks, format="todo.txt", status="open")
    assert file["text"].splitlines()[1] == "(A) 2026-11-21 buy milk @home @a,-b due:2026-11-27T15:00:00+01:00"
    await tasks("import_tasks", format="todo.txt", text="(A) pay rent @home due:2026-12-01")
    assert await tasks.titles(tag="home") == ["buy milk", "pay rent"]


async def test_a_bad_line_is_named_and_nothing_is_imported(tasks: Tasks) -> None:
    said = await tasks.refusal(
        "import_tasks", format="csv", text="title,due\nbuy milk,Friday\ncall mom,the right time\n"
    )
    assert said.startswith("Nothing was imported. Line 3: I don't understand “the right time” as a time.")
    assert await tasks.titles() == []


async def test_an_import_repeated_with_its_key_is_made_once_and_can_be_undone_at_once(tasks: Tasks) -> None:
    text = "title\n" + "".join(f"task number {number}\n" for number in range(30))
    for _ in range(2):
        assert await tasks("import_tasks", format="csv", text=text, idempotency_key="k") == {"imported": 30}
    assert (await tasks("list_tasks"))["total"] == 30
    await tasks("undo_last_change")
    assert tasks.said == "Took back the import of 30 tasks."
    assert (await tasks("list_tasks"))["total"] == 0


async def test_an_import_tells_how_far_it_is(tasks: Tasks) -> None:
    told: list[tuple[float, float | None, str | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    text = "title\n" + "".join(f"task number {number}\n" for number in range(1200))
    await tasks.client.call_tool("import_tasks", {"format": "csv", "text": text}, progress_handler=note)
    assert told[-1] == (1200, 1200, "1200 of 1200 tasks")
    assert [done for done, _, _ in told] == sorted({done for done, _, _ in told})


async def test_a_long_list_is_exported_in_files_that_are_each_whole(tasks: Tasks) -> None:
    rows = [{"title": f"task {number}", "notes": "ä" * 4_000} for number in range(120)]
    await tasks("import_tasks", format="json", text=json.dumps(rows, ensure_ascii=False))
    found: list[str] = []
    cursor: dict[str, str] = {}
    files = 0
    while True:
        file = await export(tasks, format="json", **cursor)
        assert len(file["text"].encode()) <= 300_000
        found += [task["title"] for task in json.loads(file["text"])["tasks"]]
        files += 1
        if file["next_cursor"] is None:
            break
        assert tasks.said.endswith(" There are more: go on with next_cursor.")
        cursor = {"cursor": file["next_cursor"]}
    assert files > 2
    assert sorted(found) == sorted(row["title"] for row in rows)


async def test_an_empty_list_is_exported_as_such(tasks: Tasks) -> None:
    assert json.loads((await export(tasks))["text"]) == {"tasks": []}
    assert tasks.said == "There are no tasks to export."
