"""Whisper as a plain Python recogniser: samples in, words and how sure of them out."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SAMPLE_RATE = 16000
"""Hertz."""
PROMPT_TOKENS = 224
"""Half of Whisper's text context, less the start token, may be prompt."""


class Window(Enum):
    """Frames of 10 ms that are encoded, whatever the length of the sound."""

    GUESS = 1500
    FULL = 3000


@dataclass(frozen=True, slots=True)
class Heard:
    """What was understood."""

    text: str
    score: float
    """Mean log probability of a token; 0.0 is certain."""
    no_speech: float
    """Probability that nobody spoke."""


class Whisper:
    """A loaded model. Its methods block: call them in a thread."""

    def __init__(self, model: WhisperModel, name: str) -> None:
        self._model: Any = model
        self.name = name
        self._tokenizers: dict[str, Any] = {}
        self._lock = threading.Lock()

    @classmethod
    def load(cls, path: str, *, name: str, threads: int = 2) -> Whisper:
        """Load and warm a model from a folder, or by faster-whisper's name for it."""
        whisper = cls(WhisperModel(path, device="cpu", compute_type="int8", cpu_threads=threads), name)
        for window in Window:
            whisper.recognise(np.zeros(SAMPLE_RATE, np.float32), window=window)
        return whisper

    def recognise(
        self,
        samples: NDArray[np.float32],
        *,
        window: Window = Window.FULL,
        vocabulary: Sequence[str] = (),
        language: str = "en",
        beam: int = 1,
    ) -> Heard:
        """Understand up to 30 s of mono sound at 16 kHz in [-1, 1]; more is cut at the front."""
        seconds = len(samples) / SAMPLE_RATE
        frames: Any = self._model.feature_extractor(samples[-30 * SAMPLE_RATE :], padding=160)
        size = Window.FULL.value if seconds > window.value / 100 - 1 else window.value
        frames = np.pad(frames[:, :size], ((0, 0), (0, max(0, size - frames.shape[1]))))
        encoded = self._model.encode(frames)
        tokenizer = self._tokenizer(language)
        prompt = [*self._prompt(tokenizer, vocabulary), *self._model.get_prompt(tokenizer, [], without_timestamps=True)]
        found = self._model.model.generate(
            encoded,
            [prompt],
            beam_size=beam,
            max_length=min(448, len(prompt) + 12 + int(8 * seconds)),
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
        )[0]
        text: str = tokenizer.decode(found.sequences_ids[0]).strip()
        return Heard(text, float(found.scores[0]), float(found.no_speech_prob))

    def _tokenizer(self, language: str) -> Any:
        with self._lock:
            if language not in self._tokenizers:
                multilingual = self._model.model.is_multilingual
                self._tokenizers[language] = Tokenizer(
                    self._model.hf_tokenizer, multilingual, task="transcribe", language=language
                )
            return self._tokenizers[language]

    def _prompt(self, tokenizer: Any, vocabulary: Sequence[str]) -> list[int]:
        """As many of the likeliest words as fit, the likeliest last: Whisper leans most on what came just before."""
        chosen: list[list[int]] = []
        room = PROMPT_TOKENS - 1
        for word in vocabulary:
            tokens: list[int] = tokenizer.encode(" " + word + ",")
            if len(tokens) > room:
                break
            room -= len(tokens)
            chosen.append(tokens)
        if not chosen:
            return []
        return [tokenizer.sot_prev, *(token for tokens in reversed(chosen) for token in tokens)]
