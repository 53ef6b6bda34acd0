"""Profiles as data: what is in a file, and what the user's settings make of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from voice_agent.config.profiles import PARTS, load_profile, profile_names
from voice_agent.config.settings import Settings
from voice_agent.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

MINE = """
[[stt]]
provider = "offline"
[[llm]]
provider = "openai-compatible"
base_url = "http://127.0.0.1:9/v1"
model = "mine"
[[tts]]
provider = "offline"
speed = 1.2
"""


def settings(**values: Any) -> Settings:
    return Settings.model_validate(values)


def providers(name: str, **values: Any) -> dict[str, list[str]]:
    profile = load_profile(name, settings(**values))
    return {part: [candidate.provider for candidate in profile.candidates(part)] for part in PARTS}


def test_the_bundled_profiles_are_listed() -> None:
    assert profile_names() == ("auto", "budget", "offline", "quality")


def test_quality_is_deepgram_openai_and_cartesia_and_nothing_else() -> None:
    assert providers("quality") == {"stt": ["deepgram"], "llm": ["openai"], "tts": ["cartesia"]}
    profile = load_profile("quality", settings())
    assert [profile.candidates(part)[0].model for part in PARTS] == ["nova-3", "gpt-4.1", "sonic-3"]


def test_budget_is_deepgram_a_small_openai_model_and_deepgrams_voice() -> None:
    profile = load_profile("budget", settings())
    assert [profile.candidates(part)[0].model for part in PARTS] == ["nova-3", "gpt-4.1-mini", "aura-2-andromeda-en"]


def test_offline_has_nobody_else() -> None:
    assert providers("offline") == {part: ["offline"] for part in PARTS}


def test_auto_always_ends_at_this_machine() -> None:
    assert {names[-1] for names in providers("auto").values()} == {"offline"}


def test_an_unknown_profile_is_answered_with_the_names_there_are() -> None:
    with pytest.raises(ConfigError, match=r"no profile “qality”.*auto, budget, offline, quality"):
        load_profile("qality", settings())


@pytest.mark.parametrize("name", ["../settings", "/etc/passwd", "..\\auto", ""])
def test_a_profile_is_a_name_and_never_a_path(name: str) -> None:
    with pytest.raises(ConfigError, match="no profile"):
        load_profile(name, settings())


def test_a_file_of_the_users_own_adds_a_profile(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(MINE)
    profile = load_profile("mine", settings(), folders=[tmp_path])
    assert profile.llm[0].base_url == "http://127.0.0.1:9/v1"
    assert profile.tts[0].speed == 1.2
    assert "mine" in profile_names([tmp_path])


def test_a_file_of_the_users_own_hides_the_bundled_profile_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "quality.toml").write_text(MINE)
    assert load_profile("quality", settings(), folders=[tmp_path]).llm[0].model == "mine"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[stt]\n", r"bad\.toml: this profile cannot be read"),
        (MINE.replace("1.2", '"fast"'), r"bad\.toml: “tts\.0\.speed” is wrong"),
        (MINE + "\n[turns]\n", r"bad\.toml: “turns” is wrong"),
        (MINE.replace('"openai-compatible"', '"cartesia"'), r"bad\.toml: “cartesia” cannot be the brain"),
        ("", r"bad\.toml: “stt” is wrong"),
    ],
)
def test_a_mistake_in_a_profile_is_named_with_its_file_and_key(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "bad.toml").write_text(text)
    with pytest.raises(ConfigError, match=complaint):
        load_profile("bad", settings(), folders=[tmp_path])


def test_a_provider_that_the_user_names_takes_the_place_of_the_profiles() -> None:
    profile = load_profile("quality", settings(tts={"provider": "deepgram"}))
    assert [(c.provider, c.model) for c in profile.tts] == [("deepgram", "aura-2-andromeda-en")]
    assert profile.tts[0].insisted


def test_in_auto_this_machine_still_stands_in_for_a_provider_that_the_user_names() -> None:
    assert providers("auto", llm={"provider": "openai"})["llm"] == ["openai", "offline"]


def test_in_auto_an_address_alone_means_an_openai_compatible_server() -> None:
    assert providers("auto", llm={"base_url": "http://box/v1"})["llm"] == ["openai-compatible", "offline"]


@pytest.mark.parametrize(("part", "able"), [("stt", "deepgram, openai"), ("llm", "openai, openai-compatible")])
def test_a_provider_that_cannot_do_a_part_is_answered_with_those_that_can(part: str, able: str) -> None:
    with pytest.raises(ConfigError, match=rf"{part}\.provider: “cartesia”.*{able}"):
        load_profile("quality", settings(**{part: {"provider": "cartesia"}}))


def test_language_speed_and_temperature_reach_every_candidate() -> None:
    profile = load_profile(
        "auto", settings(language="en-GB", llm={"temperature": 0.1}, tts={"speed": 1.5, "language": "en-US"})
    )
    assert {candidate.language for candidate in profile.stt} == {"en-GB"}
    assert {candidate.temperature for candidate in profile.llm} == {0.1}
    assert {(candidate.speed, candidate.language) for candidate in profile.tts} == {(1.5, "en-US")}


def test_each_provider_is_given_its_own_key_and_a_local_server_none() -> None:
    profile = load_profile("auto", settings(openai_api_key="sk-1", deepgram_api_key="dg-1"))
    keys = {c.provider: c.api_key.get_secret_value() if c.api_key else None for c in profile.stt}
    assert keys == {"deepgram": "dg-1", "openai": "sk-1", "openai-compatible": None, "offline": None}


def test_a_key_never_shows_in_what_is_printed_of_a_profile() -> None:
    assert "sk-secret" not in repr(load_profile("auto", settings(openai_api_key=SecretStr("sk-secret"))))


def test_the_users_turn_taking_wins_over_the_profiles() -> None:
    assert load_profile("quality", settings()).turn.min_delay == 0.3
    turn = load_profile("quality", settings(turn={"detection": "vad", "min_delay": 0.8, "max_delay": 1.0})).turn
    assert (turn.detection, turn.min_delay, turn.max_delay) == ("vad", 0.8, 1.0)
