"""Two workers of one LiveKit server: who gets what, and what is lost when one of them is killed."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from tests.support.livekit import a_guest, a_livekit, a_place, jobs_of, workers

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.livekit import Guest

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
