"""A job acts for whom its permit is made out to, and for nobody else by naming them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import jwt
import pytest

from tests.support.bridges import WITHIN, raw_entry, until
from tests.support.hubs import PERMITS, running_hub
from voice_agent.bridge.hub.attached import HubBridge, Place
from voice_agent.bridge.hub.lines import connect
from voice_agent.bridge.hub.permits import LIVES, RENEWED_FOR, Permit, PermitRefused, Permits
from voice_agent.bridge.types import State
from voice_agent.config.types import VoiceOptions

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.hubs import RunningHub
    from voice_agent.bridge.types import Json

pytestmark = pytest.mark.contract

SHARED = VoiceOptions(confirm="never", scope="shared")


async def is_let_in(running: RunningHub, permit: str | None) -> bool:
    """Whether the hub goes on with a job that comes with this permit."""
    reader, writer = await connect(running.address, running.token, permit)
    try:
        ping = b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n'
        writer._writer.write(ping)  # pyright: ignore[reportPrivateUsage] - a job of ours would begin otherwise
        async with asyncio.timeout(WITHIN):
            return bool(await reader._reader.readline())  # pyright: ignore[reportPrivateUsage] - as above
    except OSError:
        return False
    finally:
        await writer.aclose()


async def test_a_job_without_a_good_permit_is_not_let_in(tmp_path: Path) -> None:
    old = Permits(PERMITS.key, now=lambda: 1e9)
    forged = Permits(PERMITS.key[::-1])
    unsigned = jwt.encode({"aud": "voice-agent/hub", "iat": 1, "exp": 9e9, "sub": "anna"}, "", algorithm="none")
    elsewhere = jwt.encode({"aud": "task-manager", "iat": 1, "exp": 9e9, "sub": "anna"}, PERMITS.key)
    async with running_hub(tmp_path, raw_entry(voice=SHARED)) as running:
        assert await is_let_in(running, PERMITS.give("anna"))
        for permit in (None, "anna", old.give("anna"), forged.give("anna"), unsigned, elsewhere):
            assert not await is_let_in(running, permit)


async def test_a_job_is_offered_what_its_permit_is_for_whatever_it_says(tmp_path: Path) -> None:
    async with running_hub(tmp_path, raw_entry("notes"), raw_entry("clock", voice=SHARED)) as running:
        for subject, servers in (("anna", {"clock"}), (None, {"notes", "clock"})):
            async with running.job(subject) as job:
                assert {tool.server for tool in job.tools} == servers
                link: Any = job._hub.connection  # pyright: ignore[reportPrivateUsage] - what a job that lies would send
                meta = {"voice-agent/person": {"subject": "ben" if subject is None else None}}
                answer = await link._session.ask("tools/list", {"_meta": meta}, WITHIN)  # type: ignore[union-attr]
                listed: list[Json] = answer["tools"]
                assert {tool["_meta"]["voice-agent/tool"]["server"] for tool in listed} == servers


async def test_a_permit_is_renewed_so_that_a_long_conversation_outlives_its_hub(tmp_path: Path) -> None:
    now = [1e9]
    permits, socket = Permits(PERMITS.key, now=lambda: now[0]), tmp_path / "s"
    entry = raw_entry(voice=SHARED)
    async with running_hub(tmp_path, entry, path=socket, token="t", permits=permits) as running:
        job = HubBridge(Place(running.address, "t", permits.give("anna")), [entry])
        job.start()
        assert await job.settle(WITHIN)
        now[0] += LIVES - 10
        listed = asyncio.Event()
        job.subscribe(lambda _: listed.set())
        await job.call(job.resolve("raw.add_tool"), {})
        await asyncio.wait_for(listed.wait(), WITHIN)
    now[0] += LIVES - 10
    async with running_hub(tmp_path, entry, path=socket, token="t", permits=permits):
        await until(job, lambda: all(one.state is State.READY for one in job.servers))
    await job.aclose()


def test_a_permit_says_for_whom_it_is_and_ends() -> None:
    now = 1e9
    permits = Permits("k" * 32, now=lambda: now)
    permit = permits.read(permits.give("anna"))
    assert permit == Permit("anna", int(1e9))
    assert permits.read(permits.give(None)).subject is None
    given = permits.give("anna")
    now += LIVES
    with pytest.raises(PermitRefused, match="too old"):
        permits.read(given)
    assert permits.read(permits.renew(permit)) == permit
    now += RENEWED_FOR
    with pytest.raises(PermitRefused, match="too old"):
        permits.read(permits.renew(permit))
