"""The agent's own voice comes back into its microphone: real session, real voice, real ears, a room that echoes.

The sound card is a stand-in. Where PortAudio finds a loopback (the default microphone is the default speaker's
monitor), the same is tried on it.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import warnings
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
import soxr
from livekit.agents import Agent, AgentSession
from livekit.plugins import silero

from tests.fakes.sound_card import FakeSoundCard
from voice_agent.offline.ears import WhisperSTT
from voice_agent.offline.voice import PiperTTS
from voice_agent.session.audio.card import open_sound_card
from voice_agent.session.audio.devices import find_devices

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from livekit.agents import AgentStateChangedEvent, UserInputTranscribedEvent, UserStateChangedEvent
    from livekit.agents.voice import SpeechHandle
    from numpy.typing import NDArray

pytestmark = [pytest.mark.pipeline, pytest.mark.timeout(300)]

ANSWER = (
    "You have three tasks for tomorrow: buy milk on the way home, call the dentist, and send the report to the team."
)
LONG = 90
"""Seconds that a busy machine may take to load weights and say something."""
INTERJECTION = "Stop, please. Stop talking now, I want to hear something else."


class Loopback:
    """PortAudio's default devices, the one hearing the other; another program speaks into the room."""

    @staticmethod
    def is_there() -> bool:
        if not shutil.which("pactl") or not shutil.which("pacat") or find_devices().why_not:
            return False
        ask = ("get-default-source", "get-default-sink")
        done = [subprocess.run(["pactl", what], capture_output=True, check=False, timeout=5) for what in ask]
        source, sink = (answer.stdout.decode().strip() for answer in done)
        return bool(sink) and source == f"{sink}.monitor"

    def say(self, samples: NDArray[np.int16]) -> None:
        command = ["pacat", "--playback", "--raw", "--rate=48000", "--format=s16le", "--channels=1"]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as program:
            program.communicate(samples.tobytes())


ROOMS = ["stand-in", "portaudio"] if Loopback.is_there() else ["stand-in"]
if len(ROOMS) == 1:
    warnings.warn("No loopback through PortAudio here: the microphone is tried on a stand-in alone.", stacklevel=1)


@dataclass
class Conversation:
    session: AgentSession[None]
    room: FakeSoundCard | Loopback
    voice: PiperTTS
    user_spoke: asyncio.Event = field(default_factory=asyncio.Event)
    agent_speaks: asyncio.Event = field(default_factory=asyncio.Event)
    transcripts: list[str] = field(default_factory=list[str])
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    def listen(self) -> None:
        self.session.on("user_state_changed", self._state)  # pyright: ignore[reportUnknownMemberType]
        self.session.on("agent_state_changed", self._agent)  # pyright: ignore[reportUnknownMemberType]
        self.session.on("user_input_transcribed", self._transcript)  # pyright: ignore[reportUnknownMemberType]

    def _state(self, event: UserStateChangedEvent) -> None:
        if event.new_state == "speaking":
            self.user_spoke.set()

    def _agent(self, event: AgentStateChangedEvent) -> None:
        if event.new_state == "speaking":
            self.agent_speaks.set()

    def _transcript(self, event: UserInputTranscribedEvent) -> None:
        if event.is_final:
            self.transcripts.append(event.transcript)
            self.heard.set()

    async def recording(self, text: str) -> NDArray[np.int16]:
        """The words as somebody in the room speaks them, at half the level of the agent's voice."""
        said = b"".join([pcm async for pcm in self.voice.sound(text)])
        whole = soxr.resample(np.frombuffer(said, np.int16), self.voice.sample_rate, 48_000)
        return (whole * 0.5).astype(np.int16)


@asynccontextmanager
async def conversation(room: str, *, cancel_echo: bool = True) -> AsyncGenerator[Conversation]:
    place = FakeSoundCard() if room == "stand-in" else Loopback()
    card = await open_sound_card(
        lambda error: pytest.fail(str(error)),
        backend=place if isinstance(place, FakeSoundCard) else None,
        cancel_echo=cancel_echo,
    )
    voice = PiperTTS()
    session = cast(
        "AgentSession[None]",
        AgentSession(
            stt=WhisperSTT(),
            tts=voice,
            vad=silero.VAD.load(min_silence_duration=0.25),
            turn_handling={"turn_detection": "vad", "interruption": {"mode": "vad"}},
            aec_warmup_duration=None,
        ),
    )
    session.input.audio, session.output.audio = card.microphone, card.speaker
    talk = Conversation(session, place, voice)
    talk.listen()
    try:
        await session.start(Agent(instructions=""))  # pyright: ignore[reportUnknownMemberType]
        yield talk
    finally:
        await session.aclose()
        await card.aclose()


async def spoken(handle: SpeechHandle) -> None:
    await asyncio.wait_for(handle.wait_for_playout(), LONG)


@pytest.mark.parametrize("room", ROOMS)
async def test_the_agents_own_voice_neither_interrupts_it_nor_counts_as_the_user(room: str) -> None:
    async with conversation(room) as talk:
        handle = talk.session.say(ANSWER)
        await spoken(handle)
        assert not handle.interrupted
        assert not talk.user_spoke.is_set()
        assert talk.transcripts == []
        assert [item.role for item in talk.session.history.messages()] == ["assistant"]


@pytest.mark.parametrize("room", ROOMS)
async def test_without_echo_cancelling_it_would_interrupt_itself(room: str) -> None:
    async with conversation(room, cancel_echo=False) as talk:
        handle = talk.session.say(ANSWER)
        await spoken(handle)
        assert talk.user_spoke.is_set()
        assert handle.interrupted


@pytest.mark.parametrize("room", ROOMS)
async def test_a_user_who_speaks_over_the_agent_interrupts_it_and_is_understood(room: str) -> None:
    async with conversation(room) as talk:
        words = await talk.recording(INTERJECTION)
        handle = talk.session.say(f"{ANSWER} {ANSWER}")
        await asyncio.wait_for(talk.agent_speaks.wait(), LONG)
        assert not talk.user_spoke.is_set()
        await asyncio.to_thread(talk.room.say, words)
        await spoken(handle)
        assert handle.interrupted
        while not any("something" in text.lower() or "talking" in text.lower() for text in talk.transcripts):
            talk.heard.clear()
            await asyncio.wait_for(talk.heard.wait(), LONG)
