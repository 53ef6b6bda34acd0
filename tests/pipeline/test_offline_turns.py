"""Turn taking with the offline parts in a real AgentSession, on sound in real time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest
from livekit.agents import Agent, AgentSession, inference
from livekit.agents.voice.io import AudioInput

from tests.support.speech import frames, silence, speak
from voice_agent.offline.ears import WhisperSTT
from voice_agent.offline.turn_detector import TurnDetector
from voice_agent.offline.turns import VAD_SILENCE, turn_handling

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from livekit import rtc
    from numpy.typing import NDArray

pytestmark = pytest.mark.pipeline


class Microphone(AudioInput):
    """Plays a clip in real time, then silence for ever."""

    def __init__(self, *sounds: NDArray[np.int16]) -> None:
        super().__init__(label="test")
        self._frames = frames(np.concatenate(sounds))
        self._due = 0.0

    async def __anext__(self) -> rtc.AudioFrame:
        loop = asyncio.get_running_loop()
        self._due = max(self._due + 0.02, loop.time() - 0.5)
        await asyncio.sleep(max(0.0, self._due - loop.time()))
        return next(self._frames, None) or next(frames(silence(0.02)))


@pytest.fixture
async def ears() -> AsyncIterator[WhisperSTT]:
    ears = WhisperSTT()
    yield ears
    await ears.aclose()


async def turns(
    ears: WhisperSTT, *sounds: NDArray[np.int16], detection: Literal["semantic", "vad", "stt"] = "semantic"
) -> list[str]:
    """What the session takes for the user's turns, until four seconds after the last of them."""
    detector = TurnDetector(ears) if detection == "semantic" else detection
    session: Any = AgentSession[None](
        stt=ears,
        vad=inference.VAD(min_silence_duration=VAD_SILENCE),
        turn_handling={**turn_handling(detection), "turn_detection": detector},  # pyright: ignore[reportArgumentType]
        aec_warmup_duration=None,
        user_away_timeout=None,
    )
    said: asyncio.Queue[str] = asyncio.Queue()

    class Silent(Agent):
        async def on_user_turn_completed(self, turn_ctx: Any, new_message: Any) -> None:  # noqa: ARG002
            said.put_nowait(new_message.text_content)

    session.input.audio = Microphone(*sounds)
    await session.start(agent=Silent(instructions="-"))
    heard: list[str] = []
    try:
        async with asyncio.timeout(60):
            heard.append(await said.get())
        async with asyncio.timeout(4):
            while True:
                heard.append(await said.get())
    except TimeoutError:
        return heard
    finally:
        await session.aclose()


@pytest.mark.parametrize("pause", [0.6, 0.8])
async def test_a_pause_inside_an_unfinished_sentence_is_waited_for(ears: WhisperSTT, pause: float) -> None:
    heard = await turns(
        ears, silence(0.5), speak("Remind me to,"), silence(pause), speak("call the dentist on Friday.")
    )
    assert len(heard) == 1
    assert "emind me" in heard[0]
    assert "Friday" in heard[0]


@pytest.mark.parametrize("detection", ["semantic", "vad", "stt"])
async def test_a_finished_sentence_is_one_turn(ears: WhisperSTT, detection: Literal["semantic", "vad", "stt"]) -> None:
    if detection == "stt":
        ears.end_after(0.5)
    heard = await turns(ears, silence(0.5), speak("What is on my list for tomorrow?"), detection=detection)
    assert len(heard) == 1
    assert "tomorrow" in heard[0]
