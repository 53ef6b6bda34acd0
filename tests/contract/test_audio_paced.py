"""A recording as LiveKit's audio input."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from voice_agent.errors import AudioError
from voice_agent.session.audio.paced import PacedInput, last_loud_sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.contract

WITHIN = 15.0


async def hear(paced: PacedInput, frames: int) -> NDArray[np.int16]:
    heard = [await asyncio.wait_for(anext(paced), WITHIN) for _ in range(frames)]
    return np.concatenate([np.frombuffer(frame.data, np.int16) for frame in heard])


async def test_a_clip_is_delivered_whole_and_silence_around_it() -> None:
    paced = PacedInput()
    clip = np.arange(1, 1001, dtype=np.int16)
    before = await hear(paced, 2)
    playing = asyncio.create_task(paced.play(clip))
    await asyncio.sleep(0)
    during = await hear(paced, 4)
    await asyncio.wait_for(playing, WITHIN)
    after = await hear(paced, 2)
    assert not before.any()
    assert during.tolist() == [*clip.tolist(), *[0] * 280]
    assert not after.any()


async def test_playing_is_over_with_the_last_sample_not_before() -> None:
    paced = PacedInput()
    playing = asyncio.create_task(paced.play(np.ones(641, np.int16)))
    await asyncio.sleep(0)
    await hear(paced, 2)
    assert not playing.done()
    await hear(paced, 1)
    await asyncio.wait_for(playing, WITHIN)


async def test_clips_are_played_one_after_the_other() -> None:
    paced = PacedInput()
    playing = asyncio.gather(paced.play(np.full(700, 1, np.int16)), paced.play(np.full(10, 2, np.int16)))
    await asyncio.sleep(0)
    heard = await hear(paced, 5)
    await asyncio.wait_for(playing, WITHIN)
    assert heard[heard != 0].tolist() == [1] * 700 + [2] * 10


async def test_samples_never_come_before_they_are_due() -> None:
    paced = PacedInput()
    started = time.perf_counter()
    await hear(paced, 20)
    assert time.perf_counter() - started >= 0.399


async def test_the_last_loud_sample_is_timed_not_the_last_sample() -> None:
    paced = PacedInput()
    clip = np.concatenate([np.full(3360, 8000, np.int16), np.full(3200, 20, np.int16)])
    playing = asyncio.create_task(paced.play(clip))
    await asyncio.sleep(0)
    started = time.perf_counter()
    await hear(paced, 21)
    await asyncio.wait_for(playing, WITHIN)
    assert paced.last_loud
    assert paced.last_loud.counter - started >= 0.2099
    assert time.perf_counter() - paced.last_loud.counter >= 0.2099
    assert paced.last_loud.wall == pytest.approx(time.time(), abs=60)


def test_quiet_noise_after_speech_is_not_loud() -> None:
    rng = np.random.default_rng(1)
    speech = rng.normal(size=4000) * 5000
    noise = rng.normal(size=4000) * 50
    assert last_loud_sample(np.concatenate([speech, noise]).astype(np.int16), 16_000) == 3999
    assert last_loud_sample(np.zeros(100, np.int16), 16_000) == -1


async def test_closing_tells_whoever_waits_and_ends_the_stream() -> None:
    paced = PacedInput()
    playing = asyncio.create_task(paced.play(np.ones(160_000, np.int16)))
    await asyncio.sleep(0)
    await hear(paced, 1)
    await paced.aclose()
    with pytest.raises(AudioError, match="cut short"):
        await asyncio.wait_for(playing, WITHIN)
    with pytest.raises(StopAsyncIteration):
        await anext(paced)
    with pytest.raises(AudioError, match="not played"):
        await paced.play(np.ones(10, np.int16))


async def test_a_cancelled_clip_falls_silent() -> None:
    paced = PacedInput()
    playing = asyncio.create_task(paced.play(np.ones(160_000, np.int16)))
    await asyncio.sleep(0)
    assert (await hear(paced, 1)).all()
    playing.cancel()
    await asyncio.wait([playing])
    assert not (await hear(paced, 2)).any()
