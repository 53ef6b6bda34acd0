from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_agent.offline.ears_heard import SURE, Heard, Window, cleaned

pytestmark = pytest.mark.unit

SAID = Heard("Add buy milk for tomorrow.", score=-0.1, no_speech=0.01, seconds=2.0)


def test_what_was_said_passes_unchanged() -> None:
    assert cleaned(SAID) == SAID


@pytest.mark.parametrize("text", ["Thank you.", "you", "Thanks for watching!", "Bye."])
def test_stock_phrases_on_noise_are_dropped(text: str) -> None:
    assert cleaned(replace(SAID, text=text, score=-0.9, no_speech=0.1)).text == ""
    assert cleaned(replace(SAID, text=text, score=-0.2, no_speech=0.5)).text == ""


@pytest.mark.parametrize("text", ["Thank you.", "Okay.", "Yes."])
def test_the_same_words_said_clearly_stay(text: str) -> None:
    assert cleaned(replace(SAID, text=text, score=-0.15, no_speech=0.02)).text == text


@pytest.mark.parametrize("text", ["[BLANK_AUDIO]", "(music)", "♪♪", "...", " . ", "*sighs*"])
def test_signs_without_words_are_dropped(text: str) -> None:
    assert cleaned(replace(SAID, text=text)).text == ""


def test_a_sign_beside_words_goes_alone() -> None:
    assert cleaned(replace(SAID, text="[music] add milk")).text == "add milk"


@pytest.mark.parametrize("loop", ["add by milk for tomorrow. " * 6, "no " * 40, "so so so so so so so so"])
def test_loops_are_dropped(loop: str) -> None:
    assert cleaned(replace(SAID, text=loop, seconds=30.0)).text == ""


@pytest.mark.parametrize("text", ["no no no no", "Add milk, milk and more milk", "bye bye", "very very very good"])
def test_people_may_repeat_themselves(text: str) -> None:
    assert cleaned(replace(SAID, text=text)).text == text


def test_more_words_than_anyone_can_say_are_dropped() -> None:
    assert cleaned(replace(SAID, text=" ".join(f"w{n}" for n in range(40)), seconds=1.0)).text == ""


def test_nobody_there_and_an_unsure_text_is_dropped() -> None:
    assert cleaned(replace(SAID, no_speech=0.9, score=SURE - 0.1)).text == ""


def test_only_a_sure_guess_is_final() -> None:
    guess = replace(SAID, window=Window.SHORT)
    assert guess.is_final
    assert not replace(guess, score=SURE - 0.01).is_final
    assert not replace(guess, text="").is_final
    assert not replace(guess, text="What is on my list? What is on my list?").is_final
    assert replace(guess, score=-2.0, window=Window.FULL).is_final


@pytest.mark.parametrize(("seconds", "window"), [(1, Window.SHORT), (9, Window.MIDDLE), (14, Window.FULL)])
def test_a_guess_leaves_silence_behind_the_sound(seconds: float, window: Window) -> None:
    assert Window.for_guess(seconds) is window


@given(st.text(max_size=200), st.floats(-5, 0), st.floats(0, 1), st.floats(0, 30))
def test_cleaning_never_invents_and_never_fails(text: str, score: float, no_speech: float, seconds: float) -> None:
    once = cleaned(Heard(text, score, no_speech, seconds))
    assert set(once.text.split()) <= set(text.replace("]", "] ").replace(")", ") ").split()) | {""} or len(
        once.text
    ) <= len(text)
