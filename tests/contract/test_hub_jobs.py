from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.support.bridges import WITHIN, lines_of, raw_entry, status_of, until, until_state
from tests.support.hubs import config_of, running_hub
from voice_agent.bridge.types import Decision, ServerChanged, State, Status
from voice_agent.config.types import VoiceOptions

if TYPE_CHECKING:
    from pathlib import Path

    from voice_agent.bridge.types import BridgeEvent, Progress

pytestmark = pytest.mark.contract

NEVER_ASK = VoiceOptions(confirm="never")


async def test_a_job_sees_the_servers_of_the_hub_as_if_they_were_its_own(tmp_path: Path) -> None:
    options = VoiceOptions(say="The Raw One", deny=("fail",), confirm=("echo",))
    async with running_hub(tmp_path, raw_entry(voice=options)) as running, running.job() as bridge:
        tool = bridge.resolve("raw.echo")
        assert (tool.key, tool.server, tool.name, tool.decision) == ("raw_echo", "raw", "echo", Decision.CONFIRM)
        assert "raw_fail" not in {one.key for one in bridge.tools}
        status = status_of(bridge)
        assert (status.say, status.state, status.tools) == ("The Raw One", State.READY, len(bridge.tools))
        shared = running.hub.people.owner
        assert {one.pin for one in bridge.tools} == {one.pin for one in shared.tools}
        assert {one.key: one.input_schema for one in bridge.tools} == {
            one.key: one.input_schema for one in shared.tools
        }


async def test_a_call_that_needs_a_yes_is_refused_without_it_and_made_with_it(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    async with running_hub(tmp_path, raw_entry(calls=str(calls))) as running, running.job() as bridge:
        tool = bridge.resolve("raw.write_slowly")
        refused = await bridge.call(tool, {"seconds": 0})
        assert (refused.status, lines_of(calls)) == (Status.DENIED, [])
        assert "user's own yes" in refused.text
        assert (await bridge.call(tool, {"seconds": 0}, confirmed=True)).status is Status.OK
        assert lines_of(calls) == ["write_slowly"]


async def test_progress_reaches_the_call_that_it_belongs_to_and_no_other(tmp_path: Path) -> None:
    async with (
        running_hub(tmp_path, raw_entry(voice=NEVER_ASK)) as running,
        running.job() as one,
        running.job() as other,
    ):
        heard: dict[str, list[Progress]] = {"one": [], "other": []}
        results = await asyncio.gather(
            one.call(one.resolve("raw.count_up"), {}, on_progress=heard["one"].append),
            other.call(other.resolve("raw.echo"), {}, on_progress=heard["other"].append),
        )
    assert [result.status for result in results] == [Status.OK, Status.OK]
    assert [progress.done for progress in heard["one"]] == sorted(progress.done for progress in heard["one"])
    assert len(heard["one"]) > 1
    assert heard["other"] == []


async def test_giving_up_a_call_cancels_it_at_its_server(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    async with running_hub(tmp_path, raw_entry(calls=str(calls), voice=NEVER_ASK)) as running, running.job() as bridge:
        call = asyncio.create_task(bridge.call(bridge.resolve("raw.read_slowly"), {"seconds": 60}))
        await _line(calls, "read_slowly")
        call.cancel()
        await asyncio.wait({call})
        assert call.cancelled()
        await _line(calls, "cancelled")
        assert (await bridge.call(bridge.resolve("raw.echo"), {})).status is Status.OK


async def test_a_new_tool_appears_in_every_conversation_and_known_ones_stay_the_same_objects(tmp_path: Path) -> None:
    async with (
        running_hub(tmp_path, raw_entry(voice=NEVER_ASK)) as running,
        running.job() as one,
        running.job() as other,
    ):
        before = {tool.key: tool for tool in other.tools}
        await one.call(one.resolve("raw.add_tool"), {})
        await until(other, lambda: len(other.tools) > len(before))
        after = {tool.key: tool for tool in other.tools}
        assert all(after[key] is tool for key, tool in before.items())


async def test_the_state_of_a_server_and_its_reason_reach_every_conversation(tmp_path: Path) -> None:
    away = tmp_path / "away"
    entry = raw_entry(away=str(away), stderr=["the disk is full"], voice=NEVER_ASK)
    async with running_hub(tmp_path, entry) as running, running.job() as one, running.job() as other:
        away.touch()
        await one.call(one.resolve("raw.read_then_die"), {"flag": str(tmp_path / "flag")})
        status = await until_state(other, State.RECONNECTING)
        assert status.reason is not None
        away.unlink()
        await until_state(other, State.READY)


async def test_a_hub_is_only_for_those_who_have_its_token(tmp_path: Path) -> None:
    async with running_hub(tmp_path, raw_entry()) as running, running.job(token="wrong", settled=False) as bridge:
        await until_state(bridge, State.FAILED)
        assert bridge.tools == ()


async def test_a_server_of_one_conversation_is_attached_by_its_job_and_not_by_the_hub(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    mine = raw_entry("mine", starts=str(starts), voice=VoiceOptions(confirm="never", scope="session"))
    async with running_hub(tmp_path, raw_entry("ours", voice=NEVER_ASK), mine) as running:
        assert [status.name for status in running.hub.people.owner.servers] == ["ours"]
        assert lines_of(starts) == []
        async with running.job() as one, running.job() as other:
            assert len(lines_of(starts)) == 2
            assert {tool.server for tool in one.tools} == {"ours", "mine"}
            for name in ("mine.echo", "ours.echo"):
                assert (await other.call(other.resolve(name), {})).status is Status.OK


async def _line(path: Path, start: str) -> None:
    async with asyncio.timeout(WITHIN):
        while not any(line.startswith(start) for line in lines_of(path)):
            await asyncio.to_thread(path.exists)


async def test_a_server_that_the_hub_lets_go_is_told_to_be_detached(tmp_path: Path) -> None:
    stays = raw_entry("stays")
    async with running_hub(tmp_path, raw_entry("goes"), stays) as running, running.job() as bridge:
        told: list[tuple[str, State]] = []

        def note(event: BridgeEvent) -> None:
            if isinstance(event, ServerChanged):
                told.append((event.status.name, event.status.state))

        bridge.subscribe(note)
        await running.hub.people.reconfigure(config_of(tmp_path, stays))
        await until(bridge, lambda: ("goes", State.DISABLED) in told)
        assert [status.name for status in bridge.servers] == ["stays"]
        assert {tool.server for tool in bridge.tools} == {"stays"}
