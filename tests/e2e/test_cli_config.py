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
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "VOICE_AGENT_HOME": str(folder / "home"), **environ}
    return subprocess.run(
        [PROGRAM, "config", *args], cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False
    )


def test_show_prints_values_with_origin_servers_masked_and_mistakes_last(tmp_path: Path) -> None:
    (tmp_path / "voice-agent.toml").write_text('profile = "offline"\nlangage = "de"\n')
    (tmp_path / "mcp.json").write_text(
        '{"mcpServers": {\n "m": {"command": "npx", "args": ["--api-key", "SENTINEL"], "env": {"K": "SENTINEL"}},\n'
        ' "u": {"url": "https://me:SENTINEL@h.example/mcp"},\n "b": {"command": "${NOPE}"},\n'
        ' "off": {"command": "x", "disabled": true}}}'
    )

    done = run(tmp_path, "show", OPENAI_API_KEY="SENTINEL")

    assert (done.returncode, done.stderr) == (0, "")
    assert "SENTINEL" not in done.stdout
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "profile offline voice-agent.toml:1" in lines
    assert "openai_api_key ••• OPENAI_API_KEY" in lines
    assert "m (mcp.json:2)" in lines
    assert "command npx --api-key •••" in lines
    assert "url https://•••@h.example/mcp" in lines
    assert "Switched off: off" in lines
    problems = lines[lines.index("Problems") :]
    assert problems[1].startswith("voice-agent.toml:2: There is no setting “langage”")
    assert problems[2] == "Did you mean “language”?"
    assert problems[3].startswith("mcp.json:4: “b” is left out: The variable NOPE is not set.")
    assert len(problems) == 5


def test_show_json_is_one_object_with_the_same(tmp_path: Path) -> None:
    (tmp_path / "my.json").write_text('{"mcpServers": {"m": {"command": "c", "env": {"K": "SENTINEL"}}, "b": 5}}')

    done = run(tmp_path, "show", "--config", "my.json", "--server", "uvx mcp-server-time", "--json")

    assert done.returncode == 0
    assert "SENTINEL" not in done.stdout
    shown = json.loads(done.stdout)
    assert shown["settings"]["profile"] == {"value": "auto", "origin": "default"}
    assert [(server["name"], server["origin"]) for server in shown["servers"]] == [
        ("tasks", "built in"),
        ("m", "my.json:1"),
        ("time", "--server"),
    ]
    assert shown["servers"][1]["env"] == {"K": "•••"}
    assert [problem["server"] for problem in shown["problems"]] == ["b"]
    assert shown["mcp_file"].endswith("my.json")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("gone.json", None, "gone.json: This file does not exist."),
        ("bad.json", "{\n  'a': 1}", "bad.json:2:3: This is not valid JSON"),
        ("bad.toml", "a = b", "bad.toml:1:5: This is not valid TOML"),
        ("empty.json", "", "empty.json: This file is empty."),
    ],
)
def test_a_named_file_that_is_broken_is_one_line_and_status_2(
    tmp_path: Path, name: str, text: str | None, said: str
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)

    done = run(tmp_path, "show", "--config", name)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == 1


def test_what_stands_in_a_file_cannot_steer_the_terminal(tmp_path: Path) -> None:
    entry = {"command": "c\x1b[2J", "args": ["\x1b]0;title\x07"], "voice": {"say": "a\x1b[31m", "b\x1b[1m": 1}}
    (tmp_path / "mcp.json").write_text(json.dumps({"mcpServers": {"x\x1b[1m": entry}}))

    done = run(tmp_path, "show")

    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert "\x07" not in done.stdout


def test_path_says_which_files_are_read(tmp_path: Path) -> None:
    (tmp_path / ".mcp.json").write_text("{}")

    done = run(tmp_path, "path")

    assert done.stdout.split() == [
        "servers",
        str(tmp_path / ".mcp.json"),
        "settings",
        "–",  # noqa: RUF001 - a dash, as in a table
        "home",
        str(tmp_path / "home"),
    ]


def test_wrong_usage_is_status_2(tmp_path: Path) -> None:
    assert run(tmp_path).returncode == 2
    assert run(tmp_path, "show", "--server", "npx 'x").returncode == 2
