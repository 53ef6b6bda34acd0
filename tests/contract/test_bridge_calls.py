from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.support.bridges import WITHIN, lines_of, raw_entry, running, status_of, until, until_state
from voice_agent.bridge.types import Decision, State, Status
from voice_agent.config.types import VoiceOptions
from voice_agent.errors import ToolUnknown

if TYPE_CHECKING:
    from pathlib import Path

    from voice_agent.bridge.types import Progress

pytestmark = pytest.mark.contract

NEVER_ASK = VoiceOptions(confirm="never")


async def wait_for_line(path: Path, line: str) -> None:
    async with asyncio.timeout(WITHIN):
        while line not in lines_of(path):
            await asyncio.to_thread(path.exists)


async def test_a_call_that_needs_a_yes_is_refused_without_it_and_nothing_is_sent(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    async with running(raw_entry(calls=str(calls))) as bridge:
        tool = bridge.resolve("raw.write_slowly")
        assert tool.decision is Decision.CONFIRM
        result = await bridge.call(tool, {"seconds": 0})
        assert (result.status, result.text) == (
            Status.DENIED,
            "“write slowly” needs the user's own yes first; nothing was done.",
        )
        assert lines_of(calls) == []
        assert (await bridge.call(tool, {"seconds": 0}, confirmed=True)).status is Status.OK
        assert lines_of(calls) == ["write_slowly"]


async def test_a_denied_tool_is_known_but_neither_offered_nor_called() -> None:
    async with running(raw_entry(voice=VoiceOptions(deny=("echo",)))) as bridge:
        tool = bridge.resolve("raw.echo")
        assert tool not in bridge.tools
        result = await bridge.call(tool, {}, confirmed=True)
        assert (result.status, "configuration does not allow it" in result.text) == (Status.DENIED, True)


async def test_wrong_arguments_never_reach_the_server(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    schema = {"type": "object", "properties": {"seconds": {"type": "number"}}, "required": ["seconds"]}
    tools = [{"name": "read_slowly2", "inputSchema": schema}]
    async with running(raw_entry(calls=str(calls), tools=tools, voice=NEVER_ASK)) as bridge:
        result = await bridge.call(bridge.resolve("raw.read_slowly2"), {"seconds": "soon"})
    assert result.status is Status.ERROR
    assert result.text == "The call was not made. “seconds” must be of type number, not 'soon'."
    assert lines_of(calls) == []


async def test_the_servers_own_advice_is_passed_on_without_secrets() -> None:
    entry = raw_entry(voice=NEVER_ASK, env={"TOKEN": "opensesame"})
    async with running(entry) as bridge:
        result = await bridge.call(
            bridge.resolve("raw.fail"), {"text": "No task 7.\x07 Token opensesame. Try list_tasks."}
        )
    assert (result.status, result.text) == (Status.ERROR, "No task 7. Token •••. Try list_tasks.")


@pytest.mark.parametrize("era", ["legacy", "modern"])
async def test_cancelling_a_call_cancels_it_at_the_server(tmp_path: Path, era: str) -> None:
    calls = tmp_path / "calls"
    async with running(raw_entry(era=era, calls=str(calls))) as bridge:
        task = asyncio.create_task(bridge.call(bridge.resolve("raw.read_slowly"), {}))
        await wait_for_line(calls, "read_slowly")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await wait_for_line(calls, "cancelled")
        assert (await bridge.call(bridge.resolve("raw.get_env"), {"name": "X"})).status is Status.OK


async def test_a_read_that_takes_too_long_is_an_error_and_is_cancelled(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    entry = raw_entry("slow_one", calls=str(calls), voice=VoiceOptions(timeout=0.3, say="The Slow One"))
    async with running(entry) as bridge:
        result = await bridge.call(bridge.resolve("slow_one.read_slowly"), {})
        assert (result.status, result.text) == (Status.ERROR, "The Slow One did not answer within 0.3 seconds.")
        await wait_for_line(calls, "cancelled")
        assert status_of(bridge, "slow_one").state is State.READY


async def test_a_write_that_takes_too_long_is_unknown_never_a_success() -> None:
    async with running(raw_entry(voice=NEVER_ASK), call_timeout=0.3) as bridge:
        result = await bridge.call(bridge.resolve("raw.write_slowly"), {})
    assert result.status is Status.UNKNOWN
    assert result.text.startswith("raw did not answer within 0.3 seconds. I don't know whether it went through.")


async def test_a_read_whose_connection_was_lost_is_done_again_once(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    async with running(raw_entry(calls=str(calls), voice=NEVER_ASK)) as bridge:
        result = await bridge.call(bridge.resolve("raw.read_then_die"), {"flag": str(tmp_path / "flag")})
        assert (result.status, result.text) == (Status.OK, "ok")
        assert lines_of(calls) == ["read_then_die", "read_then_die"]


async def test_a_read_that_kills_its_server_each_time_is_not_done_a_third_time(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    async with running(raw_entry(calls=str(calls), voice=NEVER_ASK)) as bridge:
        arguments = {"flag": str(tmp_path / "flag"), "always": True}
        result = await bridge.call(bridge.resolve("raw.read_then_die"), arguments)
        assert (result.status, result.text) == (Status.ERROR, "The connection to raw was lost.")
        assert len(lines_of(calls)) == 2


async def test_a_write_whose_connection_was_lost_is_never_done_again(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    async with running(raw_entry(calls=str(calls), voice=NEVER_ASK)) as bridge:
        result = await bridge.call(bridge.resolve("raw.write_then_die"), {"flag": str(tmp_path / "flag")})
        assert result.status is Status.UNKNOWN
        assert result.text.startswith("The connection to raw was lost. I don't know whether it went through.")
        await until_state(bridge, State.READY)
        assert lines_of(calls) == ["write_then_die"]


@pytest.mark.parametrize("why", ["hint", "key"])
async def test_a_write_that_cannot_take_effect_twice_is_done_again(tmp_path: Path, why: str) -> None:
    calls = tmp_path / "calls"
    schema = (
        {"type": "object", "properties": {"idempotency_key": {"type": "string"}}}
        if why == "key"
        else {"type": "object"}
    )
    hints = {"readOnlyHint": False, "destructiveHint": False, "idempotentHint": why == "hint"}
    listed = {"name": "write_then_die", "inputSchema": schema, "annotations": hints}
    entry = raw_entry(calls=str(calls), voice=VoiceOptions(trust=True), replace=[listed])
    async with running(entry) as bridge:
        result = await bridge.call(bridge.resolve("raw.write_then_die"), {"flag": str(tmp_path / "flag")})
        assert result.status is Status.OK
        first, second = lines_of(calls)
        assert first == second
        assert (" with " in first) == (why == "key")


async def test_a_write_whose_answer_was_lost_can_be_checked_with_a_reading_tool_of_the_same_server() -> None:
    tools = [
        {"name": "list_notes", "inputSchema": {"type": "object"}},
        {"name": "list_tasks", "inputSchema": {"type": "object"}},
    ]
    slow = {"name": "write_slowly", "inputSchema": {"type": "object"}}
    async with running(raw_entry(voice=NEVER_ASK, tools=tools, replace=[slow]), call_timeout=0.3) as bridge:
        result = await bridge.call(bridge.resolve("raw.write_slowly"), {})
    assert result.check == "raw_read_slowly"
    assert result.text.endswith("I can check with “read slowly” of raw.")


async def test_a_lost_write_that_is_tried_again_by_the_user_keeps_its_key(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    schema = {"type": "object", "properties": {"idempotency_key": {"type": "string"}}}
    listed = {"name": "write_then_die", "inputSchema": schema}
    async with running(raw_entry(calls=str(calls), voice=NEVER_ASK, replace=[listed])) as bridge:
        tool = bridge.resolve("raw.write_then_die")
        assert "idempotency_key" not in tool.input_schema["properties"]
        arguments = {"flag": str(tmp_path / "flag"), "always": True}
        lost = await bridge.call(tool, arguments)
        assert (lost.status, "It can safely be tried again." in lost.text) == (Status.UNKNOWN, True)
        again = await bridge.call(tool, {**arguments, "always": False})
        assert again.status is Status.OK
        await bridge.call(tool, arguments)
        keys = [line.partition(" with ")[2] for line in lines_of(calls)]
    assert len(keys) == 5
    assert keys[0] == keys[1] == keys[3] == keys[4]
    assert keys[2] != keys[0], "another call is another call"


async def test_a_keyed_write_is_unknown_when_its_server_does_not_come_back(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"idempotency_key": {"type": "string"}}}
    listed = {"name": "write_then_die", "inputSchema": schema}
    starts = str(tmp_path / "starts")
    entry = raw_entry(starts=starts, exit_from=2, voice=NEVER_ASK, replace=[listed])
    async with running(entry, call_timeout=0.5) as bridge:
        result = await bridge.call(bridge.resolve("raw.write_then_die"), {"flag": str(tmp_path / "flag")})
    assert result.status is Status.UNKNOWN
    assert "Nothing was done" not in result.text


async def test_a_key_that_the_bridge_cannot_fill_is_a_parameter_like_any_other() -> None:
    schema = {"type": "object", "properties": {"idempotency_key": {"type": "integer"}}}
    async with running(raw_entry(replace=[{"name": "echo", "inputSchema": schema}])) as bridge:
        tool = bridge.resolve("raw.echo")
        assert "idempotency_key" in tool.input_schema["properties"]
        assert (await bridge.call(tool, {}, confirmed=True)).text == "{}"


async def test_progress_is_passed_on_cleaned() -> None:
    seen: list[Progress] = []
    async with running(raw_entry(voice=NEVER_ASK)) as bridge:
        await bridge.call(bridge.resolve("raw.count_up"), {}, on_progress=seen.append)
    assert [(step.done, step.total, step.message) for step in seen] == [
        (1.0, 3.0, "step 1"),
        (2.0, 3.0, "step 2"),
        (3.0, 3.0, "step 3"),
    ]


async def test_calls_of_one_server_run_beside_each_other() -> None:
    async with running(raw_entry(), call_timeout=WITHIN) as bridge:
        slow = asyncio.create_task(bridge.call(bridge.resolve("raw.read_slowly"), {}))
        quick = await bridge.call(bridge.resolve("raw.get_env"), {"name": "X"})
        assert quick.status is Status.OK
        assert not slow.done()
        slow.cancel()
        await asyncio.wait([slow])


async def test_an_answer_too_long_to_be_read_is_an_error_and_the_server_stays() -> None:
    async with running(raw_entry()) as bridge:
        result = await bridge.call(bridge.resolve("raw.read_huge"), {"megabytes": 12})
        assert (result.status, "more than can be read at once" in result.text) == (Status.ERROR, True)
        assert (await bridge.call(bridge.resolve("raw.get_env"), {"name": "X"})).status is Status.OK


async def test_a_big_answer_is_shown_in_part() -> None:
    async with running(raw_entry()) as bridge:
        result = await bridge.call(bridge.resolve("raw.read_big"), {"characters": 1_000_000})
    assert result.text.endswith("(994,000 more characters are left out)")


async def test_a_server_that_never_came_up_answers_with_its_reason() -> None:
    async with running(raw_entry()) as bridge:
        tool = bridge.resolve("raw.echo")
    async with running(raw_entry(exit=1, stderr=["no database"])) as bridge:
        result = await bridge.call(tool, {}, confirmed=True)
    assert (result.status, result.text) == (Status.ERROR, "“echo” is no longer offered. Nothing was done.")


async def test_a_call_to_a_server_that_is_away_says_why_it_is(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    async with running(raw_entry(starts=str(starts), exit_from=2, voice=NEVER_ASK), call_timeout=0.5) as bridge:
        tool = bridge.resolve("raw.get_env")
        await bridge.call(bridge.resolve("raw.write_then_die"), {"flag": str(tmp_path / "flag")})
        await until(bridge, lambda: "status 1" in (status_of(bridge).reason or ""))
        result = await bridge.call(tool, {"name": "X"})
    assert (result.status, result.text) == (
        Status.ERROR,
        "raw is not ready: it ended with status 1. Nothing was done.",
    )


async def test_tools_are_found_by_server_and_name_or_by_key() -> None:
    async with running(raw_entry("a"), raw_entry("a.b")) as bridge:
        assert bridge.resolve("a.b.echo").server == "a.b"
        assert bridge.resolve("a.echo").server == "a"
        assert bridge.resolve("a_echo") is bridge.resolve("a.echo")
        with pytest.raises(ToolUnknown, match=r"Did you mean a\.echo"):
            bridge.resolve("a.eco")


async def test_a_listener_that_fails_does_not_disturb_the_others() -> None:
    def fail(_event: object) -> None:
        raise ValueError

    seen: list[object] = []
    async with running(raw_entry(), settled=False) as bridge:
        bridge.subscribe(fail)
        stop = bridge.subscribe(seen.append)
        assert await bridge.settle(WITHIN)
        assert seen
        stop()
        stop()
