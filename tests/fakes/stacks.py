"""Settings that point the real plugins at the stand-ins, and a few strokes to play with what comes of them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import SecretStr

from tests.fakes.cartesia import FakeCartesia
from tests.fakes.deepgram import FakeDeepgram
from tests.fakes.openai_api import FakeOpenAI
from tests.fakes.server import KEY
from tests.fakes.sound import speech_like
from voice_agent.config.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tests.fakes.chat import Script
    from tests.fakes.deepgram import Hearing

CloudProfile = Literal["quality", "budget"]


@dataclass(frozen=True, slots=True)
class Cloud:
    """All stand-ins, running."""

    deepgram: FakeDeepgram
    openai: FakeOpenAI
    cartesia: FakeCartesia

    def settings(self, profile: CloudProfile = "quality", **changes: dict[str, Any]) -> Settings:
        """Settings of a profile whose providers are these.

        Args:
            profile: which.
            changes: keys of `stt`, `llm`, `tts` and `turn` on top, as in `voice-agent.toml`.
        """
        voice = self.cartesia.url if profile == "quality" else self.deepgram.url
        addresses = {"stt": self.deepgram.url, "llm": self.openai.base_url, "tts": voice}
        parts = {part: {"base_url": url, **changes.get(part, {})} for part, url in addresses.items()}
        if "turn" in changes:
            parts["turn"] = changes["turn"]
        return Settings.model_validate({"profile": profile, **KEYS, **parts})


KEYS = {name: SecretStr(KEY) for name in ("deepgram_api_key", "openai_api_key", "cartesia_api_key")}


@asynccontextmanager
async def cloud(*, hears: Hearing = (), model: Script = ()) -> AsyncGenerator[Cloud]:
    """Deepgram, OpenAI and Cartesia on ports of their own.

    Args:
        hears: what Deepgram's ears make of each utterance, or a recogniser.
        model: the turns of the language model, or a function of the `Chat`.
    """
    async with FakeDeepgram(hears) as deepgram, FakeOpenAI(model) as openai, FakeCartesia() as cartesia:
        yield Cloud(deepgram, openai, cartesia)


async def hear(ears: Any, text: str = "Add buy milk.", *, rate: int = 16000, conn_options: Any = None) -> str:
    """Say something to a recogniser, in frames of 20 ms and silence after it; the final transcript."""
    from livekit import rtc
    from livekit.agents import stt

    stream = ears.stream() if conn_options is None else ears.stream(conn_options=conn_options)
    sound = speech_like(text, rate) + bytes(2 * rate)
    size = 2 * rate // 50
    async with asyncio.timeout(10), stream:
        for start in range(0, len(sound) - size, size):
            stream.push_frame(rtc.AudioFrame(sound[start : start + size], rate, 1, size // 2))
        async for event in stream:
            if event.type is stt.SpeechEventType.FINAL_TRANSCRIPT and event.alternatives[0].text:
                return event.alternatives[0].text
    raise AssertionError("no final transcript")
