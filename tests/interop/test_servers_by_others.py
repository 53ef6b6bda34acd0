"""Servers that others wrote, attached by pasting the configuration that each client documents."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.web_servers import kept_port
from voice_agent.bridge.bridge import Bridge
from voice_agent.bridge.supervisor import Pace
from voice_agent.bridge.types import Decision, Result, State, Status
from voice_agent.config.load import load

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from voice_agent.bridge.types import Progress

pytestmark = pytest.mark.interop

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
WITHIN = 45.0
needs_npm = pytest.mark.skipif(
    not (HERE / "node_modules").is_dir(), reason="npm servers are not installed; run: make test"
)


@pytest.fixture(autouse=True)
def beside_the_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run where `npx` finds the installed packages, so that it need not ask a registry."""
    monkeypatch.chdir(HERE)
    monkeypatch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("npm_config_update_notifier", "false")


@contextlib.asynccontextmanager
async def pasted(folder: Path, text: str, **variables: str) -> AsyncGenerator[Bridge, None]:
    """A bridge on `text`, saved as `mcp.json`; everything in it is ready."""
    file = folder / "mcp.json"
    file.write_text(text)
    environ = {**os.environ, "VOICE_AGENT_HOME": str(folder), "HOME": str(folder), **variables}
    config = load(config=file, environ=environ, cwd=HERE)
    assert config.problems == ()
    entries = [entry for entry in config.servers if str(file) in entry.origin]
    assert entries
    bridge = Bridge(entries, pace=Pace(connect=WITHIN, connect_url=WITHIN))
    bridge.start()
    try:
        assert await bridge.settle(WITHIN)
        assert {status.state for status in bridge.servers} == {State.READY}, bridge.servers
        yield bridge
    finally:
        await bridge.aclose()


async def called(bridge: Bridge, tool: str, arguments: dict[str, Any]) -> Result:
    result = await bridge.call(bridge.resolve(tool), arguments, confirmed=True)
    assert result.status is Status.OK, result.text
    return result


@needs_npm
async def test_files_as_claude_desktop_has_them(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    text = f"""
    {{
      "globalShortcut": "",
      "mcpServers": {{
        "filesystem": {{
          "command": "npx",
          "args": ["-y", "@modelcontextprotocol/server-filesystem", {json.dumps(str(notes))}]
        }}
      }}
    }}"""
    async with pasted(tmp_path, text) as bridge:
        await called(bridge, "filesystem.write_file", {"path": str(notes / "a.txt"), "content": "milk"})
        read = await called(bridge, "filesystem.read_text_file", {"path": str(notes / "a.txt")})
        outside = await bridge.call(bridge.resolve("filesystem.read_text_file"), {"path": "/etc/passwd"})
        wrong = await bridge.call(bridge.resolve("filesystem.read_text_file"), {"file": "a.txt"})
        decisions = {tool.name: tool.decision for tool in bridge.tools}
    assert (notes / "a.txt").read_text() == "milk"
    assert "milk" in read.text
    assert (outside.status, "denied" in outside.text) == (Status.ERROR, True)
    assert wrong.text.startswith("The call was not made. “path” is required.")
    assert (decisions["write_file"], decisions["list_directory"]) == (Decision.CONFIRM, Decision.ALLOW)


@needs_npm
async def test_memory_as_claude_code_has_it(tmp_path: Path) -> None:
    text = """
    {
      "mcpServers": {
        "memory": {
          "type": "stdio",
          "command": "${NPX:-npx}",
          "args": ["-y", "@modelcontextprotocol/server-memory"],
          "env": {"MEMORY_FILE_PATH": "${STORE}/memory.json"}
        }
      }
    }"""
    dentist = {"name": "Dr. Kim", "entityType": "person", "observations": ["is my dentist"]}
    async with pasted(tmp_path, text, STORE=str(tmp_path)) as bridge:
        await called(bridge, "memory.create_entities", {"entities": [dentist]})
        found = await called(bridge, "memory.search_nodes", {"query": "dentist"})
    assert found.structured is not None
    assert found.structured["entities"][0]["name"] == "Dr. Kim"
    assert "Dr. Kim" in (tmp_path / "memory.json").read_text()


@needs_npm
async def test_everything_as_vs_code_has_it(tmp_path: Path) -> None:
    text = """
    {
      // VS Code asks for inputs; here they come from a variable
      "inputs": [{"type": "promptString", "id": "mode", "description": "Transport", "default": "stdio"}],
      "servers": {
        "everything": {
          "type": "stdio",
          "command": "npx",
          "args": ["-y", "@modelcontextprotocol/server-everything", "${input:mode}"],
        },
      },
    }"""
    steps: list[Progress] = []
    async with pasted(tmp_path, text) as bridge:
        assert (await called(bridge, "everything.echo", {"message": "hello"})).text == "Echo: hello"
        assert "5" in (await called(bridge, "everything.get-sum", {"a": 2, "b": 3})).text
        image = await called(bridge, "everything.get-tiny-image", {})
        slow = bridge.resolve("everything.trigger-long-running-operation")
        await bridge.call(slow, {"duration": 1, "steps": 4}, confirmed=True, on_progress=steps.append)
        keys = {tool.key for tool in bridge.tools}
    assert image.media[0].mime_type == "image/png"
    assert len(image.media[0].data or b"") > 1000
    assert len(image.text) < 500
    assert [step.total for step in steps] == [4.0] * len(steps)
    assert steps
    assert "everything_get-sum" in keys


async def test_time_as_cursor_has_it(tmp_path: Path) -> None:
    text = """
    {"mcpServers": {"time": {
        "command": "python",
        "args": ["-m", "mcp_server_time", "--local-timezone=${env:ZONE}"]
    }}}"""
    async with pasted(tmp_path, text, ZONE="Asia/Tokyo") as bridge:
        now = await called(bridge, "time.get_current_time", {"timezone": "Europe/Berlin"})
        nowhere = await bridge.call(bridge.resolve("time.get_current_time"), {"timezone": "Nowhere/Land"})
    assert now.structured is None or now.structured["timezone"] == "Europe/Berlin"
    assert "Europe/Berlin" in now.text
    assert (nowhere.status, "Nowhere/Land" in nowhere.text) == (Status.ERROR, True)


async def test_git_as_windsurf_and_gemini_have_it(tmp_path: Path) -> None:
    repository = tmp_path / "repo"
    await asyncio.to_thread(subprocess.run, ["git", "init", "-q", str(repository)], check=True)
    (repository / "a.txt").write_text("x")
    text = json.dumps(
        {
            "mcpServers": {
                "git": {
                    "command": "mcp-server-git",
                    "args": ["--repository", str(repository)],
                    "disabled": False,
                    "timeout": 30000,
                    "trust": False,
                    "includeTools": ["git_status", "git_commit"],
                }
            }
        }
    )
    async with pasted(tmp_path, text) as bridge:
        status = await called(bridge, "git.git_status", {"repo_path": str(repository)})
        commit = bridge.resolve("git.git_commit")
        refused = await bridge.call(commit, {"repo_path": str(repository), "message": "x"})
        decisions = {tool.name: tool.decision for tool in bridge.catalog}
    assert "a.txt" in status.text
    assert refused.status is Status.DENIED
    assert (decisions["git_commit"], decisions["git_add"]) == (Decision.CONFIRM, Decision.DENY)


@needs_npm
async def test_thinking_in_steps_keeps_its_steps(tmp_path: Path) -> None:
    text = """
    {"mcpServers": {"thinking": {
        "command": "npx", "args": ["-y", "@modelcontextprotocol/server-sequential-thinking"]
    }}}"""
    thought = {"thought": "Milk first.", "nextThoughtNeeded": True, "thoughtNumber": 1, "totalThoughts": 2}
    async with pasted(tmp_path, text) as bridge:
        first = await called(bridge, "thinking.sequentialthinking", thought)
        second = await called(bridge, "thinking.sequentialthinking", {**thought, "thoughtNumber": 2})
    assert first.structured is not None
    assert second.structured is not None
    assert (first.structured["thoughtHistoryLength"], second.structured["thoughtHistoryLength"]) == (1, 2)


@needs_npm
async def test_a_server_of_somebody_else_in_the_newest_protocol(tmp_path: Path) -> None:
    text = """
    {"mcpServers": {"1password": {
        "command": "npx", "args": ["-y", "@takescake/1password-mcp"],
        "env": {"OP_SERVICE_ACCOUNT_TOKEN": "${TOKEN}"}
    }}}"""
    async with pasted(tmp_path, text, TOKEN="ops_nobody") as bridge:
        three = await called(bridge, "1password.password_generate_memorable", {"wordCount": 3, "separator": "+"})
        wrong = await bridge.call(bridge.resolve("1password.password_generate"), {"length": 3}, confirmed=True)
        vaults = await bridge.call(bridge.resolve("1password.vault_list"), {})
    assert three.text.count("+") >= 2
    assert wrong.text == "The call was not made. “length” must be at least 8, not 3."
    assert (vaults.status, "ops_nobody" in vaults.text) == (Status.ERROR, False)


async def test_a_page_is_fetched_as_its_author_lets_it(tmp_path: Path) -> None:
    pages = {
        b"/robots.txt": b"User-agent: *\nDisallow: /private",
        b"/": b"<html><body><p>Milk is in.</p></body></html>",
    }

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1]
        body = pages.get(path, b"")
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n"
        writer.write(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    text = '{"mcpServers": {"fetch": {"command": "mcp-server-fetch", "args": ["--allow-private-ips"]}}}'
    async with server, pasted(tmp_path, text) as bridge:
        page = await called(bridge, "fetch.fetch", {"url": url, "raw": True})
        private = await bridge.call(bridge.resolve("fetch.fetch"), {"url": f"{url}private"}, confirmed=True)
    assert "Milk is in." in page.text
    assert (private.status, "robots.txt" in private.text) == (Status.ERROR, True)


@pytest.fixture
def port() -> Generator[int]:
    with kept_port() as kept:
        yield kept


@needs_npm
@pytest.mark.parametrize(
    ("mode", "path", "entry"),
    [
        ("streamableHttp", "mcp", {"type": "http", "url": "URL"}),
        ("streamableHttp", "mcp", {"httpUrl": "URL"}),
        ("streamableHttp", "mcp", {"serverUrl": "URL"}),
        ("streamableHttp", "mcp", {"type": "streamableHttp", "url": "URL", "disabled": False, "autoApprove": []}),
        ("sse", "sse", {"type": "sse", "url": "URL"}),
        ("sse", "sse", {"url": "URL"}),
    ],
    ids=["claude-code", "gemini", "windsurf", "cline", "claude-code-sse", "vs-code-untyped-sse"],
)
async def test_everything_by_url_in_each_dialect(
    tmp_path: Path, port: int, mode: str, path: str, entry: dict[str, Any]
) -> None:
    program = HERE / "node_modules" / ".bin" / "mcp-server-everything"
    process = await asyncio.create_subprocess_exec(
        str(program),
        mode,
        env={**os.environ, "PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}/{path}"
    text = json.dumps({"mcpServers": {"everything": entry}}).replace("URL", url)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(WITHIN):
            while str(port) not in (line := (await process.stdout.readline()).decode()):
                assert line, "the server ended"
        async with pasted(tmp_path, text) as bridge:
            assert (await called(bridge, "everything.echo", {"message": "hi"})).text == "Echo: hi"
    finally:
        # The program starts another one, which holds the pipe.
        os.killpg(process.pid, signal.SIGKILL)
        await process.communicate()


def test_node_comes_from_this_environment() -> None:
    assert shutil.which("npx") is not None
