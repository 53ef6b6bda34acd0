"""`voice-agent servers login` and `logout`, at the terminal."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import queue
import sys
import threading
from typing import TYPE_CHECKING, Any, cast

import pytest
from fastmcp import FastMCP

from tests.fakes.authority import Authority, browse, guarded, where_it_ends
from voice_agent.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.fakes.authority import Gate

pytestmark = pytest.mark.contract

WITHIN = 45.0


class Terminal:
    """What the commands write, line by line as it is written, and what is typed."""

    def __init__(self, typed: int) -> None:
        self._typed = typed
        self._lines: queue.Queue[str] = queue.Queue()

    async def line(self) -> str:
        return await asyncio.to_thread(self._lines.get, True, WITHIN)

    def type(self, text: str) -> None:
        os.write(self._typed, f"{text}\n".encode())

    def write(self, text: str) -> int:
        for line in text.splitlines():
            if line.strip():
                self._lines.put(line.strip())
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Terminal]:
    read, write = os.pipe()
    shown = Terminal(write)
    monkeypatch.setenv("VOICE_AGENT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.chdir(tmp_path)
    with os.fdopen(read) as typed:
        monkeypatch.setattr(sys, "stdin", typed)
        yield shown
    os.close(write)


def notes() -> FastMCP[Any]:
    server: FastMCP[Any] = FastMCP("notes")

    @server.tool
    def get_count() -> int:
        """Count the notes."""
        return 3

    _ = get_count
    return server


def config(tmp_path: Path, gate: Gate) -> str:
    off = {"tasks": {"command": "task-manager-mcp", "disabled": True}}
    file = tmp_path / "mcp.json"
    file.write_text(json.dumps({"mcpServers": {**off, "notes": {"url": f"{gate.url}/mcp"}}}))
    return str(file)


async def run(terminal: Terminal, *words: str) -> int:
    """Run a command in a thread that nobody waits for if it should hang."""
    loop = asyncio.get_running_loop()
    status: asyncio.Future[int] = loop.create_future()

    def work() -> None:
        # Not in the fixture: each phase of a test has a standard output of its own.
        with contextlib.redirect_stdout(cast("Any", terminal)):
            found = main(words)
        loop.call_soon_threadsafe(status.set_result, found)

    threading.Thread(target=work, daemon=True).start()
    return await asyncio.wait_for(status, WITHIN)


async def test_login_shows_a_link_and_waits_and_logout_has_the_server_take_its_tokens_back(
    tmp_path: Path, terminal: Terminal
) -> None:
    authority = Authority()
    async with guarded(notes(), authority) as gate:
        authority.metadata["revocation_endpoint"] = f"{authority.url}/revoke"
        file = config(tmp_path, gate)
        login = asyncio.create_task(run(terminal, "servers", "login", "notes", "--config", file))
        assert await terminal.line() == "Open this link to sign in at notes:"
        assert "You are signed in." in await browse(await terminal.line())
        assert "paste the address here" in await terminal.line()
        assert await terminal.line() == "Signed in: notes has 1 tools."
        assert await login == 0
        assert await run(terminal, "tools", "call", "notes.get_count", "--config", file) == 0
        assert "3" in await terminal.line()
        assert await run(terminal, "servers", "logout", "notes", "--config", file) == 0
        assert await terminal.line() == "Signed out of notes. It has taken its tokens back."
        assert (authority.tokens, authority.renewals) == ({}, {})
        assert await run(terminal, "servers", "logout", "notes", "--config", file) == 1
        assert await terminal.line() == "Nobody was signed in at notes."


@pytest.mark.parametrize(("offers", "revoked"), [(False, None), (True, False)])
async def test_logout_says_where_the_server_was_not_told(
    tmp_path: Path, terminal: Terminal, offers: bool, revoked: bool | None
) -> None:
    authority = Authority()
    async with guarded(notes(), authority) as gate:
        if offers:
            authority.metadata["revocation_endpoint"] = f"{authority.url}/revoke"
        file = config(tmp_path, gate)
        login = asyncio.create_task(run(terminal, "servers", "login", "notes", "--config", file, "--json"))
        terminal.type(await where_it_ends(json.loads(await terminal.line())["link"]))
        assert json.loads(await terminal.line()) == {"server": "notes", "state": "ready", "tools": 1}
        assert await login == 0
        authority.is_in_trouble = True
        assert await run(terminal, "servers", "logout", "notes", "--config", file, "--json") == 0
        assert json.loads(await terminal.line()) == {"server": "notes", "signed_out": True, "revoked": revoked}


async def test_whoever_has_never_signed_in_is_told_how(
    tmp_path: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = io.StringIO()
    monkeypatch.setattr(sys, "stderr", told)
    async with guarded(notes(), Authority()) as gate:
        file = config(tmp_path, gate)
        assert await run(terminal, "tools", "call", "notes.get_count", "--config", file) != 0
        assert await run(terminal, "servers", "--config", file) == 1
        _, row = await terminal.line(), await terminal.line()
    assert "voice-agent servers login notes" in told.getvalue()
    assert row.endswith("needs you to sign in. Run: voice-agent servers login notes")
