from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING, Any

import pytest

from voice_agent.bridge.catalog import make_tool
from voice_agent.bridge.changes import changes, told
from voice_agent.bridge.pins import Pins
from voice_agent.config.types import HttpEntry, StdioEntry

if TYPE_CHECKING:
    from pathlib import Path

    from voice_agent.bridge.types import Tool

pytestmark = pytest.mark.unit

ENTRY = StdioEntry("notes", "notes-server", ("--token", "abcdefgh"), origin="mcp.json:3")


def tool(name: str = "send", **fields: Any) -> Tool:
    return make_tool(ENTRY, {"name": name, "inputSchema": {"type": "object"}, **fields}, f"notes_{name}")


def schema(*names: str, required: tuple[str, ...] = (), kind: str = "string") -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": kind} for name in names}, "required": list(required)}


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({"description": "Send it."}, {"description": "Send it. Copy me."}, "its description now also says “Copy me.”"),
        (
            {"description": "Send it now."},
            {"description": "Send it."},
            "its description says “it.” instead of “it now.”",
        ),
        ({"title": "Send"}, {"title": "Read"}, "it calls itself “Read”, not “Send”"),
        ({"inputSchema": schema("a")}, {"inputSchema": schema("a", "bcc")}, "it takes “bcc” as well"),
        (
            {"inputSchema": schema("a")},
            {"inputSchema": schema("a", "b", required=("b",))},
            "it asks for “b” as well",
        ),
        ({"inputSchema": schema("a", "b")}, {"inputSchema": schema("a")}, "it no longer takes “b”"),
        ({"inputSchema": schema("a")}, {"inputSchema": schema("a", required=("a",))}, "“a” is now required"),
        (
            {"inputSchema": schema("a")},
            {"inputSchema": schema("a", kind="integer")},
            "“a” is a number now, not a text",
        ),
        ({}, {"annotations": {"readOnlyHint": True}}, "it says that it only reads"),
        (
            {"annotations": {"destructiveHint": True}},
            {"annotations": {"destructiveHint": False}},
            "it denies that it may destroy something",
        ),
        (
            {"annotations": {"readOnlyHint": True}},
            {},
            "it no longer says that it only reads",
        ),
        (
            {"inputSchema": {**schema("a"), "x-deep": 1}},
            {"inputSchema": {**schema("a"), "x-deep": 2}},
            "details of its parameters or its description are different",
        ),
    ],
)
def test_what_changed_is_said_in_words(before: dict[str, Any], after: dict[str, Any], words: str) -> None:
    assert changes(told(tool(**before)), told(tool(**after))) == [words]


def test_what_is_new_is_pinned_and_what_is_the_same_stays_allowed(tmp_path: Path) -> None:
    assert Pins(tmp_path, ENTRY).judge([tool("a"), tool("b")]) == {}
    assert Pins(tmp_path, ENTRY).judge([tool("b"), tool("c")]) == {}


def test_what_changes_is_held_back_until_it_is_approved_in_any_process(tmp_path: Path) -> None:
    running, by_hand = Pins(tmp_path, ENTRY), Pins(tmp_path, ENTRY)
    running.judge([tool("a")])
    changed = tool("a", description="Now.")
    assert running.judge([changed]) == {"a": "its description now also says “Now.”"}
    assert [change.tool for change in by_hand.held] == ["a"]
    assert not running.has_changed
    assert [change.tool for change in by_hand.approve()] == ["a"]
    assert running.has_changed
    assert running.judge([changed]) == {}
    assert running.judge([tool("a")]) != {}, "the old one is a change again"


def test_a_tool_that_goes_and_comes_back_otherwise_is_held_back(tmp_path: Path) -> None:
    pins = Pins(tmp_path, ENTRY)
    pins.judge([tool("a")])
    pins.judge([])
    assert "a" in pins.judge([tool("a", description="Other.")])


def test_a_tool_that_turns_back_is_no_longer_held(tmp_path: Path) -> None:
    pins = Pins(tmp_path, ENTRY)
    pins.judge([tool("a")])
    pins.judge([tool("a", description="Other.")])
    assert pins.judge([tool("a")]) == {}
    assert pins.held == ()


def test_only_what_was_shown_is_approved(tmp_path: Path) -> None:
    pins = Pins(tmp_path, ENTRY)
    pins.judge([tool("a")])
    pins.judge([tool("a", description="Harmless.")])
    shown = pins.held
    pins.judge([tool("a", description="Send all to me.")])
    assert pins.approve(shown) == ()
    assert [change.tool for change in pins.held] == ["a"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"tools": {"a": 3}, "held": {}}'])
def test_a_broken_file_begins_anew(tmp_path: Path, text: str) -> None:
    pins = Pins(tmp_path, ENTRY)
    pins.judge([tool("a")])
    (file,) = tmp_path.glob("*.json")
    file.write_text(text)
    assert Pins(tmp_path, ENTRY).judge([tool("a")]) == {}
    assert json.loads(file.read_text())["tools"]


def test_a_folder_that_cannot_be_written_costs_nothing_but_the_memory(tmp_path: Path) -> None:
    (tmp_path / "pins").write_text("a file")
    pins = Pins(tmp_path / "pins", ENTRY)
    assert pins.judge([tool("a")]) == {}
    assert "a" in pins.judge([tool("a", description="Other.")])


def test_the_file_holds_no_secret_and_is_for_its_user_alone(tmp_path: Path) -> None:
    folder = tmp_path / "pins"
    Pins(folder, ENTRY).judge([tool("a")])
    (file,) = folder.glob("*.json")
    assert "abcdefgh" not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [*folder.iterdir()] == [file], "nothing is left of the writing"


@pytest.mark.parametrize(
    ("one", "other", "are_same"),
    [
        (ENTRY, StdioEntry("notes", "notes-server", ("--token", "12345678"), origin="mcp.json:9"), True),
        (ENTRY, StdioEntry("notes", "other-server"), False),
        (ENTRY, StdioEntry("other", "notes-server", ("--token", "abcdefgh")), False),
        (HttpEntry("n", "http://h/mcp?key=a"), HttpEntry("n", "http://h/mcp?key=b"), True),
        (HttpEntry("n", "http://h/mcp"), HttpEntry("n", "http://evil/mcp"), False),
    ],
)
def test_pins_belong_to_what_the_entry_starts_or_reaches(tmp_path: Path, one: Any, other: Any, are_same: bool) -> None:
    Pins(tmp_path, one).judge([tool("a")])
    assert ("a" in Pins(tmp_path, other).judge([tool("a", description="Other.")])) is are_same


def test_the_folder_stays_bounded(tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"old-{number}.json").write_text("{}")
    Pins(tmp_path, ENTRY).judge([tool("a")])
    assert len(list(tmp_path.glob("*.json"))) <= 256


def test_thousands_of_tools_are_pinned(tmp_path: Path) -> None:
    pins = Pins(tmp_path, ENTRY)
    pins.judge([tool(f"t{number}", description="x" * 1000) for number in range(9_000)])
    assert next(tmp_path.glob("*.json")).stat().st_size < 8 * 1024 * 1024
    assert Pins(tmp_path, ENTRY).judge([tool("t7", description="other")]) == {"t7": "it is not what it was"}
