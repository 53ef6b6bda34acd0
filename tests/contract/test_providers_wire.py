"""The real plugins, as `build` makes them, against the stand-ins: they work, and every setting arrives."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from livekit.agents import APIError, llm, stt
from livekit.agents.types import APIConnectOptions

from tests.fakes.chat import Call
from tests.fakes.openai_api import FakeOpenAI
from tests.fakes.server import KEY
from tests.fakes.sound import loudness
from tests.fakes.stacks import CloudProfile, ask, cloud, hear, speak
from voice_agent.config.settings import Settings
from voice_agent.providers.build import build

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.contract

ONCE = APIConnectOptions(max_retry=0)
PROFILES: Sequence[CloudProfile] = ("quality", "budget")
SCHEMA = {
    "name": "tasks_add",
    "description": "Add a task.",
    "parameters": {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]},
}


def a_tool() -> Any:
    async def add(raw_arguments: dict[str, object]) -> str:
        return str(raw_arguments)

    return llm.function_tool(add, raw_schema=SCHEMA)


@pytest.mark.parametrize("profile", PROFILES)
async def test_ears_turn_sound_into_the_final_words(profile: CloudProfile) -> None:
    async with cloud(hears=["Add buy milk."]) as providers:
        stack = await build(providers.settings(profile))
        assert await hear(stack.stt) == "Add buy milk."
        assert loudness(bytes(providers.deepgram.listened[0].audio)) > 500
        await stack.aclose()


@pytest.mark.parametrize("profile", PROFILES)
async def test_the_model_streams_words(profile: CloudProfile) -> None:
    async with cloud(model=["It is on your list."]) as providers:
        stack = await build(providers.settings(profile), need="text")
        assert (await ask(stack.llm)).text == "It is on your list."
        await stack.aclose()


async def test_the_model_is_shown_the_tools_and_calls_several_at_once() -> None:
    calls = (Call("tasks_add", {"title": "milk"}), Call("tasks_add", {"title": "eggs"}))
    async with cloud(model=[calls]) as providers:
        stack = await build(providers.settings(), need="text")
        answer = await ask(stack.llm, "add milk and eggs", tools=[a_tool()])
        assert [(c.name, c.arguments) for c in answer.calls] == [
            ("tasks_add", '{"title": "milk"}'),
            ("tasks_add", '{"title": "eggs"}'),
        ]
        assert providers.openai.chats[0].tools == ("tasks_add",)
        assert not providers.openai.complaints
        await stack.aclose()


@pytest.mark.parametrize("profile", PROFILES)
async def test_the_voice_gives_sound_that_can_be_heard(profile: CloudProfile) -> None:
    async with cloud() as providers:
        stack = await build(providers.settings(profile))
        sound = await speak(stack.tts)
        assert len(sound) > 24000
        assert loudness(sound) > 500
        await stack.aclose()


@pytest.mark.parametrize("profile", PROFILES)
async def test_the_keys_of_the_settings_are_the_ones_that_are_sent(profile: CloudProfile) -> None:
    async with cloud(hears=["Hello."], model=["Hello."]) as providers:
        stack = await build(providers.settings(profile))
        await asyncio.gather(hear(stack.stt), ask(stack.llm), speak(stack.tts))
        fakes = (providers.deepgram, providers.openai, providers.cartesia)
        sent = [fake.key_in(request.headers) for fake in fakes for request in fake.requests]
        assert len(sent) == 3
        assert set(sent) == {KEY}
        await stack.aclose()


async def test_deepgram_is_told_model_language_and_key_terms() -> None:
    async with cloud(hears=["Hola."]) as providers:
        stack = await build(providers.settings(stt={"model": "nova-3-medical", "language": "es"}))
        stack.set_vocabulary(["oat milk", "Zoë"])
        await hear(stack.stt)
        [request] = providers.deepgram.listened
        assert (request.asked("model"), request.asked("language")) == ("nova-3-medical", "es")
        assert request.query["keyterm"] == ["oat milk", "Zoë"]
        await stack.aclose()


async def test_an_older_deepgram_model_is_told_no_key_terms_which_it_would_refuse() -> None:
    async with cloud(hears=["Hello."]) as providers:
        stack = await build(providers.settings(stt={"model": "nova-2"}))
        stack.set_vocabulary(["oat milk"])
        await hear(stack.stt)
        assert "keyterm" not in providers.deepgram.listened[0].query
        await stack.aclose()


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/", "/v1/listen"])
async def test_deepgrams_address_may_be_given_with_or_without_its_path(path: str) -> None:
    async with cloud(hears=["Hello."]) as providers:
        stack = await build(providers.settings(stt={"base_url": providers.deepgram.url + path}))
        assert await hear(stack.stt) == "Hello."
        await stack.aclose()


async def test_openai_is_told_model_and_temperature() -> None:
    async with cloud(model=["Hello."]) as providers:
        stack = await build(providers.settings(llm={"model": "gpt-4o", "temperature": 0.2}), need="text")
        await ask(stack.llm)
        body = providers.openai.chats[0].body
        assert (body["model"], body["temperature"]) == ("gpt-4o", 0.2)
        await stack.aclose()


async def test_cartesia_is_told_model_voice_language_and_speed() -> None:
    async with cloud() as providers:
        wanted = {"model": "sonic-3-latest", "voice": "a-voice", "language": "fr", "speed": 1.3}
        stack = await build(providers.settings(tts=wanted))
        await speak(stack.tts)
        order = providers.cartesia.requests[0].messages[0]
        assert (order["model_id"], order["voice"]["id"], order["language"]) == ("sonic-3-latest", "a-voice", "fr")
        assert order["generation_config"]["speed"] == 1.3
        await stack.aclose()


@pytest.mark.parametrize(
    ("wanted", "model", "speed"),
    [
        ({"voice": "thalia", "speed": 1.2}, "aura-2-thalia-en", "1.2"),
        ({"voice": "aura-2-celeste-es", "speed": 4.0}, "aura-2-celeste-es", "1.5"),
        ({"model": "aura-luna-en", "speed": 1.2}, "aura-luna-en", None),
    ],
    ids=["a bare name", "faster than it goes", "a voice without a pace"],
)
async def test_deepgrams_voice_is_told_its_voice_and_as_much_speed_as_it_takes(
    wanted: dict[str, Any], model: str, speed: str | None
) -> None:
    async with cloud() as providers:
        stack = await build(providers.settings("budget", tts=wanted))
        await speak(stack.tts)
        assert (providers.deepgram.spoke[0].asked("model"), providers.deepgram.spoke[0].asked("speed")) == (
            model,
            speed,
        )
        await stack.aclose()


@pytest.mark.parametrize("profile", PROFILES)
async def test_slower_is_heard_from_the_next_sentence_on(profile: CloudProfile) -> None:
    async with cloud() as providers:
        stack = await build(providers.settings(profile))
        before = await speak(stack.tts)
        assert stack.set_speed(0.7)
        after = await speak(stack.tts)
        assert len(after) > 1.3 * len(before)
        await stack.aclose()


async def test_speed_is_counted_from_the_configured_pace() -> None:
    async with cloud() as providers:
        stack = await build(providers.settings(tts={"speed": 1.2}))
        assert stack.set_speed(0.75)
        await speak(stack.tts)
        speed = providers.cartesia.requests[0].messages[0]["generation_config"]["speed"]
        assert speed == pytest.approx(0.9)
        await stack.aclose()


async def test_a_voice_whose_pace_cannot_be_changed_says_so() -> None:
    async with cloud() as providers:
        stack = await build(providers.settings("budget", tts={"model": "aura-luna-en"}))
        assert not stack.set_speed(0.7)
        await stack.aclose()


async def test_openai_can_be_ears_and_voice_too() -> None:
    async with FakeOpenAI(hears=["Add milk."]) as openai:
        part = {"provider": "openai", "base_url": openai.base_url}
        settings = Settings.model_validate(
            {
                "profile": "quality",
                "openai_api_key": KEY,
                "stt": {**part, "model": "whisper-1", "language": "de", "temperature": 0.0},
                "llm": part,
                "tts": {**part, "model": "tts-1", "voice": "nova", "speed": 0.8},
            }
        )
        stack = await build(settings)
        stack.set_vocabulary(["oat milk", "Zoë"])
        assert stack.stt is not None
        assert stack.vad is not None
        assert await hear(stt.StreamAdapter(stt=stack.stt, vad=stack.vad)) == "Add milk."
        form = openai.requests[0].body
        assert (form["model"], form["language"], form["prompt"]) == ("whisper-1", "de", "oat milk, Zoë")
        assert float(form["temperature"]) == 0.0
        assert loudness(await speak(stack.tts)) > 500
        body = openai.requests[-1].body
        assert (body["model"], body["voice"], body["speed"]) == ("tts-1", "nova", 0.8)
        await stack.aclose()


async def test_key_terms_that_change_often_make_deepgram_reconnect_once() -> None:
    async with cloud(hears=["Hello."], model=lambda _: "Meanwhile.") as providers:
        stack = await build(providers.settings())
        stack.set_vocabulary(["one"])
        assert stack.stt is not None
        async with stack.stt.stream():
            await providers.deepgram.until(lambda: len(providers.deepgram.listened) == 1)
            for words in (["one", "two"], ["one", "two", "three"], ["three"]):
                stack.set_vocabulary(words)
                await ask(stack.llm)
            await providers.deepgram.until(lambda: len(providers.deepgram.listened) == 2)
        assert [request.query["keyterm"] for request in providers.deepgram.listened] == [["one"], ["three"]]
        await stack.aclose()


async def test_words_that_come_back_before_they_were_told_make_nobody_reconnect() -> None:
    async with cloud(hears=["Hello."]) as providers:
        stack = await build(providers.settings())
        stack.set_vocabulary(["one"])
        stack.set_vocabulary(["two"])
        stack.set_vocabulary(["one"])
        assert not stack.vocabulary.is_waiting
        await stack.aclose()


async def test_no_more_key_terms_are_sent_than_deepgram_takes() -> None:
    async with cloud(hears=["Hello."]) as providers:
        stack = await build(providers.settings())
        stack.set_vocabulary([f"a task with the number {n}" for n in range(1000)])
        await hear(stack.stt)
        terms = providers.deepgram.listened[0].query["keyterm"]
        assert terms[0] == "a task with the number 0"
        assert len(terms) <= 100
        assert sum(len(term) + 1 for term in terms) <= 1500
        await stack.aclose()


async def test_closing_closes_every_connection() -> None:
    async with cloud(hears=["Hello."], model=lambda _: "Hello.") as providers:
        stack = await build(providers.settings("budget"))
        await asyncio.gather(hear(stack.stt), ask(stack.llm), speak(stack.tts))
        await stack.aclose()
        await providers.deepgram.until(lambda: all(request.is_over for request in providers.deepgram.requests))
        for use in (hear(stack.stt, conn_options=ONCE), ask(stack.llm, conn_options=ONCE)):
            with pytest.raises((APIError, RuntimeError)):
                await use
