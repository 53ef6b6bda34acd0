from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

PROGRAM = Path(sys.executable).parent / "voice-agent"


def run(folder: Path, *args: str, **environ: str) -> subprocess.CompletedProcess[str]:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "VOICE_AGENT_HOME": str(folder / "home"),
        "TASK_MANAGER_DATABASE_URL": str(folder / "tasks.db"),
        **environ,
    }
    return subprocess.run(
        [PROGRAM, "doctor", *args], cwd=folder, env=env, capture_output=True, text=True, timeout=100, check=False
    )


def test_a_healthy_machine_is_told_so_with_status_0(tmp_path: Path) -> None:
    done = run(tmp_path, VOICE_AGENT_TIME_ZONE="Europe/Berlin")

    assert (done.returncode, done.stderr) == (0, "")
    assert "“tasks” answers and has " in done.stdout
    assert "PROBLEM" not in done.stdout
    assert "Europe/Berlin" in done.stdout


def test_json_tells_each_check_with_its_remedy_and_status_1(tmp_path: Path) -> None:
    time_server = Path(sys.executable).parent / "mcp-server-time"
    (tmp_path / "mcp.json").write_text(
        json.dumps(
            {
                "mcpServers": {
                    "time": {"command": str(time_server)},
                    "missing": {"command": "no-such-program-here", "env": {"K": "SENTINEL"}},
                    "refused": {"url": "http://me:SENTINEL@127.0.0.1:9/mcp"},
                    "unset": {"command": "c", "env": {"K": "${NOPE}"}},
                    "off": {"command": "c", "disabled": True},
                }
            }
        )
    )

    done = run(tmp_path, "--json")

    assert (done.returncode, done.stderr) == (1, "")
    assert "SENTINEL" not in done.stdout
    report = json.loads(done.stdout)
    assert report["ok"] is False
    assert {tuple(sorted(check)) for check in report["checks"]} == {("name", "remedy", "status", "text")}
    by_name = {check["name"]: check for check in report["checks"]}
    assert {"python", "extra voice", "extra offline", "audio", "profile", "keys", "home", "disk", "clock"} <= set(
        by_name
    )
    statuses = {name: by_name[f"server {name}"]["status"] for name in ("tasks", "time", "missing", "refused", "off")}
    assert statuses == {"tasks": "ok", "time": "ok", "missing": "problem", "refused": "problem", "off": "ok"}
    assert by_name["config"]["text"].startswith("mcp.json:1: “unset” is left out: The variable NOPE is not set.")
    assert all(check["remedy"] for check in report["checks"] if check["status"] != "ok")


def test_where_several_people_can_log_in_it_says_which_servers_are_kept_from_them_and_why(tmp_path: Path) -> None:
    time_server = {"command": str(Path(sys.executable).parent / "mcp-server-time")}
    entries = {"tasks": {"disabled": True}, "time": time_server, "clock": {**time_server, "voice": {"scope": "shared"}}}
    (tmp_path / "mcp.json").write_text(json.dumps({"mcpServers": entries}))

    alone = run(tmp_path, VOICE_AGENT_TIME_ZONE="Europe/Berlin")
    together = run(tmp_path, VOICE_AGENT_TIME_ZONE="Europe/Berlin", VOICE_AGENT_WEB__SUBJECT_HEADER="X-User")

    assert "is yours alone" not in alone.stdout
    assert "“time” is yours alone: it is started as a command and holds one person's data." in together.stdout
    assert "write “scope”: “shared” under “voice” in mcp.json" in together.stdout
    assert "“clock” is yours alone" not in together.stdout


def test_a_config_that_cannot_be_read_is_a_problem_among_the_others(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{")

    done = run(tmp_path, "--config", "bad.json", "--json")

    assert done.returncode == 1
    problems = [check for check in json.loads(done.stdout)["checks"] if check["status"] == "problem"]
    assert [problem["name"] for problem in problems] == ["config"]
    assert problems[0]["text"].startswith("bad.json:1:2: ")


def test_a_home_that_cannot_be_written_to_is_a_problem_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    done = run(tmp_path, VOICE_AGENT_HOME=str(tmp_path / "file" / "home"))

    assert done.returncode == 1
    assert "PROBLEM  Nothing can be written to" in done.stdout
    assert "VOICE_AGENT_HOME" in done.stdout
