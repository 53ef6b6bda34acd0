"""The translator on errors that are hard to bring about."""

from __future__ import annotations

import pytest
from livekit.agents import APIConnectionError, APIError, APIStatusError, APITimeoutError
from livekit.agents.stt import STTError
from livekit.agents.tts import TTSError

from voice_agent.errors import ExtraMissing, ProviderError
from voice_agent.providers.errors import translate

pytestmark = pytest.mark.unit


def test_an_error_that_cartesia_sends_over_its_socket_is_known_by_its_status() -> None:
    error = APIError("Cartesia returned error: {'type': 'error', 'status_code': 402, 'error': 'no credits'}")
    failure = translate(TTSError(timestamp=0, label="livekit.plugins.cartesia.tts.TTS", error=error, recoverable=False))
    assert (failure.part, failure.code) == ("tts", "no_credit")
    assert "CARTESIA_API_KEY" in failure.text


def test_an_error_of_our_own_keeps_its_own_words() -> None:
    missing = ExtraMissing("offline", "Offline speech recognition")
    event = STTError(timestamp=0, label="voice_agent.offline.ears.WhisperSTT", error=missing, recoverable=False)
    failure = translate(event)
    assert (failure.part, failure.is_permanent) == ("stt", True)
    assert failure.text == str(missing)
    assert failure.spoken == "A part of me is not installed."


def test_a_passing_error_of_our_own_is_not_permanent() -> None:
    assert not translate(ProviderError("The weights cannot be read.")).is_permanent


def test_a_failure_of_the_stand_in_too_is_just_a_failure() -> None:
    error = APIConnectionError("all LLMs failed (['a', 'b']) after 0.2 seconds")
    assert translate(error).code == "failed"


def test_what_a_provider_sends_is_never_repeated() -> None:
    body = {"error": {"message": "Incorrect API key provided: sk-live-1234"}}
    error = APIStatusError("Incorrect API key provided: sk-live-1234", status_code=401, body=body)
    failure = translate(error)
    assert "sk-live" not in f"{failure.what} {failure.spoken} {failure.text}"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (APITimeoutError(), "timeout"),
        (TimeoutError(), "timeout"),
        (ConnectionRefusedError(), "unreachable"),
        (APIStatusError("gone", status_code=-1), "dropped"),
        (APIStatusError("gone", status_code=1008), "dropped"),
        (APIStatusError("slow", status_code=408), "timeout"),
        (APIStatusError("what", status_code=422), "rejected"),
        (RuntimeError("boom"), "failed"),
        (object(), "failed"),
    ],
    ids=lambda value: repr(value).partition(" at 0x")[0],
)
def test_everything_has_a_code_and_a_sentence(error: object, code: str) -> None:
    failure = translate(error)
    assert failure.code == code
    assert failure.spoken.endswith("so I can't think right now.")


def test_a_chain_of_causes_that_runs_in_a_circle_ends() -> None:
    first, second = APIConnectionError(), RuntimeError()
    first.__cause__, second.__cause__ = second, first
    assert translate(first).code == "unreachable"
