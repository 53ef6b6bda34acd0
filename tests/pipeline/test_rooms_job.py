"""A real worker on a real LiveKit server: what a job does for its participant, and for nobody else."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import pytest
from livekit import api, rtc

from tests.support.livekit import WITHIN, a_guest, a_guest_with, a_place, a_worker
from tests.support.program import run, tasks
from voice_agent.session.dispatch import Dispatch
from voice_agent.store.store import Store
from voice_agent.web.assistants import Assistants
from voice_agent.worker.elder import SINCE

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Generator
    from pathlib import Path

    from voice_agent.cli.livekit_server import Address
    from voice_agent.web.tokens import Place

pytestmark = [pytest.mark.pipeline, pytest.mark.timeout(240)]

GRACE = 5
AT_ONCE = 10
"""Calls for an assistant."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def worker(livekit: Address, home: Path) -> Generator[subprocess.Popen[bytes]]:
    with a_worker(livekit, home, VOICE_AGENT_ROOMS__GRACE=str(GRACE)) as running:
        yield running


@pytest.mark.usefixtures("worker")
async def test_it_greets_does_what_is_typed_and_ends_when_told(livekit: Address, home: Path) -> None:
    async with a_guest(livekit, a_place()) as guest:
        await guest.follow()
        await guest.line("agent", kind="greeting")

        await guest.type("add buy milk")

        result = await guest.line("tool_result", status="ok")
        assert guest.of("tool_call", call=result["call"], server="tasks", tool="create_task")
        await guest.line("agent", kind="reply")
        await guest.command("va.end")
        assert (await guest.line("end"))["reason"] == "goodbye"
    assert "buy milk" in [task["title"] for task in tasks(home)]


@pytest.mark.usefixtures("worker")
async def test_the_button_is_the_same_yes_and_only_while_the_question_is_open(livekit: Address) -> None:
    async with a_guest(livekit, a_place()) as guest:
        await guest.follow()
        call = await guest.ask_to_delete("water the plants")
        with pytest.raises(rtc.RpcError, match="not waiting"):
            await guest.command("va.confirm", call="another", yes=True)
        assert not guest.of("tool_result", call=call)

        await guest.command("va.confirm", call=call, yes=True)

        assert (await guest.line("answered", call=call))["answer"] == "yes"
        assert (await guest.line("tool_result", call=call))["status"] == "ok"
        with pytest.raises(rtc.RpcError, match="not waiting"):
            await guest.command("va.confirm", call=call, yes=True)


@pytest.mark.usefixtures("worker")
async def test_who_comes_back_finds_the_conversation_as_it_was_and_no_second_greeting(livekit: Address) -> None:
    place = a_place()
    async with a_guest(livekit, place) as guest:
        await guest.follow()
        await guest.line("agent", kind="greeting")
        call = await guest.ask_to_delete("feed the cat")

    async with a_guest(livekit, place) as guest:
        await guest.follow()
        assert len(guest.of("agent", kind="greeting")) == 1
        assert guest.of("user", text="add feed the cat")
        assert guest.of("confirm", call=call)
        assert not guest.of("answered", call=call)
        await guest.command("va.confirm", call=call, yes=False)
        assert (await guest.line("answered", call=call))["answer"] == "no"
        await guest.line("agent", text="Okay, I left it as it was.")
        assert not guest.of("tool_call", call=call)
        assert len(guest.of("agent", kind="greeting")) == 1


@pytest.mark.usefixtures("worker")
async def test_nobody_else_in_the_room_can_command_or_is_told_anything(livekit: Address) -> None:
    place = a_place()
    async with a_guest(livekit, place) as guest, a_guest(livekit, place, identity="mallory") as mallory:
        await guest.follow()
        mallory.agent = guest.agent
        await mallory.until(lambda: guest.agent in mallory.room.remote_participants)
        for command in ("va.snapshot", "va.end"):
            with pytest.raises(rtc.RpcError, match="somebody else"):
                await mallory.command(command)
        await mallory.type("add rob the bank")
        await guest.type("add buy stamps")
        await guest.line("tool_result", status="ok")
        await guest.line("agent", kind="reply")
        assert [line["text"] for line in guest.of("user")] == ["add buy stamps"]
        assert mallory.lines == []


def elder(livekit: Address, place: Place) -> str:
    """The token of an assistant that was given this room before any other."""
    token = api.AccessToken(livekit.api_key, livekit.api_secret).with_identity("elder").with_kind("agent")
    grants = api.VideoGrants(room_join=True, room=place.room, agent=True)
    return token.with_grants(grants).with_attributes({SINCE: "1"}).to_jwt()


async def call_often(livekit: Address, place: Place) -> None:
    """Call for an assistant many times, also at once, as pages do; until cancelled."""
    assistants = Assistants(livekit.url, livekit.api_key, livekit.api_secret)
    whose = Dispatch(identity=place.identity)
    try:
        while True:
            assert all(await asyncio.gather(*(assistants.call(place.room, whose) for _ in range(AT_ONCE))))
            assert all([await assistants.call(place.room, whose) for _ in range(AT_ONCE)])
            await asyncio.sleep(1)
    finally:
        await assistants.aclose()


async def calls(livekit: Address, place: Place) -> set[str]:
    """The calls that the LiveKit server knows."""
    async with api.LiveKitAPI(livekit.url, livekit.api_key, livekit.api_secret) as server:
        return {one.id for one in await server.agent_dispatch.list_dispatch(place.room)}


@pytest.mark.usefixtures("worker")
async def test_where_an_older_assistant_comes_back_the_younger_leaves_it_the_conversation(livekit: Address) -> None:
    place = a_place()
    async with a_guest(livekit, place) as guest:
        await guest.follow()
        await guest.line("agent", kind="greeting")
        younger = guest.agent
        async with a_guest_with(livekit.url, elder(livekit, place)):
            await guest.until(lambda: younger in guest.gone)
        await guest.until(lambda: not guest.is_attended)
        assert not guest.of("end")
        before = await calls(livekit, place)
        calling = asyncio.create_task(call_often(livekit, place))
        await guest.follow()
        # More than one only where it was refused, as long as the younger is on its way out.
        assert 1 <= len(await calls(livekit, place) - before) < AT_ONCE
        calling.cancel()
        await asyncio.wait({calling})
        await guest.line("error", code="taken_over")
        assert len(guest.of("agent", kind="greeting")) == 1


@pytest.mark.usefixtures("worker")
async def test_a_conversation_that_nobody_comes_back_to_ends_and_its_record_is_complete(
    livekit: Address, home: Path
) -> None:
    place = a_place()
    async with a_guest(livekit, place) as guest:
        await guest.follow()
        await guest.line("agent", kind="greeting")
        await guest.type("what can you do?")
        await guest.line("agent", kind="reply")
        async with a_guest(livekit, place, identity="witness") as witness:
            await guest.room.disconnect()
            await witness.until(lambda: guest.agent not in witness.room.remote_participants)
    store = Store(None, home / "voice-agent")
    lines = await store.lines(place.room)
    await store.aclose()
    assert lines[0]["event"] == "ready"
    assert [line["text"] for line in lines if line["event"] == "user"] == ["what can you do?"]
    assert [line["kind"] for line in lines if line["event"] == "agent" and line["kind"] != "filler"] == [
        "greeting",
        "reply",
    ]
    assert lines[-1]["event"] == "end"
    assert lines[-1]["reason"] == "left"


def test_a_key_that_the_livekit_server_does_not_know_ends_the_worker_with_a_sentence(
    livekit: Address, tmp_path: Path
) -> None:
    given = {"LIVEKIT_URL": livekit.url, "LIVEKIT_API_KEY": "nobody", "LIVEKIT_API_SECRET": "x" * 36}
    done = run("voice-agent", "worker", "--profile", "offline", home=tmp_path, env=given)
    assert done.status == 1
    assert "does not accept the key nobody" in done.err
    assert "Traceback" not in done.err


async def test_an_interrupted_worker_ends_its_conversations_and_tells_them(
    livekit: Address, worker: subprocess.Popen[bytes]
) -> None:
    """The last one: it ends what the others use."""
    async with a_guest(livekit, a_place()) as guest:
        await guest.follow()
        await guest.line("agent", kind="greeting")
        worker.send_signal(signal.SIGINT)
        assert (await guest.line("end"))["reason"] == "interrupted"
    assert worker.wait(WITHIN) == 0
