"""What guests say: a sentence by the bundled voice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import soxr

from benchmarks import offline_recordings
from benchmarks.rooms.guest import LOUD, RATE
from benchmarks.rooms.stand_ins import HEARD

if TYPE_CHECKING:
    from numpy.typing import NDArray


def spoken() -> NDArray[np.int16]:
    """Return what is heard as one channel at the guests' rate, up to its last loud sample."""
    recording = offline_recordings.spoken([HEARD])[0].samples / 32768
    voice = (soxr.resample(recording, offline_recordings.SAMPLE_RATE, RATE) * 32767).astype(np.int16)
    return voice[: np.flatnonzero(np.abs(voice) > LOUD)[-1] + 1]
