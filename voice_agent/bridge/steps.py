"""Passes on a server's progress: all of it while it is little, else the newest now and then."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from voice_agent.bridge.types import Progress

_AT_ONCE = 10
_EVERY = 0.2
"""Seconds between two steps that are passed on of a server that tells of more."""


class Steps:
    """The progress of one call."""

    def __init__(self, tell: Callable[[Progress], None]) -> None:
        """Pass on to `tell`; call from the event loop alone."""
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._left, self._since = float(_AT_ONCE), self._loop.time()
        self._newest: Progress | None = None
        self._timer: asyncio.TimerHandle | None = None

    def note(self, step: Progress) -> None:
        """Pass `step` on, now or later, unless there is a newer one by then."""
        now = self._loop.time()
        self._left, self._since = min(_AT_ONCE, self._left + (now - self._since) / _EVERY), now
        self._newest = step
        if self._left >= 1:
            self._left -= 1
            self._pass_on()
        elif self._timer is None:
            self._timer = self._loop.call_later(_EVERY, self._pass_on)

    def close(self) -> None:
        """Pass nothing more on: the call has ended."""
        self._newest = None
        self._pass_on()

    def _pass_on(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        newest, self._newest = self._newest, None
        if newest is not None:
            self._tell(newest)
