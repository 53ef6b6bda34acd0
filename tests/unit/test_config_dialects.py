"""Samples are written as each client's documentation writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.config_folder import ConfigFolder, named
from voice_agent.config.types import HttpEntry, StdioEntry

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


@pytest.fixture
def folder(tmp_path: Path) -> ConfigFolder:
    return ConfigFolder(tmp_path, {"TOKEN": "t0ken-value", "EMPTY": ""})


def test_claude_desktop(folder: ConfigFolder) -> None:
    folder.write(
        "mcp.json",
        """{
  "globalShortcut": "Ctrl+Space",
  "mcpServers": {
    "filesystem": {
      "command": "npx",
      "args": ["-y", "@modelcontextprotocol/server-filesystem", "/home/me/Desktop"],
      "env": {"API_KEY": "secret"}
    }
  }
}""",
    )
    config = folder.load()

    assert config.problems == ()
    entry = named(config, "filesystem")
    assert isinstance(entry, StdioEntry)
    assert (entry.command, entry.args) == ("npx", ("-y", "@modelcontextprotocol/server-filesystem", "/home/me/Desktop"))
    assert dict(entry.env) == {"API_KEY": "secret"}
    assert entry.origin == "mcp.json:4"


def test_claude_desktop_with_mcp_remote_takes_a_placeholder_from_the_entrys_own_env(folder: ConfigFolder) -> None:
    entry = folder.stdio(
        {
            "command": "npx",
            "args": ["mcp-remote", "https://h/sse", "--header", "Authorization:${AUTH_HEADER}"],
            "env": {"AUTH_HEADER": "Bearer abc"},
        }
    )
    assert entry.args[-1] == "Authorization:Bearer abc"


def test_claude_code(folder: ConfigFolder) -> None:
    folder.write(
        ".mcp.json",
        """{"mcpServers": {
  "stdio": {"type": "stdio", "command": "${TOOL:-npx}", "args": ["${EMPTY:-other}", "$TOKEN"], "env": {}},
  "http": {"type": "http", "url": "${BASE:-https://h.example}/mcp", "headers": {"Authorization": "Bearer ${TOKEN}"}},
  "sse": {"type": "sse", "url": "https://h.example/events"},
  "login": {"type": "streamable-http", "url": "https://h.example/mcp", "oauth": {"clientId": "c", "callbackPort": 1}}
}}""",
    )
    config = folder.load()

    assert config.problems == ()
    stdio, http, sse, login = config.servers[1:]
    assert isinstance(stdio, StdioEntry)
    assert (stdio.command, stdio.args) == ("npx", ("other", "$TOKEN"))
    assert isinstance(http, HttpEntry)
    assert (http.url, http.transport) == ("https://h.example/mcp", "http")
    assert dict(http.headers) == {"Authorization": "Bearer t0ken-value"}
    assert isinstance(sse, HttpEntry)
    assert sse.transport == "sse"
    assert isinstance(login, HttpEntry)
    assert (login.transport, login.auth) == ("http", "oauth")


def test_cursor(folder: ConfigFolder) -> None:
    folder.write("here.env", "export FROM_FILE='a b' # why\nOTHER=x\nSHARED=file\n")
    path = folder.write(
        ".cursor/mcp.json",
        """{"mcpServers": {
  "local": {"type": "stdio", "command": "python", "args": ["${workspaceFolder}${/}s.py", "${workspaceFolderBasename}",
            "${userHome}${pathSeparator}x"], "envFile": "${workspaceFolder}/here.env",
            "env": {"SHARED": "${env:TOKEN}"}},
  "remote": {"url": "https://h.example/mcp", "headers": {"X": "${env:TOKEN}"},
             "auth": {"CLIENT_ID": "i", "CLIENT_SECRET": "s", "scopes": ["a"]}}
}}""",
    )
    config = folder.load(config=path)

    assert config.problems == ()
    local, remote = config.servers[1:]
    assert isinstance(local, StdioEntry)
    assert local.args == (f"{folder.here}/s.py", "here", f"{folder.root}/x")
    assert dict(local.env) == {"FROM_FILE": "a b", "OTHER": "x", "SHARED": "t0ken-value"}
    assert local.cwd == folder.here
    assert isinstance(remote, HttpEntry)
    assert (remote.transport, remote.auth, remote.headers["X"]) == (None, "oauth", "t0ken-value")


VS_CODE = """{
  // inputs are asked for once
  "inputs": [
    {"type": "promptString", "id": "perplexity-key", "description": "API Key", "password": true},
    {"type": "pickString", "id": "region", "options": ["eu", "us"], "default": "eu"},
  ],
  "servers": {
    "perplexity": {
      "type": "stdio", "command": "npx", "args": ["-y", "server-perplexity-ask", "${input:region}"],
      "env": {"KEY": "${input:perplexity-key}"}, "sandboxEnabled": true, "dev": {"watch": "*.js"},
    },
    "remote": {"type": "http", "url": "https://api.example.com/mcp/", "oauth": {"clientId": "c"}},
  },
}"""


def test_vs_code(folder: ConfigFolder) -> None:
    folder.environ["MCP_INPUT_PERPLEXITY_KEY"] = "s3cret"
    path = folder.write(".vscode/mcp.json", VS_CODE)

    config = folder.load(config=path)

    assert config.problems == ()
    stdio, remote = config.servers[1:]
    assert isinstance(stdio, StdioEntry)
    assert stdio.args[-1] == "eu"
    assert dict(stdio.env) == {"KEY": "s3cret"}
    assert stdio.cwd == folder.here
    assert stdio.origin == ".vscode/mcp.json:8"
    assert isinstance(remote, HttpEntry)
    assert remote.transport == "http"


def test_an_input_without_a_value_costs_its_own_entry_and_names_the_variable(folder: ConfigFolder) -> None:
    config = folder.load(config=folder.write(".vscode/mcp.json", VS_CODE))

    assert [entry.name for entry in config.servers] == ["tasks", "remote"]
    (problem,) = config.problems
    assert str(problem) == (
        ".vscode/mcp.json:10: “perplexity” is left out: The input “perplexity-key” has no value. Set"
        " MCP_INPUT_PERPLEXITY_KEY, or put it into a secret file called mcp_input_perplexity_key."
    )


def test_an_input_comes_from_a_secret_file(folder: ConfigFolder) -> None:
    (folder.home / "secrets").mkdir()
    (folder.home / "secrets" / "mcp_input_perplexity_key").write_text("from a file\n")

    entry = folder.load(config=folder.write("mcp.json", VS_CODE)).servers[1]

    assert isinstance(entry, StdioEntry)
    assert dict(entry.env) == {"KEY": "from a file"}


def test_vs_codes_user_settings_hold_servers_under_mcp(folder: ConfigFolder) -> None:
    path = folder.write(
        "settings.json",
        '{"editor.tabSize": 2, "mcp": {"inputs": [{"id": "a", "default": "d"}],'
        ' "servers": {"x": {"command": "${input:a}"}}}}',
    )
    assert named(folder.load(config=path), "x") == StdioEntry(
        "x", "d", cwd=folder.here, origin="settings.json:1", secrets=frozenset({"d"})
    )


def test_gemini_cli(folder: ConfigFolder) -> None:
    folder.write_servers(
        {
            "http": {"httpUrl": "https://h/sse", "timeout": 5000, "trust": True, "headers": {"X": "1"}},
            "sse": {"url": "https://h/sse", "includeTools": ["safe_tool", "run(ls)"], "excludeTools": ["drop*"]},
        }
    )
    config = folder.load()

    assert config.problems == ()
    http, sse = config.servers[1:]
    assert isinstance(http, HttpEntry)
    assert (http.transport, http.voice.timeout, http.voice.trust, http.voice.confirm) == ("http", 5.0, True, None)
    assert isinstance(sse, HttpEntry)
    assert sse.transport is None
    assert (sse.voice.allow, sse.voice.deny) == (("safe_tool", "run"), ("drop[*]",))


def test_windsurf(folder: ConfigFolder) -> None:
    entry = folder.http({"serverUrl": "https://h/mcp", "headers": {"A": "Bearer ${env:TOKEN}"}, "disabledTools": ["t"]})

    assert (entry.url, entry.transport, entry.voice.deny) == ("https://h/mcp", None, ("t",))


def test_cline(folder: ConfigFolder) -> None:
    folder.write_servers(
        {
            "off": {"command": "x", "disabled": True, "env": {"A": "${NOT_SET}"}},
            "on": {"command": "x", "disabled": False, "autoApprove": ["a"], "timeout": 1800},
            "remote": {"type": "streamableHttp", "url": "https://h/mcp", "alwaysAllow": ["b"]},
        }
    )
    config = folder.load()

    assert config.problems == ()
    assert config.disabled == ("off",)
    on, remote = config.servers[1:]
    assert (on.voice.timeout, on.voice.confirm, on.voice.allow) == (1800.0, None, ("*",))
    assert isinstance(remote, HttpEntry)
    assert remote.transport == "http"


def test_fastmcp_as_a_bare_map(folder: ConfigFolder) -> None:
    folder.write(
        "mcp.json",
        """{
  "weather": {"url": "https://h/mcp", "transport": "streamable-http", "auth": "oauth"},
  "bearer": {"url": "https://h/mcp", "transport": "sse", "auth": "tok"},
  "local": {"command": "python", "args": ["s.py"], "cwd": ".", "timeout": 20000, "keep_alive": false,
            "tools": {"drop": {"enabled": false}, "keep": {"title": "K"}}}
}""",
    )
    config = folder.load()

    assert config.problems == ()
    weather, bearer, local = config.servers[1:]
    assert isinstance(weather, HttpEntry)
    assert (weather.transport, weather.auth) == ("http", "oauth")
    assert isinstance(bearer, HttpEntry)
    assert (bearer.transport, bearer.auth) == ("sse", "tok")
    assert isinstance(local, StdioEntry)
    assert (local.cwd, local.voice.timeout, local.voice.deny) == (folder.here, 20.0, ("drop",))


def test_a_command_as_a_list_and_as_a_whole_line(folder: ConfigFolder) -> None:
    listed = folder.stdio({"type": "local", "command": ["npx", "-y", "x"], "environment": {"A": "b"}, "enabled": True})
    assert (listed.command, listed.args, dict(listed.env)) == ("npx", ("-y", "x"), {"A": "b"})

    line = folder.stdio({"command": "uvx 'mcp server' --a"})
    assert (line.command, line.args) == ("uvx", ("mcp server", "--a"))

    program = folder.write("my program", "")
    assert folder.stdio({"command": str(program)}).args == ()


def test_numbers_and_booleans_become_text_as_they_were_written(folder: ConfigFolder) -> None:
    folder.write(
        "mcp.json",
        '{"mcpServers": {"x": {"command": "c", "args": [8080, 1.10, true], "env": {"A": 1e3, "B": false, "C": null}}}}',
    )

    entry = named(folder.load(), "x")

    assert isinstance(entry, StdioEntry)
    assert entry.args == ("8080", "1.10", "true")
    assert dict(entry.env) == {"A": "1E+3", "B": "false"}


def test_a_relative_folder_starts_from_the_file_and_not_from_where_we_are(folder: ConfigFolder) -> None:
    (folder.here / "sub" / "data").mkdir(parents=True)
    folder.write("sub/e.env", "A=1")
    folder.write("sub/run.sh", "")
    path = folder.write_servers({"x": {"command": "./run.sh", "cwd": "data", "envFile": "e.env"}}, "sub/mcp.json")

    entry = named(folder.load(config=path), "x")

    assert isinstance(entry, StdioEntry)
    assert entry.cwd == folder.here / "sub" / "data"
    assert entry.command == str(folder.here / "sub" / "run.sh")
    assert dict(entry.env) == {"A": "1"}


def test_servers_of_the_users_own_file_start_where_the_user_is(folder: ConfigFolder) -> None:
    (folder.home / "mcp.json").write_text('{"mcpServers": {"x": {"command": "c"}}}')

    entry = named(folder.load(), "x")

    assert isinstance(entry, StdioEntry)
    assert entry.cwd is None


def test_a_variable_that_is_not_set_costs_its_own_entry_and_the_others_start(folder: ConfigFolder) -> None:
    folder.write(
        "mcp.json",
        '{"mcpServers": {\n"a": {"command": "x"},\n"b": {"command": "x",\n "env": {\n  "K": "${NOPE}"}},\n'
        '"c": {"command": "x"}}}',
    )
    config = folder.load()

    assert [entry.name for entry in config.servers] == ["tasks", "a", "c"]
    (problem,) = config.problems
    assert (problem.where, problem.server) == ("mcp.json:5", "b")
    assert "NOPE" in problem.message
    assert "export NOPE=…" in problem.remedy


def test_each_entry_knows_its_own_secrets_and_no_others(folder: ConfigFolder) -> None:
    folder.environ["OTHER_KEY"] = "other"
    folder.write_servers({"a": {"command": "${TOKEN}"}, "b": {"command": "${OTHER_KEY}"}, "c": {"command": "${HOME}"}})

    assert [set(entry.secrets) for entry in folder.load().servers] == [set(), {"t0ken-value"}, {"other"}, set()]


def test_a_command_longer_than_any_path_is_still_read(folder: ConfigFolder) -> None:
    assert len(folder.stdio({"command": "c " + "x" * 10_000, "cwd": "."}).args[0]) == 10_000
    assert "does not exist" in folder.problem({"command": "c", "cwd": "x" * 10_000})


def test_a_variable_may_come_from_a_secret_file(folder: ConfigFolder) -> None:
    (folder.root / "secrets").mkdir()
    (folder.root / "secrets" / "github_token").write_text("in the file\n")

    assert folder.http({"url": "https://h/m", "headers": {"A": "${GITHUB_TOKEN}"}}).headers["A"] == "in the file"


def test_what_a_placeholder_stands_for_is_not_expanded_again(folder: ConfigFolder) -> None:
    folder.environ |= {"A": "${TOKEN}", "B": "x}y"}

    assert folder.stdio(
        {"command": "c", "args": ["${A}", "${B}", "${N:-${M:-${TOKEN}}}", "${", "${not a name}"]}
    ).args == (
        "${TOKEN}",
        "x}y",
        "t0ken-value",
        "${",
        "${not a name}",
    )
