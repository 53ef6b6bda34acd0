"""The program itself: a process on standard input and output, over a real file."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from fastmcp import Client
from fastmcp.client.transports import StdioTransport

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.contract, pytest.mark.timeout(90)]

PROGRAM = (sys.executable, "-m", "mcp_servers.task_manager")
PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n'
PATIENCE = 60.0
"""Seconds that a process may take on a busy machine."""


def connect(home: Path, *arguments: str, **environment: str) -> Client[StdioTransport]:
    """A client of a server of its own, in a home of its own."""
    env = {"HOME": str(home), "XDG_DATA_HOME": str(home / "data"), "TZ": "Europe/Berlin", **environment}
    log = home / f"stderr-{len(list(home.glob('stderr-*')))}"
    transport = StdioTransport(PROGRAM[0], [*PROGRAM[1:], *arguments], env=env, keep_alive=False, log_file=log)
    return Client(transport, timeout=PATIENCE)


def run(
    *arguments: str, environment: dict[str, str] | None = None, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*PROGRAM, *arguments],
        input=stdin,
        capture_output=True,
        timeout=PATIENCE,
        env={**os.environ, **(environment or {})},
        check=False,
    )


def titles(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT title FROM tasks ORDER BY id")]


def backups(folder: Path) -> list[Path]:
    return list(folder.glob("*.backup-*"))


async def text_of(client: Client[StdioTransport], tool: str, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments, raise_on_error=False)
    return result.content[0].text  # type: ignore[union-attr]


async def test_a_call_changes_the_default_file_and_standard_error_stays_empty(tmp_path: Path) -> None:
    async with connect(tmp_path) as client:
        await client.list_tools()
        assert (
            await text_of(client, "create_task", title="buy milk", due="tomorrow") == "Added “buy milk”, due tomorrow."
        )
        assert await text_of(client, "complete_task", task="bread") == "There is no task like “bread”."
    assert titles(tmp_path / "data" / "voice-agent" / "tasks.db") == ["buy milk"]
    assert (tmp_path / "stderr-0").read_text() == ""


async def test_the_variable_names_the_file_and_the_option_comes_before_it(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'variable.db'}"
    async with connect(tmp_path, TASK_MANAGER_DATABASE_URL=url) as client:
        await client.call_tool("create_task", {"title": "by variable"})
    option = str(tmp_path / "some" / "folder" / "option.db")
    async with connect(tmp_path, "--database", option, TASK_MANAGER_DATABASE_URL=url) as client:
        await client.call_tool("create_task", {"title": "by option"})
    assert titles(tmp_path / "variable.db") == ["by variable"]
    assert titles(tmp_path / "some" / "folder" / "option.db") == ["by option"]


async def test_two_processes_that_start_on_one_new_file_at_once_both_work(tmp_path: Path) -> None:
    path = tmp_path / "tasks.db"

    async def fill(name: str) -> None:
        async with connect(tmp_path, "--database", str(path)) as client:
            for number in range(10):
                await client.call_tool("create_task", {"title": f"{name} {number}"})

    await asyncio.gather(*(fill(name) for name in "abc"))
    assert sorted(titles(path)) == [f"{name} {number}" for name in "abc" for number in range(10)]
    assert backups(tmp_path) == []


async def test_one_process_sees_at_once_what_another_did(tmp_path: Path) -> None:
    path = str(tmp_path / "tasks.db")
    async with connect(tmp_path, "--database", path) as one, connect(tmp_path, "--database", path) as other:
        await one.call_tool("create_task", {"title": "buy milk"})
        assert await text_of(other, "complete_task", task="milk") == "Marked “buy milk” as done."
        assert await text_of(one, "list_tasks") == "You have no open tasks."


async def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "tasks.db"
    process = await asyncio.create_subprocess_exec(
        *PROGRAM,
        "--database",
        str(path),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdin
    assert process.stdout
    process.stdin.write(
        b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18",'
        b'"capabilities":{},"clientInfo":{"name":"test","version":"1"}}}\n'
    )
    await asyncio.wait_for(process.stdout.readline(), PATIENCE)
    process.stdin.write(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
    for number in range(2, 12):
        call = (
            '{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"create_task","arguments":{"title":"%d"}}}'
        )
        process.stdin.write((call % (number, number)).encode() + b"\n")
    acknowledged = [await asyncio.wait_for(process.stdout.readline(), PATIENCE) for _ in range(5)]
    process.kill()
    await process.wait()
    assert all(b"Added" in answer for answer in acknowledged)
    kept = titles(path)
    assert all(any(f"“{title}”" in answer.decode() for title in kept) for answer in acknowledged)
    async with connect(tmp_path, "--database", str(path)) as client:
        assert len((await client.call_tool("list_tasks", {})).data.tasks) == len(kept)


async def test_without_a_usable_folder_it_starts_lists_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "tasks.db"
    async with connect(tmp_path, "--database", str(path)) as client:
        assert {"create_task", "list_tasks"} <= {tool.name for tool in await client.list_tools()}
        for tool, arguments in (("create_task", {"title": "buy milk"}), ("list_tasks", {})):
            assert await text_of(client, tool, **arguments) == (
                f"The folder of the task file {path} cannot be used: a file is in its place. "
                "Make it writable, or name another file in TASK_MANAGER_DATABASE_URL "
                "(or with --database where you start task-manager-mcp yourself)."
            )
        (tmp_path / "file").unlink()
        assert await text_of(client, "create_task", title="buy milk") == "Added “buy milk”."
    assert (tmp_path / "stderr-0").read_text() == ""


@pytest.mark.parametrize(
    ("arguments", "environment", "offset"),
    [
        ((), {"TZ": "Asia/Kolkata"}, "+05:30"),
        (("--timezone", "America/St_Johns"), {"TZ": "Asia/Kolkata"}, "-03:30"),
    ],
)
async def test_times_are_in_the_zone_of_the_option_else_of_the_system(
    tmp_path: Path, arguments: tuple[str, ...], environment: dict[str, str], offset: str
) -> None:
    async with connect(tmp_path, *arguments, **environment) as client:
        made = await client.call_tool("create_task", {"title": "ring", "due": "2027-01-15 at 3 PM"})
    assert made.structured_content
    assert made.structured_content["task"]["due"] == f"2027-01-15T15:00:00{offset}"


@pytest.mark.parametrize(
    ("arguments", "environment", "sentence"),
    [
        (("--database", "mysql://host/db"), {}, "--database: give an SQLite file, such as tasks.db"),
        ((), {"TASK_MANAGER_DATABASE_URL": "mysql://h/db"}, "TASK_MANAGER_DATABASE_URL: give an SQLite file"),
        (("--database", "/"), {}, "--database: / is a folder."),
        (("--timezone", "Mars/Olympus"), {}, "--timezone: there is no time zone “Mars/Olympus”."),
        ((), {"TZ": "Mars/Olympus"}, "The system's time zone is not known. Set TZ or --timezone"),
        (("--nonsense",), {}, "unrecognized arguments: --nonsense"),
        (("nonsense",), {}, "argument stdio | http: invalid choice: 'nonsense'"),
        ((), {"TASK_MANAGER_TRANSPORT": "pigeon"}, "TASK_MANAGER_TRANSPORT: “pigeon” is neither stdio nor http."),
        (("--print-config", "notepad"), {}, "--print-config: no client is called “notepad”. There are: claude-code,"),
    ],
)
def test_wrong_usage_is_one_sentence_and_status_2(
    arguments: tuple[str, ...], environment: dict[str, str], sentence: str
) -> None:
    done = run(*arguments, environment=environment)
    assert done.returncode == 2
    assert sentence in done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert done.stdout == b""


def test_help_and_version_answer_on_standard_output() -> None:
    shown = run("--help")
    assert (shown.returncode, shown.stderr) == (0, b"")
    for word in (b"--database", b"--timezone", b"--version", b"--tokens", b"--print-config", b"stdio | http"):
        assert word in shown.stdout
    assert run("--version").stdout.startswith(b"task-manager-mcp 0.")


def test_the_end_of_standard_input_ends_it_quietly(tmp_path: Path) -> None:
    done = run(stdin=b"this is no JSON\n" + PING, environment={"XDG_DATA_HOME": str(tmp_path)})
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == b'{"jsonrpc":"2.0","id":1,"result":{}}\n'


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
async def test_a_signal_ends_it_quietly_though_standard_input_is_open(number: signal.Signals, status: int) -> None:
    process = await asyncio.create_subprocess_exec(*PROGRAM, stdin=-1, stdout=-1, stderr=-1)
    assert process.stdin
    assert process.stdout
    assert process.stderr
    process.stdin.write(PING)
    await asyncio.wait_for(process.stdout.readline(), PATIENCE)
    process.send_signal(number)
    assert await asyncio.wait_for(process.wait(), PATIENCE) == status
    assert await process.stderr.read() == b""
