"""Which candidate does a part, and the reason that is given."""

from __future__ import annotations

import itertools
import sys
from typing import Any

import pytest

from voice_agent.config.profiles import load_profile
from voice_agent.config.settings import Settings
from voice_agent.errors import ConfigError, ExtraMissing
from voice_agent.providers.choose import Choice, Pick, choose, ports_to_ask
from voice_agent.providers.local_server import LocalServer

pytestmark = pytest.mark.unit

OLLAMA = {11434: LocalServer("http://127.0.0.1:11434/v1", ("nomic-embed-text:latest", "qwen3:4b"))}
VARIABLES = {"deepgram": "DEEPGRAM_API_KEY", "openai": "OPENAI_API_KEY", "cartesia": "CARTESIA_API_KEY"}


def picks(profile: str = "auto", found: dict[int, LocalServer] | None = None, **values: Any) -> dict[str, Pick]:
    settings = Settings.model_validate({"profile": profile, **values})
    return {str(part): pick for part, pick in choose(load_profile(profile, settings), settings, found or {}).items()}


def keys(*names: str) -> dict[str, Any]:
    return {f"{name}_api_key": f"{name}-key" for name in names}


@pytest.mark.parametrize(
    "having", [c for n in range(4) for c in itertools.combinations(("deepgram", "openai", "cartesia"), n)], ids=str
)
@pytest.mark.parametrize("found", [{}, OLLAMA], ids=["no server", "ollama"])
def test_auto_takes_per_part_the_best_that_there_is_a_key_for_then_a_local_server_then_this_machine(
    having: tuple[str, ...], found: dict[int, LocalServer]
) -> None:
    def best(*order: str) -> str:
        return next((name for name in order if name in having), "offline")

    chosen = picks(found=found, **keys(*having))
    assert chosen["stt"].first.provider == best("deepgram", "openai")
    assert chosen["tts"].first.provider == best("cartesia", "deepgram", "openai")
    by_key = best("openai")
    assert chosen["llm"].first.provider == ("openai-compatible" if by_key == "offline" and found else by_key)


@pytest.mark.parametrize("name", VARIABLES)
def test_the_reason_for_a_provider_with_a_key_is_the_variable_that_holds_it(name: str) -> None:
    reasons = [pick.why for pick in picks(**keys(name)).values() if pick.first.provider == name]
    assert reasons
    assert set(reasons) == {f"{VARIABLES[name]} is set"}


def test_the_reason_for_this_machine_is_all_that_would_have_been_better() -> None:
    chosen = picks()
    assert chosen["llm"].why == "OPENAI_API_KEY is not set and no model server on this machine can be the brain"
    assert chosen["stt"].why.startswith("none of DEEPGRAM_API_KEY and OPENAI_API_KEY is set")


def test_the_reason_in_a_named_profile_is_the_profile() -> None:
    assert {pick.why for pick in picks("quality", **keys(*VARIABLES)).values()} == {"the profile “quality” says so"}


def test_a_choice_reads_as_a_sentence() -> None:
    choice = Choice("stt", "deepgram", "nova-3", "DEEPGRAM_API_KEY is set")
    assert str(choice) == "ears: Deepgram nova-3, because DEEPGRAM_API_KEY is set"
    assert str(Choice("llm", "offline", "rules", "it is so")) == "brain: the built-in rules, because it is so"


def test_of_a_local_servers_models_one_that_can_talk_is_taken() -> None:
    first = picks(found=OLLAMA)["llm"].first
    assert (first.model, first.base_url) == ("qwen3:4b", "http://127.0.0.1:11434/v1")


def test_a_local_server_without_a_model_that_can_talk_is_passed_over() -> None:
    embedder = {11434: LocalServer("http://127.0.0.1:11434/v1", ("nomic-embed-text", "bge-m3"))}
    assert picks(found=embedder)["llm"].first.provider == "offline"


def test_a_local_speech_server_gives_ears_and_voice() -> None:
    speaches = {8000: LocalServer("http://127.0.0.1:8000/v1", ("Systran/faster-whisper-small", "hexgrad/Kokoro-82M"))}
    chosen = picks(found=speaches)
    assert chosen["stt"].first.model == "Systran/faster-whisper-small"
    assert chosen["tts"].first.model == "hexgrad/Kokoro-82M"
    assert chosen["llm"].first.provider == "offline"


def test_no_port_is_asked_where_a_key_decides() -> None:
    settings = Settings.model_validate({**keys("openai", "deepgram")})
    assert not ports_to_ask(load_profile("auto", settings), settings)
    alone = Settings.model_validate(keys("deepgram"))
    assert 11434 in ports_to_ask(load_profile("auto", alone), alone)


def test_no_port_is_asked_by_a_named_profile() -> None:
    for name in ("offline", "quality", "budget"):
        settings = Settings(profile=name)
        assert not ports_to_ask(load_profile(name, settings), settings)


def test_the_next_that_can_be_used_stands_in_and_nothing_else() -> None:
    chosen = picks(**keys("cartesia", "deepgram"))
    standbys = {part: pick.standby.provider for part, pick in chosen.items() if pick.standby}
    assert standbys == {"stt": "offline", "tts": "deepgram"}


def test_in_a_named_profile_nobody_stands_in() -> None:
    assert {pick.standby for pick in picks("quality", **keys(*VARIABLES)).values()} == {None}


def test_what_the_user_sets_is_for_the_one_that_is_taken_and_not_for_the_one_that_stands_in() -> None:
    voice = picks(tts={"voice": "a-cartesia-voice", "model": "sonic-2"}, **keys("cartesia", "deepgram"))["tts"]
    assert (voice.first.voice, voice.first.model) == ("a-cartesia-voice", "sonic-2")
    assert voice.standby is not None
    assert (voice.standby.voice, voice.standby.model) == (None, "aura-2-andromeda-en")


def test_every_missing_variable_of_a_named_profile_is_named_at_once() -> None:
    with pytest.raises(ConfigError) as error:
        picks("quality", **keys("openai"))
    assert "DEEPGRAM_API_KEY is not set (for the ears)" in str(error.value)
    assert "CARTESIA_API_KEY is not set (for the voice)" in str(error.value)
    assert "OPENAI" not in str(error.value)
    assert error.value.exit_status == 2


def test_a_variable_that_two_parts_need_is_named_once() -> None:
    with pytest.raises(ConfigError, match=r"DEEPGRAM_API_KEY is not set \(for the ears and the voice\)"):
        picks("budget", **keys("openai"))


def test_a_provider_that_the_user_insists_on_is_not_passed_over_in_silence() -> None:
    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        picks("auto", llm={"provider": "openai"})


def test_a_key_given_to_one_part_alone_is_enough_for_it() -> None:
    chosen = picks(llm={"api_key": "sk-1"})
    assert chosen["llm"].first.provider == "openai"
    assert chosen["llm"].why == "llm.api_key is set"
    assert chosen["stt"].first.provider == "offline"


def test_an_openai_compatible_server_needs_its_address() -> None:
    with pytest.raises(ConfigError, match=r"llm\.base_url is not set"):
        picks("offline", llm={"provider": "openai-compatible"})


def test_this_machine_is_not_offered_a_language_that_it_does_not_know() -> None:
    with pytest.raises(ConfigError, match="know English only"):
        picks("offline", language="de")
    with pytest.raises(ConfigError, match=r"brain.*know English only"):
        picks("auto", language="de", **keys("deepgram"))
    assert picks("auto", language="de", **keys("deepgram", "openai"))["stt"].standby is not None


def test_a_model_that_is_meant_for_another_does_not_make_this_machine_know_a_language() -> None:
    ears = {"provider": "deepgram", "model": "nova-2"}
    assert picks("auto", language="de", stt=ears, **keys("deepgram", "openai"))["stt"].standby is None


def test_ears_of_another_language_may_be_a_bigger_whisper() -> None:
    chosen = picks("auto", language="de", stt={"provider": "offline", "model": "small"}, **keys("openai"))
    assert (chosen["stt"].first.provider, chosen["stt"].first.model) == ("offline", "small")


@pytest.mark.parametrize("package", ["faster_whisper", "piper"])
def test_a_spoken_offline_conversation_without_its_packages_names_the_extra(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ExtraMissing, match="“offline”") as error:
        picks("offline")
    assert error.value.exit_status == 2
    assert picks("auto", **keys("deepgram"))["stt"].first.provider == "deepgram"


def test_the_address_of_openai_is_that_of_each_part_of_openai_without_its_own() -> None:
    own = {"llm": {"provider": "openai", "base_url": "http://own/v1"}, "stt": {"provider": "openai"}}
    chosen = picks(openai_base_url="http://proxy/v1", **own, **keys("openai", "cartesia"))
    assert chosen["llm"].first.base_url == "http://own/v1"
    assert chosen["stt"].first.base_url == "http://proxy/v1"
    assert chosen["tts"].first.provider == "cartesia"
    assert chosen["tts"].first.base_url is None
    assert picks(openai_base_url="http://proxy/v1", **keys("openai"))["tts"].first.base_url == "http://proxy/v1"


def test_a_missing_key_is_asked_for_where_it_is_looked_for() -> None:
    with pytest.raises(ConfigError, match=r"in the environment, in voice-agent\.toml or in a secret file"):
        picks("quality")
