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

    def variables(self, profile: CloudProfile = "quality") -> dict[str, str]:
        """What the environment of a program holds whose providers are these; `profile`: which it is to use."""
        return {
            "DEEPGRAM_API_KEY": KEY,
            "OPENAI_API_KEY": KEY,
            "CARTESIA_API_KEY": KEY,
            "VOICE_AGENT_STT__BASE_URL": self.deepgram.url,
            "VOICE_AGENT_LLM__BASE_URL": self.openai.base_url,
            "VOICE_AGENT_TTS__BASE_URL": self._voice(profile),
        }

    def settings(self, profile: CloudProfile = "quality", **changes: dict[str, Any]) -> Settings:
        """Settings of a profile whose providers are these.

        Args:
            profile: which.
            changes: keys of `stt`, `llm`, `tts` and `turn` on top, as in `voice-agent.toml`.
        """
        addresses = {"stt": self.deepgram.url, "llm": self.openai.base_url, "tts": self._voice(profile)}
        parts = {part: {"base_url": url, **changes.get(part, {})} for part, url in addresses.items()}
        if "turn" in changes:
            parts["turn"] = changes["turn"]
        return Settings.model_validate({"profile": profile, **KEYS, **parts})

    def _voice(self, profile: CloudProfile) -> str:
        return self.cartesia.url if profile == "quality" else self.deepgram.url


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


async def hear(
    ears: Any, text: str = "Add buy milk.", *, rate: int = 16000, conn_options: Any = None, keep_talking: bool = False
) -> str:
    """Say something to a recogniser, in frames of 20 ms and with silence after it; the final transcript.

    Args:
        ears: LiveKit's streaming STT.
        text: what is said; what is understood is the stand-in's to say.
        rate: hertz.
        conn_options: `APIConnectOptions` of the stream.
        keep_talking: say it again and again, in real time, until something is understood.
    """
    from livekit import rtc
    from livekit.agents import stt

    stream = ears.stream() if conn_options is None else ears.stream(conn_options=conn_options)
    sound = speech_like(text, rate) + bytes(2 * rate)
    size = 2 * rate // 50

    async def talk() -> None:
        while True:
            for start in range(0, len(sound) - size, size):
                stream.push_frame(rtc.AudioFrame(sound[start : start + size], rate, 1, size // 2))
                if keep_talking:
                    await asyncio.sleep(0.02)
            if not keep_talking:
                return

    talking = asyncio.create_task(talk())
    try:
        async with asyncio.timeout(20), stream:
            async for event in stream:
                if event.type is stt.SpeechEventType.FINAL_TRANSCRIPT and event.alternatives[0].text:
                    return event.alternatives[0].text
    finally:
        talking.cancel()
    raise AssertionError("no final transcript")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a language model came back with."""

    text: str
    calls: tuple[Any, ...]
    """LiveKit's `FunctionToolCall`s."""


async def ask(model: Any, text: str = "hello", *, tools: Any = None, conn_options: Any = None) -> Answer:
    """Put one message to a language model."""
    from livekit.agents import llm

    context = llm.ChatContext.empty()
    context.add_message(role="user", content=text)
    options = {} if conn_options is None else {"conn_options": conn_options}
    words: list[str] = []
    calls: list[Any] = []
    async with asyncio.timeout(10), model.chat(chat_ctx=context, tools=tools, **options) as stream:
        async for chunk in stream:
            if chunk.delta is not None:
                words.append(chunk.delta.content or "")
                calls.extend(chunk.delta.tool_calls)
    return Answer("".join(words), tuple(calls))


async def speak(voice: Any, text: str = "I have added milk.", *, conn_options: Any = None) -> bytes:
    """Have a text spoken as a session does; 16 bit mono PCM at the voice's own rate."""
    from livekit.agents import tts

    whole = voice if voice.capabilities.streaming else tts.StreamAdapter(tts=voice)
    options = {} if conn_options is None else {"conn_options": conn_options}
    sound = bytearray()
    async with asyncio.timeout(10), whole.stream(**options) as stream:
        stream.push_text(text)
        stream.end_input()
        async for audio in stream:
            sound += bytes(audio.frame.data)
    return bytes(sound)
