"""The health check of a worker that is not registered, and what its jobs attach where there is no hub."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import httpx
import pytest

from voice_agent.config.load import load
from voice_agent.errors import ConfigError, PartFailed
from voice_agent.session.dispatch import Dispatch
from voice_agent.worker.health import Health
from voice_agent.worker.serve import make_server, serve
from voice_agent.worker.servers import bridge_of_job

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

pytestmark = pytest.mark.contract

VARIABLES = {"LIVEKIT_URL": "ws://127.0.0.1:1", "LIVEKIT_API_KEY": "key", "LIVEKIT_API_SECRET": "x" * 36}


async def test_a_worker_that_is_not_registered_is_not_ready_and_a_taken_port_is_told(tmp_path: Path) -> None:
    server = make_server(load(environ=VARIABLES | {"VOICE_AGENT_HOME": str(tmp_path)}, cwd=tmp_path))
    health = Health(server, 0)
    port = await health.open()
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"http://127.0.0.1:{port}/")
    another = Health(server, port)
    with pytest.raises(PartFailed, match="--health-port"):
        await another.open()
    await another.aclose()
    await health.aclose()
    assert answer.status_code == 503
    assert "not registered" in answer.text


@pytest.fixture
def own_signals() -> Generator[None]:
    """What the worker does to this process's signals is undone."""
    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)}
    yield
    for one, handler in before.items():
        signal.signal(one, handler)


@pytest.mark.usefixtures("own_signals")
async def test_a_livekit_server_that_cannot_be_reached_for_good_ends_the_worker_with_a_sentence(tmp_path: Path) -> None:
    config = load(environ=VARIABLES | {"VOICE_AGENT_HOME": str(tmp_path)}, cwd=tmp_path)
    with pytest.raises(PartFailed, match=r"ws://127\.0\.0\.1:1 cannot be reached"):
        await serve(config, on_registered=lambda _worker: None, in_threads=True, tries=1)


def test_without_a_hub_a_job_has_the_sign_ins_of_the_owner_and_is_held_for_nobody_else(tmp_path: Path) -> None:
    config = load(environ=VARIABLES | {"VOICE_AGENT_HOME": str(tmp_path)}, cwd=tmp_path)
    assert bridge_of_job(config, Dispatch()).sign_ins is not None
    with pytest.raises(ConfigError, match=r"hub\.address"):
        bridge_of_job(config, Dispatch(subject="anna"))
