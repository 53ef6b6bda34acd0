"""The bundled Task Manager, `--server`, and what the processes of servers inherit."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.config_folder import ConfigFolder
from voice_agent.config.inherited import inherited_environment
from voice_agent.config.server_argument import name_of_command, name_of_url
from voice_agent.config.types import HttpEntry, StdioEntry, VoiceOptions
from voice_agent.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


@pytest.fixture
def folder(tmp_path: Path) -> ConfigFolder:
    return ConfigFolder(tmp_path)


BUNDLED = VoiceOptions(
    trust=True, required=True, say="Task Manager", vocabulary=("list_tasks",), announce=("tasks://reminders",)
)


def test_the_task_manager_comes_first_with_its_time_zone_and_its_own_variables(folder: ConfigFolder) -> None:
    folder.environ |= {
        "VOICE_AGENT_TIME_ZONE": "Asia/Tokyo",
        "TASK_MANAGER_DATABASE_URL": "t.db",
        "OPENAI_API_KEY": "k",
    }
    folder.write_servers({"a": {"command": "c"}})

    config = folder.load(servers=["uvx mcp-server-time"])

    assert [entry.name for entry in config.servers] == ["tasks", "a", "time"]
    tasks = config.servers[0]
    assert isinstance(tasks, StdioEntry)
    assert tasks.command == sys.executable
    assert tasks.args[-4:] == ("-m", "mcp_servers.task_manager", "--timezone", "Asia/Tokyo")
    assert dict(tasks.env) == {"TASK_MANAGER_DATABASE_URL": "t.db"}
    assert (tasks.voice, tasks.origin) == (BUNDLED, "built in")


def test_an_entry_called_tasks_takes_the_place_of_the_bundled_one(folder: ConfigFolder) -> None:
    folder.write_servers({"tasks": {"command": "mine"}})

    (entry,) = folder.load().servers

    assert isinstance(entry, StdioEntry)
    assert (entry.command, entry.voice) == ("mine", VoiceOptions())


def test_the_task_manager_is_switched_off_by_an_entry_of_its_name(folder: ConfigFolder) -> None:
    for off in ({"disabled": True}, {"enabled": False, "command": "c"}):
        folder.write_servers({"tasks": off})

        config = folder.load()

        assert (config.servers, config.disabled, config.problems) == ((), ("tasks",), ())


@pytest.mark.parametrize(
    "raw",
    [
        {"command": "task-manager-mcp"},
        {"command": "/opt/venv/bin/task-manager-mcp", "args": ["--database", "x"]},
        {"command": "C:\\venv\\Scripts\\task-manager-mcp.exe"},
        {"command": "python3", "args": ["-m", "mcp_servers.task_manager"]},
        {"command": "uvx", "args": ["--from", "voice-agent", "task-manager-mcp"]},
    ],
)
def test_a_task_manager_under_another_name_is_not_attached_twice_and_believed(
    folder: ConfigFolder, raw: dict[str, object]
) -> None:
    folder.write_servers({"todo": {**raw, "voice": {"say": "Todo"}}})

    (entry,) = folder.load().servers

    assert (entry.name, entry.voice.say, entry.voice.trust, entry.voice.vocabulary) == (
        "todo",
        "Todo",
        True,
        ("list_tasks",),
    )


def test_another_package_of_the_same_name_is_not_believed(folder: ConfigFolder) -> None:
    folder.write_servers({"todo": {"command": "npx", "args": ["-y", "task-manager-mcp", "voice-agent"]}})

    config = folder.load()

    assert [(entry.name, entry.voice.trust) for entry in config.servers] == [("tasks", True), ("todo", False)]


def test_a_task_manager_that_is_switched_off_does_not_keep_the_bundled_one_away(folder: ConfigFolder) -> None:
    folder.write_servers({"todo": {"command": "task-manager-mcp", "disabled": True}})

    assert [entry.name for entry in folder.load().servers] == ["tasks"]


def test_a_server_argument_is_a_url_or_a_command_line_with_or_without_a_name(folder: ConfigFolder) -> None:
    config = folder.load(
        servers=[
            "https://mcp.example.com/mcp?x=y",
            "docs=https://h/mcp",
            "npx -y @modelcontextprotocol/server-memory",
            "notes=uvx --from 'git+https://g/r' 'a b' --x=1",
            "TOKEN='a b' OTHER=c memory-server --x",
            "task-manager-mcp",
        ]
    )
    example, docs, memory, notes, with_variables, tasks = config.servers
    assert isinstance(example, HttpEntry)
    assert (example.name, example.url, example.transport) == ("example", "https://mcp.example.com/mcp?x=y", None)
    assert (docs.name, docs.origin) == ("docs", "--server")
    assert isinstance(memory, StdioEntry)
    assert (memory.name, memory.command) == ("memory", "npx")
    assert isinstance(notes, StdioEntry)
    assert notes.args == ("--from", "git+https://g/r", "a b", "--x=1")
    assert isinstance(with_variables, StdioEntry)
    assert (with_variables.name, dict(with_variables.env)) == ("memory-2", {"TOKEN": "a b", "OTHER": "c"})
    assert (tasks.name, tasks.voice) == ("task-manager", BUNDLED)


def test_names_that_clash_get_a_number(folder: ConfigFolder) -> None:
    folder.write_servers({"time": {"command": "c"}, "off": {"command": "c", "disabled": True}})

    servers = folder.load(servers=["uvx mcp-server-time", "time=x", "off=x", "tasks=x"]).servers

    assert [entry.name for entry in servers] == ["tasks", "time", "time-2", "time-3", "off-2", "tasks-2"]


@pytest.mark.parametrize("argument", ["", "   ", "name=", "A=1", "npx 'x", "ftp://h", "https://:0/x", "x=${NOT_SET}"])
def test_a_bad_server_argument_ends_it_without_repeating_it(folder: ConfigFolder, argument: str) -> None:
    with pytest.raises(ConfigError, match=r"^--server \(number 2\): ") as caught:
        folder.load(servers=["good", argument])
    assert not argument.strip() or argument not in str(caught.value)


def test_a_secret_in_a_server_argument_can_stay_a_placeholder(folder: ConfigFolder) -> None:
    folder.environ["TOKEN"] = "s3cret"

    entry = folder.load(servers=["x=cmd --token ${TOKEN}"]).servers[1]

    assert isinstance(entry, StdioEntry)
    assert (entry.args, entry.secrets) == (("--token", "s3cret"), frozenset({"s3cret"}))


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("npx -y @modelcontextprotocol/server-memory", "memory"),
        ("npx -y @modelcontextprotocol/server-everything@2025.9.1 stdio", "everything"),
        ("npx --package @acme/mcp-tools acme", "acme"),
        ("npx mcp-remote https://mcp.linear.app/sse", "remote"),
        ("uvx mcp-server-time", "time"),
        ("uvx mcp-server-git==2025.1 --repository /r", "git"),
        ("uvx --from git+https://g/x weather-mcp", "weather"),
        ("uv run --directory /srv/x server.py", "server"),
        ("uv run python -m my_pkg.server", "server"),
        ("uv tool run markitdown-mcp", "markitdown"),
        ("pipx run mcp-server-fetch", "fetch"),
        ("python -m mcp_server_time", "time"),
        ("python3.12 /srv/weather_server.py --port 1", "weather"),
        ("node --experimental-x ./dist/notes.mjs", "notes"),
        ("docker run -i --rm -e GITHUB_TOKEN --mount type=bind,src=/a ghcr.io/github/github-mcp-server:1.2", "github"),
        ("podman run -i mcp/postgres postgresql://h/d", "postgres"),
        ("pnpm dlx @x/y-mcp", "y"),
        ("/usr/local/bin/my-tool --x", "my-tool"),
        ("env A=1 npx -y foo-mcp", "foo"),
        ("mcp", "mcp"),
        ("python -", "python"),
    ],
)
def test_a_command_is_named_for_what_it_starts(line: str, name: str) -> None:
    assert name_of_command(line.split()) == name


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://mcp.example.com/mcp", "example"),
        ("https://docs.mcp.cloudflare.com/sse", "cloudflare"),
        ("https://huggingface.co/mcp", "huggingface"),
        ("https://mcp.linear.app/sse", "linear"),
        ("https://api.shop.co.uk/x", "shop"),
        ("http://localhost:8000/mcp", "local"),
        ("http://127.0.0.1:1/mcp", "local"),
        ("http://[::1]:1/mcp", "local"),
        ("http://tasks:8000/mcp", "tasks"),
        ("https://user:pw@h.example.org/", "example"),
    ],
)
def test_a_url_is_named_for_its_host(url: str, name: str) -> None:
    assert name_of_url(url) == name


def test_a_child_inherits_what_servers_need_and_no_secret() -> None:
    needed = {
        "PATH": "p", "HOME": "h", "LANG": "de_DE.UTF-8", "LC_ALL": "C", "TZ": "Asia/Tokyo", "TMPDIR": "/t",
        "XDG_DATA_HOME": "/x", "http_proxy": "http://u:p@proxy", "HTTPS_PROXY": "http://proxy", "no_proxy": "*",
        "SSL_CERT_FILE": "/c", "REQUESTS_CA_BUNDLE": "/c", "NODE_EXTRA_CA_CERTS": "/c", "PIP_INDEX_URL": "i",
        "UV_CACHE_DIR": "/u", "npm_config_registry": "r", "VIRTUAL_ENV": "/v", "SystemRoot": "C:", "DOCKER_HOST": "d",
    }  # fmt: skip
    kept_back = dict.fromkeys(
        ["OPENAI_API_KEY", "DEEPGRAM_API_KEY", "VOICE_AGENT_OPENAI_API_KEY", "VOICE_AGENT_HOME",
         "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "UV_PUBLISH_TOKEN", "UV_INDEX_ACME_PASSWORD", "npm_config__authToken",
         "npm_config__auth", "TWINE_PASSWORD", "SSH_AUTH_SOCK", "LD_PRELOAD", "PYTHONSTARTUP", "NODE_OPTIONS",
         "DATABASE_URL", "ANY"],
        "secret",
    )  # fmt: skip

    assert inherited_environment({**needed, **kept_back, "LC_FUNCTION": "() { :; }"}) == needed
