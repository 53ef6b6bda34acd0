"""No message, no repr and nothing that is shown ever holds a secret, wherever the user wrote it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.config_folder import ConfigFolder
from voice_agent.config.check import check_config, check_keys, check_profile
from voice_agent.config.mask import HIDDEN, masked_args, masked_url
from voice_agent.config.shown import shown_config
from voice_agent.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

SECRET = "zq-SENTINEL-7"


def everything_said(folder: ConfigFolder, servers: list[str] | None = None) -> str:
    """All that may reach a terminal, a log or a model."""
    config = folder.load(servers=servers or [])
    checks = [*check_config(config), check_keys(config), check_profile(config)]
    shown = json.dumps(shown_config(config), ensure_ascii=False)
    return " ".join([repr(config), shown, *map(str, config.problems), *map(repr, checks), *map(repr, config.servers)])


@pytest.fixture
def folder(tmp_path: Path) -> ConfigFolder:
    return ConfigFolder(tmp_path)


def test_secrets_in_every_place_that_is_meant_for_them_are_never_said(folder: ConfigFolder) -> None:
    (folder.root / "secrets").mkdir()
    (folder.root / "secrets" / "file_token").write_text(SECRET)
    (folder.root / "secrets" / "deepgram_api_key").write_text(SECRET)
    folder.write("e.env", f"A={SECRET}\n")
    folder.write(
        "voice-agent.toml",
        f'cartesia_api_key = "{SECRET}"\n[stt]\napi_key = "{SECRET}"\nbase_url = "https://u:{SECRET}@h/{SECRET[:0]}?k={SECRET}"',
    )
    folder.environ |= {"OPENAI_API_KEY": SECRET, "OPENAI_BASE_URL": f"https://u:{SECRET}@h", "MY_TOKEN": SECRET}
    folder.write(
        "mcp.json",
        json.dumps(
            {
                "inputs": [{"id": "in", "password": True, "default": SECRET}],
                "mcpServers": {
                    "env": {"command": "c", "env": {"A": SECRET, "B": "${MY_TOKEN}"}, "envFile": "e.env"},
                    "args": {"command": "c", "args": ["--api-key", SECRET, f"--token={SECRET}", "-e", f"X={SECRET}"]},
                    "place": {"command": "c", "args": ["${MY_TOKEN}", "a/${input:in}/b", "${FILE_TOKEN}"]},
                    "from env": {"command": "c", "args": ["x ${A}"], "env": {"A": SECRET}},
                    "header": {"command": "c", "args": ["--header", f"Authorization: Bearer {SECRET}"]},
                    "url": {"url": f"https://{SECRET}:{SECRET}@h/mcp?key={SECRET}&x={SECRET}#{SECRET}"},
                    "path": {"url": "https://h/${MY_TOKEN}/mcp"},
                    "headers": {
                        "url": "https://h",
                        "headers": {"X-Key": SECRET, "Authorization": "Bearer ${MY_TOKEN}"},
                    },
                    "auth": {"url": "https://h", "auth": SECRET},
                    "oauth": {"url": "https://h", "oauth": {"clientId": SECRET, "clientSecret": SECRET}},
                },
            }
        ),
    )
    config = folder.load(
        servers=[f"https://u:{SECRET}@h.example/?a={SECRET}", f"K_TOKEN={SECRET} c --password {SECRET}"]
    )
    assert len(config.servers) == 13
    assert config.problems == ()

    said = everything_said(
        folder, [f"https://u:{SECRET}@h.example/?a={SECRET}", f"K_TOKEN={SECRET} c --password {SECRET}"]
    )

    assert SECRET not in said
    assert HIDDEN in said


@pytest.mark.parametrize(
    "raw",
    [
        {"command": "c", "args": SECRET},
        {"command": "c", "args": [[SECRET]]},
        {"command": "c", "env": SECRET},
        {"command": "c", "env": {"A": [SECRET]}},
        {"command": "c", "env": {"A": f"${{NOPE}}{SECRET}"}},
        {"command": "c", "args": [f"{SECRET}\0"]},
        {"command": "c", "cwd": SECRET},
        {"command": f"c '{SECRET}"},
        {"type": SECRET, "url": "https://h"},
        {"url": SECRET},
        {"url": f"ftp://u:{SECRET}@h"},
        {"url": f"https://u:{SECRET}@h:99999999/"},
        {"url": "https://h", "headers": {"A": f"{SECRET}\n"}},
        {"url": "https://h", "headers": SECRET},
        {"url": "https://h", "auth": [SECRET]},
        {"command": "c", "voice": SECRET},
        {"command": "c", "voice": {"say": [SECRET], "timeout": SECRET, "trust": SECRET, "confirm": SECRET}},
        {"command": "c", "voice": {"allow": {"a": SECRET}}},
        {"command": f"${{command:{SECRET}}}"},
        SECRET,
        [SECRET],
    ],
)
def test_a_mistake_does_not_repeat_the_value_that_is_wrong(folder: ConfigFolder, raw: Any) -> None:
    folder.write_servers({"x": raw})

    assert folder.load().problems
    assert SECRET not in everything_said(folder)


@pytest.mark.parametrize(
    "text",
    [
        f'{{"mcpServers": {{"a": {{"command": "c", "env": {{"K": "{SECRET}\n"}}}}}}}}',
        f'{{"mcpServers": {{"a": {{"env": {{"K": {SECRET}}}}}}}}}',
        f'{SECRET} {{"mcpServers": {{}}}}',
        f'{{"mcpServers": "{SECRET}"}}',
        f'"{SECRET}"',
    ],
)
def test_a_broken_file_is_not_quoted(folder: ConfigFolder, text: str) -> None:
    path = folder.write("mcp.json", text)

    assert folder.load().problems
    assert SECRET not in everything_said(folder)
    with pytest.raises(ConfigError) as caught:
        folder.load(config=path)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("key", ["profil", "stt", "language", "time_zone", "openai_api_key", "limits"])
@pytest.mark.parametrize("value", [f'["{SECRET}"]', f'{{ x = "{SECRET}" }}', f'"{SECRET}', f"'{SECRET}' x"])
def test_broken_settings_are_not_quoted(folder: ConfigFolder, key: str, value: str) -> None:
    folder.write("voice-agent.toml", f"{key} = {value}")

    assert folder.load().problems
    assert SECRET not in everything_said(folder)


@pytest.mark.parametrize("variable", ["TIME_ZONE", "TURN__DETECTION", "STT__SPEED", "LIMITS__TOOLS", "NO_SUCH_THING"])
def test_a_bad_variable_is_not_quoted(folder: ConfigFolder, variable: str) -> None:
    folder.environ["VOICE_AGENT_" + variable] = SECRET

    assert folder.load().problems
    assert SECRET not in everything_said(folder)


@pytest.mark.parametrize("argument", [f"'{SECRET}", f"ftp://{SECRET}", f"https://{SECRET}:x", f"c ${{NOPE}} {SECRET}"])
def test_a_bad_server_argument_is_not_quoted(folder: ConfigFolder, argument: str) -> None:
    with pytest.raises(ConfigError) as caught:
        folder.load(servers=[argument])
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__


FLAGS = st.sampled_from(
    ["--api-key", "--token", "-token", "--access_token", "--figma-api-key", "--password", "--secret"]
)
VALUES = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=6, max_size=40).filter(
    lambda value: not value.lower().startswith("true")
)


@given(FLAGS, VALUES, st.booleans())
def test_the_value_of_a_secret_option_is_hidden_however_it_is_given(flag: str, value: str, joined: bool) -> None:
    args = [f"{flag}={value}"] if joined else [flag, value]

    assert masked_args(["before", *args, "after"]) == (
        "before",
        *([f"{flag}={HIDDEN}"] if joined else [flag, HIDDEN]),
        "after",
    )


@given(VALUES)
def test_no_user_password_fragment_or_parameter_of_a_url_is_shown(value: str) -> None:
    shown = masked_url(f"https://{value}:{value}@host.example:8443/path?a={value}&{value}#{value}")

    assert shown.startswith(f"https://{HIDDEN}@host.example:8443/path?a={HIDDEN}")
    assert value not in shown.removeprefix("https://").replace("host.example:8443/path", "")


@pytest.mark.parametrize(
    "args",
    [
        ["-y", "@modelcontextprotocol/server-filesystem@2025.12.18", "/home/me/projects"],
        ["--from", "git+https://github.com/acme/weather-mcp", "weather-mcp"],
        ["run", "-i", "--rm", "-e", "GITHUB_TOKEN", "ghcr.io/github/github-mcp-server:v0.20.1"],
        ["mcp-server-sqlite", "--db-path", "/data/my-database-2025-11-21.sqlite3"],
        ["-m", "mcp_servers.task_manager", "--timezone", "America/Argentina/Buenos_Aires"],
        ["--keyboard", "de", "--monkey=3", "--author", "me", "--max-len=500", "--no-auth-required"],
        ["https://docs.mcp.cloudflare.com/sse", "--transport", "http-first"],
    ],
)
def test_what_is_no_secret_is_shown_as_it_is(args: list[str]) -> None:
    assert list(masked_args(args)) == args


@pytest.mark.parametrize(
    "word",
    [
        "sk-proj-abcdefgh1234",
        "ghp_abcdefghijklmnop1234",
        "github_pat_11ABCDEFG0abcdefghijkl",
        "xoxb-123456789012-abcdef",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "AKIAIOSFODNN7EXAMPLE",
        "figd_1a2B3c4D5e6F7g8H9i0J",
        "550e8400-e29b-41d4-a716-446655440000",
        "Authorization: Bearer abc",
        "X-API-Key: abc",
        '{"key": "sk-abcdefgh12"}',
        "postgresql://me:pw-abc@h/db",
    ],
)
def test_what_looks_like_a_token_is_hidden(word: str) -> None:
    (shown,) = masked_args([word])

    assert HIDDEN in shown
    assert not any(secret in shown for secret in ("abc", "1a2B", "550e", "AKIA", "eyJ", "xoxb", "pw"))


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.sampled_from([SECRET, None, True, 1, 1.5, f"${{X:-{SECRET}}}", "https://" + SECRET]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["command", "args", "env", "url", "headers", "auth", "voice", "type", "cwd", "deny", "confirm"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_any_shape_of_an_entry_is_read_or_refused_without_a_crash(
    tmp_path_factory: pytest.TempPathFactory, raw: Any
) -> None:
    folder = ConfigFolder(tmp_path_factory.mktemp("any"))
    folder.write_servers({"x": raw})

    config = folder.load()

    assert config.servers[0].name == "tasks"
    assert SECRET not in " ".join(map(str, config.problems))
