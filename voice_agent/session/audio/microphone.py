"""This machine's microphone as an input of a session. What opens and watches the device is `card`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np
import soxr
from livekit import rtc
from livekit.agents.voice import io

if TYPE_CHECKING:
    from voice_agent.session.audio.backend import StreamTime
    from voice_agent.session.audio.echo import EchoCanceller

RATE = 16_000
"""Hz that a session is given: what VAD, turn detection and recognisers want."""

_LONGEST_WAIT_S = 10.0
"""Sound that is kept for a session that does not come for it; older sound is dropped."""


class Microphone(io.AudioInput):
    """Cleaned sound of one channel at `RATE`; ends when the device fails or is closed."""

    def __init__(self, echo: EchoCanceller, *, device_rate: int, channels: int) -> None:
        """Must be made on the loop's thread; `heard` is called by another."""
        super().__init__(label="microphone")
        self._echo = echo
        self._channels = channels
        self._resampler = soxr.ResampleStream(device_rate, RATE, 1, dtype="int16") if device_rate != RATE else None
        self._loop = asyncio.get_running_loop()
        self._frames: asyncio.Queue[rtc.AudioFrame | None] = asyncio.Queue()
        self._attached = True
        self._ended = False

    def heard(self, block: bytes, time: StreamTime, latency: float) -> None:
        """Take a block of the device: 16 bit, channels interleaved."""
        samples = np.frombuffer(block, np.int16).reshape(-1, self._channels)
        mono = samples[:, 0] if self._channels == 1 else samples.mean(axis=1).astype(np.int16)
        if self._resampler:
            mono = self._resampler.resample_chunk(mono)
        clean = self._echo.hear(mono, time.input_delay(latency))
        if clean.size:
            self._loop.call_soon_threadsafe(self._deliver, rtc.AudioFrame(clean.tobytes(), RATE, 1, clean.size))

    def end(self) -> None:
        """Deliver what is there, then end the stream."""
        if not self._ended:
            self._ended = True
            self._frames.put_nowait(None)

    def on_attached(self) -> None:
        """Sound is wanted."""
        self._attached = True

    def on_detached(self) -> None:
        """Sound is dropped until it is wanted again."""
        self._attached = False

    async def __anext__(self) -> rtc.AudioFrame:
        """The next stretch of sound.

        Raises:
            StopAsyncIteration: The device failed or was closed.
        """
        frame = await self._frames.get()
        if frame is None:
            self._frames.put_nowait(None)
            raise StopAsyncIteration
        return frame

    def _deliver(self, frame: rtc.AudioFrame) -> None:
        if self._ended or not self._attached:
            return
        while self._frames.qsize() * frame.duration > _LONGEST_WAIT_S:
            self._frames.get_nowait()
        self._frames.put_nowait(frame)
