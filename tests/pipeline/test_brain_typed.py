"""The offline brain in typed conversations over real servers: ours in this process, two of others as processes."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from fastmcp.client.transports import StdioTransport

from mcp_servers.task_manager.server import build_server
from tests.support.typed import TypedConversation

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.pipeline


async def test_a_day_of_tasks_by_typing(tmp_path: Path) -> None:
    server = build_server(tmp_path / "tasks.db", ZoneInfo("Europe/Berlin"))
    async with TypedConversation({"tasks": server}) as talk:
        assert (await talk.say("Add buy milk for tomorrow")).text == "Added “buy milk”, due tomorrow."
        assert (await talk.say("and eggs too")).text == "Added “eggs”."
        assert (await talk.say("remind me")).text == "What should I remind you of?"
        assert (await talk.say("to call the dentist")).text == "Added “call the dentist”."
        moved = await talk.say("move the dentist to Friday at three")
        assert moved.calls == [("tasks_update_task", {"task": "dentist", "due": "Friday at three"})]
        assert moved.text.startswith("“call the dentist” is due ")
        assert moved.text.endswith(" at 3 PM.")
        assert "milk" in (await talk.say("I've bought the milk")).text
        assert (await talk.say("how many tasks do I have")).text == "You have two open tasks."
        assert (await talk.say("is vacuuming on my list?")).text == "No, vacuuming isn't on your list."
        assert (await talk.say("delete all finished tasks")).text == "Deleted one finished task."
        assert "eggs" in (await talk.say("what's on my list?")).text
        assert (await talk.say("mark both as done")).text.count("“") == 2
        assert (await talk.say("what's on my list?")).text == "You have no open tasks."


async def test_the_clock_of_any_place(tmp_path: Path) -> None:
    transport = StdioTransport(sys.executable, ["-m", "mcp_server_time"], keep_alive=False)
    tasks = build_server(tmp_path / "tasks.db", ZoneInfo("Europe/Berlin"))
    async with TypedConversation({"tasks": tasks, "time": transport}) as talk:
        tokyo = await talk.say("what time is it in Tokyo")
        assert tokyo.calls == [("time_get_current_time", {"timezone": "Asia/Tokyo"})]
        assert tokyo.text.startswith("It's ")
        assert tokyo.text.endswith("in Tokyo.")
        converted = await talk.say("convert 3 pm New York time to Tokyo")
        assert converted.calls[0][1] == {
            "source_timezone": "America/New_York",
            "time": "15:00",
            "target_timezone": "Asia/Tokyo",
        }


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    names = {f"GIT_{role}_{part}": "a@example.org" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    for number in range(3):
        (tmp_path / f"{number}.txt").write_text("x")
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-qm", f"Change {number}"], check=True, env={**os.environ, **names})
    return tmp_path


async def test_a_repository_is_named_once(repository: Path) -> None:
    transport = StdioTransport(sys.executable, ["-m", "mcp_server_git"], keep_alive=False)
    async with TypedConversation({"git": transport}) as talk:
        assert (await talk.say("show the last 2 commits")).text == "What is the repo path?"
        log = await talk.say(str(repository))
        assert log.calls == [("git_git_log", {"repo_path": str(repository), "max_count": 2})]
        assert log.text == "Commit history: Change 2 and Change 1."
        assert "nothing to commit" in (await talk.say("git status")).text
