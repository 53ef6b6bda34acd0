"""A typed conversation in this process: real session, real OpenAI plugin on its stand-in, real bridge, real servers."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fastmcp.client.transports import FastMCPTransport
from pydantic import SecretStr

from tests.fakes.openai_api import FakeOpenAI
from tests.fakes.server import KEY
from voice_agent.agents.listen import listen
from voice_agent.bridge.bridge import Bridge
from voice_agent.config.load import Config
from voice_agent.config.settings import Limits, Part, Settings
from voice_agent.config.types import StdioEntry, VoiceOptions
from voice_agent.providers.build import build
from voice_agent.session.build import build_conversation
from voice_agent.session.journal import Journal, Line

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping
    from pathlib import Path

    from fastmcp import FastMCP
    from livekit.agents import SpeechCreatedEvent
    from livekit.agents.llm import ChatMessage

    from tests.fakes.chat import Script
    from voice_agent.session.conversation import Conversation

PATIENCE = 20.0
"""Seconds after which a test gives up."""


class Away(FastMCPTransport):
    """Refuses connections until it is back."""

    is_back = False

    def connect_session(self, **options: Any) -> Any:
        if not self.is_back:
            raise ConnectionRefusedError
        return super().connect_session(**options)


@dataclass
class Talk:
    """The conversation, and everything that happened in it."""

    conversation: Conversation
    openai: FakeOpenAI
    lines: list[Line] = field(default_factory=list[Line])
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, line: Line) -> None:
        self.lines.append(line)
        self.changed.set()

    async def say(self, text: str | ChatMessage) -> str:
        """Type a line; return what the agent said to it, when it has fallen silent."""
        before = len(self.lines)
        async with asyncio.timeout(PATIENCE):
            await self.conversation.assistant.ready_for(text if isinstance(text, str) else text.text_content or "")
            self.conversation.session.generate_reply(user_input=text, input_modality="text")
            await self.conversation.settle()
        return " ".join(line["text"] for line in self.lines[before:] if line["event"] == "agent")

    def of(self, event: str) -> list[Line]:
        return [line for line in self.lines if line["event"] == event]

    def said(self, kind: str) -> list[str]:
        return [line["text"] for line in self.of("agent") if line["kind"] == kind]

    async def all_told(self, name: str) -> None:
        """Wait until nothing of this name (`session.unasked.tell`) is left to be said."""
        telling = {task for task in asyncio.all_tasks() if task.get_name() == name}
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*telling)

    async def until(self, true: Callable[[], Any]) -> None:
        """Wait until something that was written makes `true()` so; TimeoutError if it never does."""
        async with asyncio.timeout(PATIENCE):
            while not true():
                self.changed.clear()
                await self.changed.wait()


class Speeches:
    """What is said from here on, of which some end before a word is heard."""

    def __init__(self, talk: Talk, cut_off: Callable[[int], bool], then: Callable[[], object] | None = None) -> None:
        """Cut off those whose places, counted from 0, `cut_off` has; `then` is done as the first of all begins."""
        self.count = 0

        def note(event: SpeechCreatedEvent) -> None:
            self.count += 1
            if cut_off(self.count - 1):
                event.speech_handle.interrupt()
            if self.count == 1 and then is not None:
                then()

        listen(talk.conversation.session, "speech_created", note)


@asynccontextmanager
async def a_talk(
    tmp_path: Path,
    model: Script,
    servers: Mapping[str, FastMCP[Any] | Any],
    *,
    voice: VoiceOptions | None = None,
    limits: Limits | None = None,
    settle: bool = True,
    bridge: Bridge | None = None,
    key: str = KEY,
    profile: str = "quality",
) -> AsyncGenerator[Talk]:
    """Hold a typed conversation.

    Args:
        tmp_path: Its home.
        model: The script of the model.
        servers: FastMCP servers, or transports, by name.
        voice: Options of every server.
        limits: Bounds of the conversation; without, no call is so slow that a word is said meanwhile.
        bridge: All servers, where they are not `servers`.
        settle: Wait until the servers are there and the greeting is over.
        key: The key that the model is called with.
        profile: `offline`: the brain of rules, in place of the model.
    """
    async with FakeOpenAI(model) as openai:
        settings = Settings(
            profile=profile,
            limits=limits or Limits(filler_after=60),
            time_zone="Europe/Berlin",
            llm=Part(base_url=openai.base_url, api_key=SecretStr(key)),
        )
        entries = tuple(StdioEntry(name, "in-memory", voice=voice or VoiceOptions(trust=True)) for name in servers)
        config = Config(settings, entries, (), (), {}, tmp_path, None, None)
        if bridge is None:
            bridge = Bridge(entries, make_transport=lambda entry: _transport(servers[entry.name]), asks=True)
        stack = await build(settings, need="text")
        journal = Journal()
        conversation = build_conversation(config, profile=profile, bridge=bridge, stack=stack, journal=journal)
        talk = Talk(conversation, openai)
        journal.listen(talk.note)
        try:
            await conversation.start()
            if settle:
                async with asyncio.timeout(PATIENCE):
                    await bridge.settle(PATIENCE)
                    await bridge.library.settle(PATIENCE)
                    await conversation.settle()
            yield talk
        finally:
            await conversation.aclose()


def _transport(server: Any) -> Any:
    return server if isinstance(server, FastMCPTransport) else FastMCPTransport(server)
