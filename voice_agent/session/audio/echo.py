"""WebRTC audio processing: takes the agent's own voice, noise and level differences out of the microphone."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np
from livekit import rtc

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LONGEST_DELAY_S = 0.5
"""What the module accepts; it finds longer ones by itself."""
_MARGIN_S = 0.03
"""Taken off the delay. The module starts from the first one it is told: at 100 ms too little it still cancels from the
first word, at 30 ms too much it lets half a second of echo pass."""
_WINDOW = 100
"""Blocks over which the least delay counts: a backlog of old sound makes it look longer for a while."""
_DELAY_STEP_MS = 5
_FRAME_RATE = 100
"""Frames of the module a second."""
_TAKEN = 0.3
"""Where less of a frame is left, it was mostly echo."""
_FADING = 10 ** (-60 / _FRAME_RATE / 20)
"""By which an echo is at least as loud in the next frame: a room that rings for a second."""
_MASKED = 0.25
"""What is left of an echo and its ringing is quieter than this part of it; somebody who speaks as well is louder."""
_FLOOR = 0.03
_LOST_S = 0.6
"""How much longer than the delay nothing is let through once the speaker had a gap: what is in the air comes at an
unknown time, and a new module knows nothing of it."""
_ECHO_S = 1.0
"""How long after the speaker's last sound something may still be echo."""


class _Frames:
    """Cuts a stream into the frames of exactly 10 ms that the module demands."""

    def __init__(self, sample_rate: int) -> None:
        self._size = sample_rate // _FRAME_RATE
        self._rest = np.zeros(0, np.int16)

    def cut(self, samples: NDArray[np.int16]) -> list[NDArray[np.int16]]:
        joined = np.concatenate([self._rest, samples])
        whole = joined.size - joined.size % self._size
        self._rest = joined[whole:]
        return list(joined[:whole].reshape(-1, self._size))


class _Remains:
    """Fades what the module leaves of an echo: its first second, what rings on, and what a small speaker distorts."""

    def __init__(self) -> None:
        self._echo = 0.0
        self._gain = 1.0

    def fade(self, heard: NDArray[np.int16], cleaned: NDArray[np.int16], *, maybe_echo: bool) -> NDArray[np.int16]:
        """The cleaned frame, quieter where it is but what is left of an echo; `heard` is it before cleaning."""
        before, after = _level(heard), _level(cleaned)
        self._echo *= _FADING
        if maybe_echo and after < _TAKEN * before:
            self._echo = max(self._echo, before)
        masked = _MASKED * self._echo
        gain = 1.0 if after >= masked else max(_FLOOR, (after / masked) ** 2)
        ramp = np.linspace(self._gain, gain, cleaned.size)
        self._gain = gain
        return (cleaned * ramp).astype(np.int16)


class EchoCanceller:
    """One speaker and one microphone that hears it. `play` and `hear` may be called from two threads.

    Rates are multiples of 100 Hz.
    """

    def __init__(self, *, speaker_rate: int, microphone_rate: int, cancel: bool = True) -> None:
        """With `cancel` False the echo stays in: to show what it would do."""
        self._module = _new_module(cancel=cancel)
        self._level = rtc.AudioProcessingModule(auto_gain_control=True)
        """After all else: it must not raise what is left of an echo to the level of a voice."""
        self._remains = _Remains()
        self._cancel = cancel
        self._speaker_rate = speaker_rate
        self._microphone_rate = microphone_rate
        self._played = _Frames(speaker_rate)
        self._heard = _Frames(microphone_rate)
        self._play_delay = 0.0
        self._echoing = 0
        """Frames in which an echo may still come."""
        self._lost = False
        self._deaf = 0
        """Frames that are not let through."""
        self._delays: deque[float] = deque(maxlen=_WINDOW)
        self._set_delay_ms = -_DELAY_STEP_MS

    def play(self, samples: NDArray[np.int16], delay_s: float) -> None:
        """Say what the speaker is given, silence too; its first sample is heard `delay_s` seconds from now."""
        self._play_delay = delay_s
        if samples.any():
            self._echoing = round((_ECHO_S + delay_s) * _FRAME_RATE)
        for part in self._played.cut(samples):
            self._module.process_reverse_stream(_frame(part, self._speaker_rate))

    def hear(self, samples: NDArray[np.int16], delay_s: float) -> NDArray[np.int16]:
        """Clean what the microphone gave, whose first sample is `delay_s` seconds old.

        Returns:
            As much as fills frames of 10 ms, of this and earlier calls.
        """
        if self._lost:
            self._begin_anew(self._play_delay + delay_s)
        self._delays.append(self._play_delay + delay_s)
        self._set_delay(min(self._delays) - _MARGIN_S)
        clean: list[NDArray[np.int16]] = [np.zeros(0, np.int16)]
        for part in self._heard.cut(samples):
            frame = _frame(part, self._microphone_rate)
            self._module.process_stream(frame)
            if self._cancel:
                frame = self._without_remains(part, frame)
            self._level.process_stream(frame)
            clean.append(np.frombuffer(frame.data, np.int16))
        return np.concatenate(clean)

    def lose(self) -> None:
        """The speaker had a gap: what was played before comes later from now on than was said.

        The module would take seconds to find the new delay, and let all echo pass meanwhile; a new one does not.
        """
        self._lost = self._cancel

    def _begin_anew(self, delay_s: float) -> None:
        self._lost = False
        self._module, self._set_delay_ms = _new_module(cancel=True), -_DELAY_STEP_MS
        self._delays.clear()
        if self._echoing:
            self._deaf = round((delay_s + _LOST_S) * _FRAME_RATE)

    def _without_remains(self, heard: NDArray[np.int16], frame: rtc.AudioFrame) -> rtc.AudioFrame:
        clean = self._remains.fade(heard, np.frombuffer(frame.data, np.int16), maybe_echo=self._echoing > 0)
        self._echoing = max(0, self._echoing - 1)
        if self._deaf:
            self._deaf -= 1
            clean = np.zeros_like(clean)
        return _frame(clean, self._microphone_rate)

    def _set_delay(self, delay_s: float) -> None:
        delay_ms = round(min(max(delay_s, 0.0), _LONGEST_DELAY_S) * 1000)
        if self._cancel and abs(delay_ms - self._set_delay_ms) >= _DELAY_STEP_MS:
            self._set_delay_ms = delay_ms
            self._module.set_stream_delay_ms(delay_ms)


def _new_module(*, cancel: bool) -> rtc.AudioProcessingModule:
    return rtc.AudioProcessingModule(echo_cancellation=cancel, noise_suppression=True, high_pass_filter=True)


def _level(samples: NDArray[np.int16]) -> float:
    return float(np.sqrt(np.square(samples, dtype=np.float64).mean()))


def _frame(samples: NDArray[np.int16], rate: int) -> rtc.AudioFrame:
    return rtc.AudioFrame(bytearray(samples.tobytes()), rate, 1, samples.size)
