"""What docs/configuration.md shows is read as it says, and it names every key that there is."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from tests.support.config_folder import ConfigFolder
from voice_agent.config.types import VoiceOptions

pytestmark = pytest.mark.unit

TEXT = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")


def sample(language: str) -> str:
    return samples(language)[0]


def samples(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


def test_the_samples_are_read_without_a_mistake(tmp_path: Path) -> None:
    folder = ConfigFolder(tmp_path)
    folder.write("mcp.json", sample("json"))
    folder.write("voice-agent.toml", sample("toml"))

    config = folder.load()

    assert config.problems == ()
    assert [entry.name for entry in config.servers] == ["tasks", "memory", "docs", "files"]
    assert config.servers[3].voice.confirm == ("write_*", "move_*")
    assert config.settings.llm.base_url == "http://localhost:11434/v1"


def test_a_profile_of_the_users_own_is_taken_from_their_folder(tmp_path: Path) -> None:
    folder = ConfigFolder(tmp_path, {"VOICE_AGENT_PROFILE": "mine"})
    (folder.home / "profiles").mkdir()
    (folder.home / "profiles" / "mine.toml").write_text(samples("toml")[1])

    profile = folder.load().profile

    assert [part[0].provider for part in (profile.stt, profile.llm, profile.tts)] == ["deepgram", "openai", "offline"]
    assert profile.turn.min_delay == 0.3


def test_the_server_arguments_are_read_as_they_are_named(tmp_path: Path) -> None:
    folder = ConfigFolder(tmp_path, {"MY_KEY": "k"})
    section = TEXT.split("### Without a file")[1].split("## ")[0]
    arguments = re.findall(r"`--server '?(.+?)'?`", section)

    servers = folder.load(servers=arguments).servers

    assert [entry.name for entry in servers] == ["tasks", "example", "time", "notes", "x"]


def test_the_table_has_each_of_our_keys() -> None:
    table = TEXT.split('### Our own keys: `"voice"`')[1].split("\n\nA mistake")[0]
    named = {
        key
        for line in table.splitlines()
        if line.startswith("| `")
        for key in re.findall(r"`(\w+)`", line.split("|")[1])
    }

    assert named == {field.name for field in fields(VoiceOptions)}
