"""What a test finds, sees and does on the page, by the names that the page promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.async_api import expect

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page


def button(page: Page, name: str) -> Locator:
    """The button of this very name."""
    return page.get_by_role("button", name=name, exact=True)


def said(page: Page, speaker: str, text: str) -> Locator:
    """The lines of the transcript in which `speaker` (`user` or `agent`) has said `text`."""
    return page.get_by_role("log").locator(f"[data-speaker={speaker}]").filter(has_text=text)


def card(page: Page, tool: str, status: str) -> Locator:
    """The cards of `server.tool` in this state."""
    return page.get_by_role("article", name=tool, exact=True).and_(page.locator(f"[data-status={status}]"))


async def sees(locator: Locator) -> None:
    """Wait until the last of them is there to be seen."""
    await expect(locator.last).to_be_visible()


async def in_state(page: Page, text: str) -> None:
    """Wait until the page says that this is what goes on."""
    await expect(page.get_by_role("status")).to_have_text(text)


async def listens(page: Page) -> None:
    """Wait until the assistant has said something, and it is the person's turn."""
    await sees(said(page, "agent", ""))
    await in_state(page, "Listening")


async def begin(page: Page) -> None:
    """Press Talk, and hear the greeting out."""
    await button(page, "Talk").click()
    await sees(said(page, "agent", "What can I do for you?"))
    await listens(page)


async def end(page: Page) -> None:
    """Press End, and see it ended."""
    await button(page, "End").click()
    await sees(button(page, "Talk"))


async def write(page: Page, text: str) -> None:
    """Type a message and send it."""
    await page.get_by_role("textbox", name="Message", exact=True).fill(text)
    await page.keyboard.press("Enter")
