"""How far something is, told to the client while it goes on in another thread."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType


class Progress:
    """Tells each count once, upwards only; counts that come faster than they can be told are left out."""

    def __init__(self, tell: Callable[[int], Awaitable[None]]) -> None:
        self._tell = tell
        self._reached = self._told = 0
        self._more = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None

    def reach(self, count: int) -> None:
        """So many are done; callable from any thread."""
        self._loop.call_soon_threadsafe(self._note, count)

    async def __aenter__(self) -> Self:
        """Begin to tell."""
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Tell the last, unless it failed."""
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait([self._task])
        if error is None:
            await self._tell_reached()

    def _note(self, count: int) -> None:
        self._reached = max(self._reached, count)
        self._more.set()

    async def _run(self) -> None:
        while True:
            await self._more.wait()
            self._more.clear()
            await self._tell_reached()

    async def _tell_reached(self) -> None:
        if self._reached > self._told:
            self._told = self._reached
            await self._tell(self._told)
