"""Piper as a plain Python voice. The only module that imports piper-tts, which is GPL-3.0."""

from __future__ import annotations

import json
import mmap
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime as _onnxruntime
from piper import PiperVoice
from piper.config import PiperConfig

from voice_agent.errors import ProviderError
from voice_agent.offline.voice_graph import halves

onnxruntime: Any = _onnxruntime  # It has no types.

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

THREADS = 2
"""Cores for one sentence. They sleep while they wait: spinning took three times as long on a busy machine."""
_FIRST = 32
"""Columns of the spectrum in the first piece of sound, 0.37 s; each piece is twice as long as the one before."""
_AROUND = 10
"""Columns on each side that a sample depends on: with so many a piece is the same as cut out of the whole."""
_LEVEL = 0.09
"""RMS of a sentence, of 1: as loud as other programs' speech."""
_KNEE = 0.8
"""From here on peaks are bent to stay below 1."""
_WARM_UP = "Ready when you are, and glad to help."


class Piper:
    """A loaded voice. Its methods block: call them in a thread, one at a time."""

    def __init__(self, spectrum: Any, sound: Any, config: PiperConfig, name: str) -> None:
        """Take the two halves of a voice as inference sessions (`voice_graph`)."""
        self._spectrum = spectrum
        self._sound = sound
        self._voice = PiperVoice(session=spectrum, config=config)
        self._config = config
        self._gain = 1.0
        self.name = name
        self.sample_rate = config.sample_rate
        """Hertz."""
        self.language = config.espeak_voice.split("-")[0]
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
            with model.open("rb") as file:
                whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            spectrum, sound = (_session(half, options) for half in halves(whole))
            piper = cls(spectrum, sound, described, name)
            piper._warm_up()
        except Exception as error:
            raise ProviderError(
                f"tts.voice: {model} is not a Piper voice that can be used ({type(error).__name__}). "
                f"Take an .onnx file and its .onnx.json from one release of a Piper voice, or leave tts.voice out."
            ) from error
        return piper

    def synthesize(self, text: str, *, speed: float = 1.0) -> Iterator[bytes]:
        """Yield the sound piece by piece, the first one short: 16 bit mono PCM at `sample_rate`.

        `speed` 2.0 speaks in half the time.
        """
        for samples in self._pieces(text, speed):
            loud = samples * self._gain
            over = np.abs(loud) - _KNEE
            bent = np.sign(loud) * (_KNEE + (1 - _KNEE) * np.tanh(over / (1 - _KNEE)))
            yield (np.where(over > 0, bent, loud) * 32767).astype(np.int16).tobytes()

    def _warm_up(self) -> None:
        made = np.concatenate(list(self._pieces(_WARM_UP, 1.0)))
        self._gain = _LEVEL / float(np.sqrt(np.square(made).mean()))

    def _pieces(self, text: str, speed: float) -> Iterator[NDArray[np.float32]]:
        for sentence in self._voice.phonemize(text):
            if sentence:
                yield from self._sounds(self._columns(sentence, speed))

    def _columns(self, phonemes: list[str], speed: float) -> NDArray[np.float32]:
        ids = self._voice.phonemes_to_ids(phonemes)
        scales = (self._config.noise_scale, self._config.length_scale / speed, self._config.noise_w_scale)
        inputs = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array(scales, np.float32),
        }
        if self._config.num_speakers > 1:
            inputs["sid"] = np.array([0], np.int64)
        return self._spectrum.run(None, inputs)[0]

    def _sounds(self, columns: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
        name = self._sound.get_inputs()[0].name
        start, size, count = 0, _FIRST, columns.shape[-1]
        while start < count:
            end = min(start + size, count)
            left, right = max(0, start - _AROUND), min(count, end + _AROUND)
            made = self._sound.run(None, {name: columns[..., left:right]})[0].reshape(-1)
            hop = made.size // (right - left)
            yield made[(start - left) * hop : (end - left) * hop]
            start, size = end, 2 * size


def _session(model: bytes, options: Any) -> Any:
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    # Kept for another try with other providers; it is as large as all weights.
    session._model_bytes = None  # noqa: SLF001 - there is no option for it
    return session
