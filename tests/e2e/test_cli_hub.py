from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import httpx2
import psutil
import pytest
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport

from tests.support.bridges import raw_entry, until
from tests.support.program import BIN, PATIENCE, environment, run
from voice_agent.bridge.hub.attached import HubBridge, Place
from voice_agent.bridge.hub.lines import Address
from voice_agent.bridge.hub.permits import Permits
from voice_agent.bridge.types import State, Status
from voice_agent.config.load import load

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

pytestmark = pytest.mark.e2e


def write_servers(home: Path, **entries: Any) -> Path:
    file = home / "mcp.json"
    file.write_text(json.dumps({"mcpServers": {"tasks": {"disabled": True}, **entries}}))
    return file


def raw(**voice: Any) -> dict[str, Any]:
    entry = raw_entry()
    return {"command": entry.command, "args": list(entry.args), "voice": {"confirm": "never", **voice}}


@contextlib.contextmanager
def hub(home: Path, *arguments: str, **variables: str) -> Generator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    command = [str(BIN / "voice-agent"), "hub", "--json", *arguments]
    given = environment(home, **variables)
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=given, cwd=home) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)


async def _offers(client: Client[Any], *wanted: str) -> None:
    """Wait until all of these are offered: each server starts in its own time."""
    async with asyncio.timeout(PATIENCE):
        while not {*wanted} <= {tool.name for tool in await client.list_tools()}:
            await asyncio.to_thread(lambda: None)


async def test_a_text_client_uses_all_servers_with_the_token_of_the_private_file(tmp_path: Path) -> None:
    config = write_servers(tmp_path, one=raw(), two=raw(deny=["fail"]))
    with hub(tmp_path, "--http", "--config", str(config)) as (process, told):
        file = tmp_path / "voice-agent" / "hub-token"
        assert file.stat().st_mode & 0o777 == 0o600
        async with Client(StreamableHttpTransport(told["url"], auth=file.read_text().strip())) as client:
            await _offers(client, "one_echo", "two_echo")
            answer = await client.call_tool_mcp("one_echo", {"word": "hello"})
            assert answer.structured_content == {"word": "hello"}
            # An edit is followed while it runs.
            write_servers(tmp_path, one=raw(), two=raw(), three=raw())
            await _offers(client, "two_fail", "three_echo")
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, PATIENCE) == 0
    assert not (tmp_path / "voice-agent" / "hub.sock").exists()


async def _ask(bridge: HubBridge, tool: str, arguments: dict[str, Any]) -> Any:
    result = await bridge.call(bridge.resolve(f"tasks.{tool}"), arguments)
    assert result.status is Status.OK, result.text
    return result.structured


async def test_a_hub_that_is_killed_leaves_no_process_and_conversations_go_on_with_the_next(tmp_path: Path) -> None:
    key = "the key of web part and hub alone"
    shared = {"VOICE_AGENT_HUB__TOKEN": "of-jobs", "VOICE_AGENT_HUB__PERMIT_KEY": key}
    with contextlib.ExitStack() as stack:
        process, told = stack.enter_context(hub(tmp_path, "--http", **shared))
        config = load(environ={"VOICE_AGENT_HOME": str(tmp_path / "voice-agent")}, cwd=tmp_path)
        address = Address.read(told["address"])
        # What jobs come with opens the other door to nobody.
        refused = httpx2.post(told["url"], json={}, headers={"Authorization": "Bearer of-jobs"})
        assert refused.status_code == 401
        anna = HubBridge(Place(address, "of-jobs", Permits(key).give("anna"), None), config.servers)
        anna.start()
        assert await anna.settle(PATIENCE)
        await _ask(anna, "create_task", {"title": "call the surgeon"})
        children = psutil.Process(process.pid).children(recursive=True)
        assert any("http" in child.cmdline() for child in children)
        process.kill()
        _, alive = await asyncio.to_thread(psutil.wait_procs, children, PATIENCE)
        assert alive == []
        stack.enter_context(hub(tmp_path, **shared))
        await until(anna, lambda: all(one.state is State.READY for one in anna.servers))
        found = await _ask(anna, "list_tasks", {})
        assert [task["title"] for task in found["tasks"]] == ["call the surgeon"]
        await anna.aclose()


def test_an_address_that_others_can_reach_is_refused_with_a_sentence(tmp_path: Path) -> None:
    done = run("voice-agent", "hub", "--http", "--host", "192.0.2.1", home=tmp_path)
    assert done.status == 2
    assert done.err.startswith("--host: 192.0.2.1 can be reached by others")
    assert "Traceback" not in done.err


def test_a_worker_without_the_hubs_token_is_told_what_to_set(tmp_path: Path) -> None:
    from voice_agent.errors import ConfigError
    from voice_agent.session.dispatch import Dispatch
    from voice_agent.worker.servers import bridge_of_job

    environ = {"VOICE_AGENT_HOME": str(tmp_path), "VOICE_AGENT_HUB__ADDRESS": "unix:/x"}
    with pytest.raises(ConfigError, match="VOICE_AGENT_HUB__TOKEN"):
        bridge_of_job(load(environ=environ, cwd=tmp_path), Dispatch())
