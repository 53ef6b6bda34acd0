"""Editing `mcp.json` while somebody talks."""

from __future__ import annotations

import json
import subprocess
import threading
from queue import Queue
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.bridges import raw_entry
from tests.support.program import BIN, PATIENCE, environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.e2e


class Talking:
    """A conversation in a process of its own, and its lines as they come."""

    def __init__(self, home: Path, config: Path) -> None:
        command = ["talk", "--text", "--json", "--profile", "offline", "--config", str(config)]
        self.process = subprocess.Popen(
            [str(BIN / "voice-agent"), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(home),
            cwd=home,
            text=True,
        )
        self.lines: Queue[dict[str, Any]] = Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(json.loads(line))

    def until(self, is_it: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while not is_it(line := self.lines.get(timeout=PATIENCE)):
            pass
        return line

    def end(self) -> int:
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(PATIENCE)


def server(**options: Any) -> dict[str, Any]:
    entry = raw_entry(**options)
    return {"command": entry.command, "args": list(entry.args)}


def test_servers_come_and_go_as_the_file_is_edited_and_a_mistake_keeps_them(tmp_path: Path) -> None:
    config = tmp_path / "mcp.json"
    config.write_text(json.dumps({"mcpServers": {"one": server()}}))
    talking = Talking(tmp_path, config)
    talking.until(lambda line: line["event"] == "agent" and line["kind"] == "greeting")
    config.write_text(json.dumps({"mcpServers": {"one": server(), "two": server()}}))
    talking.until(lambda line: line["event"] == "server" and line["name"] == "two" and line["state"] == "ready")
    config.write_text('{"mcpServers": {"one": ')
    told = talking.until(lambda line: line["event"] == "error")
    assert told["code"] == "config"
    assert "mcp.json:1" in told["text"]
    said = talking.until(lambda line: line["event"] == "agent" and line["kind"] == "announcement")
    assert said["text"] == "There is a mistake in your servers' file, so I keep what I had."
    config.write_text(json.dumps({"mcpServers": {"two": server()}}))
    gone = talking.until(lambda line: line["event"] == "server" and line["name"] == "one")
    assert gone["state"] == "disabled"
    assert talking.end() == 0
