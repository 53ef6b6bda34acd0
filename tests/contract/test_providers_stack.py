"""What `build` gives a session, and what it leaves alone."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from livekit.agents import Agent, AgentSession, inference

from tests.fakes.chat import Call
from tests.fakes.stacks import cloud
from voice_agent.config.settings import Settings
from voice_agent.errors import ConfigError, ExtraMissing
from voice_agent.providers.build import build

if TYPE_CHECKING:
    from tests.fakes.stacks import CloudProfile

pytestmark = pytest.mark.contract


@pytest.mark.parametrize("profile", ["quality", "budget"])
async def test_a_session_takes_the_whole_stack_and_answers(profile: CloudProfile) -> None:
    async with cloud(model=["Nothing is on your list."]) as providers:
        stack = await build(providers.settings(profile))
        whole: Any = AgentSession(**stack.session_options())
        async with whole as session:
            session.output.set_audio_enabled(False)
            await session.start(agent=Agent(instructions="Help."), record=False)
            result = await session.run(user_input="what is on my list?")
            result.expect.next_event().is_message(role="assistant")
        await stack.aclose()


async def test_a_typed_session_gets_no_ears_no_voice_and_no_detector() -> None:
    async with cloud(model=["Hello."]) as providers:
        stack = await build(providers.settings(), need="text")
        assert (stack.stt, stack.tts, stack.vad) == (None, None, None)
        assert [choice.part for choice in stack.choices] == ["llm"]
        whole: Any = AgentSession(**stack.session_options())
        async with whole as session:
            await session.start(agent=Agent(instructions="Help."), record=False)
            result = await session.run(user_input="hello")
            result.expect.next_event().is_message(role="assistant")
            assert session.vad is None
            assert session.turn_detection is None
        assert not providers.deepgram.requests
        assert not providers.cartesia.requests
        await stack.aclose()


async def test_a_typed_session_needs_no_key_for_the_voice() -> None:
    settings = Settings.model_validate({"profile": "quality", "openai_api_key": "sk-1"})
    stack = await build(settings, need="text")
    await stack.aclose()
    with pytest.raises(ConfigError, match="DEEPGRAM_API_KEY"):
        await build(settings)


async def test_the_turn_detector_stays_on_this_machine_even_in_livekits_development_mode(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {"DEV_MODE": "1", "API_KEY": "k", "API_SECRET": "s", "URL": "wss://x.livekit.cloud"}.items():
        monkeypatch.setenv(f"LIVEKIT_{name}", value)
    async with cloud() as providers:
        stack = await build(providers.settings())
        detector = stack.turn_handling["turn_detection"]
        assert isinstance(detector, inference.TurnDetector)
        assert detector.model == "turn-detector-v1-mini"
        assert stack.turn_handling["interruption"]["mode"] == "vad"
        await stack.aclose()


@pytest.mark.parametrize("detection", ["vad", "stt", "manual"])
async def test_turn_detection_and_its_delays_are_the_users_to_choose(detection: str) -> None:
    async with cloud() as providers:
        stack = await build(providers.settings(turn={"detection": detection, "min_delay": 0.7, "max_delay": 1.5}))
        assert stack.turn_handling["turn_detection"] == detection
        delays = stack.turn_handling["endpointing"]
        assert (delays["min_delay"], delays["max_delay"]) == (0.7, 1.5)
        assert stack.turn_handling["interruption"]["mode"] == "vad"
        await stack.aclose()


async def test_offline_ears_end_a_turn_by_themselves_where_turns_are_left_to_the_recogniser() -> None:
    stack = await build(Settings.model_validate({"profile": "offline", "turn": {"detection": "stt", "min_delay": 0.7}}))
    assert stack.stt is not None
    assert (stack.turn_handling["turn_detection"], getattr(stack.stt, "ends_after", None)) == ("stt", 0.7)
    await stack.aclose()


@pytest.mark.parametrize(("profile", "spoken_ahead"), [("offline", True), ("quality", False)])
async def test_only_what_costs_nothing_is_spoken_before_the_turn_is_over(profile: Any, *, spoken_ahead: bool) -> None:
    async with cloud() as providers:
        settings = Settings(profile="offline") if profile == "offline" else providers.settings(profile)
        stack = await build(settings)
        assert stack.turn_handling["preemptive_generation"]["preemptive_tts"] is spoken_ahead
        await stack.aclose()


async def test_a_missing_plugin_names_the_extra_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "livekit.plugins.cartesia", None)
    monkeypatch.delattr("livekit.plugins.cartesia", raising=False)
    async with cloud(model=[Call("x")]) as providers:
        with pytest.raises(ExtraMissing, match="“voice”"):
            await build(providers.settings())


def test_no_more_is_imported_and_loaded_than_the_choice_needs() -> None:
    program = """
import asyncio, os, sys, threading
from voice_agent.config.settings import Settings
from voice_agent.providers.build import build
async def main():
    stack = await build(Settings(profile="auto", deepgram_api_key="k", openai_api_key="k"), need="text")
    print(sorted(name for name in sys.modules if name.startswith("livekit.plugins.") and name.count(".") == 2))
    await stack.aclose()
    stack = await build(Settings(profile="auto", deepgram_api_key="k", cartesia_api_key="k"))
    loading = [thread.name for thread in threading.enumerate() if "load" in thread.name]
    print([member.candidate.provider for member in stack.members], loading, "faster_whisper" in sys.modules)
    await stack.aclose()
asyncio.run(main())
"""
    assert _printed(program) == [
        "['livekit.plugins.openai']",
        "['deepgram', 'offline', 'offline', 'cartesia', 'deepgram'] [] False",
    ]


def test_offline_imports_no_plugin_of_any_provider() -> None:
    program = """
import asyncio, os, sys
from voice_agent.config.settings import Settings
from voice_agent.providers.build import build
async def main():
    stack = await build(Settings(profile="offline"))
    print(sorted(name for name in sys.modules if name.startswith("livekit.plugins.")))
    await stack.aclose()
    sys.stdout.flush()
    os._exit(0)  # the weights need not be loaded to the end
asyncio.run(main())
"""
    assert _printed(program) == ["[]"]


def _printed(program: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
