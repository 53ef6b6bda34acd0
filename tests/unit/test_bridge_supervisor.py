from __future__ import annotations

import asyncio
import contextlib
import heapq
from typing import TYPE_CHECKING, Any, Self

import pytest

from tests.support.bridges import WITHIN, NoJitter
from voice_agent.bridge.supervisor import Pace, Supervisor
from voice_agent.bridge.types import State
from voice_agent.config.types import StdioEntry

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from voice_agent.bridge.opening import Sight
    from voice_agent.config.types import ServerEntry

pytestmark = pytest.mark.unit


class FakeClock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self._now = 0.0
        self._order = 0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self.slept: list[float] = []

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._order += 1
        heapq.heappush(self._sleepers, (self._now + seconds, self._order, future))
        self.slept.append(seconds)
        await future

    async def next(self) -> float:
        """Go on to the next moment that somebody waits for; returns how long that took."""
        async with asyncio.timeout(WITHIN):
            while not (waiting := [sleeper for sleeper in self._sleepers if not sleeper[2].done()]):  # noqa: ASYNC110 - nothing else can tell
                await asyncio.sleep(0)  # the others run until one of them waits
        when, _, future = min(waiting)
        before, self._now = self._now, when
        future.set_result(None)
        await asyncio.sleep(0)
        return when - before


class FakeListing:
    tools: list[Any] = []  # noqa: RUF012 - never changed
    trouble = None


class FakeConnection:
    """A connection that the test ends, changes, or makes slow to list."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.changed = asyncio.Event()
        self.listed = 0
        self.list_error: Exception | None = None

    async def list_tools(self, within: float) -> Any:
        del within
        self.listed += 1
        if self.list_error is not None:
            raise self.list_error
        return FakeListing()

    async def call(self, *_: object, **__: object) -> Any:
        raise NotImplementedError


class FakeServer:
    """Fails as often as it is told to, then connects."""

    def __init__(self, failures: int = 0, error: Exception | None = None, exit_status: int | None = 1) -> None:
        self.exit_status = exit_status
        self.failures, self.error = failures, error or ConnectionResetError("gone")
        self.opened = 0
        self.closed = 0
        self.connections: list[FakeConnection] = []

    @contextlib.asynccontextmanager
    async def open(self, entry: ServerEntry, sight: Sight) -> AsyncGenerator[FakeConnection, None]:
        del entry
        self.opened += 1
        if self.opened <= self.failures:
            sight.exit_status = self.exit_status
            raise self.error
        connection = FakeConnection()
        self.connections.append(connection)
        try:
            yield connection
        finally:
            self.closed += 1


class Watched:
    """A supervisor at work, its clock, and what it said."""

    def __init__(self, server: FakeServer, pace: Pace | None = None) -> None:
        self.server, self.clock = server, FakeClock()
        self.states: list[State] = []
        self._changed = asyncio.Event()
        self.supervisor = Supervisor(
            StdioEntry("x", "no-such-command"),
            server.open,
            on_listing=self._take,
            on_change=self._note,
            clock=self.clock,
            pace=pace or Pace(first_retry=1.0, soon_retry=2.0, longest_retry=8.0),
            rng=NoJitter(),
        )

    async def _take(self, _supervisor: Supervisor, _listing: object) -> tuple[State, None]:
        return State.READY, None

    def _note(self, supervisor: Supervisor) -> None:
        self.states.append(supervisor.state)
        self._changed.set()

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(WITHIN):
            while not is_so():
                self._changed.clear()
                await self._changed.wait()

    async def __aenter__(self) -> Self:
        self.task = asyncio.create_task(self.supervisor.run())
        return self

    async def __aexit__(self, *exception: object) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


async def test_a_server_that_fails_at_first_is_tried_ever_more_slowly_until_it_is_up() -> None:
    async with Watched(FakeServer(failures=5)) as watched:
        waits: list[float] = []
        for attempt in range(1, 6):
            await watched.until(lambda: len(watched.states) == attempt)  # noqa: B023 - awaited at once
            waits.append(await watched.clock.next())
        await watched.until(lambda: watched.supervisor.state is State.READY)
    assert waits == [1.0, 2.0, 4.0, 8.0, 8.0]
    assert watched.states == [State.FAILED] * 5 + [State.READY]


async def test_what_has_been_up_is_tried_often_for_a_minute_and_then_less() -> None:
    async with Watched(FakeServer()) as watched:
        await watched.until(lambda: watched.supervisor.state is State.READY)
        watched.server.failures = 1_000
        watched.server.connections[0].ended.set()
        waits: list[float] = []
        for attempt in range(2, 40):
            await watched.until(lambda: len(watched.states) == attempt)  # noqa: B023 - awaited at once
            waits.append(await watched.clock.next())
    assert waits[:3] == [1.0, 2.0, 2.0]
    assert max(waits[:29]) == 2.0
    assert waits[-1] == 8.0
    assert set(watched.states[1:]) == {State.RECONNECTING}


async def test_only_a_person_can_mend_a_missing_command_so_it_is_looked_for_rarely() -> None:
    server = FakeServer(failures=1, error=FileNotFoundError(2, "no such file"), exit_status=None)
    async with Watched(server) as watched:
        await watched.until(lambda: watched.supervisor.state is State.FAILED)
        assert watched.supervisor.next_try is not None
        assert await watched.clock.next() == pytest.approx(72.0)
        await watched.until(lambda: watched.supervisor.state is State.READY)


async def test_a_connection_that_ends_is_closed_before_the_next_is_opened() -> None:
    async with Watched(FakeServer()) as watched:
        await watched.until(lambda: watched.supervisor.state is State.READY)
        watched.server.connections[0].ended.set()
        await watched.until(lambda: watched.supervisor.state is State.RECONNECTING)
        assert (watched.server.opened, watched.server.closed) == (1, 1)
        assert watched.supervisor.connection is None
        await watched.clock.next()
        await watched.until(lambda: watched.supervisor.state is State.READY)
        assert watched.supervisor.connection is watched.server.connections[1]


async def test_the_tools_are_looked_at_again_now_and_then() -> None:
    async with Watched(FakeServer()) as watched:
        await watched.until(lambda: watched.supervisor.state is State.READY)
        connection = watched.server.connections[0]
        waited = await watched.clock.next()
        await watched.until(lambda: connection.listed == 2)
        assert waited == pytest.approx(72.0)


async def test_many_announcements_of_changes_are_one_look() -> None:
    async with Watched(FakeServer()) as watched:
        await watched.until(lambda: watched.supervisor.state is State.READY)
        connection = watched.server.connections[0]
        for _ in range(3):
            connection.changed.set()
            await asyncio.sleep(0)
        assert await watched.clock.next() == pytest.approx(0.1)
        await watched.until(lambda: connection.listed >= 2)
        await asyncio.sleep(0)
        assert connection.listed == 2


async def test_a_server_that_is_slow_to_list_is_degraded_and_then_reconnected() -> None:
    async with Watched(FakeServer()) as watched:
        await watched.until(lambda: watched.supervisor.state is State.READY)
        connection = watched.server.connections[0]
        connection.list_error = TimeoutError()
        await watched.clock.next()
        await watched.until(lambda: watched.supervisor.state is State.DEGRADED)
        assert watched.supervisor.connection is connection
        await watched.clock.next()
        await watched.until(lambda: watched.supervisor.state is State.RECONNECTING)


async def test_a_call_that_needs_a_server_has_it_tried_at_once() -> None:
    async with Watched(FakeServer()) as watched:
        await watched.until(lambda: watched.supervisor.state is State.READY)
        watched.server.connections[0].ended.set()
        await watched.until(lambda: watched.supervisor.state is State.RECONNECTING)
        connection = await watched.supervisor.wait_ready(WITHIN)
    assert connection is watched.server.connections[1]
    assert watched.clock.now() == 0.0


async def test_waiting_for_a_server_that_has_failed_does_not_wait() -> None:
    async with Watched(FakeServer(failures=9)) as watched:
        await watched.until(lambda: watched.supervisor.state is State.FAILED)
        assert await watched.supervisor.wait_ready(3600) is None


async def test_ending_it_closes_the_connection_and_leaves_no_timer() -> None:
    async with Watched(FakeServer()) as watched:
        await watched.until(lambda: watched.supervisor.state is State.READY)
    assert watched.server.closed == 1
