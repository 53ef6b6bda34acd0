"""This machine's speaker as an output of a session. What opens and watches the device is `card`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np

from voice_agent.session.audio.moment import Moment
from voice_agent.session.audio.segments import Segment, SegmentOutput

if TYPE_CHECKING:
    from collections.abc import Callable

    from voice_agent.session.audio.backend import StreamTime
    from voice_agent.session.audio.echo import EchoCanceller


class Speaker(SegmentOutput):
    """Plays what it is given at once. Positions count what the device has taken: it cannot be called back."""

    def __init__(
        self,
        echo: EchoCanceller,
        *,
        device_rate: int,
        channels: int,
        on_segment: Callable[[Segment], None] | None = None,
    ) -> None:
        """Must be made on the loop's thread; `fill` is called by another."""
        super().__init__(label="speaker", sample_rate=device_rate, on_segment=on_segment)
        self._echo = echo
        self._channels = channels
        self._loop = asyncio.get_running_loop()
        self._ended = False

    def fill(self, block: memoryview, frames: int, time: StreamTime, latency: float) -> None:
        """Fill a block of the device, 16 bit, channels interleaved, whatever there is to play."""
        delay = time.output_delay(latency)
        pulled = self._playout.pull(frames, Moment.now(delay))
        self._echo.play(pulled.block, delay)
        block[:] = memoryview(np.repeat(pulled.block, self._channels).tobytes())
        if pulled.started:
            self._loop.call_soon_threadsafe(self._heard_first, pulled.started)
        if pulled.drained:
            lasting = delay + pulled.samples / self._rate
            self._loop.call_soon_threadsafe(self._loop.call_later, lasting, self._heard_last, pulled.drained)

    def starved(self) -> None:
        """The device had nothing to play for a while; called by its thread."""
        self._echo.lose()

    def end(self) -> None:
        """The device is gone: what it still had to play, and all that comes, ends as interrupted."""
        self._ended = True
        self.clear_buffer()

    def flush(self) -> None:
        """Mark the segment as complete."""
        super().flush()
        if self._ended:
            self.clear_buffer()
