"""What is wrong is said in one sentence with the right exit status, and what is right goes on."""

from __future__ import annotations

import json
import os
import socket
from typing import TYPE_CHECKING

import pytest

from tests.support.program import run, talk, tasks

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e


def test_a_config_file_that_is_not_json_is_refused_with_its_line(tmp_path: Path) -> None:
    config = tmp_path / "mine.json"
    config.write_text('{\n  "mcpServers": {\n    "a": {"command" "x"}\n  }\n}\n')
    done = talk(tmp_path, ["hello"], "--config", str(config))
    assert done.status == 2
    assert "mine.json:3" in done.err
    assert "Traceback" not in done.err


def test_a_config_file_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    done = talk(tmp_path, ["hello"], "--config", "nowhere.json")
    assert done.status == 2
    assert "nowhere.json" in done.err


def test_servers_that_cannot_start_are_one_sentence_each_and_the_others_work(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/mcp"
        config = tmp_path / "mcp.json"
        servers = {
            "gone": {"command": "no-such-command-anywhere"},
            "dead": {"url": url},
            "empty": {"args": ["x"]},
            "unset": {"command": "x", "env": {"KEY": "${SURELY_NOT_SET}"}},
        }
        config.write_text(json.dumps({"mcpServers": servers}))
        done = talk(tmp_path, ["add buy stamps"], "--config", str(config))
    assert done.status == 0
    told = [*done.lines[0]["servers"], *done.of("server")]
    reasons = {line["name"]: line["reason"] for line in told if line["reason"]}
    assert "no-such-command-anywhere" in reasons["gone"]
    assert reasons["dead"]
    assert "empty" in done.err
    assert "SURELY_NOT_SET" in done.err
    assert "SURELY_NOT_SET" in reasons["unset"]
    assert [task["title"] for task in tasks(tmp_path)] == ["buy stamps"]


def test_a_profile_without_its_keys_names_the_variable(tmp_path: Path) -> None:
    done = run("voice-agent", "talk", "--text", "--profile", "quality", home=tmp_path, stdin="hello\n")
    assert done.status == 2
    assert "OPENAI_API_KEY" in done.err


def test_an_unknown_profile_is_refused_with_the_names_there_are(tmp_path: Path) -> None:
    done = run("voice-agent", "talk", "--text", "--profile", "best", home=tmp_path, stdin="hello\n")
    assert done.status == 2
    assert all(name in done.err for name in ("offline", "quality", "budget", "auto"))


def test_a_file_that_is_no_recording_is_refused_before_anything_starts(tmp_path: Path) -> None:
    wav = tmp_path / "song.wav"
    wav.write_text("la la la")
    done = run("voice-agent", "talk", "--wav", str(wav), "--profile", "offline", home=tmp_path)
    assert done.status == 1
    assert "song.wav" in done.err
    assert done.out == ""
    told = run("voice-agent", "talk", "--wav", str(wav), "--profile", "offline", "--json", home=tmp_path)
    assert [line["event"] for line in told.lines] == ["error", "end"]


def test_wrong_usage_has_status_two(tmp_path: Path) -> None:
    assert run("voice-agent", "talk", "--nonsense", home=tmp_path).status == 2
    assert run("voice-agent", "talk", "--text", "--out", "x", home=tmp_path).status == 2
    assert run("voice-agent", "nonsense", home=tmp_path).status == 2


def test_an_unwritable_home_is_said_and_the_conversation_goes_on(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    env = {"XDG_DATA_HOME": str(blocked), "VOICE_AGENT_HOME": str(blocked / "home")}
    done = talk(tmp_path, ["add buy stamps", "hello"], env=env)
    assert done.status == 0
    [result] = done.of("tool_result")
    assert result["status"] == "error"
    assert "blocked" in result["text"]
    assert len(done.of("user")) == 2


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here to be a full disk")  # noqa: PTH110 - a device
def test_a_full_disk_is_said_and_no_task_is_lost(tmp_path: Path) -> None:
    talk(tmp_path, ["add buy stamps"])
    env = {"TASK_MANAGER_DATABASE_URL": "sqlite:////dev/full"}
    done = talk(tmp_path, ["add buy bread"], env=env)
    [result] = done.of("tool_result")
    assert result["status"] == "error"
    assert "Traceback" not in done.err
    assert [task["title"] for task in tasks(tmp_path)] == ["buy stamps"]


def test_the_help_is_there_for_every_command(tmp_path: Path) -> None:
    for command in ("talk", "servers", "tools", "config", "doctor"):
        done = run("voice-agent", command, "--help", home=tmp_path)
        assert (done.status, done.err) == (0, "")
