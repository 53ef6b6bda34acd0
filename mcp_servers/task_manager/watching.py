"""Watches what the subscribers of one person wait for: changes by anyone, the next day, and reminders.

A resource has changed when reading it gives something else. Of a reminder that comes due every process tells those who
subscribed there, and then marks it in the store as given out. One that dies in between leaves it to be told again after
a restart: at least once whatever happens, once as long as nothing dies.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from mcp_servers.task_manager.errors import StoreUnavailable, TaskError
from mcp_servers.task_manager.resources import REMINDERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcp_servers.task_manager.models import Change, Person
    from mcp_servers.task_manager.reminders import Reminded
    from mcp_servers.task_manager.resources import TaskResources
    from mcp_servers.task_manager.service import TaskService
    from mcp_servers.task_manager.subscribers import Subscriber

TASK_NAME = "watch for subscribers"
LONGEST_REST = 30.0
"""Seconds after which the clock is looked at again: it may have been set, or the machine may have slept."""
RETRY = 1.0
"""Seconds until a store that could not be read is tried again."""
_AT_ONCE = 100
"""Reminders that are told together."""


class Watch:
    """The subscribers of one person, and what they saw last."""

    def __init__(self, person: Person, service: TaskService, resources: TaskResources) -> None:
        self._person = person
        self._service = service
        self._resources = resources
        self._subscribers: list[Subscriber] = []
        self._seen: dict[str, Any] = {}
        self._told: set[Reminded] = set()
        self._since = service.now(person)
        self._others_told = False
        self._claims: set[asyncio.Task[Any]] = set()
        self._changed = asyncio.Event()
        self._adding = asyncio.Lock()
        self._unwatch: Callable[[], None] | None = None
        self._task: asyncio.Task[None] | None = None

    async def add(self, subscriber: Subscriber) -> None:
        """From now on, this one is told too. Raises `StoreUnavailable`."""
        self._subscribers.append(subscriber)
        try:
            async with self._adding:
                if self._unwatch is None:
                    self._unwatch = await self._service.watch(self._person, self._hear)
                for address in subscriber.addresses - self._seen.keys():
                    self._seen[address] = await self._read(address)
                    if address == REMINDERS:
                        self._since, self._others_told = self._service.now(self._person), False
        except BaseException:
            self.remove(subscriber)
            raise
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=TASK_NAME)
        self._changed.set()

    def remove(self, subscriber: Subscriber) -> None:
        """Forget this one."""
        if subscriber in self._subscribers:
            self._subscribers.remove(subscriber)
        wanted = frozenset[str]().union(*(one.addresses for one in self._subscribers))
        self._seen = {address: seen for address, seen in self._seen.items() if address in wanted}
        if not self._subscribers:
            self.stop()

    @property
    def is_idle(self) -> bool:
        """Whether nobody is left."""
        return not self._subscribers

    def stop(self) -> None:
        """Watch nothing any more."""
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _hear(self, change: Change) -> None:
        self._others_told = self._others_told or "remind" in change.kinds
        self._changed.set()

    def _tell(self, address: str) -> None:
        for subscriber in self._subscribers:
            subscriber.changed(address)

    async def _run(self) -> None:
        while True:
            try:
                rest = await self._look()
            except StoreUnavailable:
                rest = RETRY
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(rest):
                    await self._changed.wait()

    async def _look(self) -> float:
        """Tell what has changed; how many seconds it can be until something changes by itself."""
        self._changed.clear()
        now = self._service.now(self._person)
        for address, seen in list(self._seen.items()):
            if address == REMINDERS:
                continue
            found = await self._read(address)
            if found != seen and address in self._seen:
                self._seen[address] = found
                self._tell(address)
        next_reminder = await self._remind() if REMINDERS in self._seen else None
        midnight = datetime.combine(now.date() + timedelta(days=1), time.min, now.tzinfo)
        soonest = min(
            midnight.astimezone(UTC),
            next_reminder.astimezone(UTC) if next_reminder else datetime.max.replace(tzinfo=UTC),
        )
        return min(LONGEST_REST, max(0.01, (soonest - self._service.now(self._person).astimezone(UTC)).total_seconds()))

    async def _remind(self) -> datetime | None:
        """Tell of what is due, also where another process was quicker; when the next one is."""
        if self._others_told:
            self._others_told = False
            try:
                self._tell_new(await self._service.claimed_reminders(self._person, self._since, _AT_ONCE))
            except StoreUnavailable:
                self._others_told = True
                raise
        while due := await self._service.due_reminders(self._person, _AT_ONCE):
            self._tell_new(due)
            if not await self._is_anyone_told():
                return self._service.now(self._person) + timedelta(seconds=RETRY)
            await asyncio.shield(self._claim({one for one, _ in due}))
        return await self._service.next_reminder(self._person)

    def _claim(self, ids: set[int]) -> asyncio.Task[Any]:
        """What was told is marked even where the last one who subscribed goes now."""
        claim: asyncio.Task[Any] = asyncio.create_task(self._service.claim_reminders(self._person, _AT_ONCE, only=ids))
        self._claims.add(claim)
        claim.add_done_callback(self._claimed)
        return claim

    def _claimed(self, claim: asyncio.Task[Any]) -> None:
        self._claims.discard(claim)
        if not claim.cancelled():
            claim.exception()  # whoever waits for it has it; without anyone it is told again at the next start

    def _tell_new(self, reminders: list[Reminded]) -> None:
        new = set(reminders) - self._told
        self._told |= new
        if new:
            self._tell(REMINDERS)

    async def _is_anyone_told(self) -> bool:
        """Wait until somebody's connection has taken it; False where none does for a while."""
        waits = [asyncio.create_task(one.is_told()) for one in self._subscribers if REMINDERS in one.addresses]
        if not waits:
            return False
        try:
            done, _ = await asyncio.wait(waits, timeout=RETRY, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()
        return bool(done)

    async def _read(self, address: str) -> Any:
        if address == REMINDERS:
            return None
        try:
            return await self._resources.read(self._person, address)
        except StoreUnavailable:
            raise
        except TaskError:
            return None
