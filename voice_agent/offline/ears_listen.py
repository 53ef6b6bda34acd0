"""Where one utterance begins, pauses and goes on, from the speech probability of each 32 ms of sound. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum

WINDOW = 512
"""Samples at 16 kHz that one probability speaks for."""
SECONDS = WINDOW / 16000


class Change(Enum):
    """What the newest window brought."""

    STARTED = "started"
    PAUSED = "paused"
    """Silent for `pause`: what was said so far can be guessed at."""
    RESUMED = "resumed"
    """Speech after a pause."""
    ENDED = "ended"
    """Silent for `end`."""


@dataclass
class Listener:
    """Collects the windows of one utterance after the other."""

    pause: float = 0.06
    """Seconds of silence. Of 150 real orders one in three had such a pause inside, so that few guesses are in vain."""
    end: float | None = 4.0
    """Seconds of silence; None never ends by itself."""
    threshold: float = 0.5
    """Probability from which a window is speech."""
    minimum: float = 0.064
    """Seconds of speech that begin an utterance."""
    prefix: float = 0.4
    """Seconds of sound kept from before it."""
    longest: float = 29.0
    """Seconds of sound kept of one utterance."""
    speaking: bool = False
    """An utterance is open."""
    silence: float = 0.0
    """Seconds, at the end of the open utterance."""
    windows: deque[bytes] = field(default_factory=deque[bytes])
    """16 bit PCM of the open utterance, its prefix before it."""
    _voiced: float = 0.0
    _paused: bool = False

    def hear(self, window: bytes, probability: float) -> Change | None:
        """Take the next window and say what it changed."""
        self.windows.append(window)
        if probability >= self.threshold:
            return self._speech()
        self._voiced = 0.0
        if not self.speaking:
            self._keep(self.prefix)
            return None
        self.silence += SECONDS
        if self.end is not None and self.silence >= self.end:
            return Change.ENDED
        if not self._paused and self.silence >= self.pause:
            self._paused = True
            return Change.PAUSED
        return None

    def sound(self) -> bytes:
        """The open utterance as 16 bit mono PCM at 16 kHz."""
        return b"".join(self.windows)

    def reset(self) -> None:
        """Close the utterance; the next one begins with new speech."""
        self.speaking = self._paused = False
        self.silence = self._voiced = 0.0
        self._keep(self.prefix)

    def _speech(self) -> Change | None:
        self._voiced += SECONDS
        self._keep(self.longest)
        if not self.speaking:
            if self._voiced < self.minimum:
                return None
            self.speaking = True
            return Change.STARTED
        self.silence = 0.0
        if self._paused:
            self._paused = False
            return Change.RESUMED
        return None

    def _keep(self, seconds: float) -> None:
        while len(self.windows) > seconds / SECONDS:
            self.windows.popleft()
