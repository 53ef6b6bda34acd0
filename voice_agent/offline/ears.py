"""Whisper as a LiveKit recogniser that starts ahead of the end of speech."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from livekit.agents import stt, utils
from livekit.agents.language import LanguageCode
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, NOT_GIVEN, APIConnectOptions, NotGivenOr
from livekit.local_inference import VAD

from voice_agent.offline import models
from voice_agent.offline.ears_listen import WINDOW, Change, Listener
from voice_agent.offline.ears_whisper import SAMPLE_RATE, Heard, Window

if TYPE_CHECKING:
    from collections.abc import Sequence


class WhisperSTT(stt.STT[str]):
    """Ears with no key and no network. Give a session the options of `voice_agent.offline.turns` with them.

    Args:
        model: `tiny.en` (bundled), another Whisper size that faster-whisper fetches, or a local folder.
        language: BCP 47; only the part before the hyphen is used.
        preload: begin to load the model now, rather than when it is first needed.
    """

    def __init__(self, *, model: str | None = None, language: str = "en", preload: bool = True) -> None:
        super().__init__(
            capabilities=stt.STTCapabilities(streaming=True, interim_results=True, keyterms=True, manual_flush=True)
        )
        self._model = model or models.TINY_EN
        self.language = LanguageCode(language)
        self._vocabulary: tuple[str, ...] = ()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ears")
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

    def set_vocabulary(self, words: Sequence[str]) -> None:
        """Tell what can be said now, the likeliest first; used from the next utterance on."""
        self._vocabulary = tuple(words)

    def _update_session_keyterms(self, keyterms: list[str]) -> None:
        self.set_vocabulary(keyterms)

    def stream(
        self,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,  # noqa: ARG002 - LiveKit's signature
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> stt.RecognizeStream:
        """Listen to one conversation."""
        return _Listening(self, conn_options)

    async def understand(self, pcm: bytes, window: Window) -> Heard:
        """Recognise 16 bit mono PCM at 16 kHz in the thread of these ears."""
        whisper = await asyncio.wrap_future(models.whisper(self._model))
        samples = np.frombuffer(pcm, np.int16).astype(np.float32) / 32768.0
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._thread,
            lambda: whisper.recognise(
                samples, window=window, vocabulary=self._vocabulary, language=self.language.language
            ),
        )

    async def _recognize_impl(
        self,
        buffer: utils.AudioBuffer,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,  # noqa: ARG002 - LiveKit's signature
        conn_options: APIConnectOptions,  # noqa: ARG002 - LiveKit's signature
    ) -> stt.SpeechEvent:
        frame = utils.merge_frames(buffer)
        heard = await self.understand(bytes(frame.data), Window.FULL)
        return self.event(stt.SpeechEventType.FINAL_TRANSCRIPT, heard)

    def event(self, kind: stt.SpeechEventType, heard: Heard) -> stt.SpeechEvent:
        """What was heard, as LiveKit says it."""
        data = stt.SpeechData(language=self.language, text=heard.text, confidence=float(np.exp(heard.score)))
        return stt.SpeechEvent(type=kind, alternatives=[data])

    async def aclose(self) -> None:
        """Give the thread back; the model stays for the next session."""
        self._thread.shutdown(wait=False, cancel_futures=True)


class _Listening(stt.RecognizeStream):
    def __init__(self, ears: WhisperSTT, conn_options: APIConnectOptions) -> None:
        super().__init__(stt=ears, conn_options=conn_options, sample_rate=SAMPLE_RATE)  # pyright: ignore[reportUnknownMemberType]
        self._ears = ears
        self._listener = Listener()
        self._vad = VAD()
        self._rest = b""
        self._guess: asyncio.Task[Heard] | None = None

    async def _run(self) -> None:
        await asyncio.wrap_future(models.whisper(self._ears.model))
        try:
            async for item in self._input_ch:
                if isinstance(item, self._FlushSentinel):
                    await self._finish()
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
                self._guess = asyncio.create_task(self._make_guess(self._listener.sound()))
            elif change is Change.RESUMED:
                self._drop_guess()
            elif change is Change.ENDED:
                await self._finish()

    async def _make_guess(self, pcm: bytes) -> Heard:
        heard = await self._ears.understand(pcm, Window.GUESS)
        if heard.text:
            self._event_ch.send_nowait(self._ears.event(stt.SpeechEventType.PREFLIGHT_TRANSCRIPT, heard))
        return heard

    async def _finish(self) -> None:
        if not self._listener.speaking:
            return
        if self._guess is not None:
            heard = await self._guess
        else:
            heard = await self._ears.understand(self._listener.sound(), Window.FULL)
        self._guess = None
        self._listener.reset()
        if heard.text:
            self._event_ch.send_nowait(self._ears.event(stt.SpeechEventType.FINAL_TRANSCRIPT, heard))
        self._event_ch.send_nowait(stt.SpeechEvent(stt.SpeechEventType.END_OF_SPEECH))

    def _drop_guess(self) -> None:
        if self._guess is not None:
            self._guess.cancel()
            self._guess = None
