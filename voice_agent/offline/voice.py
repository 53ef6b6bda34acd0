"""Piper as a LiveKit voice: sentence by sentence, in a thread."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from livekit.agents import tts, utils
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions

from voice_agent.offline import models

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

SAMPLE_RATE = 22050
"""Hertz, of Piper's medium and high voices."""


class PiperTTS(tts.TTS[str]):
    """A voice with no key and no network.

    Args:
        voice: path of a Piper `.onnx` file, or None for the bundled one.
        speed: 1.0 is the voice's own pace, 2.0 twice as fast.
        preload: begin to load the voice now, rather than when it is first needed.
    """

    def __init__(self, *, voice: str | None = None, speed: float = 1.0, preload: bool = True) -> None:
        super().__init__(capabilities=tts.TTSCapabilities(streaming=False), sample_rate=SAMPLE_RATE, num_channels=1)
        self._voice = voice or models.JOE
        self._speed = speed
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="voice")
        if preload:
            models.piper(self._voice)

    @property
    def model(self) -> str:
        """Its name, or the path."""
        return self._voice

    @property
    def provider(self) -> str:
        """For metrics."""
        return "offline"

    @property
    def speed(self) -> float:
        """1.0 is the voice's own pace."""
        return self._speed

    def update_options(self, *, speed: float) -> None:
        """Change the pace from the next sentence on."""
        self._speed = speed

    def synthesize(
        self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.ChunkedStream:
        """Speak a text; sentences follow each other as they are ready."""
        return _Spoken(self, text, conn_options)

    async def sentences(self, text: str) -> AsyncIterator[tuple[int, bytes]]:
        """Yield the sample rate (Hz) and the 16 bit mono PCM of each sentence, made in the thread of this voice."""
        piper = await asyncio.wrap_future(models.piper(self._voice))
        loop = asyncio.get_running_loop()
        made: Iterator[bytes] = piper.synthesize(text, speed=self._speed)
        while (pcm := await loop.run_in_executor(self._thread, next, made, None)) is not None:
            yield piper.sample_rate, pcm

    async def aclose(self) -> None:
        """Give the thread back; the voice stays for the next session."""
        self._thread.shutdown(wait=False, cancel_futures=True)


class _Spoken(tts.ChunkedStream):
    def __init__(self, voice: PiperTTS, text: str, conn_options: APIConnectOptions) -> None:
        super().__init__(tts=voice, input_text=text, conn_options=conn_options)  # pyright: ignore[reportUnknownMemberType]
        self._piper = voice

    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        is_started = False
        async for sample_rate, pcm in self._piper.sentences(self._input_text):
            if not is_started:
                output_emitter.initialize(
                    request_id=utils.shortuuid(), sample_rate=sample_rate, num_channels=1, mime_type="audio/pcm"
                )
                is_started = True
            output_emitter.push(pcm)
        if is_started:
            output_emitter.flush()
