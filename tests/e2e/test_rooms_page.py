"""The page in a real Chromium: with nothing stood in for (WebRTC, Whisper, MCP, Piper), and once with cloud plugins."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import psutil
import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.fakes.chat import Call
from tests.fakes.sound import speech_like
from tests.fakes.stacks import cloud
from tests.support.browser import PATIENCE, a_browser, a_page, play, shoot, speak
from tests.support.livekit import kill_jobs
from tests.support.pages import begin, button, card, end, in_state, listens, said, sees, write
from tests.support.program import tasks
from tests.support.up import up

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from playwright.async_api import Browser, Page

    from tests.fakes.chat import Chat, Turn
    from tests.fakes.stacks import Cloud
    from tests.support.up import Up

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]

RATE = 24_000
"""Hertz of what is no speech, but sounds like it."""
ASKED = "Shall I go ahead?"
"""The end of what is read back."""

KEEP_STATES = """
() => {
  const status = document.querySelector("[role=status]");
  window.states = [];
  const note = () => states.push(status.textContent.trim());
  new MutationObserver(note).observe(status, { childList: true, subtree: true, characterData: true });
}
"""
LOST = "The assistant was lost. Another one is being called."
WILL_TELL = """
(text) => {
  const line = document.querySelector("[role=alert]");
  window.told = new Promise((resolve) => {
    const look = () => line.textContent.trim() === text && resolve(true);
    new MutationObserver(look).observe(line, { childList: true, subtree: true, characterData: true });
  });
}
"""
"""Makes `told` a promise that `text` is told from now on, for however short a time."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stand_ins() -> AsyncGenerator[Cloud]:
    async with cloud(model=model) as stand_ins:
        yield stand_ins


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(home: Path, stand_ins: Cloud) -> AsyncGenerator[Up]:
    """Everything, with keys for the cloud too, which is stood in for."""
    everything = up(home, variables=stand_ins.variables())
    yield await asyncio.to_thread(everything.__enter__)
    await asyncio.to_thread(everything.__exit__, None, None, None)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncGenerator[Browser]:
    async with a_browser() as browser:
        yield browser


def model(chat: Chat) -> Turn:
    """Knows tasks, and nothing else."""
    if chat.results:
        return f"All right. {chat.results[-1].splitlines()[0]}"
    if chat.user.startswith("Add "):
        return Call("tasks_create_task", {"title": chat.user.removeprefix("Add ").rstrip(".")})
    if chat.user.startswith("Delete "):
        return Call("tasks_delete_task", {"task": chat.user.removeprefix("Delete ").rstrip(".")})
    return "I only know tasks."


async def say(page: Page, stand_ins: Cloud, text: str) -> None:
    """Make a sound like speech, and have the stand-in for the ears understand it so."""
    stand_ins.deepgram.hear(text)
    await play(page, speech_like(text, RATE), RATE)


async def test_what_is_spoken_is_done_shown_and_answered_aloud(running: Up, browser: Browser, home: Path) -> None:
    async with a_page(browser, running.page) as page:
        await shoot(page, "1-idle")
        await begin(page)
        before = await page.evaluate("heard")

        await speak(page, "Add buy milk.")

        await sees(card(page, "tasks.create_task", "ok"))
        await sees(said(page, "user", "milk"))
        await sees(said(page, "agent", "milk"))
        assert await page.evaluate("heard") > before
        assert ["milk" in task["title"] for task in tasks(home)] == [True]
        await listens(page)
        await shoot(page, "2-done")

        await speak(page, "Delete buy milk.")
        await sees(button(page, "Yes"))
        # A yes that is said before the question counts for nothing.
        await sees(said(page, "agent", ASKED))
        await listens(page)
        await shoot(page, "3-asked")
        await speak(page, "Yes.")
        await sees(card(page, "tasks.delete_task", "ok"))
        assert tasks(home) == []

        await button(page, "End").click()
        await in_state(page, "The conversation has ended")
        await sees(button(page, "Talk"))
        await shoot(page, "4-ended")


async def test_with_the_cloud_plugins_it_is_the_same_and_a_voice_confirms_as_a_button_does(
    running: Up, browser: Browser, home: Path, stand_ins: Cloud
) -> None:
    async with a_page(browser, running.page) as page:
        await button(page, "Settings").click()
        await page.get_by_label("Profile").select_option("quality")
        await button(page, "Close").click()
        await button(page, "Talk").click()
        await listens(page)
        before = await page.evaluate("heard")

        await say(page, stand_ins, "Add buy milk.")
        await sees(card(page, "tasks.create_task", "ok"))
        await sees(said(page, "user", "Add buy milk."))
        await sees(said(page, "agent", "All right."))
        assert await page.evaluate("heard") > before
        assert [task["title"] for task in tasks(home)] == ["buy milk"]

        await listens(page)
        await say(page, stand_ins, "Delete buy milk.")
        await sees(button(page, "Yes"))
        await sees(said(page, "agent", ASKED))
        await listens(page)
        await say(page, stand_ins, "Yes.")
        await sees(card(page, "tasks.delete_task", "ok"))
        assert tasks(home) == []

        await write(page, "Add call Ann.")
        await sees(said(page, "agent", "call Ann"))
        await write(page, "Delete call Ann.")
        await button(page, "No").click()
        await sees(card(page, "tasks.delete_task", "declined"))
        assert [task["title"] for task in tasks(home)] == ["call Ann"]
        await write(page, "Delete call Ann.")
        await button(page, "Yes").click()
        await expect(card(page, "tasks.delete_task", "ok")).to_have_count(2)
        assert tasks(home) == []
        await end(page)


async def test_a_reload_goes_on_where_it_was_and_the_buttons_answer(running: Up, browser: Browser, home: Path) -> None:
    async with a_page(browser, running.page, is_phone=True) as page:
        await begin(page)
        await write(page, "add call the dentist")
        await sees(card(page, "tasks.create_task", "ok"))
        await write(page, "delete call the dentist")
        await sees(button(page, "Yes"))

        await page.reload()

        await sees(button(page, "No"))
        await sees(said(page, "user", "add call the dentist"))
        await expect(said(page, "agent", "What can I do for you?")).to_have_count(1)
        await shoot(page, "5-reloaded-phone")
        await button(page, "No").click()
        await sees(card(page, "tasks.delete_task", "declined"))
        assert [task["title"] for task in tasks(home)] == ["call the dentist"]

        await write(page, "delete call the dentist")
        await button(page, "Yes").click()
        await sees(card(page, "tasks.delete_task", "ok"))
        assert tasks(home) == []
        await expect(card(page, "tasks.create_task", "ok")).to_have_count(1)
        await end(page)


async def test_two_people_at_once_do_not_hear_one_another(running: Up, browser: Browser) -> None:
    async with a_page(browser, running.page) as ann, a_page(browser, running.page) as bob:
        await asyncio.gather(begin(ann), begin(bob))
        await write(ann, "add feed the cat")
        await write(bob, "add walk the dog")
        await sees(said(ann, "agent", "cat"))
        await sees(said(bob, "agent", "dog"))
        await expect(said(ann, "user", "dog")).to_have_count(0)
        await expect(said(bob, "user", "cat")).to_have_count(0)
        await asyncio.gather(end(ann), end(bob))


async def test_a_conversation_can_be_held_without_a_microphone(running: Up, browser: Browser) -> None:
    async with a_page(browser, running.page) as page:
        await page.evaluate(
            "() => void (navigator.mediaDevices.getUserMedia = async () => Promise.reject(new Error('denied')))"
        )
        await begin(page)
        await sees(page.get_by_text("The microphone cannot be used."))
        await write(page, "what can you do?")
        await sees(said(page, "agent", "").nth(1))
        await end(page)


async def test_who_loses_the_assistant_is_told_at_once_and_goes_on_with_the_next(running: Up, browser: Browser) -> None:
    """A job that is killed, and then the worker: nobody is free until it has been started again."""
    async with a_page(browser, running.page) as page:
        await begin(page)
        await write(page, "add learn to juggle")
        await sees(card(page, "tasks.create_task", "ok"))
        worker = psutil.Process(running.worker)
        await page.evaluate(WILL_TELL, LOST)
        kill_jobs(worker.pid, running.livekit)
        async with asyncio.timeout(PATIENCE / 1000):
            await page.evaluate("told")
        await in_state(page, "Listening")
        await expect(page.get_by_role("alert")).to_be_hidden()

        worker.kill()
        await sees(page.get_by_text(LOST))
        await sees(page.get_by_text("No assistant is free at the moment. Still trying."))
        # A worker has to be started in between.
        await expect(page.get_by_role("status")).to_have_text("Listening", timeout=2 * PATIENCE)
        await expect(said(page, "user", "add learn to juggle")).to_have_count(1)
        await expect(said(page, "agent", "What can I do for you?")).to_have_count(1)
        await write(page, "add learn to dance")
        await sees(said(page, "agent", "dance"))
        await end(page)


def livekit_server(running: Up) -> psutil.Process:
    (server,) = (one for one in running.processes() if one.name() == "livekit-server")
    return server


async def stand_still(server: psutil.Process, seconds: float) -> None:
    server.suspend()
    await asyncio.sleep(seconds)  # What the test is about.
    server.resume()


async def speak_until_heard(page: Page, text: str) -> None:
    """Say it, and again if nothing came of it: a line that was just dead may lose the first word, as telephones do."""
    lines = said(page, "user", "")
    before = await lines.count()
    for is_last in (False, False, True):
        await speak(page, text)
        try:
            return await expect(lines).not_to_have_count(before, timeout=PATIENCE if is_last else PATIENCE / 3)
        except AssertionError:
            if is_last:
                raise
    return None


async def test_a_livekit_server_that_stands_still_or_is_killed_ends_no_conversation_and_repeats_nothing(
    running: Up, browser: Browser, home: Path
) -> None:
    async with a_page(browser, running.page) as page:
        await begin(page)
        await page.evaluate(KEEP_STATES)
        await stand_still(livekit_server(running), 5)
        await write(page, "add mend the roof")
        await sees(card(page, "tasks.create_task", "ok"))
        assert "Reconnecting" not in await page.evaluate("states")

        await write(page, "delete mend the roof")
        await sees(button(page, "Yes"))
        await sees(said(page, "agent", ASKED))
        await listens(page)
        standing = asyncio.create_task(stand_still(livekit_server(running), 20))
        await in_state(page, "Reconnecting")
        await standing
        await in_state(page, "Listening")
        await sees(button(page, "Yes"))
        before = await page.evaluate("heard")
        await speak_until_heard(page, "Yes.")
        await sees(card(page, "tasks.delete_task", "ok"))
        await sees(said(page, "agent", "Deleted"))
        assert await page.evaluate("heard") > before

        livekit_server(running).kill()
        await in_state(page, "Reconnecting")
        await in_state(page, "Listening")
        await write(page, "add paint the fence")
        await sees(said(page, "agent", "fence"))
        await expect(said(page, "agent", "What can I do for you?")).to_have_count(1)
        await expect(said(page, "user", "mend the roof")).to_have_count(2)
        await expect(card(page, "tasks.create_task", "ok")).to_have_count(2)
        titles = [task["title"] for task in tasks(home)]
        assert "mend the roof" not in titles
        assert titles.count("paint the fence") == 1
        async with a_page(browser, running.page) as another:
            await begin(another)
            await end(another)
        await end(page)


async def test_ctrl_c_ends_everything_that_was_started(running: Up, browser: Browser) -> None:
    """The last one: it ends what the others use."""
    async with a_page(browser, running.page) as page:
        await begin(page)
        started = running.processes()
        assert len(started) >= 4
        running.process.send_signal(2)
        await in_state(page, "The conversation has ended")
    assert running.process.wait(PATIENCE / 1000) == 0
    _, left = await asyncio.to_thread(psutil.wait_procs, started, PATIENCE / 1000)
    assert [one for one in left if one.is_running() and one.status() != psutil.STATUS_ZOMBIE] == []
