"""A job's process is killed, or its worker told to end: who is told, who goes on, what is known and what is not."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.support.livekit import WITHIN, a_guest, a_place, a_worker, kill_jobs
from tests.support.program import tasks
from voice_agent.cli.livekit_server import free_ports
from voice_agent.store.store import Store

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Generator

    from voice_agent.cli.livekit_server import Address

pytestmark = [pytest.mark.pipeline, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def port() -> int:
    """Of the worker's health check."""
    return free_ports(1)[0]


@pytest.fixture(scope="module")
def worker(livekit: Address, home: Path, port: int) -> Generator[subprocess.Popen[bytes]]:
    root = str(Path(__file__).parents[2])
    slow = {"command": sys.executable, "args": ["-m", "tests.support.slow_server", str(home / "note")], "cwd": root}
    config = home / "mcp.json"
    config.write_text(json.dumps({"mcpServers": {"slow": {**slow, "voice": {"trust": True}}}}))
    options = ("--config", str(config), "--health-port", str(port))
    with a_worker(livekit, home, *options, VOICE_AGENT_ROOMS__DRAIN="10") as running:
        yield running


async def health(port: int, status: int) -> str:
    """Wait until the worker's health has this status; return what it says."""
    async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(WITHIN):
        while (answer := await client.get(f"http://127.0.0.1:{port}/")).status_code != status:
            pass
    return answer.text


@pytest.mark.usefixtures("worker")
async def test_servers_come_and_go_as_the_file_is_edited_also_before_the_conversation(
    livekit: Address, home: Path
) -> None:
    config = home / "mcp.json"
    before = config.read_text()
    servers: dict[str, object] = json.loads(before)["mcpServers"]
    config.write_text(json.dumps({"mcpServers": {**servers, "early": servers["slow"]}}))
    async with a_guest(livekit, a_place()) as guest:
        await guest.follow()
        await guest.line("server", name="early", state="ready")
        config.write_text(json.dumps({"mcpServers": {**servers, "late": servers["slow"]}}))
        await guest.line("server", name="late", state="ready")
        assert guest.of("server", name="early")[-1]["state"] == "disabled"
        await guest.command("va.end")
        await guest.line("end")
    config.write_text(before)


async def test_a_killed_job_is_taken_over_with_its_transcript_and_its_open_read_back(
    livekit: Address, home: Path, worker: subprocess.Popen[bytes]
) -> None:
    place = a_place()
    async with a_guest(livekit, place) as guest:
        await guest.follow()
        await guest.line("agent", kind="greeting")
        call = await guest.ask_to_delete("feed the cat")
        await guest.line("agent", kind="confirm")
        first = guest.agent

        kill_jobs(worker.pid, livekit.url)
        await guest.lose()
        await guest.follow()

        assert guest.agent != first
        await guest.line("error", code="taken_over")
        await guest.line("agent", kind="apology")
        assert len(guest.of("agent", kind="greeting")) == 1
        assert guest.of("user", text="add feed the cat")
        assert len(guest.of("tool_call")) == 1
        await guest.until(lambda: len(guest.of("confirm", call=call)) == 2)
        assert not guest.of("answered", call=call)
        await guest.command("va.confirm", call=call, yes=True)
        assert (await guest.line("answered", call=call))["answer"] == "yes"
        assert (await guest.line("tool_result", call=call))["status"] == "ok"
        await guest.line("agent", kind="reply")
        await guest.command("va.end")
        await guest.line("end")
    assert tasks(home) == []
    store = Store(None, home / "voice-agent")
    lines = await store.lines(place.room)
    await store.aclose()
    assert [line["event"] for line in lines if line["event"] in {"tool_call", "tool_result", "end"}] == [
        "tool_call",
        "tool_result",
        "tool_call",
        "tool_result",
        "end",
    ]
    assert [line["t"] for line in lines] == sorted(line["t"] for line in lines)


async def test_a_write_that_was_under_way_is_told_to_be_unknown_and_not_repeated(
    livekit: Address, home: Path, worker: subprocess.Popen[bytes]
) -> None:
    async with a_guest(livekit, a_place()) as guest:
        await guest.follow()
        await guest.line("server", name="slow", state="ready")
        await guest.type("launch rocket")
        call = (await guest.line("tool_call", tool="launch_rocket"))["call"]
        await guest.line("progress", call=call)
        kill_jobs(worker.pid, livekit.url)
        await guest.lose()
        await guest.follow()

        assert (await guest.line("tool_result", call=call))["status"] == "unknown"
        assert (
            "don't know whether it went through: launch rocket" in (await guest.line("agent", kind="apology"))["text"]
        )
        await guest.command("va.end")
        await guest.line("end")
    assert (home / "note").read_text() == "launched"


async def test_a_worker_that_is_told_to_end_takes_no_more_and_says_when_it_has_to_go(
    livekit: Address, worker: subprocess.Popen[bytes], port: int
) -> None:
    """The last one: it ends what the others use."""
    assert await health(port, 200) == "ready"
    async with a_guest(livekit, a_place()) as guest:
        await guest.follow()
        await guest.line("agent", kind="greeting")
        await guest.line("server", name="tasks", state="ready")

        worker.terminate()

        assert "draining" in await health(port, 503)
        worker.terminate()
        await guest.type("add feed the cat")
        await guest.line("tool_result", status="ok")
        async with a_guest(livekit, a_place()) as late:
            assert "5 seconds" in (await guest.line("error", code="ends_soon"))["text"]
            await guest.line("agent", kind="announcement")
            assert (await guest.line("end"))["reason"] == "interrupted"
            assert len(guest.of("error", code="ends_soon")) == 1
            assert not late.is_attended
    assert worker.wait(WITHIN) == 0
