"""Every command and every sample of the README does what it says."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.program import PATIENCE, environment, run

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def samples(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


COMMANDS = [line for block in samples("sh") for line in block.splitlines()]


def without_uvx(text: str) -> str:
    """Return a sample with the server that this environment already has, in place of one that uvx would fetch."""
    return text.replace(
        '"command": "uvx",\n      "args": ["mcp-server-time"],', '"command": "mcp-server-time",'
    ).replace("uvx mcp-server-time", "mcp-server-time")


def test_the_readme_is_short_and_begins_with_its_first_command() -> None:
    lines = README.splitlines()
    assert len(lines) < 150
    assert lines.index("make talk") < 15


@pytest.mark.parametrize("command", [line for line in COMMANDS if line.startswith(("voice-agent", "task-manager-mcp"))])
def test_a_command_of_the_readme_works(tmp_path: Path, command: str) -> None:
    (tmp_path / "mcp.json").write_text(without_uvx(samples("json")[0]))
    (tmp_path / "voice-agent.toml").write_text(samples("toml")[0])
    done = run(*shlex.split(without_uvx(command)), home=tmp_path, stdin="that's all, thanks\n")
    assert "Traceback" not in done.err
    assert done.out
    if command != "voice-agent doctor":  # it finds the missing microphone
        assert done.status == 0, done.err


def test_make_talk_holds_a_conversation(tmp_path: Path) -> None:
    assert "make talk" in COMMANDS
    done = subprocess.run(
        ["make", "-s", "talk", "ARGS=--profile offline"],
        input=b"add buy milk for tomorrow\nthat's all, thanks\n",
        capture_output=True,
        timeout=PATIENCE,
        check=False,
        env=environment(tmp_path),
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert "Added “buy milk”, due tomorrow." in done.stdout.decode()


def test_the_commands_that_install_name_extras_that_exist() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    [install] = [line for line in COMMANDS if line.startswith("pip")]
    assert install == "pip install 'voice-agent[all]'"
    assert "all" in extras


def test_every_command_of_the_readme_is_run_by_a_test() -> None:
    known = ("make talk", "make up", "voice-agent ", "task-manager-mcp", "pip install ")
    assert all(line.startswith(known) for line in COMMANDS), COMMANDS
    assert all(target in (ROOT / "Makefile").read_text("utf-8") for target in ("test:", "check:", "talk:"))


@pytest.mark.parametrize("sample", samples("json"))
def test_a_config_sample_of_the_readme_attaches_its_server(tmp_path: Path, sample: str) -> None:
    config = tmp_path / "pasted.json"
    config.write_text(without_uvx(sample))
    done = run("voice-agent", "servers", "--config", str(config), "--json", home=tmp_path)
    assert done.status == 0, done.err
    servers = {server["name"]: server for server in json.loads(done.out)}
    for name in json.loads(sample)["mcpServers"]:
        assert servers[name]["state"] == "ready"
        assert servers[name]["tools"] > 0


def test_the_settings_sample_of_the_readme_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / "voice-agent.toml").write_text(samples("toml")[0])
    done = run("voice-agent", "config", "show", home=tmp_path)
    assert (done.status, done.err) == (0, "")
    assert all(word in done.out for word in ("offline", "Europe/Berlin", "1.1"))


def test_the_python_sample_of_the_readme_runs(tmp_path: Path) -> None:
    (tmp_path / "mcp.json").write_text(without_uvx(samples("json")[0]))
    [code] = samples("python")
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import asyncio\nasync def main():\n    {code.replace(chr(10), chr(10) + '    ')}\nasyncio.run(main())",
        ],
        capture_output=True,
        timeout=PATIENCE,
        check=False,
        env=environment(tmp_path),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr.decode()


def test_the_readme_names_every_voice_key_and_profile() -> None:
    from dataclasses import fields

    from voice_agent.config.types import VoiceOptions

    keys = {field.name for field in fields(VoiceOptions)} - {"scope"}
    assert all(f"`{key}`" in README for key in keys)
    profiles = {path.stem for path in (ROOT / "voice_agent/config/profiles").glob("*.toml")}
    assert all(f"`{profile}`" in README for profile in profiles)
