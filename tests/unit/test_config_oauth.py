from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.config_folder import ConfigFolder
from voice_agent.config.types import HttpEntry, OAuth

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


def read(tmp_path: Path, entry: dict[str, Any], **env: str) -> Any:
    folder = ConfigFolder(tmp_path, env)
    folder.write("mcp.json", json.dumps({"mcpServers": {"notes": {"url": "https://h.example/mcp", **entry}}}))
    return folder.load()


@pytest.mark.parametrize(
    ("written", "oauth"),
    [
        ({"auth": "oauth"}, OAuth()),
        ({"oauth": True}, OAuth()),
        ({"oauth": {}}, OAuth()),
        ({"oauth": {"clientId": "c", "callbackPort": 8123, "scopes": "a b"}}, OAuth("c", None, ("a", "b"), None, 8123)),
        ({"auth": {"CLIENT_ID": "c", "CLIENT_SECRET": "${SECRET}", "scopes": ["a"]}}, OAuth("c", "t0psecret", ("a",))),
        (
            {"oauth": {"client_id": "c", "clientMetadataUrl": "https://h/c.json"}},
            OAuth("c", None, (), "https://h/c.json"),
        ),
        (
            {"oauth": {"clientId": "c", "clientSecret": "s", "grantType": "client_credentials"}},
            OAuth("c", "s", grant="client_credentials"),
        ),
        ({"auth": "Bearer abc"}, None),
        ({}, None),
    ],
)
def test_how_one_signs_in_is_read_in_every_clients_words(tmp_path: Path, written: Any, oauth: OAuth | None) -> None:
    config = read(tmp_path, written, SECRET="t0psecret")
    assert config.problems == ()
    entry = config.servers[-1]
    assert isinstance(entry, HttpEntry)
    assert (entry.auth == "oauth", entry.oauth) == (oauth is not None, oauth)
    assert "t0psecret" not in repr(config)
    if oauth is not None and oauth.client_secret is not None:
        assert oauth.client_secret in entry.secrets


@pytest.mark.parametrize(
    ("oauth", "said"),
    [
        ({"clientId": 5}, "“clientid” must be text"),
        ({"callbackPort": 70000}, "“callbackPort” must be the number of a port"),
        ({"scopes": {"a": 1}}, "“scopes” must be a list of words"),
        ({"clientMetadataUrl": "http://h/c.json"}, "“clientMetadataUrl” must be an https address with a path"),
        ({"grant": "password"}, "“grant” is none that is known here"),
        ({"grant": "client_credentials"}, "needs “clientSecret”"),
    ],
)
def test_a_mistake_in_it_is_told(tmp_path: Path, oauth: dict[str, Any], said: str) -> None:
    (problem,) = read(tmp_path, {"oauth": oauth}).problems
    assert problem.server == "notes"
    assert said in str(problem)
