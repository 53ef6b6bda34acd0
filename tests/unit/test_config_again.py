from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from voice_agent.config.again import read_again, signature, watched
from voice_agent.config.load import Config, load

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


class Home:
    """A folder with an `mcp.json`, found there or named."""

    def __init__(self, folder: Path, *, is_named: bool) -> None:
        self.file = folder / "mcp.json"
        self.write(one={"command": "a"}, two={"command": "b"})
        config = self.file if is_named else None
        self.read = partial(load, config=config, environ={"VOICE_AGENT_HOME": str(folder / "home")}, cwd=folder)

    def write(self, **servers: Any) -> None:
        self.file.write_text(json.dumps({"mcpServers": {"tasks": {"disabled": True, "command": "x"}, **servers}}))


@pytest.fixture(params=[True, False], ids=["named", "found"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    return Home(tmp_path, is_named=request.param)


def commands(servers: Any) -> dict[str, str]:
    return {entry.name: entry.command for entry in servers if entry.name != "tasks"}


def test_an_edit_is_taken_as_it_is(home: Home) -> None:
    before = home.read()
    home.write(two={"command": "c"}, three={"command": "d"}, four={"command": "e", "disabled": True})
    edited = read_again(before, home.read)
    assert commands(edited.servers) == {"two": "c", "three": "d"}
    assert "four" in edited.disabled
    assert edited.complaints == ()


@pytest.mark.parametrize("text", ["{", "", '{"mcpServers": 3}', "\x00"])
def test_a_broken_file_leaves_all_as_it_was_and_is_told(home: Home, text: str) -> None:
    before = home.read()
    home.file.write_text(text)
    edited = read_again(before, home.read)
    assert edited.servers == before.servers
    assert len(edited.complaints) == 1
    assert "mcp.json" in edited.complaints[0]


def test_a_broken_entry_leaves_that_server_as_it_was(home: Home) -> None:
    before = home.read()
    home.write(one={"args": ["neither command nor url"]}, two={"command": "c"})
    edited = read_again(before, home.read)
    assert commands(edited.servers) == {"one": "a", "two": "c"}
    assert len(edited.complaints) == 1
    assert "“one”" in edited.complaints[0]


def test_what_was_broken_before_is_not_complained_of_again(home: Home) -> None:
    home.write(one={"command": "a"}, bad={"args": []})
    before = home.read()
    home.write(first={"command": "z"}, one={"command": "a"}, bad={"args": []})
    edited = read_again(before, home.read)
    assert edited.complaints == ()
    assert commands(edited.servers) == {"first": "z", "one": "a"}


def test_a_mended_file_is_used_again(home: Home) -> None:
    before = home.read()
    home.file.write_text("{")
    read_again(before, home.read)
    home.write(one={"command": "n"})
    edited = read_again(before, home.read)
    assert commands(edited.servers) == {"one": "n"}


def test_files_are_told_apart_by_any_change(home: Home) -> None:
    files = watched(home.read())
    assert files == (home.file,)
    first = signature(files)
    assert signature(files) == first
    home.write(one={"command": "other"})
    assert signature(files) != first
    home.file.unlink()
    assert signature(files) == ()


def test_where_there_is_no_file_the_places_are_watched_where_one_would_be_found(tmp_path: Path) -> None:
    config: Config = load(environ={"VOICE_AGENT_HOME": str(tmp_path / "home")}, cwd=tmp_path)
    assert tmp_path / "home" / "mcp.json" in watched(config)
