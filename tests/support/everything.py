"""All of it at once: `voice-agent up`, the plugins of the cloud on stand-ins, the page in Chromium, servers on sockets.

A test of `tests/e2e/spoken` speaks into the page's microphone and looks at the four sides of what comes of it: what the
server was asked, what the model was sent, what the voice was given to say, what the page shows.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from fastmcp import FastMCP
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp_types import Implementation
from playwright.async_api import expect

from tests.fakes.sound import speech_like
from tests.fakes.stacks import cloud
from tests.support.browser import PATIENCE, a_page, play
from tests.support.pages import button, end, listens, said, sees, write
from tests.support.up import up
from tests.support.web_servers import served

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping
    from pathlib import Path

    from playwright.async_api import Browser, Page

    from tests.fakes.chat import Chat, Turn
    from tests.fakes.stacks import Cloud
    from tests.support.up import Up

RATE = 24_000
"""Hertz of what is no speech, but sounds like it."""
WITHIN = PATIENCE / 1000
"""Seconds after which something that must happen counts as not happening."""


@dataclass
class Everything:
    """What runs, whoever talks to it."""

    up: Up
    cloud: Cloud
    browser: Browser
    home: Path
    config: Path
    """The `mcp.json` which is in use, and may be edited."""
    answer: Callable[[Chat], Turn] = field(default=lambda _chat: "All right.")
    """The model."""

    def write(self, servers: Mapping[str, Any]) -> None:
        """Write `mcp.json`, as its user does in an editor."""
        self.config.write_text(json.dumps({"mcpServers": servers}))

    @contextlib.asynccontextmanager
    async def served(self, servers: Mapping[str, FastMCP[Any] | Mapping[str, Any]]) -> AsyncGenerator[dict[str, Any]]:
        """Serve those of FastMCP over streamable HTTP; yields all entries, those given as they are too."""
        async with contextlib.AsyncExitStack() as stack:
            yield {
                name: {"url": await stack.enter_async_context(served(server))}
                if isinstance(server, FastMCP)
                else dict(server)
                for name, server in servers.items()
            }

    @contextlib.asynccontextmanager
    async def talk(
        self,
        model: Callable[[Chat], Turn],
        servers: Mapping[str, FastMCP[Any] | Mapping[str, Any]] | None = None,
        **voice: Any,
    ) -> AsyncGenerator[Talker]:
        """Hold a conversation, from the greeting to its end.

        Args:
            model: answers each request to the language model.
            servers: what is attached, by name, beside the Task Manager: servers of FastMCP, which are served over
                streamable HTTP, or entries of `mcp.json`.
            voice: the `voice` object of those of FastMCP.
        """
        self.answer = model
        given = servers or {}
        async with self.served(given) as entries:
            for name, server in given.items():
                if isinstance(server, FastMCP) and voice:
                    entries[name]["voice"] = voice
            async with a_page(self.browser, self.up.page) as page:
                talker = Talker(self, page, entries)
                try:
                    self.write(entries)
                    await button(page, "Talk").click()
                    await listens(page)
                    for name in entries:
                        await talker.in_state(name, "ready")
                    yield talker
                finally:
                    # The next conversation may have a server of the same name.
                    self.write({})
                for name in entries:
                    await talker.in_state(name, "disabled")
                await end(page)


@dataclass
class Talker:
    """One person on the page, in a conversation that has begun."""

    everything: Everything
    page: Page
    entries: dict[str, Any]
    """Of `mcp.json`, to be changed and written again with `everything.write`."""
    _chats: int = field(init=False)
    _spoken: int = field(init=False)

    def __post_init__(self) -> None:
        self._chats = len(self.everything.cloud.openai.chats)
        self._spoken = len(self.everything.cloud.cartesia.said)

    @property
    def chats(self) -> list[Chat]:
        """What the model was sent in this conversation, a request each."""
        return self.everything.cloud.openai.chats[self._chats :]

    @property
    def aloud(self) -> str:
        """What the voice was given to say in this conversation."""
        return self.everything.cloud.cartesia.said[self._spoken :]

    async def speak(self, text: str, *, over: bool = False) -> None:
        """Say it into the microphone, once it is the person's turn; `over`: at once, also over the assistant."""
        if not over:
            await listens(self.page)
        self.everything.cloud.deepgram.hear(text)
        await play(self.page, speech_like(text, RATE), RATE)
        await sees(said(self.page, "user", text))

    async def type(self, text: str) -> None:
        """Write it on the page."""
        await write(self.page, text)
        await sees(said(self.page, "user", text))

    async def hears(self, text: str) -> None:
        """Wait until the voice has been given `text` to say, and the page shows it as said."""
        try:
            await self.everything.cloud.cartesia.until(lambda: text in self.aloud, timeout=WITHIN)
        except TimeoutError:
            raise AssertionError(f"“{text}” was not said, but: {self.aloud}") from None
        await sees(said(self.page, "agent", text))

    async def in_state(self, server: str, state: str) -> None:
        """Wait until the page shows that this server is in this state (of `bridge.types.State`)."""
        await expect(self.page.locator(f"[data-server={server}]")).to_have_attribute("data-state", state)

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something that the stand-in for the model was sent makes `true()` so."""
        await self.everything.cloud.openai.until(true, timeout=WITHIN)


@contextlib.asynccontextmanager
async def a_text_client(whole: Everything, mode: Literal["legacy", "auto"]) -> AsyncGenerator[Client]:
    """The official client, at the endpoint of all servers, with the token that `up` keeps for it."""
    token = (whole.home / "voice-agent" / "hub-token").read_text().strip()
    assert whole.up.clients is not None
    async with (
        create_mcp_http_client(headers={"Authorization": f"Bearer {token}"}) as http,
        Client(
            streamable_http_client(whole.up.clients, http_client=http),
            mode=mode,
            client_info=Implementation(name="pad", version="1", title="Pad"),
        ) as client,
    ):
        yield client


@contextlib.asynccontextmanager
async def everything(home: Path, browser: Browser, **variables: str) -> AsyncGenerator[Everything]:
    """Start it, with the `quality` profile.

    Args:
        home: of the user.
        browser: where the page is opened.
        variables: more of the environment.
    """
    config = home / "mcp.json"
    config.write_text('{"mcpServers": {}}')
    running: list[Everything] = []

    def answer(chat: Chat) -> Turn:
        return running[0].answer(chat)

    async with cloud(model=answer) as stand_ins:
        # A voice in a hurry: what it says takes as long as it sounds.
        environ = {**stand_ins.variables(), "VOICE_AGENT_TTS__SPEED": "2.0", **variables}
        options = ("--config", str(config), "--profile", "quality", "--clients-port", "0")
        started = up(home, *options, variables=environ)
        running.append(Everything(await asyncio.to_thread(started.__enter__), stand_ins, browser, home, config))
        try:
            yield running[0]
        finally:
            await asyncio.to_thread(started.__exit__, None, None, None)
