"""Whisper as a plain Python recogniser: samples in, words and how sure of them out."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer

from voice_agent.errors import ProviderError
from voice_agent.offline.ears_heard import Heard, Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SAMPLE_RATE = 16000
"""Hertz."""
LONGEST = 30
"""Seconds that Whisper can hear at once."""
ORDERS = " Add buy bread. Delete all finished tasks. What's on my list?"
"""Examples of what is said to an assistant. Without them “add buy” is heard as “add by”."""
PROMPT_TOKENS = 160
"""Whisper takes 224; longer lists made it continue the list instead of listening (benchmarks/ears_accuracy.py)."""
WORKERS = 2
"""Recognitions that can run at the same time, each on one core: two threads for one of them are a third faster on an
idle machine and five times slower on a busy one, where each waits for the other at every layer."""


class Whisper:
    """A loaded model. Its methods block and may be called from `WORKERS` threads."""

    def __init__(self, model: WhisperModel, name: str) -> None:
        self._model: Any = model
        self.name = name
        self._tokenizers: dict[str, Any] = {}
        self._lock = threading.Lock()

    @classmethod
    def load(cls, path: str, *, name: str) -> Whisper:
        """Load and warm a model from a folder, or by faster-whisper's name for it (which may download it).

        Raises:
            ProviderError: no such model, no network to fetch it, or a folder without one.
        """
        try:
            model = WhisperModel(path, device="cpu", compute_type="int8", cpu_threads=1, num_workers=WORKERS)
        except ValueError as error:
            raise ProviderError(
                f"There is no Whisper model “{name}”. Set stt.model to tiny.en, base, small, large-v3-turbo, "
                f"another size that faster-whisper knows, or the path of a folder with a converted model."
            ) from error
        except RuntimeError as error:
            raise ProviderError(
                f"stt.model: {name} holds no Whisper model that can be read ({error}). "
                f"It must be a folder with a CTranslate2 conversion: model.bin, config.json, tokenizer.json."
            ) from error
        except OSError as error:
            raise ProviderError(
                f"The Whisper model “{name}” is not on this machine and could not be downloaded. "
                f"Connect to the network once, set stt.model to a local folder, or leave it out to use tiny.en."
            ) from error
        whisper = cls(model, name)
        whisper.recognise(np.zeros(SAMPLE_RATE, np.float32), window=Window.SHORT, language=None)
        return whisper

    @property
    def model(self) -> Any:
        """faster-whisper's own `WhisperModel`."""
        return self._model

    def check_language(self, language: str) -> None:
        """Raise `ProviderError` where the model does not know a language (ISO 639)."""
        if language not in self._model.supported_languages:
            raise ProviderError(
                f"The Whisper model “{self.name}” does not understand “{language}”. Set stt.language to a language "
                f"that it knows, or stt.model to a size without “.en”, such as base."
            )

    def recognise(
        self,
        samples: NDArray[np.float32],
        *,
        window: Window = Window.FULL,
        vocabulary: Sequence[str] = (),
        language: str | None = "en",
    ) -> Heard:
        """Understand mono sound at 16 kHz in [-1, 1], shape (n,); of more than 30 s, the last 30.

        A sound longer than the window gets the full one. `language` None is the model's first.
        """
        samples = samples[-LONGEST * SAMPLE_RATE :]
        seconds = len(samples) / SAMPLE_RATE
        frames: Any = self._model.feature_extractor(samples, padding=160)
        if frames.shape[1] > window.value:
            window = Window.FULL
        frames = np.pad(frames[:, : window.value], ((0, 0), (0, max(0, window.value - frames.shape[1]))))
        tokenizer = self._tokenizer(language or self._model.supported_languages[0])
        prompt = [
            *self._prompt(tokenizer, vocabulary),
            *self._model.get_prompt(tokenizer, [], without_timestamps=True),
        ]
        found = self._model.model.generate(
            self._model.encode(frames),
            [prompt],
            beam_size=1,
            max_length=min(448, len(prompt) + 16 + int(8 * seconds)),
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        text: str = tokenizer.decode(found.sequences_ids[0]).strip()
        return Heard(text, float(found.scores[0]), float(found.no_speech_prob), seconds, window)

    def _tokenizer(self, language: str) -> Any:
        with self._lock:
            if language not in self._tokenizers:
                self._tokenizers[language] = Tokenizer(
                    self._model.hf_tokenizer, self._model.model.is_multilingual, task="transcribe", language=language
                )
            return self._tokenizers[language]

    def _prompt(self, tokenizer: Any, vocabulary: Sequence[str]) -> list[int]:
        """Orders, then as many likely words as fit, as one finished sentence: Whisper goes on with an open list."""
        chosen: list[str] = []
        orders: list[int] = tokenizer.encode(ORDERS) if tokenizer.language_code == "en" else []
        room = PROMPT_TOKENS - 2 - len(orders)
        for word in vocabulary:
            room -= len(tokenizer.encode(f" {word},"))
            if room < 0:
                break
            chosen.append(word)
        words: list[int] = tokenizer.encode(f" {', '.join(chosen)}.") if chosen else []
        return [tokenizer.sot_prev, *orders, *words] if orders or words else []
