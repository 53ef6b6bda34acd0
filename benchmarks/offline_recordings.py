"""Recordings for the offline benchmarks: a folder of WAV files, or sentences spoken by the bundled voice, varied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import soxr

from voice_agent.offline import models
from voice_agent.session.audio.wav import read_wav

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SAMPLE_RATE = 16_000
SENTENCES = (
    "Add buy milk for tomorrow.", "What's on my list?", "I've bought the milk.", "Move the dentist to Friday at three.",
    "Remind me to call Anna on Monday morning.", "What do I have to do today?", "Delete the shopping task.",
    "Please add write the report to my list.", "Is anything due this week?", "Mark the laundry as done.",
    "Create a task to water the plants every evening.", "Tell me what is overdue.", "Add pay the rent.",
    "Set the priority of the report to high.", "How many tasks are left?", "Cancel the meeting with Peter.",
    "Put book a flight to Lisbon on my list for next week.", "What did I finish yesterday?", "Yes.", "No, thank you.",
    "Rename the first task to feed the cat.", "Can you read me my to do list please?", "That's all, thanks.",
    "I need to pick up the parcel before five o'clock tomorrow.",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recording:
    """One utterance."""

    name: str
    samples: NDArray[np.int16]
    """Shape (n,), one channel at `SAMPLE_RATE`."""


def from_folder(folder: Path, most: int) -> list[Recording]:
    return [Recording(path.stem, read_wav(path)) for path in sorted(folder.glob("*.wav"))[:most]]


def spoken(sentences: tuple[str, ...] | list[str], seed: int = 0) -> list[Recording]:
    """Each sentence at its own pace, level and noise (signal to noise 20 to 40 dB)."""
    piper = models.piper().result()
    chance = np.random.default_rng(seed)
    made: list[Recording] = []
    for sentence in sentences:
        pcm = b"".join(piper.synthesize(sentence, speed=chance.uniform(0.85, 1.2)))
        voice = soxr.resample(np.frombuffer(pcm, np.int16) / 32768.0, piper.sample_rate, SAMPLE_RATE)
        voice = np.concatenate([np.zeros(SAMPLE_RATE // 4), voice]) * 10 ** (-chance.uniform(0, 14) / 20)
        loudness = np.sqrt((voice**2).mean())
        noise = chance.normal(0, loudness * 10 ** (-chance.uniform(20, 40) / 20), voice.size)
        made.append(Recording(sentence, ((voice + noise).clip(-1, 1) * 32767).astype(np.int16)))
    return made
