"""Who changed what, as it happens: at once for this process, within `LATENCY` for changes made by others.

Every owner's changes are numbered without gaps in the order in which they were committed (their row is locked for
it), so whoever remembers the last number misses none.
"""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcp_servers.task_manager.errors import StoreUnavailable
from mcp_servers.task_manager.faults import fault_of
from mcp_servers.task_manager.models import Change

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from mcp_servers.task_manager.database import Database

LATENCY = 0.25
"""Seconds between two looks at what other processes did."""
_log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class _Watcher:
    owner: str
    hear: Callable[[Change], None]


class Feed:
    """The changes of one database. Looks only while somebody watches."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._watchers: list[_Watcher] = []
        self._seen: dict[str, int] = {}
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """This process has changed something."""
        self._woken.set()

    async def watch(self, owner: str, hear: Callable[[Change], None]) -> Callable[[], None]:
        """Have `hear` called with every change to the tasks of `owner` from now on; call what comes back to end it.

        Several changes may come as one. A database that cannot be read for a while is tried again. Raises
        `StoreUnavailable` where it cannot be read now.
        """
        seen: dict[str, int] = {}
        await self._database.read(lambda connection: _look(connection, [owner], seen))
        watcher = _Watcher(owner, hear)
        self._watchers.append(watcher)
        self._seen.setdefault(owner, seen[owner])
        if self._task is None:
            self._task = asyncio.create_task(self._run())

        def unwatch() -> None:
            if watcher in self._watchers:
                self._watchers.remove(watcher)
            if not any(one.owner == owner for one in self._watchers):
                self._seen.pop(owner, None)
            if not self._watchers:
                self.stop()

        return unwatch

    def stop(self) -> None:
        """Look no more."""
        self._watchers.clear()
        self._seen.clear()
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        stamp: object = None
        while True:
            is_own = self._woken.is_set()
            self._woken.clear()
            try:
                newest = await self._database.stamp()
                if is_own or newest is None or newest != stamp:
                    await self._tell()
                stamp = newest
            except StoreUnavailable:
                stamp = None
            try:
                async with asyncio.timeout(LATENCY):
                    await self._woken.wait()
            except TimeoutError:
                pass

    async def _tell(self) -> None:
        seen = dict(self._seen)
        for change in await self._database.read(lambda connection: _look(connection, list(seen), seen)):
            for watcher in [one for one in self._watchers if one.owner == change.owner]:
                try:
                    watcher.hear(change)
                except Exception as error:  # noqa: BLE001 - the others are still to be told
                    _log.error("fault", extra=fault_of(error))
        self._seen |= {owner: number for owner, number in seen.items() if owner in self._seen}


def _look(connection: Connection, subjects: list[str], seen: dict[str, int]) -> list[Change]:
    """What is new since `seen`, which is brought up to date; nothing for an owner seen for the first time."""
    from sqlalchemy import select

    from mcp_servers.task_manager.tables import changes, owners

    found: list[Change] = []
    rows = connection.execute(
        select(owners.c.subject, owners.c.id, owners.c.version).where(owners.c.subject.in_(subjects))
    ).all()
    known: dict[str, Any] = {row[0]: row for row in rows}
    for subject in subjects:
        version = known[subject][2] if subject in known else 0
        last = seen.get(subject, version)
        seen[subject] = version
        if version <= last:
            continue
        mine = (changes.c.owner_id == known[subject][1], changes.c.number > last)
        news = connection.execute(select(changes.c.kind, changes.c.ids).where(*mine)).all()
        if news:
            ids = [json.loads(row[1]) for row in news]
            merged = tuple(dict.fromkeys(one for some in ids for one in some)) if all(ids) else ()
            found.append(Change(subject, merged, frozenset(row[0] for row in news)))
    return found
