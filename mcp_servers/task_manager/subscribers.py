"""Who wants to know of which resources, and telling them, each at their own pace."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from mcp_servers.task_manager.models import Person


class Subscriber:
    """One client's wish to know of some resources, told one after the other.

    One that reads slowly is told once of many changes, and nobody waits for it.
    """

    def __init__(self, person: Person, wanted: Mapping[str, list[str]], tell: Callable[[str], Awaitable[None]]) -> None:
        """`wanted`: by address, how the client calls it; `tell` is given the latter."""
        self.person = person
        self.addresses = frozenset(wanted)
        self.uris = frozenset(uri for uris in wanted.values() for uri in uris)
        self._wanted = wanted
        self._tell = tell
        self._waiting: dict[str, None] = {}
        self._more = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Tell what has changed so far, and from now on."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    def changed(self, address: str) -> None:
        """Tell that this resource has changed, as soon as it can be told."""
        for uri in self._wanted.get(address, ()):
            self._waiting[uri] = None
            self._idle.clear()
            self._more.set()

    async def is_told(self) -> None:
        """Wait until all of it was handed to the client's connection."""
        await self._idle.wait()

    def stop(self) -> None:
        """Tell nothing any more."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        while True:
            await self._more.wait()
            self._more.clear()
            for uri in list(self._waiting):
                del self._waiting[uri]
                await self._tell(uri)
            if not self._waiting:
                self._idle.set()
