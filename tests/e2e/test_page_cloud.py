"""The page in Chromium on a whole room with the cloud plugins, on stand-ins for what they call."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.fakes.chat import Call
from tests.fakes.server import KEY
from tests.fakes.sound import speech_like
from tests.fakes.stacks import cloud
from tests.support.browser import a_browser, a_page, play
from tests.support.pages import button, card, end, listens, said, sees, write
from tests.support.program import tasks
from tests.support.up import up

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Page

    from tests.fakes.chat import Chat, Turn
    from tests.fakes.stacks import Cloud

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

RATE = 24_000


def model(chat: Chat) -> Turn:
    """Knows tasks, and nothing else."""
    if chat.results:
        return f"All right. {chat.results[-1].splitlines()[0]}"
    if chat.user.startswith("Add "):
        return Call("tasks_create_task", {"title": chat.user.removeprefix("Add ").rstrip(".")})
    if chat.user.startswith("Delete "):
        return Call("tasks_delete_task", {"task": chat.user.removeprefix("Delete ").rstrip(".")})
    return "I only know tasks."


def variables(stand_ins: Cloud) -> dict[str, str]:
    return {
        "DEEPGRAM_API_KEY": KEY,
        "OPENAI_API_KEY": KEY,
        "CARTESIA_API_KEY": KEY,
        "VOICE_AGENT_STT__BASE_URL": stand_ins.deepgram.url,
        "VOICE_AGENT_LLM__BASE_URL": stand_ins.openai.base_url,
        "VOICE_AGENT_TTS__BASE_URL": stand_ins.cartesia.url,
    }


async def speak(page: Page, text: str) -> None:
    """Make a sound like speech: the stand-in for the ears knows what it says."""
    await play(page, speech_like(text, RATE), RATE)


async def test_what_is_spoken_is_done_shown_answered_and_confirmed_by_voice_and_by_button(tmp_path: Path) -> None:
    async with cloud(model=model) as stand_ins:
        everything = up(tmp_path, "--profile", "quality", **variables(stand_ins))
        running = await asyncio.to_thread(everything.__enter__)
        try:
            async with a_browser() as browser, a_page(browser, running.page) as page:
                await button(page, "Talk").click()
                await listens(page)
                before = await page.evaluate("heard")

                stand_ins.deepgram.hear("Add buy milk.", "Delete buy milk.", "Yes.")
                await speak(page, "Add buy milk.")
                await sees(card(page, "tasks.create_task", "ok"))
                await sees(said(page, "user", "Add buy milk."))
                await sees(said(page, "agent", "All right."))
                assert await page.evaluate("heard") > before
                assert [task["title"] for task in tasks(tmp_path)] == ["buy milk"]

                await listens(page)
                await speak(page, "Delete buy milk.")
                await sees(button(page, "Yes"))
                await listens(page)
                await speak(page, "Yes.")
                await sees(card(page, "tasks.delete_task", "ok"))
                assert tasks(tmp_path) == []

                await write(page, "Add call Ann.")
                await sees(said(page, "agent", "call Ann"))
                await write(page, "Delete call Ann.")
                await button(page, "No").click()
                await sees(card(page, "tasks.delete_task", "declined"))
                assert [task["title"] for task in tasks(tmp_path)] == ["call Ann"]
                await end(page)
        finally:
            await asyncio.to_thread(everything.__exit__, None, None, None)
