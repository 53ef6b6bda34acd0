"""The stand-ins themselves: what they refuse, what they break and what they record, without any plugin."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aiohttp
import numpy as np
import pytest
from livekit.local_inference import VAD

from tests.fakes.cartesia import FakeCartesia
from tests.fakes.chat import Call
from tests.fakes.deepgram import FakeDeepgram
from tests.fakes.faults import BROKEN, RATE_LIMITED, Fault
from tests.fakes.openai_api import FakeOpenAI
from tests.fakes.server import KEY, FakeServer
from tests.fakes.sound import loudness, speech_like

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.contract

LISTEN = "/v1/listen?encoding=linear16&sample_rate=16000&model=nova-3"
BEARER = {"Authorization": f"Bearer {KEY}"}
TOKEN = {"Authorization": f"Token {KEY}"}


async def chat(server: FakeOpenAI, *messages: dict[str, Any], **more: Any) -> aiohttp.ClientResponse:
    body = {"model": "gpt-4.1", "stream": True, "messages": list(messages), **more}
    async with aiohttp.ClientSession(headers=BEARER) as http:
        answer = await http.post(f"{server.base_url}/chat/completions", json=body)
        await answer.read()
        return answer


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


@pytest.mark.parametrize(
    ("server", "path"),
    [(FakeDeepgram(), LISTEN), (FakeCartesia(), "/tts/websocket?cartesia_version=1"), (FakeOpenAI(), "/v1/models")],
    ids=["deepgram", "cartesia", "openai"],
)
async def test_a_wrong_key_is_refused(server: FakeServer, path: str) -> None:
    async with server, aiohttp.ClientSession() as http, http.get(server.url + path) as answer:
        assert answer.status == 401


async def test_a_rate_limit_lets_so_many_through_and_says_when_to_come_back() -> None:
    async with FakeOpenAI(["one", "two", "three"], allow=2) as server:
        answers = [await chat(server, user("hello")) for _ in range(3)]
        assert [answer.status for answer in answers] == [200, 200, 429]
        assert answers[-1].headers["Retry-After"] == "1"


async def test_faults_strike_in_order_and_then_all_is_well() -> None:
    async with FakeOpenAI(["well"]) as server:
        server.fail(RATE_LIMITED, BROKEN)
        assert [(await chat(server, user("hello"))).status for _ in range(3)] == [429, 500, 200]


async def test_a_fault_may_be_a_turn_of_the_script() -> None:
    async with FakeOpenAI([BROKEN, "well"]) as server:
        assert [(await chat(server, user("hello"))).status for _ in range(2)] == [500, 200]


async def test_a_script_that_has_ended_is_a_complaint_and_not_silence() -> None:
    async with FakeOpenAI() as server:
        assert (await chat(server, user("hello"))).status == 500
        assert server.complaints == ["the script has no turn for 'hello'"]


async def test_the_model_may_be_a_function_of_the_conversation() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{}"}}
    asked = {"role": "assistant", "content": None, "tool_calls": [call]}
    given = {"role": "tool", "tool_call_id": "c1", "content": "added"}
    async with FakeOpenAI(lambda chat: Call("add") if not chat.results else f"Done: {chat.results[0]}") as server:
        first = await (await chat(server, user("add milk"))).text()
        then = await (await chat(server, user("add milk"), asked, given)).text()
    assert '"name": "add"' in first
    assert "Done:" in then


@pytest.mark.parametrize(
    ("messages", "tools", "complaint"),
    [
        ([user("x"), {"role": "tool", "tool_call_id": "c9", "content": ""}], [], "a result without its call"),
        ([user("x")], [{"type": "function", "function": {"name": "a.b"}}], "the name 'a.b' of a tool"),
        ([user("x")], [{"type": "function", "function": {"name": "a"}}] * 129, "129 tools, at most 128 are allowed"),
        (
            [user("x")],
            [{"type": "function", "function": {"name": "a", "parameters": {"type": "string"}}}],
            "the parameters of a are no object",
        ),
    ],
    ids=["orphan", "name", "too many", "no object"],
)
async def test_what_openai_would_refuse_is_refused(
    messages: Sequence[dict[str, Any]], tools: Sequence[Any], complaint: str
) -> None:
    async with FakeOpenAI(["never said"]) as server:
        assert (await chat(server, *messages, tools=tools)).status == 400
        assert server.complaints == [complaint]


async def test_a_stream_can_be_cut_after_so_many_words() -> None:
    async with FakeOpenAI(["one two three four"]) as server:
        server.fail(Fault(drop_after=2))
        body = {"model": "m", "stream": True, "messages": [user("x")]}
        async with aiohttp.ClientSession(headers=BEARER) as http:
            answer = await http.post(f"{server.base_url}/chat/completions", json=body)
            first = await answer.content.readuntil(b"two")
            with pytest.raises(aiohttp.ClientError):
                await answer.content.read()
        assert b"one" in first


async def listen(server: FakeDeepgram, *frames: bytes) -> list[dict[str, Any]]:
    heard: list[dict[str, Any]] = []
    async with aiohttp.ClientSession(headers=TOKEN) as http, http.ws_connect(server.url + LISTEN) as socket:
        for frame in frames:
            await socket.send_bytes(frame)
        await socket.send_json({"type": "CloseStream"})
        heard.extend([json.loads(message.data) async for message in socket])
    return heard


def finals(heard: list[dict[str, Any]]) -> list[str]:
    texts = [m["channel"]["alternatives"][0]["transcript"] for m in heard if m["type"] == "Results" and m["is_final"]]
    return [text for text in texts if text]


def frames(sound: bytes) -> list[bytes]:
    return [sound[start : start + 1600] for start in range(0, len(sound), 1600)]


async def test_the_ears_cut_utterances_at_silence_and_answer_by_the_script() -> None:
    sound = speech_like("one two", 16000) + bytes(16000) + speech_like("three", 16000) + bytes(16000)
    async with FakeDeepgram(["First.", "Second."]) as server:
        heard = await listen(server, *frames(sound))
        assert finals(heard) == ["First.", "Second."]
        assert [message["type"] for message in heard if message["type"] != "Results"] == [
            "SpeechStarted",
            "SpeechStarted",
            "Metadata",
        ]


async def test_silence_is_never_transcribed() -> None:
    async with FakeDeepgram(["Never."]) as server:
        assert not finals(await listen(server, bytes(16000)))


async def test_the_ears_may_be_a_recogniser_that_is_given_the_sound() -> None:
    async with FakeDeepgram(lambda pcm, rate: f"{len(pcm) / 2 / rate:.0f} seconds") as server:
        assert finals(await listen(server, *frames(speech_like("word " * 18, 16000)))) == ["3 seconds"]


async def test_the_ears_refuse_a_connection_that_does_not_say_what_it_sends() -> None:
    async with FakeDeepgram() as server, aiohttp.ClientSession(headers=TOKEN) as http:
        answer = await http.get(f"{server.url}/v1/listen?model=nova-3")
        assert answer.status == 400


async def test_cartesia_answers_an_incomplete_order_with_an_error_of_that_context() -> None:
    async with FakeCartesia() as server, aiohttp.ClientSession(headers={"X-API-Key": KEY}) as http:
        socket = await http.ws_connect(f"{server.url}/tts/websocket?cartesia_version=1")
        await socket.send_json({"context_id": "c1", "transcript": "hello", "continue": False})
        answer = await socket.receive_json(timeout=5)
        await socket.close()
    assert (answer["type"], answer["context_id"], answer["status_code"]) == ("error", "c1", 400)


@pytest.mark.parametrize("rate", [16000, 22050, 24000])
def test_the_sound_is_loud_long_enough_and_as_fast_as_asked(rate: int) -> None:
    plain = speech_like("Buy milk tomorrow.", rate)
    assert loudness(plain) > 1000
    assert 0.5 < len(plain) / 2 / rate < 3.0
    assert len(speech_like("Buy milk tomorrow.", rate, 2.0)) < 0.6 * len(plain)


def test_the_sound_is_taken_for_speech() -> None:
    samples = np.frombuffer(speech_like("Add buy milk for tomorrow, please.", 16000), np.int16)
    detector = VAD()
    found = [detector.predict(samples[n : n + 512]) for n in range(0, len(samples) - 512, 512)]
    assert float(np.mean(found)) > 0.7
