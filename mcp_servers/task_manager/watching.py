"""Watches what the subscribers of one person wait for: changes by anyone, the next day, and reminders.

A resource has changed when reading it gives something else. Reminders are told when they come due, each once: whoever
watches claims them in the store, where a claim is a change that every process hears of.
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
    from mcp_servers.task_manager.resources import TaskResources
    from mcp_servers.task_manager.service import TaskService
    from mcp_servers.task_manager.subscribers import Subscriber

TASK_NAME = "watch for subscribers"
LONGEST_REST = 30.0
"""Seconds after which the clock is looked at again: it may have been set, or the machine may have slept."""
RETRY = 1.0
"""Seconds until a store that could not be read is tried again."""
_CLAIMED_AT_ONCE = 100


class Watch:
    """The subscribers of one person, and what they saw last."""

    def __init__(self, person: Person, service: TaskService, resources: TaskResources) -> None:
        self._person = person
        self._service = service
        self._resources = resources
        self._subscribers: list[Subscriber] = []
        self._seen: dict[str, Any] = {}
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
        if "remind" in change.kinds:
            self._tell(REMINDERS)
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
        """Claim what is due, which all who watch hear of as a change; when the next one is."""
        while True:
            upcoming = await self._service.next_reminder(self._person)
            if upcoming is None or upcoming > self._service.now(self._person):
                return upcoming
            await self._service.claim_reminders(self._person, _CLAIMED_AT_ONCE)

    async def _read(self, address: str) -> Any:
        if address == REMINDERS:
            return None
        try:
            return await self._resources.read(self._person, address)
        except StoreUnavailable:
            raise
        except TaskError:
            return None
