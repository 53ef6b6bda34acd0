"""Results of every kind: what of them the model sees, what the voice is given to say, and what the page shows."""

from __future__ import annotations

import base64
import io
import json
import wave
from typing import TYPE_CHECKING, Any

import pytest
from fastmcp import FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.tools import ToolResult
from mcp_types import AudioContent, ImageContent, ResourceLink, TextContent
from playwright.async_api import expect

from tests.fakes.chat import Call, Chat, Turn
from tests.fakes.sound import speech_like
from tests.support.everything import WITHIN
from tests.support.pages import card, said, sees

if TYPE_CHECKING:
    from tests.support.everything import Everything, Talker

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="package")]

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
ROWS = [{"name": f"Guest {number}", "paid": number / 2} for number in range(3_000)]


def sound() -> str:
    """A short WAV, in base64."""
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setparams((1, 2, 8_000, 0, "NONE", ""))
        wav.writeframes(speech_like("ding", 8_000))
    return base64.b64encode(file.getvalue()).decode()


def text(words: str) -> TextContent:
    return TextContent(type="text", text=words)


def media() -> ToolResult:
    link = ResourceLink(type="resource_link", uri="https://evil.example/steal", name="a", title="The album")
    picture = ImageContent(type="image", data=PIXEL, mime_type="image/png")
    return ToolResult([picture, AudioContent(type="audio", data=sound(), mime_type="audio/wav"), link])


def odd() -> ToolResult:
    return ToolResult([text('{"reading": NaN, "name": "half \\ud83d a pair"}')])


def refused() -> ToolResult:
    raise ToolError("There is no party on Monday. Ask for Friday.")


ANSWERS: dict[str, Any] = {
    "guests": lambda: ToolResult([text(json.dumps(ROWS))], {"guests": ROWS}),
    "pictures": media,
    "bill": lambda: ToolResult([text("{}")], {"due": "2026-11-21T15:00:00Z", "total": 1234.5, "currency": "EUR"}),
    "gauge": odd,
    "monday": refused,
    "nothing": lambda: ToolResult([]),
}
SAYS = {
    "guests": "There are 3000: Guest 0, Guest 1, Guest 2, Guest 3 and Guest 4. Shall I go on?",
    "pictures": "I have put it on your screen.",
    "bill": "You owe 1,234.50 EUR, order ABC-123. See https://pay.example.org/a?b=c or call +49 30 123456.",
    "gauge": "The gauge shows nothing.",
    "monday": "There is no party on Monday.",
    "nothing": "It is done.",
}


def model(chat: Chat) -> Turn:
    if chat.user == "Yes, go on.":
        return "Guest 5, Guest 6, Guest 7, Guest 8 and Guest 9. Shall I go on?"
    kind = next(kind for kind in ANSWERS if kind in chat.user)
    return SAYS[kind] if chat.results else Call("party_get_party", {"about": kind})


async def is_said(talker: Talker, words: str) -> None:
    """Wait until the voice has been given these very words, however they are written on the page."""
    await talker.everything.cloud.cartesia.until(lambda: words in talker.aloud, timeout=WITHIN)


async def test_each_kind_is_bounded_for_the_model_said_as_people_do_and_whole_on_the_page(whole: Everything) -> None:
    party: FastMCP[Any] = FastMCP("party")

    @party.tool(annotations={"readOnlyHint": True})
    def get_party(about: str) -> ToolResult:
        """Tell about the party."""
        return ANSWERS[about]()

    _ = get_party
    async with whole.talk(model, {"party": party}) as talker:
        page = talker.page
        calls = card(page, "party.get_party", "ok")

        await talker.speak("Who are the guests?")
        await talker.hears("Shall I go on?")
        [seen] = talker.chats[-1].results
        assert "of 3000; the rest is left out" in seen
        assert len(seen) < 7_000
        await talker.speak("Yes, go on.")
        await talker.hears("Guest 5, Guest 6")
        # What it goes on with is still in front of it.
        assert "Guest 9" in str(talker.chats[-1].messages)
        await calls.last.locator("summary").click()
        await calls.last.get_by_role("button", name="Show everything").click()
        await calls.last.get_by_role("button", name="Show all 3000 rows").click()
        await expect(calls.last.get_by_role("row")).to_have_count(3_001)

        await talker.type("Show me the pictures.")
        await talker.hears("on your screen")
        assert PIXEL not in str(talker.chats[-1].body)
        picture, player = calls.last.get_by_role("img"), calls.last.locator("audio")
        await sees(picture)
        assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1
        assert await player.evaluate("audio => audio.play().then(() => audio.duration > 0)")
        await sees(calls.last.get_by_text("https://evil.example/steal").first)
        await expect(calls.last.get_by_role("link")).to_have_count(0)

        await talker.speak("What of the bill?")
        await sees(said(page, "agent", "You owe 1,234.50 EUR"))
        await is_said(
            talker, "You owe 1234 euros and 50 cents, order A B C, 1 2 3. See a link to pay.example.org or call"
        )
        await is_said(talker, "plus 4 9, 3 0, 1 2 3 4 5 6")

        await talker.type("Read the gauge.")
        await talker.hears("The gauge shows nothing.")
        assert talker.chats[-1].results[-1] == '{"reading":null,"name":"half \ufffd a pair"}'
        await talker.type("And on monday?")
        await talker.hears("There is no party on Monday.")
        assert "Ask for Friday." in talker.chats[-1].results[-1]
        await sees(card(page, "party.get_party", "error").get_by_text("Ask for Friday."))
        await talker.type("What if nothing comes?")
        await talker.hears("It is done.")
        assert talker.chats[-1].results[-1] == "Done."
