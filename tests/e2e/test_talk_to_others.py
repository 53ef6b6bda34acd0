"""Talking, typed and spoken, to servers that others wrote, by pasting the configuration of a text client."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.program import Done, run, talk
from tests.support.recordings import record

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.e2e

NPM = Path(__file__).parents[1] / "interop"
needs_npm = pytest.mark.skipif(not (NPM / "node_modules").is_dir(), reason="npm servers are not installed: make test")


def pasted(tmp_path: Path, config: dict[str, Any] | str, lines: Sequence[str]) -> Done:
    """Hold a typed conversation with a configuration pasted as it is, where `npx` finds the packages."""
    file = tmp_path / "pasted.json"
    file.write_text(config if isinstance(config, str) else json.dumps(config))
    command = ("voice-agent", "talk", "--text", "--json", "--profile", "offline", "--config", str(file))
    done = run(*command, home=tmp_path, stdin="".join(f"{line}\n" for line in lines), cwd=NPM)
    assert done.status == 0, done.err
    return done


def calls(done: Done) -> list[tuple[str, str]]:
    return [(line["server"], line["tool"]) for line in done.of("tool_call")]


def replies(done: Done) -> list[str]:
    return [line["text"] for line in done.of("agent") if line["kind"] == "reply"]


@needs_npm
def test_everything_pasted_from_claude_desktop(tmp_path: Path) -> None:
    server = {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-everything"]}
    done = pasted(tmp_path, {"mcpServers": {"everything": server}}, ["echo hello world", "what is the sum of 2 and 3?"])
    echo, total = done.of("tool_call")
    assert (echo["tool"], echo["arguments"]) == ("echo", {"message": "hello world"})
    assert total["arguments"] == {"a": 2, "b": 3}
    assert "hello world" in replies(done)[0]
    assert "5" in replies(done)[1]


@needs_npm
def test_memory_pasted_from_vs_code_keeps_what_it_is_told_after_a_yes(tmp_path: Path) -> None:
    config = """{
      // VS Code
      "servers": {
        "memory": {
          "type": "stdio",
          "command": "npx",
          "args": ["-y", "@modelcontextprotocol/server-memory"],
          "env": {"MEMORY_FILE_PATH": "${workspaceFolder}/memory.json"},
        },
      },
    }"""
    done = pasted(tmp_path, config, ["remember that Anna likes tea", "yes", "what do you know about Anna?"])
    [confirm] = done.of("confirm")
    assert confirm["server"] == "memory"
    assert "tea" in confirm["text"]
    assert "tea" in (tmp_path / "memory.json").read_text()
    assert "tea" in replies(done)[-1]


@needs_npm
def test_files_pasted_from_cursor_are_listed_and_read(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "shopping.txt").write_text("two lemons")
    server = {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem", "${workspaceFolder}/notes"]}
    lines = [f"list the files in {notes}", f"read the file {notes}/shopping.txt"]
    done = pasted(tmp_path, {"mcpServers": {"filesystem": server}}, lines)
    assert all(server == "filesystem" for server, _ in calls(done))
    assert "shopping" in replies(done)[0]
    assert "two lemons" in replies(done)[1]


def test_git_pasted_from_gemini_tells_the_state_of_a_repository(tmp_path: Path) -> None:
    repository = tmp_path / "project"
    for command in (
        ["init", "-q", "-b", "main", str(repository)],
        [
            "-C",
            str(repository),
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b.c",
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            "Begin",
        ],
    ):
        subprocess.run(["git", *command], check=True)
    config = {"mcpServers": {"git": {"command": "mcp-server-git", "timeout": 10_000, "trust": False}}}
    done = pasted(tmp_path, config, [f"what is the git status of {repository}?"])
    assert calls(done) == [("git", "git_status")]
    assert "main" in replies(done)[0]


def test_the_time_pasted_from_windsurf_is_told_by_voice(tmp_path: Path) -> None:
    file = tmp_path / "pasted.json"
    file.write_text(json.dumps({"mcpServers": {"time": {"command": "mcp-server-time", "disabled": False}}}))
    wav = str(record(tmp_path, "What time is it in Tokyo?"))
    command = ("voice-agent", "talk", "--wav", wav, "--json", "--profile", "offline", "--config", str(file))
    done = run(*command, home=tmp_path)
    assert calls(done) == [("time", "get_current_time")], done.out + done.err
    [call] = done.of("tool_call")
    assert (call["tool"], call["arguments"]["timezone"]) == ("get_current_time", "Asia/Tokyo")
    assert "Tokyo" in replies(done)[-1]


def test_answers_are_short(tmp_path: Path) -> None:
    done = talk(
        tmp_path,
        [
            "add buy milk for tomorrow",
            "add call the dentist on friday",
            "add water the plants",
            "what's on my list?",
            "what's due tomorrow?",
            "what can you do?",
            "what's the weather?",
            "hello",
            "I've bought the milk",
            "delete the plants",
            "no",
            "what did you just do?",
        ],
    )
    words = sorted(len(text.split()) for text in replies(done))
    assert words[len(words) // 2] <= 30
