from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest

from tests.support.bridges import WITHIN, lines_of, raw_entry, status_of, until, until_state
from tests.support.hubs import running_hub
from voice_agent.bridge.types import State, Status
from voice_agent.config.types import VoiceOptions

if TYPE_CHECKING:
    from pathlib import Path

    from voice_agent.bridge.types import Result

pytestmark = pytest.mark.contract

NEVER_ASK = VoiceOptions(confirm="never", trust=True)


async def _line(path: Path, start: str) -> None:
    async with asyncio.timeout(WITHIN):
        while not any(line.startswith(start) for line in lines_of(path)):
            await asyncio.to_thread(path.exists)


async def _done_while_the_hub_is_killed(folder: Path, tool: str, seconds: float) -> Result:
    """What becomes of a call that is under way when the hub ends, and another one comes up in its place."""
    calls, socket = folder / "calls", folder / "s"
    entry = raw_entry(calls=str(calls), voice=NEVER_ASK)
    first = contextlib.AsyncExitStack()
    running = await first.enter_async_context(running_hub(folder, entry, path=socket, token="t"))
    async with running.job() as bridge:
        call = asyncio.create_task(bridge.call(bridge.resolve(f"raw.{tool}"), {"seconds": seconds}))
        await _line(calls, tool)
        await first.aclose()
        async with running_hub(folder, entry, path=socket, token="t"):
            result = await call
            await until_state(bridge, State.READY)
            assert (await bridge.call(bridge.resolve("raw.echo"), {})).status is Status.OK
    return result


async def test_a_conversation_goes_on_when_its_hub_has_been_started_again(tmp_path: Path) -> None:
    entry, socket = raw_entry(voice=NEVER_ASK), tmp_path / "s"
    async with contextlib.AsyncExitStack() as stack:
        first = contextlib.AsyncExitStack()
        running = await first.enter_async_context(running_hub(tmp_path, entry, path=socket, token="t"))
        bridge = await stack.enter_async_context(running.job())
        tool = bridge.resolve("raw.echo")
        await first.aclose()
        await until_state(bridge, State.RECONNECTING)
        assert status_of(bridge).reason == "is out of reach until the hub is back"
        assert tool in bridge.tools
        call = asyncio.create_task(bridge.call(tool, {"word": "again"}))
        await stack.enter_async_context(running_hub(tmp_path, entry, path=socket, token="t"))
        result = await call
        assert (result.status, result.structured) == (Status.OK, {"word": "again"})
        await until_state(bridge, State.READY)
        assert bridge.resolve("raw.echo") is tool


async def test_a_write_that_went_down_with_the_hub_is_unknown_and_not_made_again(tmp_path: Path) -> None:
    result = await _done_while_the_hub_is_killed(tmp_path, "write_slowly", 60)
    assert result.status is Status.UNKNOWN
    assert "I don't know whether it went through" in result.text
    assert [line for line in lines_of(tmp_path / "calls") if line.startswith("write")] == ["write_slowly"]


async def test_a_read_that_went_down_with_the_hub_is_made_again(tmp_path: Path) -> None:
    assert (await _done_while_the_hub_is_killed(tmp_path, "read_slowly", 0.3)).status is Status.OK
    reads = [line for line in lines_of(tmp_path / "calls") if line.startswith("read")]
    assert reads == ["read_slowly", "read_slowly"]


async def test_a_hub_that_never_comes_is_said_to_be_away_and_nothing_waits_for_ever(tmp_path: Path) -> None:
    socket = tmp_path / "s"
    async with running_hub(tmp_path, raw_entry(), path=socket) as running:
        pass
    async with running.job(settled=False) as bridge:
        await until(bridge, lambda: status_of(bridge).state is State.FAILED)
        assert await bridge.settle(0)
        assert bridge.tools == ()


async def test_a_second_hub_does_not_take_the_place_of_one_that_is_alive(tmp_path: Path) -> None:
    from voice_agent.errors import PartFailed

    socket = tmp_path / "s"
    async with running_hub(tmp_path, raw_entry(voice=NEVER_ASK), path=socket) as running, running.job() as bridge:
        with pytest.raises(PartFailed, match="Another hub listens"):
            async with running_hub(tmp_path, raw_entry(), path=socket):
                pass
        assert (await bridge.call(bridge.resolve("raw.echo"), {})).status is Status.OK
