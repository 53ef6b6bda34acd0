"""Finding tools by meaning: the encoder, its memory, and the finder with both."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.support.tools import a_tool
from voice_agent.bridge.find.encoder import DIMENSIONS, Encoder, weights_folder
from voice_agent.bridge.find.finder import MEMORY, Finder
from voice_agent.bridge.find.meaning import MeaningIndex, Senses
from voice_agent.bridge.find.spoken import Spoken, spoken
from voice_agent.bridge.find.vectors import Stopped, Vectors
from voice_agent.bridge.find.wordpiece import WordPiece

if TYPE_CHECKING:
    from pathlib import Path

    from voice_agent.bridge.types import Tool

pytestmark = pytest.mark.unit

PHRASES = Spoken("weather forecast: umbrella\n-: walk the dog\n+: remind me")
PIECES = WordPiece(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "un", "##happy", "cafe", "!", "日", "##s"], 8)


def told(name: str, description: str) -> Tool:
    return replace(a_tool(name, server="things"), description=description)


TOOLS = (
    told("get_forecast", "Get the weather forecast for a place."),
    told("send_email", "Send an email to somebody."),
    told("get_stock_price", "Get the price of a stock."),
)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    folder = weights_folder()
    assert folder is not None
    return Encoder(folder)


def learnt(folder: Path | None) -> Finder:
    finder = Finder(folder, spoken=PHRASES)
    finder.update(TOOLS)
    assert finder.learn()
    return finder


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Unhappy!", [2, 4, 5, 7, 3]),
        ("café cafes", [2, 6, 6, 9, 3]),
        ("日日", [2, 8, 8, 3]),
        ("zzz un", [2, 1, 4, 3]),
        ("", [2, 3]),
        ("a" * 101, [2, 1, 3]),
        ("un " * 50, [2, 4, 4, 4, 4, 4, 4, 3]),
    ],
)
def test_a_text_is_cut_into_the_longest_pieces_of_the_vocabulary(text: str, expected: list[int]) -> None:
    assert PIECES(text) == expected


def test_texts_that_mean_the_same_are_nearer_than_others(encoder: Encoder) -> None:
    rain, umbrella, stocks = encoder.encode(["Will it rain?", "Do I need an umbrella?", "Sell all of my shares."])
    assert rain @ umbrella > rain @ stocks + 0.3
    assert np.linalg.norm(rain) == pytest.approx(1)


def test_a_text_means_the_same_whatever_is_encoded_beside_it(encoder: Encoder) -> None:
    texts = ["rain", "a much longer text about something else entirely " * 3, ""]
    assert encoder.encode(texts) == pytest.approx(np.stack([encoder.encode([text])[0] for text in texts]), abs=1e-4)


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n")
    (tmp_path / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
    with pytest.raises(KeyError):
        Encoder(tmp_path)


def test_a_tool_is_found_that_shares_no_word_with_the_request() -> None:
    finder = learnt(None)
    assert finder.find("is it going to pour tomorrow").tools[0].name == "get_forecast"
    assert finder.find("drop my mother a line").tools[0].name == "send_email"


def test_what_fits_is_told_apart_from_what_does_not() -> None:
    finder = learnt(None)
    assert finder.find("what is the weather forecast for Rome").fits
    assert not finder.find("walk the dog").fits


def test_before_it_has_learnt_the_finder_goes_by_words() -> None:
    finder = Finder(None, spoken=PHRASES)
    finder.update(TOOLS)
    assert finder.find("email").tools[0].name == "send_email"
    assert not finder.find("is it going to pour tomorrow").tools


def test_tools_that_came_later_are_learnt_too() -> None:
    finder = learnt(None)
    new = told("play_music", "Play a song.")
    finder.update((*TOOLS, new))
    assert finder.learn()
    assert finder.find("let me hear some jazz").tools[0] is new


def test_what_was_learnt_is_remembered_by_the_next_run(tmp_path: Path, encoder: Encoder) -> None:
    finder = learnt(tmp_path)
    written = (tmp_path / MEMORY).read_bytes()
    vectors = Vectors(encoder, tmp_path / MEMORY)
    vectors.stopped = True
    index = MeaningIndex(vectors, finder.tools, Senses(vectors, PHRASES))
    assert index.score(encoder.encode(["weather forecast"])[0]).argmax() == 0
    assert learnt(tmp_path).find("is it going to pour").tools == finder.find("is it going to pour").tools
    assert (tmp_path / MEMORY).read_bytes() == written


def test_what_tools_seldom_do_fits_where_one_of_them_does_it() -> None:
    finder = learnt(None)
    assert not finder.find("walk the dog").fits
    walk = told("walk_dog", "Take the dog for a walk.")
    finder.update((*TOOLS, walk))
    assert finder.learn()
    found = finder.find("walk the dog")
    assert (found.fits, found.tools[0]) == (True, walk)


def test_what_no_tool_does_can_be_noted_down_all_the_same() -> None:
    finder = learnt(None)
    remind = told("create_reminder", "Create a reminder.")
    finder.update((*TOOLS, remind))
    assert finder.learn()
    assert not finder.find("walk the dog").fits
    found = finder.find("remind me to walk the dog")
    assert (found.fits, found.tools[0]) == (True, remind)


@pytest.mark.parametrize("content", [b"", b"nonsense", b"PK\x03\x04 broken"])
def test_a_broken_memory_is_made_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / MEMORY).write_bytes(content)
    learnt(tmp_path)
    assert len((tmp_path / MEMORY).read_bytes()) > len(TOOLS) * DIMENSIONS


def test_a_memory_that_cannot_be_written_does_not_keep_tools_from_being_found(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where a folder is wanted")
    assert learnt(tmp_path / "taken").find("umbrella").tools


def test_what_a_person_said_is_not_remembered(tmp_path: Path) -> None:
    finder = learnt(tmp_path)
    before = (tmp_path / MEMORY).read_bytes()
    finder.find("my secret illness")
    assert finder.learn()
    assert (tmp_path / MEMORY).read_bytes() == before


def test_learning_that_is_stopped_keeps_what_it_has(tmp_path: Path, encoder: Encoder) -> None:
    vectors = Vectors(encoder, tmp_path / MEMORY)
    vectors.of(["one thing"])
    vectors.stopped = True
    with pytest.raises(Stopped):
        vectors.of(["one thing", "another thing"])
    again = Vectors(encoder, tmp_path / MEMORY)
    again.stopped = True
    assert again.of(["one thing"]).shape == (1, DIMENSIONS)


def test_a_finder_that_is_closed_learns_no_more() -> None:
    finder = Finder(None, spoken=PHRASES)
    finder.update(TOOLS)
    finder.close()
    assert not finder.learn()
    assert finder.find("email").tools


def test_a_finder_by_words_finds_by_what_people_say_too() -> None:
    finder = Finder(None, by_meaning=False, spoken=PHRASES)
    finder.update(TOOLS)
    assert not finder.learn()
    assert finder.find("umbrella").tools[0].name == "get_forecast"


def test_the_phrases_that_come_with_the_program_are_worked_through_beforehand(encoder: Encoder) -> None:
    vectors = Vectors(encoder, None)
    vectors.stopped = True
    try:
        Senses(vectors, spoken())
    except Stopped:
        pytest.fail("spoken.npz is behind spoken.txt: run python -m tools.encode_spoken")
