"""A server that takes its time: what is said meanwhile, how the talk goes on without it, and how it is stopped."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from fastmcp import Context, FastMCP
from playwright.async_api import expect

from tests.fakes.chat import Call, Chat, Turn
from tests.support.everything import WITHIN
from tests.support.pages import card, sees

if TYPE_CHECKING:
    from tests.support.everything import Everything

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="package")]

STREETS = 40


class Maps:
    """A server with a tool that changes and one that reads; neither ends before it is let go. It has a thread."""

    def __init__(self) -> None:
        self.server: FastMCP[Any] = FastMCP("maps")
        self._did: defaultdict[str, threading.Event] = defaultdict(threading.Event)
        self._go: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.server.tool(self.draw_map)
        self.server.tool(self.find_route, annotations={"readOnlyHint": True})

    async def draw_map(self, name: str, ctx: Context) -> str:
        """Draw a map."""
        for street in range(1, STREETS + 1):
            await ctx.report_progress(street, 2 * STREETS, f"drawing street {street}")
        return await self._work(name, "drawn")

    async def find_route(self, name: str) -> str:
        """Find a way."""
        return await self._work(name, "found")

    async def _work(self, name: str, done: str) -> str:
        self._loop, self._go = asyncio.get_running_loop(), asyncio.Event()
        self._did[f"{name} begun"].set()
        try:
            await self._go.wait()
        except asyncio.CancelledError:
            self._did[f"{name} cancelled"].set()
            raise
        return f"It is {done}."

    def let_go(self) -> None:
        """Let what is being done come to its end."""
        assert self._loop is not None
        assert self._go is not None
        self._loop.call_soon_threadsafe(self._go.set)

    async def has(self, what: str) -> None:
        """Wait until a call has begun or was cancelled."""
        assert await asyncio.to_thread(self._did[what].wait, WITHIN), what

    def was_cancelled(self, name: str) -> bool:
        return self._did[f"{name} cancelled"].is_set()


def model(chat: Chat) -> Turn:
    if chat.results:
        return f"News: {chat.results[-1]}"
    match chat.user.split():
        case ["Draw", name]:
            return Call("maps_draw_map", {"name": name})
        case ["Find", name]:
            return Call("maps_find_route", {"name": name})
        case _:
            return "It is noon."


async def test_a_slow_call_is_told_of_let_go_on_announced_and_stopped_by_word_and_button(whole: Everything) -> None:
    maps = Maps()
    async with whole.talk(model, {"maps": maps.server}, confirm="never") as talker:
        page = talker.page
        drawing = card(page, "maps.draw_map", "running")

        # A word, then the newest of what the server tells; who speaks over that stops no more than the speech.
        await talker.speak("Draw Oban")
        await talker.hears("One moment.")
        await expect(drawing.get_by_role("progressbar")).to_have_attribute("value", "40")
        await talker.hears(f"Drawing street {STREETS}.")
        await talker.speak("What time is it", over=True)
        await talker.hears("It is noon.")
        assert not maps.was_cancelled("Oban")
        assert talker.aloud.count("Drawing street") == 1
        assert talker.aloud.count("One moment.") == 1

        # It went on in the background, and is announced when it is done.
        await sees(drawing)
        maps.let_go()
        await talker.hears("News: It is drawn.")
        await sees(card(page, "maps.draw_map", "ok"))

        # A word stops it at the server: what only reads was stopped in time.
        await talker.speak("Find Iona")
        await maps.has("Iona begun")
        await talker.speak("never mind", over=True)
        await maps.has("Iona cancelled")
        await talker.hears("Okay, I stopped it in time. Nothing was changed.")
        await sees(card(page, "maps.find_route", "cancelled"))

        # So does the button: of what changes something, nobody knows whether it was in time.
        await talker.type("Draw Mull")
        await maps.has("Mull begun")
        await drawing.get_by_role("button", name="Cancel").click()
        await maps.has("Mull cancelled")
        await talker.hears("I told maps to stop, but I don't know whether it was in time: draw the map “Mull”.")
        await sees(card(page, "maps.draw_map", "cancelled"))

        # What is done already cannot be stopped any more, and is said to be done.
        await talker.type("Draw Skye")
        await maps.has("Skye begun")
        maps.let_go()
        await expect(card(page, "maps.draw_map", "ok")).to_have_count(2)
        await talker.speak("never mind", over=True)
        await talker.hears("It was too late to stop it. It is drawn.")
    assert "maps_draw_map" in talker.chats[0].tools
    assert all("One moment" not in str(chat.messages) for chat in talker.chats)
