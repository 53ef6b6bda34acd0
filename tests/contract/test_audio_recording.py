"""The speaker that nobody hears, through LiveKit's side of an audio output."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np
import pytest
from livekit import rtc

from voice_agent.session.audio.recording import RecordingOutput

if TYPE_CHECKING:
    from livekit.agents.voice import io

    from voice_agent.session.audio.segments import Segment

pytestmark = pytest.mark.contract

WITHIN = 15.0

RATE = 24_000


def frame(samples: np.ndarray, rate: int = RATE, channels: int = 1) -> rtc.AudioFrame:
    data = samples.astype(np.int16)
    return rtc.AudioFrame(data.tobytes(), rate, channels, data.size // channels)


def sound(seconds: float) -> np.ndarray:
    return (np.arange(int(seconds * RATE)) % 1000 + 1).astype(np.int16)


class Heard:
    """A recording output, and all that it said."""

    def __init__(self) -> None:
        self.segments: list[Segment] = []
        self.said: list[str] = []
        self.started = asyncio.Event()
        self.output = RecordingOutput(self.segments.append)
        self.output.on("playback_started", self._started)  # pyright: ignore[reportUnknownMemberType]
        self.output.on("playback_finished", self._finished)  # pyright: ignore[reportUnknownMemberType]

    def _started(self, _event: io.PlaybackStartedEvent) -> None:
        self.said.append("started")
        self.started.set()

    def _finished(self, event: io.PlaybackFinishedEvent) -> None:
        self.said.append("interrupted" if event.interrupted else "finished")

    async def finished(self) -> io.PlaybackFinishedEvent:
        event = await asyncio.wait_for(self.output.wait_for_playout(), WITHIN)
        await asyncio.sleep(0)
        return event


async def test_a_segment_is_started_and_finished_once_and_handed_over_whole() -> None:
    heard = Heard()
    for part in np.array_split(sound(0.2), 7):
        await heard.output.capture_frame(frame(part))
    heard.output.flush()
    event = await heard.finished()
    await heard.output.aclose()
    assert heard.said == ["started", "finished"]
    assert (event.playback_position, event.interrupted) == (pytest.approx(0.2), False)
    (segment,) = heard.segments
    assert segment.pcm.tolist() == sound(0.2).tolist()
    assert (segment.sample_rate, segment.interrupted) == (RATE, False)


async def test_an_interrupted_segment_holds_only_what_was_played() -> None:
    heard = Heard()
    await heard.output.capture_frame(frame(sound(30)))
    heard.output.flush()
    await asyncio.wait_for(heard.started.wait(), WITHIN)
    heard.output.clear_buffer()
    event = await heard.finished()
    await heard.output.aclose()
    assert heard.said == ["started", "interrupted"]
    (segment,) = heard.segments
    assert 0 < segment.pcm.size < RATE * 10
    assert segment.pcm.tolist() == sound(30)[: segment.pcm.size].tolist()
    assert segment.position_s == event.playback_position == pytest.approx(segment.pcm.size / RATE)


async def test_two_segments_in_the_queue_are_two_segments() -> None:
    heard = Heard()
    for _ in range(2):
        await heard.output.capture_frame(frame(sound(0.05)))
        heard.output.flush()
    await heard.finished()
    await heard.output.aclose()
    assert heard.said == ["started", "finished", "started", "finished"]
    assert [segment.pcm.size for segment in heard.segments] == [1200, 1200]


async def test_clearing_finishes_what_never_began_too() -> None:
    heard = Heard()
    for _ in range(2):
        await heard.output.capture_frame(frame(sound(30)))
        heard.output.flush()
    await asyncio.wait_for(heard.started.wait(), WITHIN)
    heard.output.clear_buffer()
    await heard.finished()
    await heard.output.aclose()
    assert heard.said == ["started", "interrupted", "interrupted"]
    assert len(heard.segments) == 1


async def test_what_still_comes_of_a_cleared_segment_is_dropped() -> None:
    heard = Heard()
    await heard.output.capture_frame(frame(sound(30)))
    await asyncio.wait_for(heard.started.wait(), WITHIN)
    heard.output.clear_buffer()
    await heard.output.capture_frame(frame(sound(30)))
    heard.output.flush()
    await heard.finished()
    await heard.output.capture_frame(frame(sound(0.02)))
    heard.output.flush()
    await heard.finished()
    await heard.output.aclose()
    assert heard.said == ["started", "interrupted", "started", "finished"]


async def test_a_pause_lasts_until_it_is_resumed_and_loses_nothing() -> None:
    heard = Heard()
    heard.output.pause()
    await heard.output.capture_frame(frame(sound(0.05)))
    heard.output.flush()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(heard.output.wait_for_playout(), 0.2)
    assert heard.said == []
    heard.output.resume()
    await heard.finished()
    await heard.output.aclose()
    assert heard.segments[0].pcm.size == 1200


async def test_a_paused_segment_can_be_cleared() -> None:
    heard = Heard()
    heard.output.pause()
    await heard.output.capture_frame(frame(sound(1)))
    heard.output.flush()
    heard.output.clear_buffer()
    event = await heard.finished()
    await heard.output.aclose()
    assert (event.playback_position, event.interrupted) == (0.0, True)
    assert heard.segments == []


async def test_a_segment_without_a_sample_does_not_hang() -> None:
    heard = Heard()
    await heard.output.capture_frame(frame(np.zeros(0)))
    heard.output.flush()
    assert (await heard.finished()).playback_position == 0.0
    await heard.output.aclose()


async def test_a_slow_voice_leaves_gaps_but_no_sample_out() -> None:
    heard = Heard()
    await heard.output.capture_frame(frame(sound(0.03)))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(heard.output.wait_for_playout(), 0.1)
    await heard.output.capture_frame(frame(sound(0.03)))
    heard.output.flush()
    await heard.finished()
    await heard.output.aclose()
    assert heard.said == ["started", "finished"]
    assert heard.segments[0].pcm.tolist() == [*sound(0.03).tolist(), *sound(0.03).tolist()]


async def test_channels_are_mixed_and_another_rate_is_refused() -> None:
    heard = Heard()
    await heard.output.capture_frame(frame(np.tile([100, 300], 480), channels=2))
    heard.output.flush()
    await heard.finished()
    with pytest.raises(ValueError, match="24000 Hz, not 16000 Hz"):
        await heard.output.capture_frame(frame(sound(0.01), rate=16_000))
    await heard.output.aclose()
    assert heard.segments[0].pcm.tolist() == [200] * 480


async def test_trouble_of_whoever_is_given_the_segments_does_not_stop_the_speech() -> None:
    loop = asyncio.get_running_loop()
    trouble: list[str] = []
    loop.set_exception_handler(lambda _loop, context: trouble.append(str(context["exception"])))

    def fail(_segment: Segment) -> None:
        raise OSError("disk full")

    output = RecordingOutput(fail)
    for _ in range(2):
        await output.capture_frame(frame(sound(0.02)))
        output.flush()
        assert not (await asyncio.wait_for(output.wait_for_playout(), WITHIN)).interrupted
    await output.aclose()
    assert trouble == ["disk full", "disk full"]


async def test_closing_in_mid_speech_finishes_it() -> None:
    heard = Heard()
    await heard.output.capture_frame(frame(sound(30)))
    await asyncio.wait_for(heard.started.wait(), WITHIN)
    await heard.output.aclose()
    assert (await heard.finished()).interrupted
    assert heard.said == ["started", "interrupted"]
