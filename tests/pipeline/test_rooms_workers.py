"""Workers of one LiveKit server: who gets what, what is lost when one is killed, and jobs that take long to come."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from livekit import api
from livekit.agents import AgentServer, JobContext, JobExecutorType

from tests.support.livekit import WITHIN, a_guest, a_livekit, a_place, jobs_of, workers
from voice_agent.session.calling import call_assistant
from voice_agent.session.dispatch import AGENT

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from livekit.protocol.agent import Job

    from tests.support.livekit import Guest
    from voice_agent.cli.livekit_server import Address

pytestmark = [pytest.mark.pipeline, pytest.mark.timeout(240)]


async def test_each_conversation_goes_to_the_least_loaded_and_a_killed_worker_loses_none_but_its_own(
    tmp_path: Path,
) -> None:
    with a_livekit(tmp_path) as server, workers(2, server.address, tmp_path) as both:
        async with AsyncExitStack() as open_until_the_end:
            held: tuple[list[Guest], list[Guest]] = [], []
            for _ in range(4):
                guest = await open_until_the_end.enter_async_context(a_guest(server.address, a_place()))
                await guest.follow()
                counts = [len(jobs_of(worker, server.address)) for worker in both]
                grown = [count > len(guests) for count, guests in zip(counts, held, strict=True)]
                held[grown.index(True)].append(guest)
            assert [len(guests) for guests in held] == [2, 2]
            for guest in [*held[0], *held[1]]:
                await guest.line("agent", kind="greeting")
                await guest.type("thanks")
                await guest.line("user", text="thanks")

            both[0].kill()

            for guest in held[0]:
                await guest.lose()
                await guest.follow()
                await guest.line("error", code="taken_over")
                assert guest.of("user", text="thanks")
                assert len(guest.of("agent", kind="greeting")) == 1
            for guest in held[1]:
                await guest.type("hello")
                await guest.until(lambda guest=guest: len(guest.of("user")) == 2)
                assert not guest.gone
                assert not guest.of("error")
            assert len(jobs_of(both[1], server.address)) == 4


async def test_an_assistant_that_takes_long_to_come_is_not_ended_by_the_next_call(livekit: Address) -> None:
    """LiveKit ends a job with the call that it came of, and lists jobs only seconds after they began."""
    place, key = a_place(), (livekit.url, livekit.api_key, livekit.api_secret)
    may_come = asyncio.Event()

    async def calls() -> dict[str, api.AgentDispatch]:
        return {one.id: one for one in await server.agent_dispatch.list_dispatch(place.room)}

    async with (
        a_worker(livekit, may_come) as jobs,
        a_guest(livekit, place),
        api.LiveKitAPI(*key) as server,
        asyncio.timeout(WITHIN),
    ):
        while jobs.started is None:
            # A worker that has just registered may not be asked yet.
            with suppress(TimeoutError):
                await asyncio.wait_for(jobs.has_started.wait(), 5)
            await call_assistant(server, place.room, "{}")
        slow, known = jobs.started, await calls()
        called_at = max(one.state.created_at for one in known.values()) / 1e9
        await call_assistant(server, place.room, "{}", now=called_at + 1)
        assert set(await calls()) == set(known)
        await call_assistant(server, place.room, "{}", now=called_at + 20)
        assert set(await calls()) > set(known)
        while not (await calls())[slow.dispatch_id].state.jobs:  # noqa: ASYNC110 - LiveKit tells nobody that it lists one
            await asyncio.sleep(0.2)
        await call_assistant(server, place.room, "{}", now=time.time() + 45)
        assert slow.dispatch_id in await calls()
        may_come.set()
        await jobs.has_come.wait()
        assert slow.id not in jobs.ended


@dataclass
class Jobs:
    """What came of the jobs of a worker."""

    started: Job | None = None
    """The first one."""
    has_started: asyncio.Event = field(default_factory=asyncio.Event)
    has_come: asyncio.Event = field(default_factory=asyncio.Event)
    """One is in its room."""
    ended: list[str] = field(default_factory=list[str])
    """Their ids."""


@asynccontextmanager
async def a_worker(livekit: Address, may_come: asyncio.Event) -> AsyncGenerator[Jobs]:
    """A worker whose jobs come to their rooms only when they may."""
    jobs, loop, registered = Jobs(), asyncio.get_running_loop(), asyncio.Event()

    async def hold(ctx: JobContext) -> None:
        async def note_end() -> None:
            loop.call_soon_threadsafe(jobs.ended.append, ctx.job.id)

        ctx.add_shutdown_callback(note_end)
        jobs.started = jobs.started or ctx.job
        loop.call_soon_threadsafe(jobs.has_started.set)
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(may_come.wait(), loop))
        await ctx.connect()
        loop.call_soon_threadsafe(jobs.has_come.set)

    def note(_worker: str, _about: object) -> None:
        registered.set()

    server = AgentServer(
        ws_url=livekit.url,
        api_key=livekit.api_key,
        api_secret=livekit.api_secret,
        host="127.0.0.1",
        port=0,
        job_executor_type=JobExecutorType.THREAD,
        num_idle_processes=0,
        load_fnc=lambda: 0.0,
    )
    server.rtc_session(hold, agent_name=AGENT)  # pyright: ignore[reportUnknownMemberType] - LiveKit leaves it open
    server.on("worker_registered", note)  # pyright: ignore[reportUnknownMemberType] - the same
    running = asyncio.create_task(server.run())
    try:
        async with asyncio.timeout(WITHIN):
            await registered.wait()
        yield jobs
    finally:
        may_come.set()
        await server.aclose()
        await asyncio.wait({running})
