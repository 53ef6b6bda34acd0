"""The LiveKit server stands still, is started again, or refuses; the worker is told to end."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.support.livekit import WITHIN, a_guest, a_livekit, a_place, a_worker
from tests.support.program import run
from voice_agent.cli.livekit_server import free_ports

if TYPE_CHECKING:
    from pathlib import Path

    from voice_agent.cli.livekit_server import Address

pytestmark = [pytest.mark.pipeline, pytest.mark.timeout(240)]


async def health(port: int, status: int) -> str:
    """Wait until the worker's health has this status; return what it says."""
    async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(WITHIN):
        while (answer := await client.get(f"http://127.0.0.1:{port}/")).status_code != status:
            pass
    return answer.text


async def test_a_livekit_server_that_stands_still_or_is_started_again_loses_no_conversation(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with a_livekit(tmp_path) as server, a_worker(server.address, tmp_path, "--health-port", str(port)):
        assert await health(port, 200) == "ready"
        async with a_guest(server.address, a_place()) as guest:
            await guest.follow()
            await guest.line("agent", kind="greeting")
            server.process.send_signal(signal.SIGSTOP)
            await asyncio.sleep(5)  # The stall that nobody may notice.
            server.process.send_signal(signal.SIGCONT)
            await guest.type("add feed the cat")
            await guest.line("tool_result", status="ok")
            assert not guest.gone
            first = guest.agent

            server.restart()

            await guest.lose()
            await guest.follow()
            assert guest.agent == first
            assert guest.of("user", text="add feed the cat")
            assert len(guest.of("agent", kind="greeting")) == 1
            await guest.type("add walk the dog")
            await guest.until(lambda: len(guest.of("tool_result", status="ok")) == 2)
            assert await health(port, 200) == "ready"
            async with a_guest(server.address, a_place()) as another:
                await another.follow()


async def test_a_worker_that_is_told_to_end_takes_no_more_and_says_when_it_has_to_go(
    livekit: Address, tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    with a_worker(livekit, tmp_path, "--health-port", str(port), VOICE_AGENT_ROOMS__DRAIN="10") as worker:
        async with a_guest(livekit, a_place()) as guest:
            await guest.follow()
            await guest.line("agent", kind="greeting")

            worker.terminate()

            assert "draining" in await health(port, 503)
            async with a_guest(livekit, a_place()) as late:
                await guest.type("add feed the cat")
                await guest.line("tool_result", status="ok")
                assert "5 seconds" in (await guest.line("error", code="ends_soon"))["text"]
                await guest.line("agent", kind="announcement")
                assert (await guest.line("end"))["reason"] == "interrupted"
                assert not late.is_attended
        assert worker.wait(WITHIN) == 0


def test_a_key_that_the_livekit_server_does_not_know_ends_the_worker_with_a_sentence(
    livekit: Address, tmp_path: Path
) -> None:
    given = {"LIVEKIT_URL": livekit.url, "LIVEKIT_API_KEY": "nobody", "LIVEKIT_API_SECRET": "x" * 36}
    done = run("voice-agent", "worker", "--profile", "offline", home=tmp_path, env=given)
    assert done.status == 1
    assert "does not accept the key nobody" in done.err
    assert "Traceback" not in done.err
