from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.config_folder import ConfigFolder, named
from voice_agent.config.types import StdioEntry

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


@pytest.fixture
def folder(tmp_path: Path) -> ConfigFolder:
    return ConfigFolder(tmp_path)


BAD: list[tuple[Any, str]] = [
    ({}, "neither “command” nor “url”"),
    ({"command": "a", "url": "https://h"}, "both “command” and “url”"),
    ({"type": "ws", "url": "wss://h"}, "“type” is none that is known"),
    ({"url": "unix:///run/s"}, "http:// or https://"),
    ({"url": "https://"}, "http:// or https://"),
    ({"url": "https://h:99999/"}, "http:// or https://"),
    ({"url": "https://h/a b"}, "http:// or https://"),
    ({"command": "a", "args": "-y b"}, "“args” must be a list"),
    ({"command": "a", "args": [{}]}, "not text"),
    ({"command": []}, "neither “command”"),
    ({"command": " "}, "“command” is empty"),
    ({"command": "a\0b"}, "NUL"),
    ({"command": "a", "env": []}, "“env” must be an object"),
    ({"command": "a", "env": {"A": []}}, "not text"),
    ({"command": "a", "cwd": "nowhere"}, "“cwd” names does not exist"),
    ({"command": "a", "envFile": "nowhere"}, "“envFile”: This file does not exist"),
    ({"url": "https://h", "headers": {"A": "b\nc"}}, "header “A”"),
    ({"url": "https://h", "headers": {"A b": "c"}}, "header “A b”"),
    ({"url": "https://h", "auth": 5}, "“auth” must be"),
    ({"command": "${command:pick}"}, "placeholder of another program"),
    ("npx", "not an object"),
    (["npx"], "not an object"),
]


@pytest.mark.parametrize(("raw", "said"), BAD)
def test_a_bad_entry_is_left_out_with_file_and_line(folder: ConfigFolder, raw: Any, said: str) -> None:
    problem = folder.problem(raw)

    assert problem.startswith("mcp.json:1: “x” is left out: ")
    assert said in problem


def test_a_bad_line_in_an_env_file_is_named(folder: ConfigFolder) -> None:
    folder.write("bad.env", "A=1\n= x\nB=2\n")

    assert "line 2 is not NAME=VALUE" in folder.problem({"command": "a", "envFile": "bad.env"})


def test_the_type_decides_where_both_command_and_url_stand(folder: ConfigFolder) -> None:
    assert folder.http({"type": "HTTP", "command": "a", "url": "https://h/m"}).transport == "http"
    assert folder.stdio({"transport": "stdio", "command": "a", "url": "https://h/m"}).command == "a"


@pytest.mark.parametrize("text", ["[]", '"x"', '{"theme": "dark"}', '{"mcpServers": []}', "null"])
def test_a_file_without_servers_says_what_is_missing(folder: ConfigFolder, text: str) -> None:
    folder.write("mcp.json", text)

    (problem,) = folder.load().problems

    assert '"mcpServers"' in str(problem)


def test_one_entry_pasted_without_its_name_says_so(folder: ConfigFolder) -> None:
    folder.write("mcp.json", '{"command": "npx", "args": []}')

    assert "without a name" in folder.load().problems[0].message


def test_a_server_that_is_there_twice_is_told_and_the_last_counts(folder: ConfigFolder) -> None:
    folder.write("mcp.json", '{"mcpServers": {\n"a": {"command": "first"},\n"a": {"command": "last"}}}')

    config = folder.load()

    entry = named(config, "a")
    assert isinstance(entry, StdioEntry)
    assert entry.command == "last"
    assert str(config.problems[0]).startswith("mcp.json:3: “a” is there twice")


def test_odd_names_are_cleaned_and_stay_apart(folder: ConfigFolder) -> None:
    names = ["Büro 📅", "a.b/c", " a\u202e\tb\n", "a b", "", "\u200b", "x" * 300]
    folder.write_servers({name: {"command": "c"} for name in names})

    config = folder.load()

    assert [entry.name for entry in config.servers[1:]] == ["Büro 📅", "a.b/c", "a b", "a b-2", "x" * 300]
    assert [problem.message for problem in config.problems] == ["A server has an empty name."] * 2


def test_what_is_in_two_entries_of_one_name_is_not_told_too(folder: ConfigFolder) -> None:
    folder.write(
        "mcp.json", '{"mcpServers": {"a": {"command": "x", "env": {"B": "c"}},\n"a": {"command": "y", "env": {}}}}'
    )
    config = folder.load()
    assert [str(problem).partition(" the last")[0] for problem in config.problems] == [
        "mcp.json:2: “a” is there twice;"
    ]
