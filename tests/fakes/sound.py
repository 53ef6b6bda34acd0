"""Sound that a voice-activity detector takes for speech, made of nothing but the text."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Samples: TypeAlias = "NDArray[np.float64]"
Formants: TypeAlias = tuple[float, float, float]

_VOWELS: dict[str, Formants] = {
    "a": (730.0, 1090.0, 2440.0),
    "e": (530.0, 1840.0, 2480.0),
    "i": (300.0, 2200.0, 2960.0),
    "o": (570.0, 840.0, 2410.0),
    "u": (320.0, 900.0, 2240.0),
}
"""First three formants in hertz (Peterson and Barney, 1952, men)."""
_WIDTHS: Formants = (60.0, 80.0, 120.0)
SYLLABLE = 0.15
"""Seconds."""
PITCH = 105.0
"""Hertz."""


@lru_cache(maxsize=256)
def speech_like(text: str, rate: int, speed: float = 1.0) -> bytes:
    """Mono 16 bit PCM at `rate` hertz: a gliding, buzzing vowel for each syllable, a pause at a comma."""
    rng = np.random.default_rng(len(text))
    pieces: list[Samples] = []
    before = _VOWELS["e"]
    for position, word in enumerate(text.split()):
        pitch = PITCH * (1.0 + 0.1 * float(np.sin(position)))
        for vowel in re.findall(r"[aeiou]+|\d", word.lower()) or ["e"]:
            after = _VOWELS.get(vowel[0], _VOWELS["e"])
            pieces.append(_syllable((before, after), pitch, rate=rate, seconds=SYLLABLE / speed, rng=rng))
            before = after
        pause = 0.16 if word[-1] in ",.;:!?" else 0.02
        pieces.append(np.zeros(int(rate * pause / speed)))
    sound = np.concatenate(pieces) if pieces else np.zeros(0)
    return (np.clip(sound, -1.0, 1.0) * 16000).astype("<i2").tobytes()


def _syllable(
    vowels: tuple[Formants, Formants], pitch: float, *, rate: int, seconds: float, rng: np.random.Generator
) -> Samples:
    count = int(rate * seconds)
    time = np.arange(count) / rate
    # The pitch falls by a tenth and trembles a little, as no machine's does.
    phase = 2 * np.pi * np.cumsum(pitch * (1.05 - 0.1 * time / seconds) * (1 + 0.01 * np.sin(38.0 * time))) / rate
    glide = np.clip(time / 0.06, 0.0, 1.0)
    sound = np.zeros(count)
    for harmonic in range(1, int(min(4000.0, rate / 2) / (1.2 * pitch))):
        gain = np.full(count, 0.01)
        for f0, f1, width in zip(*vowels, _WIDTHS, strict=True):
            gain += 1.0 / (1.0 + ((harmonic * pitch - f0 - (f1 - f0) * glide) / width) ** 2)
        sound += gain / harmonic * np.cos(harmonic * phase)
    envelope = np.minimum(1.0, time / 0.02) * np.clip((seconds - time) / 0.03, 0.0, 1.0)
    hiss = rng.normal(0.0, 0.04, count) * np.exp(-time / 0.03)
    return 0.7 * sound / float(np.abs(sound).max()) * envelope + hiss


def loudness(pcm: bytes) -> float:
    """Root mean square of 16 bit PCM, 0 to 32767; 0 for no sound at all."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float64)
    return float(np.sqrt(np.mean(samples**2))) if len(samples) else 0.0
