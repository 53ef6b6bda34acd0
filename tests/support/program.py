"""Runs `voice-agent` as its user does: a process of its own, a home of its own, a clean environment."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PATIENCE = 100.0
"""Seconds after which a test gives up."""
_KEPT = ("PATH", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "TMPDIR")
BIN = Path(sys.executable).parent


@dataclass(frozen=True, slots=True)
class Done:
    """How a run ended."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Standard output as JSON Lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    def of(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["event"] == event]

    @property
    def said(self) -> str:
        """All that the agent said."""
        return "\n".join(line["text"] for line in self.of("agent"))


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return an environment in which nothing of this machine's user counts."""
    kept = {name: value for name in _KEPT if (value := os.environ.get(name))}
    return {
        **kept,
        "PATH": f"{BIN}{os.pathsep}{kept.get('PATH', os.defpath)}",
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "VOICE_AGENT_HOME": str(home / "voice-agent"),
        "TZ": "Europe/Berlin",
        "LANG": "C.UTF-8",
        "npm_config_update_notifier": "false",
        **more,
    }


def run(
    *command: str, home: Path, stdin: str | bytes = "", env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Done:
    """Run a program of `.venv/bin` to its end."""
    given = stdin.encode() if isinstance(stdin, str) else stdin
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        input=given,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
        env=environment(home, **(env or {})),
        cwd=cwd or home,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def talk(home: Path, lines: Sequence[str], *arguments: str, env: Mapping[str, str] | None = None) -> Done:
    """Hold a typed conversation without keys and return what happened."""
    command = ("voice-agent", "talk", "--text", "--json", "--profile", "offline", *arguments)
    return run(*command, home=home, stdin="".join(f"{line}\n" for line in lines), env=env)


def tasks(home: Path) -> list[dict[str, Any]]:
    """Return title and due date (a day, or a moment in UTC; None) of each task in the store, the oldest first."""
    store = home / "data" / "voice-agent" / "tasks.db"
    if not store.exists():
        return []
    with contextlib.closing(sqlite3.connect(store)) as database:
        rows = database.execute("SELECT title, due_day, due_at FROM tasks ORDER BY id").fetchall()
    return [{"title": title, "due": day or (at and _moment(at))} for title, day, at in rows]


def _moment(microseconds: int) -> str:
    return datetime.fromtimestamp(microseconds / 1e6, UTC).isoformat()


def listed(home: Path) -> list[dict[str, Any]]:
    """Return the tasks as a script would ask for them."""
    call = ("voice-agent", "tools", "call", "tasks.list_tasks", "{}", "--json")
    done = run(*call, home=home)
    assert done.status == 0, done.err
    return json.loads(done.out)["structured"]["tasks"]
