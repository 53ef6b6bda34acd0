"""Speech for tests, made by the bundled voice, at the rate that recognisers take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import soxr
from livekit import rtc

from tests.support.recordings import spoken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

SAMPLE_RATE = 16_000


def speak(text: str) -> NDArray[np.int16]:
    """The text as 16 bit mono samples at 16 kHz, shape (n,)."""
    samples, rate = spoken(text)
    return soxr.resample(samples, rate, SAMPLE_RATE)


def silence(seconds: float) -> NDArray[np.int16]:
    return np.zeros(round(SAMPLE_RATE * seconds), np.int16)


def frames(samples: NDArray[np.int16]) -> Iterator[rtc.AudioFrame]:
    """The samples in frames of 20 ms."""
    size = SAMPLE_RATE // 50
    for start in range(0, samples.size, size):
        part = samples[start : start + size]
        yield rtc.AudioFrame(part.tobytes(), SAMPLE_RATE, 1, part.size)
