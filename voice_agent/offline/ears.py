"""Whisper as a LiveKit recogniser that starts ahead of the end of speech.

At the first short silence of an utterance all that was said so far is recognised, with a short window. While nothing
more is said that guess stands: LiveKit is told of it at once (`PREFLIGHT_TRANSCRIPT`, from which it thinks up the
reply), and it becomes the final word when LiveKit asks for one (`flush`), so that nobody waits for the recogniser. A
guess that Whisper itself is not sure of is recognised again with the full window first, and a sentence that is plainly
not at its end ("remind me to") is not given away before the speaker has been silent for a while.
"""

from __future__ import annotations

import asyncio
import math
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from livekit.agents import stt, utils
from livekit.agents.language import LanguageCode
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, NOT_GIVEN, APIConnectOptions, NotGivenOr
from livekit.local_inference import VAD

from voice_agent.errors import ConfigError
from voice_agent.offline import models
from voice_agent.offline.ears_heard import Heard, Window, cleaned
from voice_agent.offline.ears_listen import WINDOW, Change, Listener
from voice_agent.offline.ears_sentence import is_unfinished

if TYPE_CHECKING:
    from collections.abc import Sequence

SAMPLE_RATE = 16000
"""Hertz."""
PATIENCE = 2.0
"""Seconds of silence before a sentence that is plainly not at its end is taken for the end of the turn."""
_EARLY = 1.0
"""Seconds of silence after which an unfinished text is given away to whoever asks for it."""
_THREADS = 2
"""One for the newest guess, one that may still be busy with an outdated one."""


class WhisperSTT(stt.STT[str]):
    """Ears with no key and no network. Give a session the options of `voice_agent.offline.turns` with them.

    Args:
        model: `tiny.en` (bundled), another Whisper size that faster-whisper fetches, or a local folder.
        language: BCP 47; only the part before the hyphen is used.
        preload: begin to load the model now, rather than when it is first needed.
        ends_after: see `end_after`.

    Raises:
        ConfigError: the model does not know the language.
    """

    def __init__(
        self, *, model: str | None = None, language: str = "en", preload: bool = True, ends_after: float = 4.0
    ) -> None:
        super().__init__(
            capabilities=stt.STTCapabilities(streaming=True, interim_results=True, keyterms=True, manual_flush=True)
        )
        self._model = model or models.TINY_EN
        self.language = LanguageCode(language)
        if self._model.endswith(".en") and self.language.language != "en":
            raise ConfigError(
                f"stt.language: the Whisper model “{self._model}” understands English only, not “{language}”. "
                f"Set stt.model to a size without “.en”, such as base (downloaded once), or to a local folder."
            )
        self.ends_after = ends_after
        """See `end_after`."""
        self._vocabulary: tuple[str, ...] = ()
        self._keyterms: tuple[str, ...] = ()
        self._listening: _Listening | None = None
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="ears")
        if preload:
            models.whisper(self._model)

    @property
    def model(self) -> str:
        """Its name, or the folder."""
        return self._model

    @property
    def provider(self) -> str:
        """For metrics."""
        return "offline"

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """What can be said now, the likeliest first."""
        return tuple(dict.fromkeys((*self._keyterms, *self._vocabulary)))

    def set_vocabulary(self, words: Sequence[str]) -> None:
        """Tell what can be said now, the likeliest first; used from the next recognition on."""
        self._vocabulary = tuple(words)

    def _update_session_keyterms(self, keyterms: list[str]) -> None:
        """LiveKit's own seam (`session.update_options(keyterms=)`); goes before the vocabulary."""
        self._keyterms = tuple(keyterms)

    def stream(
        self,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,  # noqa: ARG002 - LiveKit's signature
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> stt.RecognizeStream:
        """Listen to one conversation."""
        self._listening = _Listening(self, conn_options)
        return self._listening

    async def understand(self, pcm: bytes, window: Window) -> Heard:
        """Recognise 16 bit mono PCM at 16 kHz in a thread of these ears, less what nobody said.

        Raises:
            ExtraMissing: the extra `offline` is not installed.
            ProviderError: the model cannot be loaded, or does not know the language.
        """
        whisper = await asyncio.wrap_future(models.whisper(self._model))
        language = self.language.language
        whisper.check_language(language)
        vocabulary = self.vocabulary

        def recognise() -> Heard:
            samples = np.frombuffer(pcm, np.int16).astype(np.float32) / 32768.0
            return cleaned(whisper.recognise(samples, window=window, vocabulary=vocabulary, language=language))

        return await asyncio.get_running_loop().run_in_executor(self._threads, recognise)

    def end_after(self, seconds: float) -> None:
        """From the next conversation on, end an utterance after so much silence, asked for its text or not.

        With turn detection `stt` nobody asks. An unfinished sentence is waited for twice as long or more.
        """
        self.ends_after = seconds

    async def words(self, within: float) -> str | None:
        """What was said up to the newest pause; None where it is not known in `within` seconds, or speech went on."""
        listening = self._listening
        return await listening.words(within) if listening is not None else None

    def is_unfinished(self, text: str) -> bool:
        """Whether more words must follow; only known of English."""
        return self.language.language == "en" and is_unfinished(text)

    def settle(self) -> None:
        """Give the words up to the newest pause away as final, if they are known and nothing was said since."""
        if self._listening is not None:
            self._listening.settle()

    async def _recognize_impl(
        self,
        buffer: utils.AudioBuffer,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,  # noqa: ARG002 - LiveKit's signature
        conn_options: APIConnectOptions,  # noqa: ARG002 - LiveKit's signature
    ) -> stt.SpeechEvent:
        frame = utils.merge_frames(buffer)
        pcm = np.frombuffer(frame.data, np.int16).reshape(-1, frame.num_channels).mean(axis=1).astype(np.int16)
        if frame.sample_rate != SAMPLE_RATE:
            import soxr

            pcm = soxr.resample(pcm, frame.sample_rate, SAMPLE_RATE)
        return self.event(stt.SpeechEventType.FINAL_TRANSCRIPT, await self.understand(pcm.tobytes(), Window.FULL))

    def event(self, kind: stt.SpeechEventType, heard: Heard) -> stt.SpeechEvent:
        """What was heard, as LiveKit says it."""
        data = stt.SpeechData(language=self.language, text=heard.text, confidence=min(1.0, math.exp(heard.score)))
        return stt.SpeechEvent(type=kind, alternatives=[data])

    async def aclose(self) -> None:
        """Give the threads back; the model stays for the next session."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class _Listening(stt.RecognizeStream):
    """One conversation's sound, cut into utterances."""

    def __init__(self, ears: WhisperSTT, conn_options: APIConnectOptions) -> None:
        super().__init__(stt=ears, conn_options=conn_options, sample_rate=SAMPLE_RATE)  # pyright: ignore[reportUnknownMemberType]
        self._ears = ears
        self._listener = Listener(end=ears.ends_after)
        self._vad = VAD()
        self._rest = b""
        self._guess: asyncio.Task[Heard] | None = None
        self._is_asked = False
        """LiveKit wants the text of the open utterance, which was held back."""

    async def _run(self) -> None:
        try:
            async for item in self._input_ch:
                if isinstance(item, self._FlushSentinel):
                    await self._finish(is_asked=True)
                else:
                    await self._hear(bytes(item.data))
            await self._finish()
        finally:
            self._drop_guess()

    async def _hear(self, pcm: bytes) -> None:
        self._rest += pcm
        while len(self._rest) >= 2 * WINDOW:
            window, self._rest = self._rest[: 2 * WINDOW], self._rest[2 * WINDOW :]
            change = self._listener.hear(window, self._vad.predict(np.frombuffer(window, np.int16)))
            if change is Change.STARTED:
                self._event_ch.send_nowait(stt.SpeechEvent(stt.SpeechEventType.START_OF_SPEECH))
            elif change is Change.PAUSED:
                self._drop_guess()
                self._guess = asyncio.create_task(self._guess_at(self._listener.sound()))
            elif change is Change.RESUMED:
                self._drop_guess()
                self._is_asked = False
            elif change is Change.ENDED or (self._is_asked and self._listener.silence >= PATIENCE):
                await self._finish(is_asked=change is Change.ENDED)

    async def _guess_at(self, pcm: bytes) -> Heard:
        heard = await self._ears.understand(pcm, Window.for_guess(len(pcm) / 2 / SAMPLE_RATE))
        if heard.text and not self._ears.is_unfinished(heard.text):
            self._event_ch.send_nowait(self._ears.event(stt.SpeechEventType.PREFLIGHT_TRANSCRIPT, heard))
        return heard if heard.is_final else await self._ears.understand(pcm, Window.FULL)

    async def words(self, within: float) -> str | None:
        """See `WhisperSTT.words`."""
        guess = self._guess
        if guess is None:
            return None
        await asyncio.wait([guess], timeout=within)
        return guess.result().text if guess is self._guess and _is_known(guess) else None

    def settle(self) -> None:
        """See `WhisperSTT.settle`."""
        if self._guess is not None and _is_known(self._guess):
            self._give(self._guess.result())

    async def _finish(self, *, is_asked: bool = False) -> None:
        """Give away the text of the open utterance, if there is one; hold it back if asked early and unfinished."""
        if not self._listener.speaking:
            return
        guess = self._guess
        if guess is not None:
            await asyncio.wait([guess])
            if guess is not self._guess:
                return
            heard = guess.result()
        else:
            heard = await self._ears.understand(self._listener.sound(), Window.FULL)
        if is_asked and 0.0 < self._listener.silence < _EARLY and self._ears.is_unfinished(heard.text):
            self._is_asked = True
            return
        self._give(heard)

    def _give(self, heard: Heard) -> None:
        spoken_until = time.time() - self._listener.silence
        self._guess, self._is_asked = None, False
        self._listener.reset()
        if heard.text:
            self._event_ch.send_nowait(self._ears.event(stt.SpeechEventType.FINAL_TRANSCRIPT, heard))
        self._event_ch.send_nowait(stt.SpeechEvent(stt.SpeechEventType.END_OF_SPEECH, speech_end_time=spoken_until))
        usage = stt.RecognitionUsage(audio_duration=heard.seconds)
        self._event_ch.send_nowait(stt.SpeechEvent(stt.SpeechEventType.RECOGNITION_USAGE, recognition_usage=usage))

    def _drop_guess(self) -> None:
        if self._guess is not None:
            self._guess.cancel()
            self._guess = None


def _is_known(guess: asyncio.Task[Heard]) -> bool:
    return guess.done() and not guess.cancelled() and guess.exception() is None
