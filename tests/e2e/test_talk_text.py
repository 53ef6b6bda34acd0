"""`voice-agent talk --text` as its user runs it: words in, a task store changed, words out."""

from __future__ import annotations

import json
import signal
import subprocess
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from tests.support.program import BIN, PATIENCE, environment, listed, run, talk, tasks

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e


def test_a_conversation_about_tasks_changes_the_real_store(tmp_path: Path) -> None:
    done = talk(
        tmp_path,
        [
            "Add buy milk for tomorrow",
            "add call the dentist",
            "what's on my list?",
            "I've bought the milk",
            "move the dentist to Friday at three",
            "delete all finished tasks",
            "yes",
            "that's all, thanks",
            "never read",
        ],
    )
    assert done.status == 0, done.err
    assert [line["tool"] for line in done.of("tool_call")] == [
        "create_task",
        "create_task",
        "list_tasks",
        "complete_task",
        "update_task",
        "clear_tasks",
    ]
    assert all(line["status"] == "ok" for line in done.of("tool_result"))
    [confirm] = done.of("confirm")
    assert confirm["tool"] == "clear_tasks"
    assert done.lines[-1]["event"] == "end"
    assert done.lines[-1]["reason"] == "goodbye"
    [dentist] = listed(tmp_path)
    assert dentist["title"] == "call the dentist"
    due = datetime.fromisoformat(dentist["due"])
    assert (due.strftime("%A %H:%M"), due.utcoffset()) == ("Friday 15:00", ZoneInfo("Europe/Berlin").utcoffset(due))


def test_a_task_added_in_one_conversation_is_there_in_the_next_and_for_a_text_client(tmp_path: Path) -> None:
    assert talk(tmp_path, ["add water the plants for tomorrow"]).status == 0
    [task] = listed(tmp_path)
    tomorrow = datetime.now(ZoneInfo("Europe/Berlin")).date() + timedelta(days=1)
    assert (task["title"], task["due"]) == ("water the plants", tomorrow.isoformat())
    assert "water the plants" in talk(tmp_path, ["what's on my list?"]).said


def test_standard_output_holds_json_lines_only_and_standard_error_no_traceback(tmp_path: Path) -> None:
    done = talk(tmp_path, ["hello", "what can you do?"])
    assert all(json.loads(line) for line in done.out.splitlines())
    assert "Traceback" not in done.err
    assert done.lines[0]["event"] == "ready"
    assert done.lines[0]["servers"][0]["name"] == "tasks"


def test_without_a_microphone_it_says_why_and_takes_typing(tmp_path: Path) -> None:
    done = run("voice-agent", "talk", "--profile", "offline", home=tmp_path, stdin="add buy stamps\n")
    assert done.status == 0, done.err
    assert "Type: " in done.out
    assert "Added “buy stamps”." in done.out
    assert [task["title"] for task in tasks(tmp_path)] == ["buy stamps"]


def test_a_server_is_attached_by_a_command_alone(tmp_path: Path) -> None:
    done = talk(tmp_path, ["what time is it in Tokyo?"], "--server", "mcp-server-time")
    assert [(line["server"], line["tool"]) for line in done.of("tool_call")] == [("time", "get_current_time")]
    assert done.of("tool_call")[0]["arguments"]["timezone"] == "Asia/Tokyo"
    assert done.of("tool_result")[0]["status"] == "ok"


def test_a_line_that_is_too_long_is_reported_and_the_others_are_answered(tmp_path: Path) -> None:
    done = run(
        "voice-agent", "talk", "--text", "--json", "--profile", "offline",
        home=tmp_path, stdin=b"x" * 10_000_000 + b"\nadd buy stamps\n",
    )  # fmt: skip
    assert done.status == 1
    [error] = done.of("error")
    assert (error["code"], "10,000,000" in error["text"]) == ("line_too_long", True)
    assert [task["title"] for task in tasks(tmp_path)] == ["buy stamps"]


def test_bytes_that_are_no_text_do_no_harm(tmp_path: Path) -> None:
    done = run(
        "voice-agent", "talk", "--text", "--json", "--profile", "offline",
        home=tmp_path, stdin=b"\xff\xfe\x00\n\nadd buy stamps",
    )  # fmt: skip
    assert done.status == 0
    assert [task["title"] for task in tasks(tmp_path)] == ["buy stamps"]


@pytest.mark.parametrize("moment", ["at once", "in conversation"])
def test_ctrl_c_ends_it_cleanly(tmp_path: Path, moment: str) -> None:
    command = [str(BIN / "voice-agent"), "talk", "--text", "--json", "--profile", "offline"]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(tmp_path),
        cwd=tmp_path,
    )
    assert process.stdout is not None
    if moment == "in conversation":
        assert b'"ready"' in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert b"Traceback" not in err
    if moment == "in conversation":
        assert process.returncode == 0
        assert json.loads(out.splitlines()[-1])["reason"] == "interrupted"
