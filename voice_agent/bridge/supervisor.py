"""Keeps one server connected: one owner task that connects, watches, lists again and reconnects."""

from __future__ import annotations

import asyncio
import contextlib
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from voice_agent.bridge.credentials.refusal import NEEDED
from voice_agent.bridge.opening import Sight
from voice_agent.bridge.reasons import Evidence, Trouble, causes, explain
from voice_agent.bridge.redaction import Redactor
from voice_agent.bridge.types import State
from voice_agent.config.types import StdioEntry

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from voice_agent.bridge.connection import Connection, Listing
    from voice_agent.bridge.credentials.sign_in import SignIn
    from voice_agent.bridge.opening import Opener
    from voice_agent.config.types import ServerEntry


_UP = (State.READY, State.DEGRADED, State.RECONNECTING)
_HOPEFUL = (State.STARTING, *_UP)
"""There is a connection, or there may be one soon."""


Verdict: TypeAlias = tuple[State, str | None]
"""`READY`, `DEGRADED` or `QUARANTINED`, and why."""


class Clock(Protocol):
    """Time, as the supervisor needs it; tests have their own."""

    def now(self) -> float:
        """Return seconds of a clock that only goes forward."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class RealClock:
    """The event loop's time."""

    def now(self) -> float:
        """Return the loop's time."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient a supervisor is; all in seconds."""

    connect: float = 30.0
    """Until a child that is starting counts as hung; `npx` and `uvx` may be fetching packages."""
    connect_url: float = 10.0
    """The same for a server that is reached by URL, and for one page of a list."""
    list_again: float = 60.0
    """Between two looks at the tools of a server that announces no changes."""
    settle_changes: float = 0.1
    """Announcements of changes within this time are one; twice as long, each time that another came meanwhile."""
    longest_settle: float = 5.0
    first_retry: float = 0.5
    soon_retry: float = 1.5
    """Longest wait while a server that has been up has been away for less than `soon`."""
    soon: float = 60.0
    longest_retry: float = 25.0
    """With what a server takes to start, one that was away for long is in use within 30 s of being able to answer."""
    permanent_retry: float = 60.0
    """Between two looks at what only a person can mend."""
    steady: float = 10.0
    """A connection that lasted so long makes the next failure a first one."""


class Supervisor:
    """One server over time. `run` is its owner task; all else may be called from anywhere in the loop."""

    def __init__(
        self,
        entry: ServerEntry,
        open_connection: Opener,
        *,
        on_listing: Callable[[Supervisor, Listing], Awaitable[Verdict]],
        on_change: Callable[[Supervisor], None],
        sign_in: SignIn | None = None,
        clock: Clock | None = None,
        pace: Pace | None = None,
        rng: random.Random | None = None,
    ) -> None:
        """Prepare; nothing runs yet.

        `on_listing` takes the tools and returns the state that the server is in by them, and why. `on_change` is called
        whenever state, reason, link or next try may have changed. `sign_in`: that of the server's user, where they can.
        """
        self.entry = entry
        self.redact = Redactor(entry)
        self.state = State.STARTING
        self.reason: str | None = None
        self.next_try: datetime | None = None
        self.connection: Connection | None = None
        self._open = open_connection
        self._on_listing, self._on_change = on_listing, on_change
        self._clock, self._pace, self._rng = clock or RealClock(), pace or Pace(), rng or random.Random()  # noqa: S311 - jitter
        self._attempts = 0
        self._away_since: float | None = None
        """When what has been up went away, on the clock; None for what has not been up."""
        self._wake = asyncio.Event()
        self._changed = asyncio.Event()
        self._was_refused = False
        """The last connection met a refusal for want of a sign-in."""
        self._is_other_era = self._has_taken_all = False
        """The next connection asks otherwise, and at once; the last one has taken all the time that it may."""
        self._doubted: Trouble | None = None
        """Why the last connection failed, where the next one asks otherwise."""
        self.sign_in = sign_in
        if sign_in is not None:
            sign_in.on_change = self._note_sign_in

    async def run(self) -> None:
        """Connect, watch and reconnect for ever; cancel it to end the connection and its child."""
        try:
            await self._run()
        finally:
            if self.sign_in is not None:
                await self.sign_in.aclose()

    async def _run(self) -> None:
        while True:
            trouble = await self._live()
            _stop_if_cancelled()
            # A server that fails in the older era, too, has the trouble that it had in its own.
            trouble, self._doubted = self._doubted or trouble, trouble if self._is_other_era else None
            refused = self.sign_in if self._was_refused and trouble.state is State.NEEDS_LOGIN else None
            if refused is not None:
                trouble = await self._need_sign_in(refused, trouble)
            if self._is_other_era and not self._has_taken_all:
                # Whether the older era suits it better is known soon enough for nothing to be said yet.
                continue
            delay = 0.0 if self._is_other_era else self._delay(trouble)
            was_up = self.state in _UP
            state = State.RECONNECTING if was_up and trouble.state is State.FAILED else trouble.state
            self._enter(state, trouble.reason, datetime.now(UTC) + timedelta(seconds=delay))
            self._wake.clear()
            signed_in = refused.noticed() if refused is not None and trouble.is_permanent else _never()
            await _first_of(self._wake.wait(), self._clock.sleep(delay), signed_in)

    def _note_sign_in(self) -> None:
        failed = self.sign_in.trouble if self.sign_in is not None else None
        if self.state is State.NEEDS_LOGIN and self.reason is not None:
            self.reason = failed.reason if failed is not None and failed.is_oauth else NEEDED
        self._on_change(self)

    async def _need_sign_in(self, sign_in: SignIn, trouble: Trouble) -> Trouble:
        """Return how a server is whose user has to sign in, for which there may be a link now."""
        if not sign_in.is_needed:
            # They have done it while the request was on its way.
            return replace(trouble, reason=NEEDED)
        # By a client that vouches for itself this is done at once, and the next try comes soon.
        link, failed = await sign_in.begin(), sign_in.trouble
        if failed is not None and failed.is_oauth:
            return replace(trouble, reason=failed.reason, is_permanent=not failed.is_passing)
        return trouble if failed is not None else replace(trouble, reason=NEEDED, is_permanent=link is not None)

    @property
    def is_callable(self) -> bool:
        """Its tools can be called; where its user has to sign in first, a call is what brings them to do so."""
        can_sign_in = self.sign_in is not None and self.sign_in.is_needed
        return self.state in (State.READY, State.DEGRADED) or (self.state is State.NEEDS_LOGIN and can_sign_in)

    async def wait_ready(self, seconds: float, *, other_than: Connection | None = None) -> Connection | None:
        """Return the connection, waiting at most `seconds` for one that is being made.

        A reconnection is tried at once, one time. `other_than`: a connection that is known to be gone.
        """
        asked = False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(seconds, 0)):
                while self._lacks(other_than) and (self.state in _HOPEFUL or self._is_signed_in):
                    if self.state is State.RECONNECTING and not asked:
                        asked = True
                        self._wake.set()
                    await self._changed.wait()
        return None if self._lacks(other_than) else self.connection

    def _lacks(self, other_than: Connection | None) -> bool:
        return self.connection is None or self.connection is other_than or self.connection.ended.is_set()

    @property
    def link(self) -> str | None:
        """Where the user signs in, while that is waited for."""
        return self.sign_in.link if self.sign_in is not None else None

    @property
    def _is_signed_in(self) -> bool:
        return self.state is State.NEEDS_LOGIN and self.sign_in is not None and self.sign_in.is_signed_in

    @property
    def _patience(self) -> float:
        return self._pace.connect if isinstance(self.entry, StdioEntry) else self._pace.connect_url

    async def _live(self) -> Trouble:
        """Connect once and stay until the connection is gone; return why it is."""
        sight, refusals = Sight(), self.sign_in.refusals if self.sign_in is not None else 0
        error: Exception | None = None
        began = self._clock.now()
        waited: float | None = None
        came_up: float | None = None
        try:
            async with contextlib.AsyncExitStack() as stack:
                try:
                    async with asyncio.timeout(self._patience):
                        connection = await stack.enter_async_context(self._open(self.entry, sight))
                        listing = await connection.list_tools(self._patience)
                except TimeoutError:
                    waited = self._patience
                    raise
                _stop_if_cancelled()
                came_up = self._clock.now()
                await self._note_listing(connection, listing)
                try:
                    error = await self._watch(connection)
                finally:
                    self.connection = None
        except Exception as failure:  # noqa: BLE001 - whatever a server does is put into words, and ends nothing else
            error = error or failure
        now = self._clock.now()
        if came_up is not None and (now - came_up >= self._pace.steady or self._away_since is None):
            self._attempts, self._away_since = 0, now
        self._is_other_era, self._has_taken_all = sight.is_other_era, waited is not None
        if came_up is None and waited is None and any(isinstance(cause, TimeoutError) for cause in causes(error)):
            waited = round(now - began)
        self._was_refused = self.sign_in is not None and self.sign_in.refusals > refusals
        if came_up is None and self._was_refused:
            # The last answer may be another one: that of a server of today to an “initialize” is 400.
            sight.http_status, sight.network_error = HTTPStatus.UNAUTHORIZED, None
        evidence = Evidence(
            error=error,
            http_status=sight.http_status,
            exit_status=sight.exit_status,
            last_words=sight.last_words,
            waited=waited,
            network_error=sight.network_error,
            excess=sight.excess,
        )
        return explain(self.entry, evidence, self.redact)

    async def _watch(self, connection: Connection) -> Exception | None:
        """Look at the tools again when they change and now and then; return when the connection is of no more use."""
        failed, settle = 0, self._pace.settle_changes
        while True:
            due = self._pace.list_again * self._rng.uniform(0.8, 1.2)
            await _first_of(connection.ended.wait(), connection.changed.wait(), self._clock.sleep(due))
            if connection.changed.is_set():
                await _first_of(connection.ended.wait(), self._clock.sleep(settle))
            if connection.ended.is_set():
                return None
            connection.changed.clear()
            try:
                listing = await connection.list_tools(self._pace.connect_url)
            except Exception as error:  # noqa: BLE001 - see `_live`
                failed += 1
                if connection.ended.is_set() or not _is_timeout(error) or failed > 1:
                    return error
                self._enter(State.DEGRADED, "is slow to say what it can do")
            else:
                failed = 0
                await self._note_listing(connection, listing)
            is_restless = connection.changed.is_set()
            settle = min(2 * settle, self._pace.longest_settle) if is_restless else self._pace.settle_changes

    async def _note_listing(self, connection: Connection, listing: Listing) -> None:
        found = await self._on_listing(self, listing)
        self.connection, self._doubted = connection, None
        if self.sign_in is not None:
            await self.sign_in.welcome()
        self._enter(*found)

    def take_verdict(self, verdict: Verdict) -> None:
        """Take a new view of the tools that were listed last; without effect on a server that is away."""
        if self.connection is not None:
            self._enter(*verdict)

    def _delay(self, trouble: Trouble) -> float:
        """Return seconds until the next try: exponential backoff with full jitter."""
        self._attempts += 1
        if trouble.is_permanent:
            return self._pace.permanent_retry * self._rng.uniform(0.8, 1.2)
        is_soon = self._away_since is not None and self._clock.now() - self._away_since < self._pace.soon
        longest = self._pace.soon_retry if is_soon else self._pace.longest_retry
        ceiling = min(longest, self._pace.first_retry * 2.0 ** min(self._attempts - 1, 16))
        return self._rng.uniform(0, ceiling)

    def _enter(self, state: State, reason: str | None, next_try: datetime | None = None) -> None:
        self.state, self.reason, self.next_try = state, reason, next_try
        self._changed.set()
        self._changed = asyncio.Event()
        self._on_change(self)


async def _first_of(*waits: Coroutine[Any, Any, Any]) -> None:
    """Wait for the first of `waits`; the others are cancelled."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _never() -> None:
    await asyncio.Event().wait()


def _stop_if_cancelled() -> None:
    """End the task that was told to end while a library was connecting or closing, and swallowed that."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _is_timeout(error: Exception) -> bool:
    return isinstance(error, TimeoutError) or "timed out" in str(error)
