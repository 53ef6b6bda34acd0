from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.support.config_folder import ConfigFolder
from voice_agent.config import check

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


@pytest.fixture
def folder(tmp_path: Path) -> ConfigFolder:
    return ConfigFolder(tmp_path)


def test_this_python_is_new_enough() -> None:
    assert check.check_python().status == "ok"


def test_both_extras_are_looked_at_by_what_the_package_requires() -> None:
    checks = list(check.check_extras())

    assert [c.name for c in checks] == ["extra voice", "extra offline"]
    assert all(c.remedy is None or c.remedy.startswith("Run: pip install 'voice-agent[") for c in checks)


def test_a_profile_that_lacks_its_keys_says_which(folder: ConfigFolder) -> None:
    folder.environ |= {"VOICE_AGENT_PROFILE": "quality", "OPENAI_API_KEY": "k"}

    found = check.check_profile(folder.load())

    assert found.status == "problem"
    assert "CARTESIA_API_KEY and DEEPGRAM_API_KEY" in found.text
    folder.environ |= {"CARTESIA_API_KEY": "k", "DEEPGRAM_API_KEY": "k"}
    assert check.check_profile(folder.load()).status == "ok"


def test_a_profile_that_does_not_exist_says_where_it_was_named(folder: ConfigFolder) -> None:
    folder.write("voice-agent.toml", 'profile = "qualty"')

    found = check.check_profile(folder.load())

    assert (found.status, found.remedy) == ("problem", "Correct it where it is set: voice-agent.toml:1.")
    assert "quality" in found.text


def test_no_key_at_all_is_fine(folder: ConfigFolder) -> None:
    assert check.check_profile(folder.load()).status == "ok"
    assert check.check_keys(folder.load()).status == "ok"


def test_keys_are_told_by_name_and_source(folder: ConfigFolder) -> None:
    folder.write("voice-agent.toml", 'deepgram_api_key = "k"')
    folder.environ["OPENAI_API_KEY"] = "k"

    text = check.check_keys(folder.load()).text

    assert text == "Set: DEEPGRAM_API_KEY (from voice-agent.toml:1), OPENAI_API_KEY. Not set: CARTESIA_API_KEY."


def test_each_mistake_is_a_problem_of_its_own(folder: ConfigFolder) -> None:
    folder.write_servers({"a": {}, "b": {}})

    checks = list(check.check_config(folder.load()))

    assert [c.status for c in checks] == ["problem", "problem"]
    assert not check.all_is_well(checks)


@pytest.mark.parametrize(
    ("raw", "statuses"),
    [
        ({"url": "http://h.example/mcp", "headers": {"Authorization": "Bearer t"}}, ["ok", "warning"]),
        ({"url": "http://h.example/mcp", "auth": "t"}, ["ok", "warning"]),
        ({"url": "http://h.example/mcp"}, ["ok"]),
        ({"url": "https://h.example/mcp", "auth": "t"}, ["ok"]),
        ({"url": "http://127.0.0.1:8000/mcp", "auth": "t"}, ["ok"]),
    ],
)
def test_a_token_that_travels_in_the_clear_is_warned_of(
    folder: ConfigFolder, raw: dict[str, object], statuses: list[str]
) -> None:
    folder.write_servers({"x": raw})

    checks = list(check.check_config(folder.load()))

    assert [c.status for c in checks] == statuses
    assert check.all_is_well(checks)


@pytest.mark.skipif(os.name == "nt", reason="permissions are another thing there")
def test_secret_files_that_others_can_read_are_warned_of(folder: ConfigFolder) -> None:
    secrets = folder.home / "secrets"
    secrets.mkdir(mode=0o755)
    (secrets / "openai_api_key").write_text("k")
    (secrets / "openai_api_key").chmod(0o644)

    assert [c.status for c in check.check_secret_files(secrets)] == ["warning"]
    secrets.chmod(0o700)
    assert list(check.check_secret_files(secrets)) == []
    secrets.chmod(0o755)
    (secrets / "openai_api_key").chmod(0o600)
    assert list(check.check_secret_files(secrets)) == []


def test_a_home_that_does_not_exist_yet_is_judged_by_its_parent_and_not_made(tmp_path: Path) -> None:
    home = tmp_path / "not" / "yet"

    assert next((c.name, c.status) for c in check.check_home(home)) == ("home", "ok")
    assert not home.parent.exists()


def test_a_home_that_cannot_be_written_to_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    checks = list(check.check_home(tmp_path / "file" / "home"))

    assert checks[0].status == "problem"
    assert checks[0].remedy is not None
    assert "VOICE_AGENT_HOME" in checks[0].remedy


def test_the_folder_of_the_tasks_is_looked_at_wherever_it_is_set(folder: ConfigFolder) -> None:
    (folder.root / "file").write_text("in the way")
    for where, status in ((folder.root / "new" / "t.db", "ok"), (folder.root / "file" / "t.db", "problem")):
        folder.environ["TASK_MANAGER_DATABASE_URL"] = f"sqlite:///{where}"
        (found,) = check.check_tasks(folder.load())
        assert (found.name, found.status) == ("tasks", status)
        assert str(where) in found.text
    assert found.remedy is not None
    assert "TASK_MANAGER_DATABASE_URL" in found.remedy


def test_the_folder_of_the_tasks_is_the_users_data_folder_where_nothing_is_set(folder: ConfigFolder) -> None:
    (found,) = check.check_tasks(folder.load(), {"XDG_DATA_HOME": str(folder.root)})
    assert str(folder.root / "voice-agent" / "tasks.db") in found.text


def test_tasks_that_are_kept_elsewhere_are_not_looked_for(folder: ConfigFolder) -> None:
    folder.write_servers({"tasks": {"url": "http://127.0.0.1:9/mcp"}})
    assert list(check.check_tasks(folder.load())) == []


def test_clock_and_time_zone_are_told(folder: ConfigFolder) -> None:
    folder.environ["VOICE_AGENT_TIME_ZONE"] = "Asia/Tokyo"

    checks = list(check.check_clock(folder.load().settings))

    assert [c.name for c in checks] == ["clock", "time zone"]
    assert "Asia/Tokyo" in checks[1].text
