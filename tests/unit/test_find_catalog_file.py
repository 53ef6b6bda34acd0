"""Tools from a file in place of live servers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from voice_agent.bridge.find.catalog_file import read_catalog
from voice_agent.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


def test_each_line_is_a_tool_of_its_server(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"server": "b", "name": "one", "description": "First.", "inputSchema": {"type": "object"}, "package": "x"},
        {"server": "a", "name": "two", "description": None, "inputSchema": None, "annotations": None},
        {"server": "b", "name": "three", "inputSchema": {}},
    ]
    file = tmp_path / "tools.jsonl"
    file.write_text("\n\n".join(map(json.dumps, rows)))
    assert [(tool.server, tool.name) for tool in read_catalog(file)] == [("b", "one"), ("b", "three"), ("a", "two")]
    assert read_catalog(file)[0].description == "First."


def test_a_tool_that_no_model_could_call_is_found_all_the_same(tmp_path: Path) -> None:
    file = tmp_path / "tools.jsonl"
    file.write_text('{"server": "s", "name": "odd", "inputSchema": {"type": "array"}}')
    assert [tool.name for tool in read_catalog(file)] == ["odd"]


def test_an_empty_file_holds_no_tools(tmp_path: Path) -> None:
    (tmp_path / "tools.jsonl").write_text("\n")
    assert read_catalog(tmp_path / "tools.jsonl") == ()


@pytest.mark.parametrize(
    ("line", "told"),
    [("nonsense", "Line 2 of the catalog"), ("[]", "is no tool"), ('{"server": "s"}', "is no tool")],
)
def test_a_line_that_is_no_tool_is_named(tmp_path: Path, line: str, told: str) -> None:
    file = tmp_path / "tools.jsonl"
    file.write_text('{"server": "s", "name": "n"}\n' + line)
    with pytest.raises(ConfigError, match=told):
        read_catalog(file)
    problems: list[str] = []
    assert [tool.name for tool in read_catalog(file, problems.append)] == ["n"]
    assert [told in problem for problem in problems] == [True]


def test_what_ends_a_line_elsewhere_does_not_within_a_text(tmp_path: Path) -> None:
    file = tmp_path / "tools.jsonl"
    file.write_text('\ufeff{"server": "s", "name": "n", "description": "One\u2028two"}\r\n', encoding="utf-8")
    assert [tool.name for tool in read_catalog(file)] == ["n"]


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "tools.jsonl"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"tools\.jsonl"):
        read_catalog(file)
