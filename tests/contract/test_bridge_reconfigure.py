from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.bridges import WITHIN, lines_of, raw_entry, running, status_of, until_state
from voice_agent.bridge.types import CatalogChanged, Decision, ServerChanged, State, Status
from voice_agent.config.types import VoiceOptions

if TYPE_CHECKING:
    from pathlib import Path

    from voice_agent.bridge.types import BridgeEvent

pytestmark = pytest.mark.contract


async def test_a_new_server_is_attached_and_the_others_are_left_alone(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    one = raw_entry("one", starts=str(starts))
    async with running(one) as bridge:
        before = bridge.tools
        await bridge.reconfigure([raw_entry("zero"), replace(one, origin="moved down")])
        await until_state(bridge, State.READY, "zero")
        assert [status.name for status in bridge.servers] == ["zero", "one"]
        assert (await bridge.call(bridge.resolve("zero.echo"), {}, confirmed=True)).status is Status.OK
        assert set(before) < set(bridge.tools)
        assert len(lines_of(starts)) == 1


async def test_a_server_that_is_gone_is_ended_and_its_tools_with_it(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    events: list[BridgeEvent] = []
    async with running(raw_entry("one", starts=str(starts)), raw_entry("two")) as bridge:
        old = bridge.resolve("one.echo")
        bridge.subscribe(events.append)
        await bridge.reconfigure([raw_entry("two")], disabled=["three"])
        with pytest.raises(ProcessLookupError):
            os.kill(int(lines_of(starts)[0]), 0)
        assert {tool.server for tool in bridge.tools} == {"two"}
        assert [status.name for status in bridge.servers] == ["two", "three"]
        gone = await bridge.call(old, {}, confirmed=True)
        assert gone.text == "“echo” is no longer offered. Nothing was done."
    assert any(isinstance(event, CatalogChanged) and "one_echo" in event.removed for event in events)
    assert any(isinstance(event, ServerChanged) and event.status.state is State.DISABLED for event in events)


async def test_a_server_that_is_started_otherwise_is_restarted_after_it_has_ended(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    async with running(raw_entry("one", starts=str(starts))) as bridge:
        key = bridge.resolve("one.echo").key
        await bridge.reconfigure([raw_entry("one", starts=str(starts), env={"MINE": "new"})])
        await until_state(bridge, State.READY, "one")
        first, second = lines_of(starts)
        with pytest.raises(ProcessLookupError):
            os.kill(int(first), 0)
        assert second != first
        assert bridge.resolve("one.echo").key == key
        found = await bridge.call(bridge.resolve("one.get_env"), {"name": "MINE"})
        assert found.text == "new"


async def test_other_options_apply_without_a_restart(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    one = raw_entry("one", starts=str(starts))
    async with running(one) as bridge:
        assert bridge.resolve("one.write_slowly").decision is Decision.CONFIRM
        await bridge.reconfigure([replace(one, voice=VoiceOptions(confirm="never", deny=("echo",), timeout=0.3))])
        assert status_of(bridge, "one").state is State.READY
        assert "one_echo" not in {tool.key for tool in bridge.tools}
        late = await bridge.call(bridge.resolve("one.write_slowly"), {})
        assert late.status is Status.UNKNOWN
        assert len(lines_of(starts)) == 1


async def test_a_call_under_way_at_a_server_that_is_detached_ends_with_a_sentence(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    async with running(raw_entry("one", calls=str(calls)), call_timeout=WITHIN) as bridge:
        call = asyncio.create_task(bridge.call(bridge.resolve("one.write_slowly"), {}, confirmed=True))
        async with asyncio.timeout(WITHIN):
            while not lines_of(calls):
                await asyncio.to_thread(calls.exists)
        await bridge.reconfigure([])
        result = await asyncio.wait_for(call, WITHIN)
    assert result.status is Status.UNKNOWN
    assert "I don't know whether it went through." in result.text


async def test_a_server_can_come_back_under_its_old_name() -> None:
    one = raw_entry("one")
    async with running(one) as bridge:
        key = bridge.resolve("one.echo").key
        await bridge.reconfigure([])
        await bridge.reconfigure([one])
        await until_state(bridge, State.READY, "one")
        assert bridge.resolve("one.echo").key == key
