"""Signing in, asked for aloud: for the first time, for more than was agreed to, and after it was taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.test_sign_in_bridge import notes
from tests.fakes.authority import Authority, guarded
from tests.fakes.chat import Call, Chat, Turn
from tests.support.pages import card, said, sees

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Locator, Page

    from tests.support.everything import Everything

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="package")]

FIRST = "Notes needs you to sign in first. The link is on your screen, and I go on by myself when you have."
MORE = "For that Notes needs you to allow more, at 127.0.0.1. I have put the link on your screen,"
AGAIN = "Notes needs you to sign in at 127.0.0.1. I have put the link on your screen,"


def model(chat: Chat) -> Turn:
    """Writes down what comes after a colon."""
    if chat.results:
        return f"It says {chat.results[-1]}."
    if "notes_write_note" not in chat.tools:
        return "That needs Notes."
    return Call("notes_write_note", {"text": chat.user})


async def sign_in(link: Locator, page: Page) -> None:
    """Follow a link, be let in, and see where one comes back to."""
    async with page.context.expect_page() as opened:
        await link.click()
    tab = await opened.value
    await sees(tab.get_by_text("You can close this page and go on talking."))
    await tab.close()


def everything_under(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def test_signing_in_is_asked_for_aloud_and_what_was_wanted_goes_on_by_itself(whole: Everything) -> None:
    authority = Authority()
    async with (
        guarded(notes(), authority, needs={"write_note": "notes:write"}) as gate,
        whole.talk(model) as talker,
    ):
        page = talker.page
        entry = {"url": f"{gate.url}/mcp", "voice": {"confirm": "never", "say": "Notes"}}
        whole.write({"notes": entry})
        await talker.in_state("notes", "needs_login")

        await talker.speak("Write down that I need to buy milk.")
        await talker.hears(FIRST)
        await page.get_by_role("button", name="Servers").click()
        link = page.locator("[data-server=notes]").get_by_role("link")
        await sign_in(link, page)
        await page.keyboard.press("Escape")

        # The server lets in, but wants more for this tool.
        await sees(said(page, "agent", MORE))
        assert authority.asked[-1][1].get("scope") != "notes:write"
        await sign_in(page.get_by_role("link", name="Open 127.0.0.1"), page)
        await talker.hears("It says 1 noted.")
        await sees(card(page, "notes.write_note", "ok"))

        authority.revoke()
        await talker.speak("Write down eggs too.")
        await sees(said(page, "agent", AGAIN))
        await sign_in(page.get_by_role("link", name="Open 127.0.0.1"), page)
        await talker.hears("It says 2 noted.")

        tokens = [given.removeprefix("Bearer ") for given in gate.seen if given]
        assert len(set(tokens)) == 3
        # All that was agreed to before was asked for at once.
        assert authority.times("/authorize") == 3
        secret = [*set(tokens), *authority.renewals]
        kept = everything_under(whole.home)
        assert [name for name in kept if name.startswith("voice-agent/sign-ins/") and name.endswith(".bin")]
        told = {**kept, "page": (await page.content()).encode(), "aloud": talker.aloud.encode()}
        told["model"] = str([chat.body for chat in talker.chats]).encode()
        assert b"/authorize" not in told["aloud"] + told["model"]
        for token in secret:
            assert [name for name, data in told.items() if token.encode() in data] == []
