"""Microphone and speaker over a stand-in for the sound card."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import numpy as np
import pytest
from livekit import rtc

from tests.fakes.sound_card import FakePortAudioError, FakeSoundCard
from voice_agent.errors import AudioError
from voice_agent.session.audio import card as card_module
from voice_agent.session.audio.card import SoundCard, open_sound_card

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from voice_agent.session.audio.segments import Segment

pytestmark = pytest.mark.contract

WITHIN = 15.0


@asynccontextmanager
async def opened(
    fake: FakeSoundCard, failures: asyncio.Queue[AudioError], segments: list[Segment] | None = None
) -> AsyncGenerator[SoundCard]:
    on_segment = segments.append if segments is not None else None
    card = await open_sound_card(failures.put_nowait, on_segment=on_segment, backend=fake)
    try:
        yield card
    finally:
        await card.aclose()
        assert fake.streams == []


def noise(card: SoundCard, seconds: float) -> rtc.AudioFrame:
    rate = card.speaker.sample_rate or 0
    samples = (np.random.default_rng(3).normal(size=int(rate * seconds)) * 3000).astype(np.int16)
    return rtc.AudioFrame(samples.tobytes(), rate, 1, samples.size)


async def say(card: SoundCard, seconds: float) -> None:
    await card.speaker.capture_frame(noise(card, seconds))
    card.speaker.flush()


@pytest.mark.parametrize(
    ("rates", "channels", "expected"), [((48_000,), 1, 48_000), ((44_100, 48_000), 2, 44_100), ((44_100,), 1, 44_100)]
)
async def test_what_is_said_reaches_the_device_in_a_format_that_it_takes(
    rates: tuple[int, ...], channels: int, expected: int
) -> None:
    fake, segments = FakeSoundCard(rates=rates, channels=channels), list["Segment"]()
    async with opened(fake, asyncio.Queue(), segments) as card:
        assert card.speaker.sample_rate == expected
        await say(card, 0.1)
        event = await asyncio.wait_for(card.speaker.wait_for_playout(), WITHIN)
        await asyncio.sleep(0)
        assert (event.interrupted, event.playback_position) == (False, pytest.approx(0.1))
        said = np.frombuffer(noise(card, 0.1).data, np.int16)
    played = np.concatenate(fake.played)
    start = int(np.flatnonzero(played)[0])
    assert played[start : start + said.size].tolist() == said.tolist()
    assert segments[0].pcm.tolist() == said.tolist()


async def test_the_session_hears_sixteen_thousand_samples_a_second() -> None:
    fake = FakeSoundCard(rates=(44_100,), channels=2)
    async with opened(fake, asyncio.Queue()) as card:
        frames = [await asyncio.wait_for(anext(card.microphone), WITHIN) for _ in range(20)]
    assert {(frame.sample_rate, frame.num_channels) for frame in frames} == {(16_000, 1)}


async def test_interrupting_stops_the_device_and_tells_how_far_it_came() -> None:
    fake, segments = FakeSoundCard(), list["Segment"]()
    async with opened(fake, asyncio.Queue(), segments) as card:
        started = asyncio.Event()
        card.speaker.on("playback_started", lambda _: started.set())  # pyright: ignore[reportUnknownMemberType, reportUnknownLambdaType]
        await say(card, 30)
        await asyncio.wait_for(started.wait(), WITHIN)
        card.speaker.clear_buffer()
        event = await asyncio.wait_for(card.speaker.wait_for_playout(), WITHIN)
        await asyncio.sleep(0)
    assert event.interrupted
    assert event.playback_position == pytest.approx(segments[0].pcm.size / 48_000)
    assert np.count_nonzero(np.concatenate(fake.played)) <= segments[0].pcm.size


@pytest.mark.parametrize(("kind", "name"), [("input", "microphone"), ("output", "speaker")])
async def test_an_unplugged_device_is_one_sentence_and_nothing_waits_for_ever(kind: str, name: str) -> None:
    fake, failures = FakeSoundCard(), asyncio.Queue[AudioError]()
    async with opened(fake, failures) as card:
        await say(card, 30)
        fake.unplug(kind)
        failure = await asyncio.wait_for(failures.get(), WITHIN)
        assert str(failure).startswith(f"The {name} stopped working. Connect it again")
        assert (await asyncio.wait_for(card.speaker.wait_for_playout(), WITHIN)).interrupted
        async with asyncio.timeout(WITHIN):
            async for _frame in card.microphone:
                pass
        await say(card, 30)
        assert (await asyncio.wait_for(card.speaker.wait_for_playout(), WITHIN)).interrupted
    assert failures.empty()


async def test_a_driver_that_falls_silent_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card_module, "_SILENT_S", 0.5)
    fake, failures = FakeSoundCard(), asyncio.Queue[AudioError]()
    async with opened(fake, failures):
        fake.freeze("input")
        assert "microphone stopped working" in str(await asyncio.wait_for(failures.get(), WITHIN))


async def test_closing_is_no_failure() -> None:
    failures = asyncio.Queue[AudioError]()
    async with opened(FakeSoundCard(), failures) as card:
        await card.aclose()
        await asyncio.sleep(0)
    assert failures.empty()


async def test_a_device_in_use_is_an_audio_error_and_is_given_back() -> None:
    fake = FakeSoundCard()
    fake.busy = True
    with pytest.raises(AudioError, match=r"cannot be opened: Device unavailable .* Close other programs"):
        await open_sound_card(lambda _error: None, backend=fake)
    assert fake.streams == []


async def test_a_device_with_none_of_our_formats_is_an_audio_error() -> None:
    with pytest.raises(AudioError, match="“fake input” takes none of our formats"):
        await open_sound_card(lambda _error: None, backend=FakeSoundCard(channels=5))


async def test_a_device_that_is_gone_before_it_is_opened_is_an_audio_error() -> None:
    class Gone(FakeSoundCard):
        def query_devices(self, device: int | str | None = None, kind: str | None = None) -> dict[str, object]:
            del device
            raise FakePortAudioError(f"no default {kind} device")

    with pytest.raises(AudioError, match="no default input device"):
        await open_sound_card(lambda _error: None, backend=Gone())


async def test_a_sound_system_that_hangs_does_not_hang_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card_module, "_OPEN_S", 0.2)
    import threading

    released = threading.Event()

    class Hung(FakeSoundCard):
        def check_input_settings(self, *, channels: int, dtype: str, samplerate: int) -> None:
            del channels, dtype, samplerate
            released.wait(10)

    with pytest.raises(AudioError, match="did not answer"):
        await open_sound_card(lambda _error: None, backend=Hung())
    released.set()
