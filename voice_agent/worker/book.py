"""The record of a job's conversation, which goes on where a process before this one has died."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from voice_agent.session.journal import Journal
from voice_agent.session.resume import read_story
from voice_agent.store.store import Store

if TYPE_CHECKING:
    from voice_agent.config.load import Config
    from voice_agent.session.journal import Line
    from voice_agent.session.resume import Story
    from voice_agent.store.store import Past, Record

_READS_WITHIN = 10.0
"""Seconds in which the database must have told whether there is a past."""


class Book:
    """What is known of one room's conversation, and what is written about it."""

    def __init__(self, config: Config, room: str) -> None:
        """Open the store of `config`."""
        self._config = config
        self._room = room
        self._store = Store(config.settings.store.url, config.home)
        self._past: Past | None = None
        self._record: Record | None = None

    @property
    def lines(self) -> list[Line]:
        """What happened before, in order."""
        return [line for _, line in self._past.lines] if self._past is not None else []

    @property
    def story(self) -> Story | None:
        """What that tells; None where the conversation is new."""
        return read_story(self._past.lines) if self._past is not None else None

    async def look(self, identity: str | None) -> None:
        """Look for a conversation of this room and participant that has no end; one that cannot be read is none."""
        with contextlib.suppress(SQLAlchemyError, OSError, TimeoutError):
            async with asyncio.timeout(_READS_WITHIN):
                past = await self._store.unfinished(self._room)
            if past is not None and identity in {None, past.identity}:
                self._past = past

    def begin(self, identity: str) -> Journal:
        """Return the journal of the conversation, which is recorded from its first line on."""
        past = self._past
        journal = Journal(past.began() if past is not None else None)

        def tell() -> None:
            journal.write("error", code="store", text="This conversation cannot be recorded.")

        profile = self._config.settings.profile
        if past is None:
            self._record = self._store.begin(room=self._room, identity=identity, profile=profile, on_trouble=tell)
        else:
            self._record = self._store.go_on(past, on_trouble=tell)
        journal.listen(self._record.note)
        return journal

    async def written(self) -> None:
        """Wait until all lines so far are safe; bounded, and never raises."""
        if self._record is not None:
            await self._record.written()

    async def leave_open(self) -> None:
        """Write no more: the conversation goes on in another process."""
        if self._record is not None:
            await self._record.leave_open()

    async def aclose(self) -> None:
        """Complete the record, and close the store; a past that nobody came back to ends here."""
        if self._record is None and self._past is not None:
            self._record = self._store.go_on(self._past, on_trouble=lambda: None)
            self._record.note({"event": "end", "t": round(time.monotonic() - self._past.began(), 3), "reason": "left"})
        if self._record is not None:
            await self._record.aclose()
        await self._store.aclose()
