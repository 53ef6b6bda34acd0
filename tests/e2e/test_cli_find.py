"""`voice-agent tools find`, as its user runs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.program import run

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e

TOOLS = [
    ("weather", "get_forecast", "Get the weather forecast for a place."),
    ("music", "next_track", "Skip to the next track."),
    ("music", "set_volume", "Set the playback volume."),
    ("mail", "send_email", "Send an email."),
]


@pytest.fixture
def catalog(tmp_path: Path) -> str:
    rows: list[dict[str, Any]] = [
        {"server": server, "name": name, "description": description, "inputSchema": {"type": "object"}}
        for server, name, description in TOOLS
    ]
    (tmp_path / "tools.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return "tools.jsonl"


def test_a_request_is_answered_with_the_tools_that_fit_the_best_first(tmp_path: Path, catalog: str) -> None:
    done = run("voice-agent", "tools", "find", "do I need an umbrella tomorrow", "--catalog", catalog, home=tmp_path)
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines()[0] == "weather.get_forecast  Get the weather forecast for a place."


def test_each_line_of_standard_input_is_a_request_and_has_a_line_of_json(tmp_path: Path, catalog: str) -> None:
    asked = "skip this song\n\n  walk the dog\n\xff crank it up\n".encode("latin-1")
    done = run(
        *("voice-agent", "tools", "find", "--catalog", catalog, "--json", "--limit", "2"), home=tmp_path, stdin=asked
    )
    assert (done.status, done.err) == (0, "")
    first, second, third = done.lines
    assert first == {"text": "skip this song", "tools": ["music.next_track", "music.set_volume"], "fits": True}
    assert (second["text"], second["fits"]) == ("walk the dog", False)
    assert len(second["tools"]) == 2
    assert third["tools"][0] == "music.set_volume"


def test_a_request_that_nothing_fits_is_told_so(tmp_path: Path, catalog: str) -> None:
    done = run("voice-agent", "tools", "find", "walk the dog", "--catalog", catalog, home=tmp_path)
    assert done.status == 0
    assert done.out.startswith("Nothing seems to fit. The nearest are:\n")


def test_without_a_catalog_the_tools_of_the_users_servers_are_searched(tmp_path: Path) -> None:
    done = run("voice-agent", "tools", "find", "put milk on my list", "--json", "--limit", "3", home=tmp_path)
    assert (done.status, done.err) == (0, "")
    [line] = done.lines
    assert line["tools"][0] == "tasks.create_task"
    assert line["fits"]


def test_the_second_run_finds_what_the_first_one_did(tmp_path: Path, catalog: str) -> None:
    call = ("voice-agent", "tools", "find", "let my sister know that I am late", "--catalog", catalog, "--json")
    assert run(*call, home=tmp_path).out == run(*call, home=tmp_path).out


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (("--catalog", "missing.jsonl"), 2, "missing.jsonl cannot be read"),
        (("--catalog", "empty.jsonl"), 1, "There are no tools to look among."),
        (("--limit", "0"), 2, "“0” is not a number between 1 and 1000"),
    ],
)
def test_what_cannot_be_searched_is_told_in_a_sentence(
    tmp_path: Path, arguments: tuple[str, ...], status: int, told: str
) -> None:
    (tmp_path / "empty.jsonl").touch()
    done = run("voice-agent", "tools", "find", "anything", *arguments, home=tmp_path)
    assert done.status == status
    assert told in done.err
    assert "Traceback" not in done.err
