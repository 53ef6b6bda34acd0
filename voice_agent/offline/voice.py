"""Piper as a LiveKit voice, in a thread."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from livekit.agents import tts, utils
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions

from voice_agent.offline import models
from voice_agent.offline.voice_text import letters, spoken

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


class PiperTTS(tts.TTS[str]):
    """A voice with no key and no network.

    Args:
        voice: path of a Piper `.onnx` file, or None for the bundled one.
        speed: 1.0 is the voice's own pace, 2.0 twice as fast.
        preload: begin to load the voice now, rather than when it is first needed.
    """

    def __init__(self, *, voice: str | None = None, speed: float = 1.0, preload: bool = True) -> None:
        self._voice = voice or models.JOE
        super().__init__(
            capabilities=tts.TTSCapabilities(streaming=False),
            sample_rate=models.voice_rate(self._voice),
            num_channels=1,
        )
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
        """Speak a text; its pieces follow each other as they are ready."""
        return _Spoken(self, text, conn_options)

    async def sound(self, text: str) -> AsyncIterator[bytes]:
        """Yield 16 bit mono PCM at `sample_rate`, made in the thread of this voice, piece by piece.

        Raises:
            ExtraMissing: the extra `offline` is not installed.
            ProviderError: the voice cannot be loaded.
        """
        piper = await asyncio.wrap_future(models.piper(self._voice))
        loop = asyncio.get_running_loop()
        is_silent = True
        said = letters(spoken(text)) if piper.language == "en" else text
        made: Iterator[bytes] = piper.synthesize(said, speed=self._speed)
        while (pcm := await loop.run_in_executor(self._thread, next, made, None)) is not None:
            is_silent = False
            yield pcm
        if is_silent:
            # Text without a word. LiveKit takes no sound at all for a failure, and tries again for four seconds.
            yield bytes(2 * (self.sample_rate // 10))

    async def aclose(self) -> None:
        """Give the thread back; the voice stays for the next session."""
        self._thread.shutdown(wait=False, cancel_futures=True)


class _Spoken(tts.ChunkedStream):
    def __init__(self, voice: PiperTTS, text: str, conn_options: APIConnectOptions) -> None:
        super().__init__(tts=voice, input_text=text, conn_options=conn_options)  # pyright: ignore[reportUnknownMemberType]
        self._piper = voice

    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        output_emitter.initialize(
            request_id=utils.shortuuid(), sample_rate=self._piper.sample_rate, num_channels=1, mime_type="audio/pcm"
        )
        async for pcm in self._piper.sound(self._input_text):
            output_emitter.push(pcm)
        output_emitter.flush()
