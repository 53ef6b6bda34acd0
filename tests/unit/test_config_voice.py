from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.config_folder import ConfigFolder
from voice_agent.config.types import VoiceOptions

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


@pytest.fixture
def folder(tmp_path: Path) -> ConfigFolder:
    return ConfigFolder(tmp_path)


def test_all_our_own_keys_are_taken(folder: ConfigFolder) -> None:
    voice = {
        "allow": ["a*", "b"],
        "deny": "c",
        "confirm": ["d*"],
        "trust": True,
        "timeout": 2.5,
        "scope": "session",
        "required": True,
        "say": " My Server ",
        "vocabulary": ["list_x"],
    }
    assert folder.entry({"command": "c", "voice": voice}).voice == VoiceOptions(
        allow=("a*", "b"),
        deny=("c",),
        confirm=("d*",),
        trust=True,
        timeout=2.5,
        scope="session",
        required=True,
        say="My Server",
        vocabulary=("list_x",),
    )


def test_our_key_is_stronger_than_another_clients(folder: ConfigFolder) -> None:
    raw = {"command": "c", "trust": True, "includeTools": ["a"], "timeout": 9000}

    voice = folder.entry({**raw, "voice": {"trust": False, "allow": ["b"], "timeout": 3}}).voice

    assert (voice.trust, voice.allow, voice.timeout) == (False, ("b",), 3.0)


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [
        ({"timeout": 30}, 30),
        ({"timeout": 999}, 999),
        ({"timeout": 1000}, 1),
        ({"timeout": 600000}, 600),
        ({"timeout": 10**9}, 3600),
        ({"timeout": 1800, "autoApprove": []}, 1800),
        ({"timeout": 3600, "disabled": False}, 3600),
        ({"timeout": 0}, 45),
        ({"timeout": -1}, 45),
        ({"timeout": True}, 45),
        ({"timeout": "60"}, 45),
        ({}, 45),
    ],
)
def test_another_clients_timeout_is_read_in_its_unit(folder: ConfigFolder, raw: dict[str, Any], seconds: float) -> None:
    folder.write("voice-agent.toml", "[limits]\ncall_timeout = 45\n")

    assert folder.entry({"command": "c", **raw}).voice.timeout == seconds


@pytest.mark.parametrize(
    ("voice", "said"),
    [
        ({"alow": ["a"]}, "Did you mean “allow”?"),
        ({"denny": ["a"]}, "Did you mean “deny”?"),
        ({"allow": [5]}, "list of names of tools"),
        ({"deny": {"a": 1}}, "list of names of tools"),
        ({"deny": [""]}, "list of names of tools"),
        ({"scope": "sesion"}, "“shared” or “session”"),
        ([], "“voice” must be an object"),
        ("always", "“voice” must be an object"),
    ],
)
def test_a_mistake_that_could_let_a_tool_through_leaves_the_server_out(
    folder: ConfigFolder, voice: Any, said: str
) -> None:
    assert said in folder.problem({"command": "c", "voice": voice})


@pytest.mark.parametrize(
    ("voice", "said"),
    [
        ({"trust": "yes"}, "“trust” must be true or false"),
        ({"required": 1}, "“required” must be true or false"),
        ({"timeout": 0}, "number of seconds"),
        ({"timeout": "30"}, "number of seconds"),
        ({"timeout": True}, "number of seconds"),
        ({"say": ""}, "as it is spoken"),
        ({"vocabulary": [None]}, "list of names of tools"),
        ({"tiemout": 5}, "Did you mean “timeout”?"),
        ({"colour": 5}, "It knows allow, announce, confirm"),
    ],
)
def test_any_other_mistake_costs_only_its_key(folder: ConfigFolder, voice: dict[str, Any], said: str) -> None:
    folder.write_servers({"x": {"command": "c", "voice": voice}})

    config = folder.load()

    assert config.servers[1].voice == VoiceOptions()
    (problem,) = config.problems
    assert said in str(problem)
    assert problem.server is None


@pytest.mark.parametrize("confirm", ["alwyas", "delete_*", 5, [5], True])
def test_a_mistake_in_confirm_confirms_every_call(folder: ConfigFolder, confirm: Any) -> None:
    folder.write_servers({"x": {"command": "c", "voice": {"confirm": confirm}}})

    config = folder.load()

    assert config.servers[1].voice.confirm == "always"
    assert len(config.problems) == 1


def test_the_line_of_the_very_key_is_named(folder: ConfigFolder) -> None:
    folder.write("mcp.json", '{"mcpServers": {\n"x": {"command": "c",\n"voice": {"trust": true,\n"say": 5}}}}')

    assert folder.load().problems[0].where == "mcp.json:4"
