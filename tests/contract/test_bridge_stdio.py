from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.cell import STDIO, entry_of
from tests.support.bridges import WITHIN, lines_of, raw_entry, running, status_of, until, until_state
from voice_agent.bridge import bridge as bridge_module
from voice_agent.bridge import opening, transports
from voice_agent.bridge.bridge import Bridge
from voice_agent.bridge.child import Child
from voice_agent.bridge.types import CatalogChanged, State, Status
from voice_agent.config.types import StdioEntry, VoiceOptions
from voice_agent.errors import ToolUnknown

if TYPE_CHECKING:
    from pathlib import Path

    from voice_agent.bridge.types import BridgeEvent

pytestmark = pytest.mark.contract

ERAS = ["legacy", "modern"]


@pytest.mark.parametrize("era", ERAS)
async def test_tools_of_a_server_can_be_called_in_both_eras(era: str) -> None:
    async with running(raw_entry(era=era)) as bridge:
        result = await bridge.call(bridge.resolve("raw.echo"), {"a": 1}, confirmed=True)
    assert (result.status, result.text, result.structured) == (Status.OK, '{"a":1}', {"a": 1})


async def test_starting_waits_for_nothing_and_a_hung_server_holds_nobody_up() -> None:
    hung = raw_entry("hung", hang="start")
    bridge = Bridge([hung, raw_entry("well")])
    bridge.start()
    try:
        assert {status.state for status in bridge.servers} == {State.STARTING}
        assert await bridge.settle(WITHIN, {"well"})
        assert status_of(bridge, "well").state is State.READY
        assert not await bridge.settle(0)
        assert {tool.server for tool in bridge.tools} == {"well"}
    finally:
        await bridge.aclose()


async def test_a_required_server_is_started_before_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge_module, "HEAD_START", WITHIN)
    starts = tmp_path / "starts"
    needed = raw_entry("needed", voice=VoiceOptions(required=True), starts=str(tmp_path / "needed"))
    bridge = Bridge([raw_entry("other", starts=str(starts)), needed])
    early: list[str] = []
    bridge.subscribe(
        lambda _: early.extend(lines_of(starts)) if status_of(bridge, "needed").state == "starting" else None
    )
    bridge.start()
    try:
        assert await bridge.settle(WITHIN)
        assert lines_of(tmp_path / "needed")
        assert early == []
    finally:
        await bridge.aclose()


async def test_a_server_that_crashes_at_the_start_is_one_sentence() -> None:
    crash = raw_entry(
        "crash", exit=4, stderr=["Traceback (most recent call last):", "ValueError: no s3cret"], env={"K": "s3cret"}
    )
    async with running(crash, raw_entry("well")) as bridge:
        status = status_of(bridge, "crash")
        assert (status.state, status.reason) == (State.FAILED, "ended with status 4: ValueError: no •••")
        assert status.next_try is not None
        assert status_of(bridge, "well").state is State.READY


async def test_a_server_whose_output_ends_before_it_does_is_told_by_how_it_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(opening, "_AFTER_OUTPUT", WITHIN)
    slow_death = "import os, time; os.close(1); time.sleep(0.4); os._exit(5)"
    async with running(StdioEntry("raw", sys.executable, ("-I", "-S", "-c", slow_death))) as bridge:
        assert (status_of(bridge).state, status_of(bridge).reason) == (State.FAILED, "ended with status 5")


async def test_a_missing_command_is_one_sentence() -> None:
    async with running(StdioEntry("gone", "no-such-command-here")) as bridge:
        reason = status_of(bridge, "gone").reason
    assert reason is not None
    assert "there is no command “no-such-command-here” on this machine" in reason


@pytest.mark.parametrize("step", ["initialize", "tools/list"])
async def test_a_server_that_goes_silent_at_any_step_is_given_up(step: str) -> None:
    from voice_agent.bridge.supervisor import Pace

    async with running(raw_entry(hang=step), pace=Pace(connect=0.6)) as bridge:
        status = status_of(bridge)
        assert (status.state, status.reason) == (State.FAILED, "did not answer within 0.6 s")


async def test_a_dead_child_is_noticed_when_it_dies_and_comes_back_with_the_same_tools(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    async with running(raw_entry(starts=str(starts))) as bridge:
        before = bridge.tools
        events: list[BridgeEvent] = []
        bridge.subscribe(events.append)
        died = time.monotonic()
        os.kill(int(lines_of(starts)[0]), 9)
        status = await until_state(bridge, State.RECONNECTING)
        noticed = time.monotonic() - died
        assert status.reason == "was ended by SIGKILL"
        assert bridge.tools == ()
        await until_state(bridge, State.READY)
        assert all(one is other for one, other in zip(before, bridge.tools, strict=True))
        assert len(lines_of(starts)) == 2
        assert any(isinstance(event, CatalogChanged) and len(event.removed) == len(before) for event in events)
    assert noticed < WITHIN


async def test_a_grandchild_that_holds_the_pipe_does_not_hide_a_death(tmp_path: Path) -> None:
    script = (
        "import subprocess,sys,runpy;"
        "subprocess.Popen([sys.executable,'-c','import time;time.sleep(60)']);"
        f"sys.argv=['x','{{}}'];runpy.run_path({str(raw_entry().args[2])!r},run_name='__main__')"
    )
    async with running(StdioEntry("raw", sys.executable, ("-c", script))) as bridge:
        tool = bridge.resolve("raw.write_then_die")
        result = await bridge.call(tool, {"flag": str(tmp_path / "flag")}, confirmed=True)
        assert result.status is Status.UNKNOWN
        assert "did not answer" not in result.text


async def test_while_a_server_is_away_calls_and_names_say_why(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    async with running(raw_entry(starts=str(starts), exit_from=2)) as bridge:
        tool = bridge.resolve("raw.echo")
        os.kill(int(lines_of(starts)[0]), 9)
        await until_state(bridge, State.RECONNECTING)
        await until(bridge, lambda: "status 1" in (status_of(bridge).reason or ""))
        assert bridge.tools == ()
        assert tool in bridge.catalog
        with pytest.raises(ToolUnknown, match="ended with status 1"):
            bridge.resolve("raw.unheard_of")


async def test_all_pages_are_listed() -> None:
    many = [{"name": f"get_{n}", "inputSchema": {"type": "object"}} for n in range(50)]
    async with running(raw_entry(tools=many, page=7)) as bridge:
        assert {tool.name for tool in bridge.tools} >= {f"get_{n}" for n in range(50)}
        assert status_of(bridge).state is State.READY


async def test_thousands_of_tools_are_listed_and_hold_nobody_up(tmp_path: Path) -> None:
    many = tmp_path / "many"
    many.write_text(json.dumps([{"name": f"get_{n}", "inputSchema": {"type": "object"}} for n in range(3_000)]))
    crowd = raw_entry("crowd", listed=str(many), page=200)
    async with running(raw_entry("well"), crowd, settled=False) as bridge:
        assert await bridge.settle(WITHIN, {"well"})
        assert (await bridge.call(bridge.resolve("well.get_env"), {"name": "X"})).status is Status.OK
        assert await bridge.settle(WITHIN)
        assert status_of(bridge, "crowd").tools == 3_000 + 13
        assert (await bridge.call(bridge.resolve("crowd.echo"), {}, confirmed=True)).status is Status.OK


async def test_a_list_that_never_ends_is_used_as_far_as_it_goes() -> None:
    async with running(raw_entry(page=5, loop=True)) as bridge:
        status = status_of(bridge)
        assert (status.state, status.reason) == (State.DEGRADED, "has a list of tools that never ends")
        assert (await bridge.call(bridge.resolve("raw.echo"), {}, confirmed=True)).status is Status.OK


@pytest.mark.parametrize("era", ERAS)
async def test_one_bad_schema_is_set_aside_alone(era: str) -> None:
    tools: list[dict[str, Any]] = [
        {"name": "get_bad", "inputSchema": {"type": "array"}},
        {"name": "get_worse", "inputSchema": "nonsense"},
        {"name": "get_untyped", "inputSchema": {"properties": {}}},
        {"inputSchema": {}},
    ]
    async with running(raw_entry(era=era, tools=tools)) as bridge:
        status = status_of(bridge)
        assert status.state is State.DEGRADED
        assert status.reason == (
            "lists 1 tool without a proper name; cannot offer “get bad” (its parameters are not an object),"
            " “get worse” (its parameters are not described by an object)"
        )
        names = {tool.name for tool in bridge.tools}
        assert "get_untyped" in names
        assert names.isdisjoint({"get_bad", "get_worse"})
        bad = bridge.resolve("raw.get_bad")
        assert bad.broken == "its parameters are not an object"
        assert "cannot be used" in (await bridge.call(bad, {})).text


async def test_lines_that_are_no_messages_are_skipped() -> None:
    async with running(raw_entry(noise=["Server starting…", "{not json", "[1]", ""])) as bridge:
        assert status_of(bridge).state is State.READY


async def test_a_change_of_the_list_arrives_and_leaves_the_other_tools_as_they_are() -> None:
    async with running(raw_entry()) as bridge:
        before = {tool.name: tool for tool in bridge.tools}
        await bridge.call(bridge.resolve("raw.add_tool"), {}, confirmed=True)
        await until(bridge, lambda: any(tool.name == "list_added" for tool in bridge.tools))
        assert all(before[tool.name] is tool for tool in bridge.tools if tool.name in before)


async def test_a_tool_that_changed_is_not_called_by_what_was_known_of_it() -> None:
    async with running(raw_entry()) as bridge:
        old = bridge.resolve("raw.echo")
        await bridge.call(bridge.resolve("raw.change_tool"), {}, confirmed=True)
        await until(bridge, lambda: bridge.resolve("raw.echo") is not old)
        result = await bridge.call(old, {}, confirmed=True)
        assert (result.status, "has changed meanwhile" in result.text) == (Status.ERROR, True)


async def test_the_environment_of_the_entry_reaches_the_child_and_the_keys_of_others_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-for-servers")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    async with running(raw_entry(env={"MINE": "yes"})) as bridge:
        tool = bridge.resolve("raw.get_env")
        seen = {name: (await bridge.call(tool, {"name": name})).text for name in ("MINE", "TZ", "OPENAI_API_KEY")}
    assert seen == {"MINE": "yes", "TZ": "Asia/Tokyo", "OPENAI_API_KEY": "(unset)"}


async def test_closing_ends_every_child_also_one_that_does_not_want_to(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    entries = [raw_entry(name, starts=str(starts), ignore_eof=name == "stubborn") for name in ("meek", "stubborn")]
    async with running(*entries, raw_entry("hung", hang="start", starts=str(starts)), settled=False) as bridge:
        assert await bridge.settle(WITHIN, {"meek", "stubborn"})
    for line in lines_of(starts):
        with pytest.raises(ProcessLookupError):
            os.kill(int(line), 0)
    assert len(lines_of(starts)) >= 2


async def test_closing_while_servers_are_starting_leaves_nothing_behind(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    bridge = Bridge([raw_entry(starts=str(starts), hang="initialize")])
    bridge.start()
    async with asyncio.timeout(WITHIN):
        while not lines_of(starts):
            await asyncio.to_thread(os.stat, tmp_path)
    await bridge.aclose()
    with pytest.raises(ProcessLookupError):
        os.kill(int(lines_of(starts)[0]), 0)


@pytest.fixture
def quick_to_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a child may take to answer in the newer era is short, and begins when it runs and has written to this file.

    How long a process takes to start is the machine's business.
    """
    begun, start = tmp_path / "pids", Child.start
    monkeypatch.setattr(transports, "PROBE_CHILD", 1.0)
    monkeypatch.setattr(transports, "AFTER_SILENCE", 0.2)

    async def started(entry: StdioEntry) -> Child:
        before = len(lines_of(begun))
        child = await start(entry)
        async with asyncio.timeout(WITHIN):
            while len(lines_of(begun)) == before:
                await asyncio.to_thread(begun.exists)
        return child

    monkeypatch.setattr(Child, "start", started)
    return begun


@pytest.mark.usefixtures("quick_to_ask")
async def test_a_server_of_the_older_era_that_hangs_at_the_newer_one_is_used_and_known_at_the_next_start(
    tmp_path: Path,
) -> None:
    pins, struck = tmp_path / "home" / "pins", tmp_path / "struck"
    async with entry_of(STDIO, {"fault": "hang", "at": ("server/discover",)}, tmp_path) as (entry, _):
        for _ in range(2):
            async with running(entry, pins=pins) as bridge:
                status = status_of(bridge, entry.name)
                assert (status.state, status.reason) == (State.READY, None)
    assert lines_of(struck) == ["server/discover"], "it was asked again what it cannot bear"


ONE_THING_AT_A_TIME = """
import json, sys, time
open(sys.argv[2], "a").write("begun\\n")
for line in sys.stdin:
    request = json.loads(line)
    open(sys.argv[1], "a").write(request["method"] + "\\n")
    if request["method"] == "server/discover":
        time.sleep(3600)
    result = {"tools": [{"name": "look", "inputSchema": {"type": "object"}}]}
    if request["method"] == "initialize":
        info = {"name": "old", "version": "1"}
        result = {"protocolVersion": "2024-11-05", "capabilities": {"tools": {}}, "serverInfo": info}
    if "id" in request:
        print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}), flush=True)
"""


async def test_a_server_that_does_one_thing_at_a_time_and_hangs_is_asked_anew_and_meanwhile_only_starting(
    tmp_path: Path, quick_to_ask: Path
) -> None:
    asked = tmp_path / "asked"
    entry = StdioEntry("old", sys.executable, ("-I", "-S", "-c", ONE_THING_AT_A_TIME, str(asked), str(quick_to_ask)))
    states: set[State] = set()
    async with running(entry, settled=False, pins=tmp_path / "home" / "pins") as bridge:
        bridge.subscribe(lambda _event: states.add(status_of(bridge, "old").state))
        await until_state(bridge, State.READY, "old")
        assert [tool.name for tool in bridge.tools] == ["look"]
    assert states == {State.READY}
    async with running(entry, pins=tmp_path / "home" / "pins") as bridge:
        assert status_of(bridge, "old").state is State.READY
    assert lines_of(asked).count("server/discover") == 1
