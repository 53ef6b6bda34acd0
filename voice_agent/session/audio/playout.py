"""What a speaker has still to play, and what of it was heard. Knows no device, no loop and no clock."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voice_agent.session.audio.moment import Moment


@dataclass(slots=True, eq=False)
class Track:
    """One segment of speech on its way to the ear."""

    chunks: list[NDArray[np.int16]] = field(default_factory=list["NDArray[np.int16]"])
    pushed: int = 0
    """Samples so far."""
    played: int = 0
    """Samples handed to the device."""
    ended: bool = False
    """No more samples will come."""
    started_at: Moment | None = None
    """When its first sample was, or will be, heard."""
    announced: bool = False
    """Whether its start was told."""
    _chunk: int = 0
    _offset: int = 0

    @property
    def drained(self) -> bool:
        """Whether the device has all of it."""
        return self.ended and self.played == self.pushed

    def heard(self) -> NDArray[np.int16]:
        """The samples that were handed to the device, shape (played,)."""
        return np.concatenate([np.zeros(0, np.int16), *self.chunks])[: self.played]

    def read_into(self, block: NDArray[np.int16]) -> int:
        """Fill the start of `block` with the next samples; return how many there were."""
        done = 0
        while done < block.size and self._chunk < len(self.chunks):
            part = self.chunks[self._chunk][self._offset : self._offset + block.size - done]
            block[done : done + part.size] = part
            done += part.size
            self._offset += part.size
            if self._offset == self.chunks[self._chunk].size:
                self._chunk, self._offset = self._chunk + 1, 0
        self.played += done
        return done


class Pulled(NamedTuple):
    """One block for the device."""

    block: NDArray[np.int16]
    """Silence where there was nothing to play."""
    samples: int
    """How many samples at its start are speech."""
    started: Track | None
    """The track whose first sample is in this block."""
    drained: Track | None
    """The track whose last sample was reached; each track once."""


class Playout:
    """Tracks in the order they were pushed. Safe to use from two threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tracks: deque[Track] = deque()
        self._waiting = 0
        """Tracks at the front that are drained and wait for `finish`."""
        self._paused = False
        self._swallowing = False
        """The open track was cleared: what still comes of it is dropped."""

    @property
    def runnable(self) -> bool:
        """Whether a pull would give samples or drain a track."""
        with self._lock:
            if self._paused or len(self._tracks) == self._waiting:
                return False
            track = self._tracks[self._waiting]
            return track.ended or track.played < track.pushed

    def push(self, samples: NDArray[np.int16]) -> None:
        """Add to the open track, or open one. What comes of a cleared track until its `end` is dropped."""
        with self._lock:
            if self._swallowing:
                return
            if not self._tracks or self._tracks[-1].ended:
                self._tracks.append(Track())
            track = self._tracks[-1]
            if samples.size:
                track.chunks.append(samples)
                track.pushed += samples.size

    def end(self) -> None:
        """Close the open track, if there is one."""
        with self._lock:
            self._swallowing = False
            if self._tracks:
                self._tracks[-1].ended = True

    def clear(self) -> list[Track]:
        """Drop everything; return the tracks that `finish` has not been called for, oldest first."""
        with self._lock:
            tracks = list(self._tracks)
            self._swallowing = self._swallowing or (bool(tracks) and not tracks[-1].ended)
            self._tracks.clear()
            self._waiting = 0
            return tracks

    def pause(self) -> None:
        """Pull silence until `resume`."""
        with self._lock:
            self._paused = True

    def resume(self) -> None:
        """Go on where `pause` stopped."""
        with self._lock:
            self._paused = False

    def pull(self, count: int, heard_at: Moment) -> Pulled:
        """Take the next block of `count` samples, of one track; its first will be heard at `heard_at`."""
        block = np.zeros(count, np.int16)
        with self._lock:
            if self._paused or len(self._tracks) == self._waiting:
                return Pulled(block, 0, None, None)
            track = self._tracks[self._waiting]
            samples = track.read_into(block)
            first = samples > 0 and track.started_at is None
            if first:
                track.started_at = heard_at
            if track.drained:
                self._waiting += 1
            return Pulled(block, samples, track if first else None, track if track.drained else None)

    def finish(self, track: Track) -> bool:
        """Forget a drained track whose last sample was heard; False if it was cleared before."""
        with self._lock:
            if track not in self._tracks:
                return False
            self._tracks.remove(track)
            self._waiting -= 1
            return True
