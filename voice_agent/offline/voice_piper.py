"""Piper as a plain Python voice. The only module that imports piper-tts, which is GPL-3.0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from piper import PiperVoice, SynthesisConfig

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Piper:
    """A loaded voice. Its methods block: call them in a thread, one at a time."""

    def __init__(self, voice: PiperVoice, name: str) -> None:
        self._voice = voice
        self.name = name
        self.sample_rate = voice.config.sample_rate
        """Hertz."""

    @classmethod
    def load(cls, model: Path, config: Path, *, name: str) -> Piper:
        """Load and warm a voice from its `.onnx` and `.onnx.json` files."""
        piper = cls(PiperVoice.load(model, config_path=config), name)
        for _ in piper.synthesize("Ready when you are."):
            pass
        return piper

    def synthesize(self, text: str, *, speed: float = 1.0) -> Iterator[bytes]:
        """Yield the sound of each sentence: 16 bit mono PCM at `sample_rate`. `speed` 2.0 speaks in half the time."""
        config = SynthesisConfig(length_scale=self._voice.config.length_scale / speed)
        for chunk in self._voice.synthesize(text, config):
            yield chunk.audio_int16_bytes
