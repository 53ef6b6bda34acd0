"""What the microphone lets through while the speaker plays, over a stand-in for the sound card in a room that echoes.

It runs faster than real time; speaker and microphone stay aligned by samples.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np
import pytest
from livekit import rtc

from tests.fakes.sound_card import FakeSoundCard
from voice_agent.session.audio.card import open_sound_card

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voice_agent.errors import AudioError

pytestmark = pytest.mark.contract

RATE = 48_000
SPEED = 20
WINDOW = 800
"""Samples at 16 kHz that one level is measured over: 50 ms, the least that counts as speech."""
QUIET = 300
"""Level of a breath; the echo's is about 10 000."""


def syllables(seconds: float, *, level: float, seed: int) -> NDArray[np.int16]:
    """Coloured noise that comes and goes as speech does, with pauses."""
    rng = np.random.default_rng(seed)
    count = round(seconds * RATE)
    beats = np.repeat(rng.uniform(0.0, 1.0, size=round(seconds * 6) + 1) ** 2, RATE // 6)[:count]
    envelope = np.convolve(beats * (beats > 0.1), np.hanning(RATE // 20), mode="same")
    sound = np.convolve(rng.normal(size=count), np.hanning(24), mode="same") * envelope
    return (sound * level / np.sqrt(np.square(sound).mean())).astype(np.int16)


def levels(samples: NDArray[np.int16]) -> NDArray[np.float64]:
    whole = samples[: samples.size - samples.size % WINDOW].astype(np.float64).reshape(-1, WINDOW)
    return np.sqrt(np.square(whole).mean(axis=1))


async def heard(fake: FakeSoundCard, said: NDArray[np.int16], *, cancel_echo: bool = True) -> NDArray[np.float64]:
    """The levels that a session hears while the agent says it, from the start of the conversation to the last echo."""

    def failed(error: AudioError) -> None:
        pytest.fail(str(error))

    card = await open_sound_card(failed, backend=fake, cancel_echo=cancel_echo)
    try:
        await card.speaker.capture_frame(rtc.AudioFrame(said.tobytes(), RATE, 1, said.size))
        card.speaker.flush()
        await asyncio.wait_for(card.speaker.wait_for_playout(), 30)
    finally:
        await card.aclose()
    return levels(np.concatenate([np.frombuffer(frame.data, np.int16) async for frame in card.microphone]))


@pytest.mark.parametrize("silence", [0, 311])
async def test_the_agents_voice_is_not_heard_from_its_first_word_on(silence: int) -> None:
    said = np.concatenate([np.zeros(silence, np.int16), syllables(5, level=4000, seed=silence)])
    assert (await heard(FakeSoundCard(speed=SPEED), said)).max() < QUIET
    assert (await heard(FakeSoundCard(speed=SPEED), said, cancel_echo=False)).max() > 20 * QUIET


@pytest.mark.parametrize("at", [0.4, 1.9])
@pytest.mark.parametrize("length", [0.02, 0.06, 0.15])
async def test_a_gap_in_what_the_speaker_plays_does_not_let_its_echo_through(at: float, length: float) -> None:
    fake = FakeSoundCard(speed=SPEED)
    fake.starve(at, length)
    assert (await heard(fake, syllables(5, level=4000, seed=1))).max() < QUIET


@pytest.mark.parametrize("level", [1500, 4000])
async def test_somebody_who_speaks_over_the_agent_is_heard(level: int) -> None:
    fake = FakeSoundCard(speed=SPEED)
    fake.say(np.concatenate([np.zeros(3 * RATE, np.int16), syllables(2, level=level, seed=2)]))
    over = await heard(fake, syllables(6, level=4000, seed=1))
    assert np.count_nonzero(over > QUIET) >= 5


async def test_somebody_who_whispers_while_nothing_is_played_is_heard() -> None:
    fake = FakeSoundCard(speed=SPEED)
    fake.say(np.concatenate([np.zeros(RATE, np.int16), syllables(2, level=100, seed=2)]))
    assert np.count_nonzero(await heard(fake, np.zeros(4 * RATE, np.int16)) > 60) >= 10
