"""A worker alone on a real LiveKit server, told to end while somebody talks to it."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.support.livekit import WITHIN, a_guest, a_place, a_worker

if TYPE_CHECKING:
    from pathlib import Path

    from voice_agent.cli.livekit_server import Address

pytestmark = pytest.mark.pipeline


async def test_an_interrupted_worker_ends_its_conversations_and_tells_them(livekit: Address, tmp_path: Path) -> None:
    with a_worker(livekit, tmp_path) as worker:
        async with a_guest(livekit, a_place()) as guest:
            await guest.follow()
            await guest.line("agent", kind="greeting")
            worker.send_signal(signal.SIGINT)
            assert (await guest.line("end"))["reason"] == "interrupted"
        assert worker.wait(WITHIN) == 0
