"""A microphone that hears recordings: real time, silence between them for ever."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from livekit import rtc
from livekit.agents.voice import io

from voice_agent.errors import AudioError
from voice_agent.session.audio.moment import Moment

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOUD = 0.05
"""A stretch of 10 ms is loud when its RMS is at least this part (-26 dB) of the loudest one's."""

_FRAME_S = 0.02
_LATE = 1.0
"""Seconds behind the clock after which a sleeping machine is assumed, and lost time is not caught up."""


def last_loud_sample(samples: NDArray[np.int16], sample_rate: int) -> int:
    """Index of the last sample of the last loud stretch (see `LOUD`); -1 where all is silent."""
    window = sample_rate // 100
    padded = np.pad(samples, (0, -samples.size % window)).astype(np.float64).reshape(-1, window)
    rms = np.sqrt((padded**2).mean(axis=1))
    if not rms.size or rms.max() == 0:
        return -1
    last = int(np.flatnonzero(rms >= LOUD * rms.max())[-1])
    return min((last + 1) * window, samples.size) - 1


@dataclass(slots=True, eq=False)
class _Clip:
    samples: NDArray[np.int16]
    loud: int
    finished: asyncio.Future[None]
    given: int = field(default=0)


class PacedInput(io.AudioInput):
    """Delivers queued clips in frames of 20 ms as a microphone would, each when its last sample is due.

    Never ends by itself: VAD and endpointing count samples, so silence is delivered between clips.
    """

    def __init__(self, sample_rate: int = 16_000) -> None:
        super().__init__(label="recording")
        self.sample_rate = sample_rate
        self.last_loud: Moment | None = None
        """When the last loud sample so far was due."""
        self._frame = round(sample_rate * _FRAME_S)
        self._clips: deque[_Clip] = deque()
        self._due: float | None = None
        self._closed = asyncio.Event()

    async def play(self, samples: NDArray[np.int16]) -> None:
        """Queue a clip, shape (n,), one channel at `sample_rate`; return when its last sample was delivered.

        A cancelled call takes back what of the clip was not delivered.

        Raises:
            AudioError: The input was closed first.
        """
        if self._closed.is_set():
            raise AudioError("The recording was not played: the conversation is over.")
        if not samples.size:
            return
        clip = _Clip(samples, last_loud_sample(samples, self.sample_rate), asyncio.get_running_loop().create_future())
        self._clips.append(clip)
        try:
            await clip.finished
        finally:
            if clip in self._clips:
                self._clips.remove(clip)

    async def aclose(self) -> None:
        """End the stream; whoever awaits `play` gets an `AudioError`."""
        self._closed.set()
        for clip in self._clips:
            if not clip.finished.done():
                clip.finished.set_exception(AudioError("The recording was cut short: the conversation is over."))

    async def __anext__(self) -> rtc.AudioFrame:
        """The next 20 ms."""
        now = time.perf_counter()
        if self._due is None or now - self._due > _LATE:
            self._due = now
        due = self._due + _FRAME_S
        if due > now and not self._closed.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(due - now):
                    await self._closed.wait()
        self._due = due
        if self._closed.is_set():
            raise StopAsyncIteration
        data = np.zeros(self._frame, np.int16)
        if self._clips:
            self._take(self._clips[0], data, due)
        return rtc.AudioFrame(data.tobytes(), self.sample_rate, 1, self._frame)

    def _take(self, clip: _Clip, data: NDArray[np.int16], due: float) -> None:
        """Move one frame of the clip into `data`, and note when its last loud sample was due."""
        part = clip.samples[clip.given : clip.given + self._frame]
        data[: part.size] = part
        if clip.given <= clip.loud < clip.given + self._frame:
            before_end = (clip.given + self._frame - 1 - clip.loud) / self.sample_rate
            self.last_loud = Moment.now(due - before_end - time.perf_counter())
        clip.given += part.size
        if clip.given == clip.samples.size:
            self._clips.popleft()
            if not clip.finished.done():
                clip.finished.set_result(None)
