"""What happens in profile `auto` when a provider fails in mid-conversation: the next one goes on, and it is said."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.fakes.chat import Call
from tests.fakes.faults import BROKEN, REFUSED_KEY, Fault
from tests.fakes.sound import loudness
from tests.fakes.stacks import KEYS, Cloud, ask, cloud, hear, speak
from voice_agent.config.profiles import load_profile
from voice_agent.config.settings import Settings
from voice_agent.providers.build import build

if TYPE_CHECKING:
    from pathlib import Path

    from voice_agent.providers.stack import Stack
    from voice_agent.providers.standby import Switched

pytestmark = pytest.mark.contract

AUTOMATIC = """
automatic = true
[[stt]]
provider = "deepgram"
base_url = "{deepgram}"
[[stt]]
provider = "openai-compatible"
base_url = "{openai}/v1"
model = "whisper-mine"
[[llm]]
provider = "openai"
base_url = "{openai}/v1"
[[llm]]
provider = "offline"
[[tts]]
provider = "cartesia"
base_url = "{cartesia}"
[[tts]]
provider = "deepgram"
base_url = "{deepgram}"
"""


async def stack_of(providers: Cloud, folder: Path) -> tuple[Stack, list[Switched]]:
    urls = {name: getattr(providers, name).url for name in ("deepgram", "openai", "cartesia")}
    (folder / "mine.toml").write_text(AUTOMATIC.format(**urls))
    settings = Settings.model_validate({"profile": "mine", **KEYS})
    stack = await build(settings, profile=load_profile("mine", settings, folders=[folder]))
    switches: list[Switched] = []
    stack.on_switch(switches.append)
    return stack, switches


async def test_where_nothing_fails_nobody_stands_in(tmp_path: Path) -> None:
    async with cloud(hears=["Add milk."], model=["Hello."]) as providers:
        stack, switches = await stack_of(providers, tmp_path)
        assert await hear(stack.stt) == "Add milk."
        assert (await ask(stack.llm)).text == "Hello."
        assert loudness(await speak(stack.tts)) > 500
        assert not switches
        assert not providers.deepgram.spoke
        await stack.aclose()


async def test_the_rules_go_on_when_the_model_refuses_the_key(tmp_path: Path) -> None:
    async with cloud() as providers:
        providers.openai.fail_always(REFUSED_KEY)
        stack, switches = await stack_of(providers, tmp_path)
        assert (await ask(stack.llm, "what can you do?")).text
        assert [(s.part, s.now.provider) for s in switches] == [("llm", "offline")]
        assert switches[0].spoken == "The language model refused my key, so I go on with the built-in rules."
        assert "OPENAI_API_KEY" in switches[0].text
        await stack.aclose()


async def test_the_other_voice_goes_on_when_the_first_fails_at_once(tmp_path: Path) -> None:
    async with cloud() as providers:
        providers.cartesia.fail_always(BROKEN)
        stack, switches = await stack_of(providers, tmp_path)
        assert loudness(await speak(stack.tts)) > 500
        assert [(s.part, s.now.provider) for s in switches] == [("tts", "deepgram")]
        assert switches[0].failure is not None
        assert switches[0].failure.code == "server_error"
        await stack.aclose()


async def test_other_ears_go_on_when_the_first_are_not_there(tmp_path: Path) -> None:
    async with cloud() as providers:
        await providers.deepgram.stop()
        providers.openai.key = None
        providers.openai.hear("Add milk.")
        stack, switches = await stack_of(providers, tmp_path)
        assert await hear(stack.stt, keep_talking=True) == "Add milk."
        assert [(s.part, s.now.provider) for s in switches] == [("stt", "openai-compatible")]
        assert switches[0].spoken.startswith("The speech recognition cannot be reached, so I go on with whisper-mine")
        await stack.aclose()


async def test_a_model_that_is_well_again_is_used_again(tmp_path: Path) -> None:
    async with cloud(model=lambda _: "Well again.") as providers:
        providers.openai.fail(BROKEN, BROKEN)
        stack, switches = await stack_of(providers, tmp_path)
        await ask(stack.llm)
        await providers.openai.until(lambda: len(providers.openai.chats) == 1)
        await providers.openai.until(lambda: providers.openai.requests[-1].is_over)
        async with asyncio.timeout(45):
            while len(switches) < 2:
                await ask(stack.llm)
        assert switches[-1].spoken == "OpenAI gpt-4.1 works again."
        await stack.aclose()


async def test_half_an_answer_is_not_followed_by_another_ones(tmp_path: Path) -> None:
    async with cloud(model=["One two three four."]) as providers:
        providers.openai.fail_always(Fault(drop_after=2))
        stack, _ = await stack_of(providers, tmp_path)
        with pytest.raises(Exception, match="Connection error"):
            await ask(stack.llm)
        await stack.aclose()


async def test_the_vocabulary_reaches_those_who_stand_in(tmp_path: Path) -> None:
    async with cloud() as providers:
        await providers.deepgram.stop()
        providers.openai.key = None
        providers.openai.hear("Add milk.")
        stack, _ = await stack_of(providers, tmp_path)
        stack.set_vocabulary(["oat milk"])
        await hear(stack.stt, keep_talking=True)
        assert providers.openai.requests[-1].body["prompt"] == "oat milk"
        await stack.aclose()


async def test_the_pace_reaches_those_who_stand_in(tmp_path: Path) -> None:
    async with cloud() as providers:
        providers.cartesia.fail_always(BROKEN)
        stack, _ = await stack_of(providers, tmp_path)
        assert stack.set_speed(0.8)
        await speak(stack.tts)
        assert providers.deepgram.spoke[-1].asked("speed") == "0.8"
        await stack.aclose()


async def test_a_tool_call_of_the_first_is_not_made_again_by_the_one_that_stands_in(tmp_path: Path) -> None:
    async with cloud(model=[Call("tasks_add", {"title": "milk"})]) as providers:
        stack, switches = await stack_of(providers, tmp_path)
        assert [call.name for call in (await ask(stack.llm, "add milk")).calls] == ["tasks_add"]
        assert not switches
        await stack.aclose()
