from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from voice_agent.bridge.eras import Eras
from voice_agent.config.types import StdioEntry

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

OLD, OTHER = StdioEntry("old", "a-server"), StdioEntry("old", "another-server")


def test_a_server_is_asked_for_the_newest_until_that_undoes_it() -> None:
    eras = Eras()
    assert eras.of(OLD) == "auto"
    assert eras.failed(OLD, "auto", was_silent=False)
    assert eras.of(OLD) == "legacy"
    assert eras.of(OTHER) == "auto"


def test_a_server_that_fails_either_way_is_asked_in_turns_and_at_once_only_the_first_time() -> None:
    eras = Eras()
    assert eras.failed(OLD, "auto", was_silent=False)
    assert not eras.failed(OLD, "legacy", was_silent=False)
    assert eras.of(OLD) == "auto"
    assert not eras.failed(OLD, "auto", was_silent=False)
    assert eras.of(OLD) == "legacy"


def test_what_worked_after_silence_is_known_at_the_next_start(tmp_path: Path) -> None:
    eras = Eras(tmp_path / "home" / "eras.json")
    eras.failed(OLD, "auto", was_silent=True)
    eras.worked(OLD, "legacy", was_silent=False)
    assert Eras(tmp_path / "home" / "eras.json").of(OLD) == "legacy"


def test_what_ended_once_at_its_start_is_asked_for_the_newest_at_the_next_start(tmp_path: Path) -> None:
    eras = Eras(tmp_path / "eras.json")
    eras.failed(OLD, "auto", was_silent=False)
    eras.worked(OLD, "legacy", was_silent=False)
    assert Eras(tmp_path / "eras.json").of(OLD) == "auto"


def test_what_has_learned_to_speak_of_the_newest_is_asked_for_it_again(tmp_path: Path) -> None:
    Eras(tmp_path / "eras.json").worked(OLD, "auto", was_silent=True)
    again = Eras(tmp_path / "eras.json")
    again.failed(OLD, again.of(OLD), was_silent=False)
    assert Eras(tmp_path / "eras.json").of(OLD) == "legacy", "it may only have been a bad day"
    again.worked(OLD, again.of(OLD), was_silent=False)
    assert Eras(tmp_path / "eras.json").of(OLD) == "auto"


def test_after_a_week_it_is_asked_for_the_newest_again(tmp_path: Path) -> None:
    file = tmp_path / "eras.json"
    Eras(file).worked(OLD, "auto", was_silent=True)
    (key,) = json.loads(file.read_text())
    file.write_text(json.dumps({key: time.time() - 8 * 86_400}))
    assert Eras(file).of(OLD) == "auto"


@pytest.mark.parametrize("text", ["", "[]", '{"a": "b"}', "[" * 100_000])
def test_a_file_that_cannot_be_read_is_begun_anew(tmp_path: Path, text: str) -> None:
    file = tmp_path / "eras.json"
    file.write_text(text)
    eras = Eras(file)
    assert eras.of(OLD) == "auto"
    eras.worked(OLD, "auto", was_silent=True)
    assert Eras(file).of(OLD) == "legacy"
