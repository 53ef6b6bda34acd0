from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from tests.support.config_folder import ConfigFolder
from voice_agent.config import jsonc
from voice_agent.config.files import MAX_BYTES, read_text
from voice_agent.config.load import load
from voice_agent.config.mistake import Mistake
from voice_agent.config.types import StdioEntry
from voice_agent.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


@pytest.fixture
def folder(tmp_path: Path) -> ConfigFolder:
    return ConfigFolder(tmp_path)


def test_comments_and_trailing_commas_are_read_over() -> None:
    document = jsonc.parse('// one\n{"a": [1, 2,], /* two\n */ "b": {"c": 3,},\n}\n')

    assert document.value == {"a": [1, 2], "b": {"c": 3}}


def test_what_looks_like_a_comment_or_a_comma_in_a_text_stays() -> None:
    document = jsonc.parse(r'{"url": "https://h/mcp#//x", "glob": "/*,]*/", "quote": "\"// ,}"}')

    assert document.value == {"url": "https://h/mcp#//x", "glob": "/*,]*/", "quote": '"// ,}'}


def test_each_key_has_its_line_also_behind_comments() -> None:
    document = jsonc.parse('{\n/* a\n b */ "s": {\n  "x": {"env": {\n    "K": 1}}, // c\n "y": 2}}')

    assert document.line("s") == 3
    assert document.line("s", "x", "env", "K") == 5
    assert document.line("s", "y") == 6
    assert document.line("s", "y", "not", "there") == 6


def test_a_repeated_key_is_told_with_the_line_that_counts() -> None:
    document = jsonc.parse('{"s": {\n"x": 1,\n"y": {"a": 1},\n"x": 2}}')

    assert document.repeated == (("s", "x"),)
    assert document.line("s", "x") == 4


def test_the_same_key_in_two_objects_of_a_list_is_not_repeated() -> None:
    assert jsonc.parse('{"inputs": [{"id": "a"}, {"id": "b"}]}').repeated == ()


def test_a_number_with_a_point_keeps_its_zero() -> None:
    assert jsonc.parse('{"v": 1.10}').value["v"] == Decimal("1.10")


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ('{"a": 1\n "b": 2}', "2:2", "comma"),
        ('{"a":\n }', "2:2", "value"),
        ("{'a': 1}", "1:2", "double quotes"),
        ('{"a": "x}', "1:7", "closing quote"),
        ('{"a": 1} {', "1:10", "after its closing bracket"),
        ('{"a": "C:\\Users"}', "1:10", "backslash"),
        ('/* open {"a": 1}', "1:1", "value"),
    ],
)
def test_broken_json_is_told_with_line_and_column(text: str, place: str, said: str) -> None:
    with pytest.raises(Mistake, match=said) as caught:
        jsonc.parse(text)
    assert caught.value.place == place


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 100_000, '{"a": NaN}', "", " \n// only a comment", "9" * 5000]
)
def test_absurd_json_is_a_mistake_and_never_a_crash(text: str) -> None:
    with pytest.raises(Mistake):
        jsonc.parse(text)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_text_is_read_in_the_encodings_that_editors_write(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "f"
    path.write_bytes('{"a": "Grüße"}'.encode(encoding))

    assert read_text(path) == '{"a": "Grüße"}'


@pytest.mark.parametrize(
    ("data", "said"),
    [(b'{"a":\n "\xff\xfe"}', "UTF-8"), (b'{"a": "b\x00c", "d": "e"}', "NUL"), (b"\x00\x01\x02", "NUL")],
)
def test_what_is_not_text_is_said_to_be_so(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "f"
    path.write_bytes(data)

    with pytest.raises(Mistake, match=said):
        read_text(path)


def test_a_file_of_ten_megabytes_is_refused_and_one_just_allowed_is_parsed(folder: ConfigFolder) -> None:
    huge = folder.write("huge.json", b"[" + b"1," * (5 * 1024 * 1024) + b"1]")
    with pytest.raises(ConfigError, match=r"huge\.json: This file is longer than 8 MB"):
        folder.load(config=huge)

    entry = '"x%d": {"command": "a", "args": ["b"]},\n'
    lines = "".join(entry % number for number in range(20_000))
    large = folder.write("large.json", '{"mcpServers": {' + lines + "}}")
    assert 500_000 < large.stat().st_size < MAX_BYTES
    assert len(folder.load(config=large).servers) == 20_001


def test_a_folder_a_missing_file_and_one_that_cannot_be_read_are_told_apart(folder: ConfigFolder) -> None:
    (folder.here / "a.json").mkdir()
    with pytest.raises(ConfigError, match=r"^a\.json: This is a folder"):
        folder.load(config=folder.here / "a.json")
    with pytest.raises(ConfigError, match=r"^b\.json: This file does not exist"):
        folder.load(config=folder.here / "b.json")
    (folder.here / "c.json").symlink_to("c.json")
    with pytest.raises(ConfigError, match=r"^c\.json: This file cannot be read: "):
        folder.load(config=folder.here / "c.json")


def test_a_current_folder_that_was_removed_is_said_to_be_gone(
    folder: ConfigFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = folder.root / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    with pytest.raises(ConfigError, match="current folder does not exist"):
        load(environ=folder.environ)


def test_a_tilde_is_the_users_home(folder: ConfigFolder) -> None:
    (folder.root / "mine.json").write_text('{"mcpServers": {"x": {"command": "~/bin/x", "cwd": "~/here"}}}')
    folder.environ["VOICE_AGENT_MCP_CONFIG"] = "~/mine.json"

    entry = folder.load().servers[1]

    assert isinstance(entry, StdioEntry)
    assert (entry.command, entry.cwd) == (f"{folder.root}/bin/x", folder.here)


def test_a_named_file_that_is_broken_ends_it_with_line_and_column(folder: ConfigFolder) -> None:
    path = folder.write("my.json", '{"mcpServers": {\n  "a": {"command" "b"}}}')

    with pytest.raises(ConfigError, match=r"^my\.json:2:19: This is not valid JSON: A colon is missing"):
        folder.load(config=path)
    folder.environ["VOICE_AGENT_MCP_CONFIG"] = str(path)
    with pytest.raises(ConfigError, match=r"^my\.json:2:19: "):
        folder.load()


def test_a_found_file_that_is_broken_is_a_problem_and_the_rest_goes_on(folder: ConfigFolder) -> None:
    folder.write("mcp.json", "{:}")

    config = folder.load()

    assert [entry.name for entry in config.servers] == ["tasks"]
    assert len(config.problems) == 1
    assert config.problems[0].where == "mcp.json:1:2"
    assert "not used" in config.problems[0].message


def test_a_folder_in_place_of_the_found_file_is_a_problem(folder: ConfigFolder) -> None:
    (folder.here / "mcp.json").mkdir()

    config = folder.load()

    assert "folder" in config.problems[0].message
    assert [entry.name for entry in config.servers] == ["tasks"]


def test_the_file_is_found_here_then_at_home_and_a_named_one_wins(folder: ConfigFolder) -> None:
    def origin() -> str:
        return folder.load().servers[1].origin

    home = folder.home / "mcp.json"
    home.write_text('{"mcpServers": {"x": {"command": "a"}}}')
    assert origin() == f"{home}:1"
    folder.write_servers({"x": {"command": "a"}}, ".mcp.json")
    assert origin() == ".mcp.json:1"
    folder.write_servers({"x": {"command": "a"}}, "mcp.json")
    assert origin() == "mcp.json:1"
    folder.write_servers({"x": {"command": "a"}}, "other.json")
    folder.environ["VOICE_AGENT_MCP_CONFIG"] = "other.json"
    assert origin() == "other.json:1"
    named = folder.write_servers({"x": {"command": "a"}}, "named.json")
    assert folder.load(config=named).servers[1].origin == "named.json:1"


def test_without_any_file_the_task_manager_is_attached_and_nothing_is_wrong(folder: ConfigFolder) -> None:
    config = folder.load()

    assert [entry.name for entry in config.servers] == ["tasks"]
    assert config.problems == ()
    assert config.settings.profile == "auto"
    assert (config.mcp_file, config.settings_file) == (None, None)
    assert config.home == folder.home
