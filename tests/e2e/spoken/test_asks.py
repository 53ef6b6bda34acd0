"""What a server asks is put to the user by voice and on the page at once, in both eras; never a password."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect

from tests.fakes.chat import Call, Chat, Turn
from tests.support.asking_server import asking_server
from tests.support.pages import button, card, sees
from tests.support.web_servers import served

if TYPE_CHECKING:
    from tests.support.everything import Everything

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="package")]

FREE: dict[str, Any] = {"trust": True, "confirm": "never"}
WANTED = {
    "Plan my party.": "club_throw_party",
    "Sign me up.": "old_register",
    "Pay the fee.": "old_pay",
    "Log me in.": "old_log_in",
}


def model(chat: Chat) -> Turn:
    return chat.results[-1] if chat.results else Call(WANTED[chat.user])


async def test_what_a_server_asks_is_answered_by_voice_and_on_the_page_and_no_password_is(whole: Everything) -> None:
    async with served(asking_server(), "sse") as url:
        servers = {"club": asking_server(), "old": {"url": url, "type": "sse", "voice": FREE}}
        async with whole.talk(model, servers, **FREE) as talker:
            page = talker.page
            await talker.speak("Plan my party.")
            await talker.hears("Club asks: Your party. It is 6 things, one after the other. First, Host name?")
            await talker.speak("A D A.")
            await talker.hears("Drinks? The options are Tea, Milk and Wine.")
            # What is said stands in the form on the page.
            await expect(page.get_by_label("Host name")).to_have_value("Ada")
            await talker.type("Everything but wine.")
            await talker.hears("Guests?")
            await talker.type("Twelve.")
            await talker.hears("It can be at most 9.")
            await talker.type("Three.")
            await talker.hears("Day?")
            await talker.type("The third of May 2030.")
            await talker.hears("E-mail? Say “skip” to leave it out.")
            await talker.type("Skip.")
            await talker.hears("I'd take yes if you say “keep it”.")
            await talker.type("Keep it.")
            await talker.hears("Host name Ada, drinks Tea and Milk, guests 3,")
            await talker.hears("Shall I send it?")
            await talker.speak("No, make it four guests.")
            await talker.hears("Guests is 4. The rest is as I said. Shall I send it?")
            await expect(page.get_by_label("Guests")).to_have_value("4")
            await talker.speak("Yes.")
            sent = "accept cake=True, day=2030-05-03, drinks=['T', 'M'], guests=4, host=Ada with state kept"
            await sees(card(page, "club.throw_party", "ok"))
            await talker.until(lambda: talker.chats[-1].results == (sent,))
            # The model knows nothing of the form but what came back.
            assert len(talker.chats) == len(["called", "came back"])
            assert "wine" not in str(talker.chats[-1].messages)

            await talker.type("Sign me up.")
            await talker.hears("First, Name?")
            await page.get_by_label("Name", exact=True).fill("Eve")
            await page.get_by_label("Age", exact=True).fill("36")
            await button(page, "Send").click()
            await talker.until(lambda: talker.chats[-1].results == ("accept age=36, name=Eve",))
            await talker.type("Pay the fee.")
            await talker.hears("asks you to open a page at pay.example: Pay the fee.")
            await sees(page.get_by_role("link", name="Open pay.example"))
            assert len(page.context.pages) == 1
            await talker.type("No.")
            await talker.until(lambda: talker.chats[-1].results == ("decline",))
            await talker.type("Log me in.")
            await talker.hears("I take no passwords or other secrets here, so I have declined.")
            await talker.until(lambda: talker.chats[-1].results == ("decline",))
            assert await page.locator("input[type=password]").count() == 0
