"""What `--print-config` prints can be pasted, and what is pasted works."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from fastmcp import Client
from fastmcp.client.transports import StdioTransport

from mcp_servers.task_manager.options import Options, read_options
from mcp_servers.task_manager.snippets import CLIENTS, snippet
from tests.support.program import PATIENCE, environment, run
from voice_agent.config.load import load

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.contract, pytest.mark.timeout(90)]

JSON = sorted(set(CLIENTS) - {"codex", "goose"})
READABLE = sorted(set(JSON) - {"zed", "opencode"})
"""Clients whose files the voice agent reads too."""


def entry_of(text: str) -> dict[str, Any]:
    (servers,) = (value for key, value in json.loads(text).items() if key != "inputs")
    return servers["tasks"]


@pytest.mark.parametrize("name", READABLE)
async def test_a_snippet_for_standard_input_starts_the_server_where_it_said(tmp_path: Path, name: str) -> None:
    done = run(
        "task-manager-mcp", "--print-config", name, "--database", "my.db", "--timezone", "Asia/Tokyo", home=tmp_path
    )
    assert done.status == 0
    assert done.err.startswith("Put this into ")
    entry = entry_of(done.out)
    transport = StdioTransport(entry["command"], entry["args"], env=environment(tmp_path), keep_alive=False)
    async with Client(transport, timeout=PATIENCE) as client:
        made = await client.call_tool("create_task", {"title": "ring", "due": "2027-01-15 at 3 PM"})
    assert made.structured_content
    assert made.structured_content["task"]["due"] == "2027-01-15T15:00:00+09:00"
    assert (tmp_path / "my.db").exists()


@pytest.mark.parametrize("given", [(), ("http", "--port", "9000", "--tokens", "tokens.txt")])
@pytest.mark.parametrize("name", READABLE)
def test_a_snippet_is_read_by_our_own_reader_of_such_files(tmp_path: Path, name: str, given: tuple[str, ...]) -> None:
    file = tmp_path / "mcp.json"
    file.write_text(snippet(name, read_options([*given], {}))[0])
    variables = {"VOICE_AGENT_HOME": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin"}
    variables |= {"TASK_MANAGER_TOKEN": "t", "MCP_INPUT_TASK_MANAGER_TOKEN": "t"}
    config = load(config=file, environ=variables, cwd=tmp_path)
    (entry,) = config.servers
    assert config.problems == ()
    assert (entry.name, entry.origin.partition(":")[0]) == ("tasks", "mcp.json")


def test_over_http_every_client_gets_its_own_words_for_the_address_and_the_token() -> None:
    options = Options(transport="http", port=9000, tokens="tokens.txt")
    url = "http://127.0.0.1:9000/mcp"
    for name in JSON:
        text = snippet(name, options)[0]
        assert url in text
        assert "Bearer" in text
    assert entry_of(snippet("gemini-cli", options)[0])["httpUrl"] == url
    assert entry_of(snippet("windsurf", options)[0])["serverUrl"] == url
    assert entry_of(snippet("vscode", options)[0])["type"] == "http"
    assert tomllib.loads(snippet("codex", options)[0])["mcp_servers"]["tasks"]["url"] == url
    assert f'uri: "{url}"' in snippet("goose", options)[0]
    assert "Bearer" not in snippet("cursor", Options(transport="http"))[0]


def test_the_address_is_the_public_one_where_there_is_one() -> None:
    assert (
        "https://t.example.com/mcp"
        in snippet("cursor", Options(transport="http", public_url="https://t.example.com/"))[0]
    )
    assert "http://[::1]:8765/mcp" in snippet("cursor", Options(transport="http", host="::1"))[0]


def test_codex_gets_a_command_in_toml_and_a_name_in_any_spelling_is_known() -> None:
    entry = tomllib.loads(snippet("Codex", Options(timezone="Asia/Tokyo"))[0])["mcp_servers"]["tasks"]
    assert entry["args"][-2:] == ["--timezone", "Asia/Tokyo"]
    assert snippet("Claude Desktop", Options()) == snippet("claude-desktop", Options())
