"""Piper as a plain Python voice. The only module that imports piper-tts, which is GPL-3.0."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import onnxruntime as _onnxruntime
from piper import PiperVoice, SynthesisConfig
from piper.config import PiperConfig

from voice_agent.errors import ProviderError

onnxruntime: Any = _onnxruntime  # It has no types.

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

THREADS = 2
"""Cores for one sentence. They sleep while they wait: spinning took three times as long on a busy machine."""


class Piper:
    """A loaded voice. Its methods block: call them in a thread, one at a time."""

    def __init__(self, voice: PiperVoice, name: str) -> None:
        self._voice = voice
        self.name = name
        self.sample_rate = voice.config.sample_rate
        """Hertz."""
        self.language = voice.config.espeak_voice.split("-")[0]
        """ISO 639."""

    @classmethod
    def load(cls, model: Path, config: Path, *, name: str) -> Piper:
        """Load and warm a voice from its `.onnx` and `.onnx.json` files.

        Raises:
            ProviderError: one of them is not what Piper needs.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = THREADS
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            described = PiperConfig.from_dict(json.loads(config.read_text(encoding="utf-8")))
            session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
            piper = cls(PiperVoice(session=session, config=described), name)
            for _ in piper.synthesize("Ready when you are."):
                pass
        except Exception as error:
            raise ProviderError(
                f"tts.voice: {model} is not a Piper voice that can be used ({type(error).__name__}). "
                f"Take an .onnx file and its .onnx.json from one release of a Piper voice, or leave tts.voice out."
            ) from error
        return piper

    def synthesize(self, text: str, *, speed: float = 1.0) -> Iterator[bytes]:
        """Yield the sound of each sentence: 16 bit mono PCM at `sample_rate`. `speed` 2.0 speaks in half the time."""
        config = SynthesisConfig(length_scale=self._voice.config.length_scale / speed)
        for chunk in self._voice.synthesize(text, config):
            yield chunk.audio_int16_bytes
