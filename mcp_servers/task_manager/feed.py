"""Who changed what, as it happens: at once for this process, within `LATENCY` for changes made by others.

Every owner's changes are numbered without gaps in the order in which they were committed (their row is locked for
it), so whoever remembers the last number misses none.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from mcp_servers.task_manager.errors import StoreUnavailable
from mcp_servers.task_manager.models import Change

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sqlalchemy import Connection

    from mcp_servers.task_manager.database import Database

LATENCY = 0.25
"""Seconds between two looks at what other processes did."""


class Feed:
    """The changes of one database. Looks only while somebody watches."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: set[asyncio.Event] = set()

    def wake(self) -> None:
        """This process has changed something."""
        for event in self._waiting:
            event.set()

    async def changes(self, owners: Sequence[str]) -> AsyncIterator[Change]:
        """Changes to the tasks of these owners, from the first `anext` on, several of one owner as one.

        A database that cannot be read for a while is tried again.
        """
        event = asyncio.Event()
        self._waiting.add(event)
        seen: dict[str, int] = {}
        stamp: object = None
        try:
            while True:
                event.clear()
                try:
                    newest = await self._database.stamp()
                    if newest is None or newest != stamp:
                        found = await self._database.read(lambda connection: _look(connection, owners, seen))
                        stamp = newest
                        for change in found:
                            yield change
                except StoreUnavailable:
                    stamp = None
                try:
                    await asyncio.wait_for(event.wait(), LATENCY)
                    stamp = None
                except TimeoutError:
                    pass
        finally:
            self._waiting.discard(event)


def _look(connection: Connection, subjects: Sequence[str], seen: dict[str, int]) -> list[Change]:
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
