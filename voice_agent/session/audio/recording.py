"""A speaker that nobody hears: plays in real time into memory."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from voice_agent.session.audio.moment import Moment
from voice_agent.session.audio.segments import Segment, SegmentOutput

if TYPE_CHECKING:
    from collections.abc import Callable

_BLOCK_S = 0.01
_LATE = 0.25
"""Seconds behind the clock after which lost time is not caught up."""


class RecordingOutput(SegmentOutput):
    """Plays as a device would, without its latency, and hands over each segment once it has ended."""

    def __init__(self, on_segment: Callable[[Segment], None] | None = None, sample_rate: int = 24_000) -> None:
        """Give segments in which something was played to `on_segment`, on the loop, in order."""
        super().__init__(label="recording", sample_rate=sample_rate, on_segment=on_segment)
        self._block = round(sample_rate * _BLOCK_S)
        self._clock: asyncio.Task[None] | None = None

    async def aclose(self) -> None:
        """Stop; what is being played finishes as interrupted."""
        self.flush()
        self.clear_buffer()
        if self._clock:
            self._clock.cancel()
            await asyncio.gather(self._clock, return_exceptions=True)

    def _changed(self) -> None:
        if self._playout.runnable and (self._clock is None or self._clock.done()):
            self._clock = asyncio.create_task(self._run())

    async def _run(self) -> None:
        """Pull block by block, each when it is due, until there is nothing to play."""
        due = time.perf_counter()
        while self._playout.runnable:
            pulled = self._playout.pull(self._block, Moment.now())
            if pulled.started:
                self._heard_first(pulled.started)
            due = max(due + pulled.samples / self._rate, time.perf_counter() - _LATE)
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            if pulled.drained:
                self._heard_last(pulled.drained)
