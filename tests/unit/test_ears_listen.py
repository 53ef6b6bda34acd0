import pytest

from voice_agent.offline.ears_listen import SECONDS, Change, Listener

pytestmark = pytest.mark.unit

WINDOW = b"\1\0" * 512


def hear(listener: Listener, probabilities: list[float]) -> list[Change]:
    return [change for p in probabilities if (change := listener.hear(WINDOW, p)) is not None]


def windows(seconds: float) -> int:
    return round(seconds / SECONDS)


def test_a_click_of_one_window_is_no_utterance() -> None:
    listener = Listener()
    assert hear(listener, [0.0, 0.9, 0.0, 0.0, 0.9, 0.0]) == []
    assert not listener.speaking


def test_a_short_silence_pauses_once_and_speech_resumes() -> None:
    listener = Listener()
    assert hear(listener, [0.9] * 5 + [0.1] * 5) == [Change.STARTED, Change.PAUSED]
    assert hear(listener, [0.9] * 3 + [0.1] * 2) == [Change.RESUMED, Change.PAUSED]


def test_a_dip_shorter_than_the_pause_changes_nothing() -> None:
    listener = Listener()
    hear(listener, [0.9] * 5)
    assert hear(listener, [0.1, 0.9, 0.9]) == []


def test_long_silence_ends_the_utterance() -> None:
    listener = Listener(end=1.0)
    changes = hear(listener, [0.9] * 5 + [0.0] * windows(1.1))
    assert changes[:2] == [Change.STARTED, Change.PAUSED]
    assert Change.ENDED in changes


def test_sound_from_before_the_speech_is_kept_and_old_silence_is_not() -> None:
    listener = Listener(prefix=0.32)
    hear(listener, [0.0] * 100 + [0.9] * 5)
    assert len(listener.sound()) / 1024 == pytest.approx(10, abs=5)


def test_an_utterance_keeps_its_newest_half_minute() -> None:
    listener = Listener(longest=1.0)
    hear(listener, [0.9] * 200)
    assert len(listener.sound()) / 1024 <= windows(1.0) + 1


def test_after_a_reset_only_new_speech_begins_an_utterance() -> None:
    listener = Listener()
    hear(listener, [0.9] * 5)
    listener.reset()
    assert hear(listener, [0.1] * 10) == []
    assert hear(listener, [0.9] * 5) == [Change.STARTED]
