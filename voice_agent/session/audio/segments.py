"""What every speaker here has in common: LiveKit's segments, each started and finished exactly once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from livekit.agents.voice import io

from voice_agent.session.audio.playout import Playout, Track

if TYPE_CHECKING:
    from collections.abc import Callable

    from livekit import rtc
    from numpy.typing import NDArray

    from voice_agent.session.audio.moment import Moment


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """One stretch of speech as it was heard."""

    pcm: NDArray[np.int16]
    """Shape (n,), n > 0, one channel; of interrupted speech only what was played."""
    sample_rate: int
    started_at: Moment
    """When its first sample was heard."""
    position_s: float
    """Seconds that were played."""
    interrupted: bool


class SegmentOutput(io.AudioOutput):
    """Keeps LiveKit's side of an audio output; a subclass pulls `_playout` at the pace of its clock.

    All methods belong to the loop's thread; only `_playout` may be used from another.
    """

    def __init__(self, *, label: str, sample_rate: int, on_segment: Callable[[Segment], None] | None) -> None:
        super().__init__(
            label=label,
            capabilities=io.AudioOutputCapabilities(pause=True),
            sample_rate=sample_rate,
            next_in_chain=None,
        )
        self._rate = sample_rate
        self._on_segment = on_segment
        self._playout = Playout()

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        """Queue a frame; its channels are mixed to one.

        Raises:
            ValueError: Its rate is not this output's `sample_rate`.
        """
        if frame.sample_rate != self._rate:
            raise ValueError(f"{self.label} plays {self._rate} Hz, not {frame.sample_rate} Hz")
        await super().capture_frame(frame)
        samples = np.frombuffer(frame.data, np.int16).reshape(-1, frame.num_channels)
        mono = samples[:, 0] if frame.num_channels == 1 else samples.mean(axis=1)
        self._playout.push(mono.astype(np.int16, copy=True))
        self._changed()

    def flush(self) -> None:
        """Mark the segment as complete."""
        super().flush()
        self._playout.end()
        self._changed()

    def clear_buffer(self) -> None:
        """Stop at once; segments that were not heard to their end finish as interrupted."""
        for track in self._playout.clear():
            self._finished(track, interrupted=not track.drained)
        self._changed()

    def pause(self) -> None:
        """Fall silent, keeping what is queued."""
        super().pause()
        self._playout.pause()
        self._changed()

    def resume(self) -> None:
        """Go on after `pause`."""
        super().resume()
        self._playout.resume()
        self._changed()

    def _changed(self) -> None:
        """There may be more, or less, to play."""

    def _heard_first(self, track: Track) -> None:
        """The first sample of the track was heard, or will be at `track.started_at`."""
        if not track.announced and track.started_at:
            track.announced = True
            self.on_playback_started(created_at=track.started_at.wall)

    def _heard_last(self, track: Track) -> None:
        """The last sample of the track was heard; nothing if it was cleared meanwhile."""
        if self._playout.finish(track):
            self._finished(track, interrupted=False)

    def _finished(self, track: Track, *, interrupted: bool) -> None:
        self._heard_first(track)
        position = track.played / self._rate
        if self._on_segment and track.started_at and track.played:
            segment = Segment(track.heard(), self._rate, track.started_at, position, interrupted)
            # Through the loop: what goes wrong there must not keep LiveKit waiting for the end of playback.
            asyncio.get_running_loop().call_soon(self._on_segment, segment)
        self.on_playback_finished(playback_position=position, interrupted=interrupted)
