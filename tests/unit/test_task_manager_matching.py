from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_servers.task_manager.matching import NOTHING, alike, find, lengths, resembling, stems

pytestmark = pytest.mark.unit

TITLES = {
    1: "call the dentist",
    2: "take out trash",
    3: "buy milk",
    4: "vacuum the car",
    5: "clean garage",
    6: "turn on the lights",
    7: "turn off the lights",
    8: "Mom's birthday party",
    9: "renew passport",
    10: "feed cats",
}


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("the dentist", 1),
        ("calling the dentist", 1),
        ("call dentist", 1),
        ("dentest", 1),
        ("taking out the trash", 2),
        ("take the trash out", 2),
        ("trash", 2),
        ("milk", 3),
        ("bought the milk", 3),
        ("buying milk", 3),
        ("vacuuming", 4),
        ("vacuumed my car", 4),
        ("cleaning the garage", 5),
        ("clean my garage please", 5),
        ("turning on the lights", 6),
        ("turn off lights", 7),
        ("moms birthday", 8),
        ("mom’s party", 8),  # noqa: RUF001 - as keyboards write it
        ("renewing my passport", 9),
        ("pass port", 9),
        ("fed the cat", 10),
        ("RENEW PASSPORT", 9),
    ],
)
def test_words_find_the_task_they_mean(words: str, number: int) -> None:
    assert find(words, TITLES, slips=True).ids == (number,)


@pytest.mark.parametrize("words", ["laundry", "call the plumber", "the", "", "buy bread", "bring"])
def test_words_that_mean_no_task_find_none(words: str) -> None:
    assert find(words, TITLES, slips=True).ids == ()


def test_the_same_words_are_found_before_titles_that_only_contain_them() -> None:
    assert find("call mom", {1: "call mom about dinner", 2: "calling mom"}).ids == (2,)


def test_every_title_that_fits_equally_is_found() -> None:
    assert find("milk", {1: "buy milk", 2: "buy bread", 3: "spill milk"}).ids == (1, 3)


def test_what_is_close_is_suggested_best_first() -> None:
    assert resembling(stems("dentist appointment on monday"), TITLES, 3) == (1,)


@given(st.text(max_size=40), st.lists(st.text(max_size=40), max_size=5))
def test_any_words_over_any_titles_find_some_of_them(words: str, titles: list[str]) -> None:
    numbered = dict(enumerate(titles))
    found = find(words, numbered)
    assert set(found.ids) <= set(numbered)
    assert bool(found.ids) == (found.rank < NOTHING)


@given(st.text(min_size=1, max_size=40).filter(lambda text: bool(stems(text))))
def test_a_title_is_found_by_its_own_words(title: str) -> None:
    assert find(title, {1: title}).ids == (1,)


@given(st.text("abc", min_size=4, max_size=12), st.text("abc", min_size=4, max_size=30), st.sampled_from([60, 84]))
def test_a_word_that_is_like_another_has_a_length_that_is_looked_at(word: str, other: str, least: int) -> None:
    assert alike(word, [other], least) == [word] or len(other) in lengths(word, least)
