"""What a conversation with a voice does with it: paces it, and goes on where it fails."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from fastmcp import FastMCP
from livekit.agents import llm

from tests.fakes.chat import Call
from tests.fakes.faults import Fault
from tests.fakes.stacks import Cloud, cloud
from tests.support.talk import PATIENCE, Talk, a_talk
from voice_agent.agents import stopping
from voice_agent.bridge.bridge import Bridge
from voice_agent.config.load import Config
from voice_agent.providers.build import build
from voice_agent.session.audio.recording import RecordingOutput
from voice_agent.session.build import build_conversation
from voice_agent.session.journal import Journal

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from tests.fakes.chat import Script

pytestmark = pytest.mark.pipeline


@dataclass
class Aloud:
    """A conversation that is typed to and speaks, and those who provide it."""

    talk: Talk
    cloud: Cloud

    @property
    def paces(self) -> list[Any]:
        """Return the pace of each sentence, as Cartesia was asked for it."""
        sent = [message for request in self.cloud.cartesia.requests for message in request.messages]
        return [message.get("generation_config", {}).get("speed") for message in sent if message.get("transcript")]


@asynccontextmanager
async def aloud(tmp_path: Path, model: Script = (), *, fault: Fault | None = None) -> AsyncGenerator[Aloud]:
    async with cloud(model=model) as providers:
        if fault is not None:
            providers.cartesia.fail_always(fault)
        settings = providers.settings("quality")
        config = Config(settings, (), (), (), {}, tmp_path, None, None)
        stack = await build(settings)
        journal = Journal()
        conversation = build_conversation(config, profile="quality", bridge=Bridge(()), stack=stack, journal=journal)
        talk = Talk(conversation, providers.openai)
        journal.listen(talk.note)
        speaker = RecordingOutput()
        conversation.session.output.audio = speaker
        conversation.closers.append(speaker.aclose)
        try:
            await conversation.start()
            yield Aloud(talk, providers)
        finally:
            await conversation.aclose()


async def test_the_voice_speaks_slower_when_it_is_asked_to_and_faster_again(tmp_path: Path) -> None:
    async with aloud(tmp_path, ["Hello."]) as it:
        assert (await it.talk.say("slower, please")).endswith("Okay, I'll speak more slowly.")
        slow = it.paces[-1]
        await it.talk.say("faster")
        assert slow is not None
        assert slow < 1.0
        assert it.paces[-1] > slow


async def test_a_voice_that_fails_is_told_of_on_the_screen_and_the_conversation_goes_on(tmp_path: Path) -> None:
    async with aloud(tmp_path, ["Hello."], fault=Fault(status=500)) as it:
        await it.talk.until(lambda: it.talk.of("error"))
        assert "voice" in "".join(line["text"] for line in it.talk.of("agent") if line["kind"] == "apology")
        assert it.talk.conversation.reason is None
        it.cloud.cartesia.recover()
        assert "Hello." in await it.talk.say("are you there?")


async def test_how_long_the_ears_take_is_not_counted_against_who_says_never_mind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopping, "_JUST", 0.0)
    server: FastMCP[Any] = FastMCP("maps")

    @server.tool
    def draw_map() -> str:
        """Draw a map."""
        return "It is drawn."

    _ = draw_map
    async with a_talk(tmp_path, [Call("maps_draw_map"), "There it is."], {"maps": server}) as talk:
        await talk.say("draw a map")
        begun = llm.ChatMessage(
            role="user", content=["never mind"], metrics={"started_speaking_at": time.time() - PATIENCE}
        )
        talk.conversation.session.generate_reply(user_input=begun)
        await talk.conversation.settle()
        assert talk.of("agent")[-1]["text"] == "It was too late to stop it. It is drawn."
        assert await talk.say("never mind") != talk.of("agent")[-2]["text"]
