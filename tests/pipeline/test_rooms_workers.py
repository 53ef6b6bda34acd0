"""Two workers that hold one conversation each: who gets what, and what is lost when one of them is killed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.support.livekit import WITHIN, a_guest, a_place, jobs_of, workers
from voice_agent.session.dispatch import Dispatch
from voice_agent.web.assistants import Assistants

if TYPE_CHECKING:
    from pathlib import Path

    from voice_agent.cli.livekit_server import Address

pytestmark = [pytest.mark.pipeline, pytest.mark.timeout(240)]


async def test_a_killed_worker_loses_its_own_conversation_only_and_another_takes_it_when_it_is_free(
    livekit: Address, tmp_path: Path
) -> None:
    first, second = a_place(), a_place()
    variables = {"VOICE_AGENT_ROOMS__CAPACITY": "1"}
    with workers(2, livekit, tmp_path, **variables) as (one, two):
        async with a_guest(livekit, first) as ann, a_guest(livekit, second) as bob:
            await ann.follow()
            await ann.line("agent", kind="greeting")
            holder = one if jobs_of(one, livekit) else two
            await bob.follow()
            await bob.line("agent", kind="greeting")
            assert [len(jobs_of(worker, livekit)) for worker in (one, two)] == [1, 1]
            await ann.type("add feed the cat")
            await ann.line("tool_result", status="ok")
            await ann.line("agent", kind="reply")

            holder.kill()

            await ann.lose()
            await bob.type("add walk the dog")
            await bob.line("tool_result", status="ok")
            assert bob.agent in bob.room.remote_participants
            await bob.command("va.end")
            await bob.line("end")
            await bob.room.disconnect()
            assistants = Assistants(livekit.url, livekit.api_key, livekit.api_secret)
            async with asyncio.timeout(WITHIN):
                while not ann.is_attended:
                    await assistants.call(first.room, Dispatch(identity=first.identity))
            await assistants.aclose()
            await ann.follow()
            assert ann.of("user", text="add feed the cat")
            assert len(ann.of("agent", kind="greeting")) == 1
            assert len(ann.of("tool_call")) == 1
            await ann.line("error", code="taken_over")
            await ann.command("va.end")
            await ann.line("end")
