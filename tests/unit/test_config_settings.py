from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.config_folder import ConfigFolder
from voice_agent.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


@pytest.fixture
def folder(tmp_path: Path) -> ConfigFolder:
    return ConfigFolder(tmp_path)


def test_each_source_is_stronger_than_the_next_and_named(folder: ConfigFolder) -> None:
    def model() -> tuple[str | None, str]:
        config = folder.load()
        assert config.problems == ()
        return config.settings.stt.model, config.origins["stt.model"]

    assert model() == (None, "default")
    folder.write("voice-agent.toml", 'profile = "auto"\n\n[stt]\n# why\nmodel = "toml"\n')
    assert model() == ("toml", "voice-agent.toml:5")
    (folder.home / "secrets").mkdir()
    secret = folder.home / "secrets" / "voice_agent_stt__model"
    secret.write_text("file\n")
    assert model() == ("file", f"secret file {secret}")
    folder.environ["VOICE_AGENT_STT__MODEL"] = "variable"
    assert model() == ("variable", "VOICE_AGENT_STT__MODEL")
    config = folder.load(overrides={"stt.model": "argument"})
    assert (config.settings.stt.model, config.origins["stt.model"]) == ("argument", "--stt-model")


def test_every_setting_has_an_origin(folder: ConfigFolder) -> None:
    origins = folder.load().origins

    assert set(origins.values()) == {"default"}
    assert {"profile", "stt.base_url", "limits.tools", "turn.detection", "openai_api_key"} <= set(origins)


def test_conventional_variables_are_read_and_ours_are_stronger(folder: ConfigFolder) -> None:
    folder.environ |= {
        "OPENAI_API_KEY": "a",
        "DEEPGRAM_API_KEY": "b",
        "CARTESIA_API_KEY": "c",
        "OPENAI_BASE_URL": "http://d",
    }
    folder.environ["VOICE_AGENT_DEEPGRAM_API_KEY"] = "ours"

    config = folder.load()
    settings = config.settings

    assert settings.openai_api_key is not None
    assert settings.openai_api_key.get_secret_value() == "a"
    assert settings.deepgram_api_key is not None
    assert settings.deepgram_api_key.get_secret_value() == "ours"
    assert settings.openai_base_url == "http://d"
    assert config.origins["cartesia_api_key"] == "CARTESIA_API_KEY"


def test_an_empty_variable_counts_as_not_set(folder: ConfigFolder) -> None:
    folder.write("voice-agent.toml", 'openai_api_key = "t"\nlanguage = "de"\n')
    folder.environ |= {
        "OPENAI_API_KEY": "",
        "VOICE_AGENT_LANGUAGE": " ",
        "VOICE_AGENT_CONFIG": "",
        "VOICE_AGENT_MCP_CONFIG": "",
    }

    config = folder.load()

    assert config.settings.language == "de"
    assert config.origins["openai_api_key"] == "voice-agent.toml:1"
    assert config.problems == ()


def test_a_key_comes_from_a_mounted_secret_without_its_line_end(folder: ConfigFolder) -> None:
    secrets = folder.root / "secrets"
    secrets.mkdir()
    (secrets / "openai_api_key").write_text("sk-mounted\n")
    (secrets / "unrelated").write_bytes(b"\xff\x00")

    config = folder.load()

    assert config.settings.openai_api_key is not None
    assert config.settings.openai_api_key.get_secret_value() == "sk-mounted"
    assert config.origins["openai_api_key"] == f"secret file {secrets / 'openai_api_key'}"
    assert config.problems == ()


@pytest.mark.parametrize("variable", ["OPENAI_API_KEY_FILE", "VOICE_AGENT_OPENAI_API_KEY_FILE"])
def test_a_key_comes_from_the_file_that_a_variable_names(folder: ConfigFolder, variable: str) -> None:
    folder.environ[variable] = str(folder.write("k", "sk-named"))

    config = folder.load()

    assert config.settings.openai_api_key is not None
    assert config.settings.openai_api_key.get_secret_value() == "sk-named"
    assert variable in config.origins["openai_api_key"]


def test_a_secret_file_that_cannot_be_read_is_a_problem_naming_the_variable(folder: ConfigFolder) -> None:
    folder.environ["OPENAI_API_KEY_FILE"] = "/nowhere/key"

    config = folder.load()

    assert config.settings.openai_api_key is None
    assert [problem.where for problem in config.problems] == ["OPENAI_API_KEY_FILE"]


@pytest.mark.parametrize(
    ("toml", "where", "said"),
    [
        ("[stt]\nspeed = 9", "voice-agent.toml:2", "“stt.speed”"),
        ("profile = 5", "voice-agent.toml:1", "“profile”"),
        ('[turn]\ndetection = "magic"', "voice-agent.toml:2", "'semantic', 'vad'"),
        ('\ntime_zone = "Mars/Base"', "voice-agent.toml:2", "time zone, such as Europe/Berlin"),
        ('time_zone = "../../etc/passwd"', "voice-agent.toml:1", "time zone"),
        ('profil = "x"', "voice-agent.toml:1", "Did you mean “profile”?"),
        ('[stt]\nmodle = "x"', "voice-agent.toml:2", "Did you mean “stt.model”?"),
        ("[weather]\nx = 1", "voice-agent.toml:1", "There is no setting “weather”"),
        ('stt = "whisper"', "voice-agent.toml:1", "[stt]"),
        ("limits.tools = 0", "voice-agent.toml:1", "“limits.tools”"),
        ("limits = { tools = 1000, call_timeout = 5 }", "voice-agent.toml:1", "“limits.tools”"),
    ],
)
def test_a_bad_setting_is_told_with_its_line_and_its_default_stays(
    folder: ConfigFolder, toml: str, where: str, said: str
) -> None:
    folder.write("voice-agent.toml", toml)
    folder.environ["VOICE_AGENT_LANGUAGE"] = "fr"

    config = folder.load()

    (problem,) = config.problems
    assert problem.where == where
    assert said in str(problem)
    assert config.settings.language == "fr"
    defaults = ("auto", "semantic", None, None, 64)
    settings = config.settings
    found = (settings.profile, settings.turn.detection, settings.time_zone, settings.stt.model, settings.limits.tools)
    assert found == defaults


def test_a_bad_variable_is_named_and_the_others_hold(folder: ConfigFolder) -> None:
    folder.environ |= {"VOICE_AGENT_LIMITS__TOOLS": "many", "VOICE_AGENT_LIMITS__TOOL_STEPS": "3"}

    config = folder.load()

    assert [problem.where for problem in config.problems] == ["VOICE_AGENT_LIMITS__TOOLS"]
    assert (config.settings.limits.tools, config.settings.limits.tool_steps) == (64, 3)
    assert config.origins["limits.tools"] == "default"


def test_an_unknown_variable_of_ours_is_told_with_what_was_meant(folder: ConfigFolder) -> None:
    folder.environ |= {"VOICE_AGENT_PROFLE": "x", "VOICE_AGENT_STT_MODEL": "y"}

    assert [str(problem) for problem in folder.load().problems] == [
        "VOICE_AGENT_PROFLE: There is no setting of this name. Did you mean VOICE_AGENT_PROFILE?",
        "VOICE_AGENT_STT_MODEL: There is no setting of this name. Did you mean VOICE_AGENT_STT__MODEL?",
    ]


def test_broken_toml_is_a_problem_where_found_and_the_end_where_named(folder: ConfigFolder) -> None:
    path = folder.write("voice-agent.toml", 'profile = "auto"\nlanguage = de\n')

    (problem,) = folder.load().problems
    assert problem.where == "voice-agent.toml:2:12"
    with pytest.raises(ConfigError, match=r"^voice-agent\.toml:2:12: This is not valid TOML"):
        folder.load(config=path)


def test_a_named_toml_is_the_settings_file_and_servers_are_found_as_ever(folder: ConfigFolder) -> None:
    path = folder.write("other.toml", 'profile = "offline"')
    folder.write_servers({"x": {"command": "c"}})

    config = folder.load(config=path)

    assert config.settings.profile == "offline"
    assert [entry.name for entry in config.servers] == ["tasks", "x"]


def test_a_bad_argument_ends_it(folder: ConfigFolder) -> None:
    with pytest.raises(ConfigError, match=r"^--time-zone: "):
        folder.load(overrides={"time_zone": "Mars"})


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('limits.call_timeout = "soon"', "it must be a number."),
        ("limits.tools = 1.5", "it must be a whole number."),
        ("limits.tools = 999", "it must be at most 128."),
        ("profile = 3", "it must be text."),
    ],
)
def test_why_a_value_is_not_used_is_told_in_plain_words(tmp_path: Path, line: str, reason: str) -> None:
    folder = ConfigFolder(tmp_path)
    folder.write("voice-agent.toml", line)
    (problem,) = folder.load().problems
    assert problem.message.endswith(f"is not used: {reason}")
