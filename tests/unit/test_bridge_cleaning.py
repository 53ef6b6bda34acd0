from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_agent.bridge.cleaning import clean, clean_json, shorten, without_hidden

pytestmark = pytest.mark.unit

any_text = st.text(alphabet=st.characters(), max_size=200)


def test_plain_words_come_through_untouched() -> None:
    assert clean("Delete “one” task … for good.") == "Delete “one” task … for good."


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("a\u200bb", "ab"),
        ("a\u202eb\u202c", "ab"),
        ("a\u2066b\u2069", "ab"),
        ("\U000e0041\U000e0042ok", "ok"),
        ("a\ufe01b", "ab"),
        ("a\x00b\x07", "ab"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]8;;http://x\x07link\x1b]8;;\x07", "link"),
        ("a\u3164b", "ab"),
        ("e\u0301", "é"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("\ud83d\ude00", "😀"),
        ("\ud83d", "\ufffd"),
        ("a\u200db", "ab"),
    ],
)
def test_what_cannot_be_seen_is_gone(sent: str, shown: str) -> None:
    assert clean(sent) == shown


def test_joiners_stay_where_a_script_needs_them() -> None:
    assert clean("क\u094d\u200dष") == "क\u094d\u200dष"
    assert clean("👩\u200d💻") == "👩\u200d💻"


def test_one_line_has_no_line_breaks() -> None:
    assert clean("a\n\n b\tc", one_line=True) == "a b c"


def test_long_text_is_cut_between_words_and_says_so() -> None:
    assert shorten("one two three four", 12) == "one two …"
    assert shorten("short", 12) == "short"


@given(any_text)
def test_cleaned_text_can_be_encoded_and_holds_no_control_or_format_characters(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode()
    bad = [c for c in cleaned if unicodedata.category(c) in ("Cc", "Cs", "Co") and c not in "\n\t"]
    assert bad == []
    assert clean(cleaned) == cleaned


@given(any_text, st.integers(min_value=4, max_value=50))
def test_a_limit_is_kept(text: str, limit: int) -> None:
    assert len(clean(text, limit)) <= limit


def test_numbers_that_json_does_not_know_become_null() -> None:
    assert clean_json({"a": float("nan"), "b": [float("inf"), 1.5], "c\u202e": "x\x00"}) == {
        "a": None,
        "b": [None, 1.5],
        "c": "x",
    }


def test_bottomless_data_ends() -> None:
    deep: dict[str, object] = {}
    for _ in range(500):
        deep = {"in": deep}
    assert clean_json(deep) is not None


def test_text_clients_get_what_they_may_write_back_as_it_is_but_for_what_only_hides() -> None:
    kept = "e\u0301 \r\n\u200f\u05e9\ufe0f"
    assert without_hidden({"a": [kept, 3, "x\u202e\U000e0041\U000e0101y"]}) == {"a": [kept, 3, "xy"]}
