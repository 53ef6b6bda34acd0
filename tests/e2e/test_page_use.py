"""What a person does on the page reaches the assistant, and what happens to the connection is told."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.support.axe import look
from tests.support.browser import a_browser, a_page
from tests.support.pages import button, in_state, said, sees
from tests.support.stage import a_stage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from playwright.async_api import Browser, Page, Route

    from tests.support.stage import Actor, Stage
    from voice_agent.cli.livekit_server import Address

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]

MARKUP = '<img src="x" onerror="document.title = 1"><b>bold</b>'
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
FILLED = {
    "name": "Ada",
    "essay": "Two\nlines",
    "mail": "ada@example.com",
    "site": "https://example.com",
    "born": "1999-12-31",
    "size": 1.5,
    "age": 36,
    "news": True,
    "pet": "p7",
    "few": "p1",
    "pets": ["p2", "p4"],
}
CUT = """
(() => {
  const Real = window.WebSocket;
  window.sockets = [];
  window.isCut = false;
  window.WebSocket = class extends Real {
    constructor(url, ...rest) {
      super(window.isCut ? new URL("/nothing", url) : url, ...rest);
      window.sockets.push(this);
    }
  };
})();
"""
"""Lets the test cut the connection, and keep it cut."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(livekit: Address, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stage]:
    async with a_stage(livekit, tmp_path_factory.mktemp("home")) as stage:
        yield stage


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncGenerator[Browser]:
    async with a_browser() as browser:
        yield browser


@contextlib.asynccontextmanager
async def talking(stage: Stage, browser: Browser, script: str = "") -> AsyncGenerator[tuple[Page, Actor]]:
    """A page in a conversation that has begun."""
    async with a_page(browser, stage.page) as page:
        if script:
            await page.add_init_script(script)
            await page.reload()
        async with stage.act(page) as actor:
            await actor.line("ready", profile="offline", servers=[])
            await actor.say("Hello.", "greeting")
            await actor.state("listening")
            await in_state(page, "Listening")
            yield page, actor


def a_field(name: str, kind: str, **more: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {"description": "", "default": None, "choices": [], "least": None, "most": None}
    return {"name": name, "title": name.capitalize(), "kind": kind, "is_required": False, **usual, **more}


async def ask(actor: Actor, *fields: dict[str, Any], url: str | None = None, **form: Any) -> None:
    usual: dict[str, Any] = {"say": "Club", "text": "Please.", "is_ours": False, "domain": None, "is_waited_for": False}
    whole: dict[str, Any] = {**usual, "fields": fields, "left_out": [], "values": {}, **form}
    await actor.line("question", call="c1", server="club", text="", field=None, kind="text", url=url, form=whole)


async def test_a_form_of_every_kind_is_sent_as_the_server_wants_it(stage: Stage, browser: Browser) -> None:
    pets = [{"value": f"p{place}", "title": f"Pet {place}"} for place in range(9)]
    async with talking(stage, browser) as (page, actor):
        await ask(
            actor,
            a_field("name", "text", is_required=True),
            a_field("essay", "text", most=500),
            a_field("mail", "email"),
            a_field("site", "uri"),
            a_field("born", "date"),
            a_field("start", "date-time"),
            a_field("size", "number"),
            a_field("age", "integer", most=150),
            a_field("news", "boolean", default=True),
            a_field("pet", "choice", choices=pets),
            a_field("few", "choice", choices=pets[:3], default="p1"),
            a_field("pets", "choices", choices=pets, most=2),
            a_field("empty", "text"),
        )
        send = button(page, "Send")
        await send.click()
        await sees(page.get_by_text("That one is needed."))
        await page.get_by_label("Name", exact=True).fill("Ada")
        await page.get_by_label("Essay").fill("Two\nlines")
        await page.get_by_label("Mail").fill("ada@example.com")
        await page.get_by_label("Site").fill("https://example.com")
        await page.get_by_label("Born").fill("1999-12-31")
        await page.get_by_label("Start").fill("2026-01-02T10:30")
        await page.get_by_label("Size").fill("1,5")
        await page.get_by_label("Age (optional)").fill("200")
        await page.get_by_label("Pet (optional)").select_option("p7")
        group = page.get_by_role("group", name="Pets (optional)")
        for pet in ("Pet 2", "Pet 4"):
            await group.get_by_label(pet).check()
        await send.click()
        await sees(page.get_by_text("It takes at most 150."))
        await page.get_by_label("Age (optional)").fill("36")
        assert await page.locator("input[type=password]").count() == 0
        actor.refusal = "Name: That is too short."
        await send.click()
        await expect(page.get_by_role("alert")).to_have_text("Name: That is too short.")
        await send.click()
        sent = await actor.told("answer")
        moment = await page.evaluate("new Date('2026-01-02T10:30').toISOString()")
        assert sent == {"call": "c1", "action": "accept", "content": {**FILLED, "start": moment}}
        assert await actor.told("filling") == {"call": "c1"}


async def test_what_is_said_stands_in_the_form_and_ends_it(stage: Stage, browser: Browser) -> None:
    async with talking(stage, browser) as (page, actor):
        fields = (a_field("name", "text"), a_field("mail", "email"))
        await ask(actor, *fields)
        await page.get_by_label("Mail").fill("mine@example.com")
        await ask(actor, *fields, values={"name": "Ada", "mail": "heard@example.com"})
        await expect(page.get_by_label("Name")).to_have_value("Ada")
        await expect(page.get_by_label("Mail")).to_have_value("mine@example.com")
        # “Go back” takes an answer back.
        await ask(actor, *fields, values={})
        await expect(page.get_by_label("Name")).to_have_value("")
        await expect(page.get_by_label("Mail")).to_have_value("mine@example.com")
        await actor.line("question_closed", call="c1", action="accept")
        await expect(button(page, "Send")).to_be_hidden()
        await ask(actor, *fields)
        await button(page, "Decline").click()
        assert await actor.told("answer") == {"call": "c1", "action": "decline", "content": {}}


async def test_a_link_is_opened_by_a_click_alone_which_is_the_answer(stage: Stage, browser: Browser) -> None:
    async with talking(stage, browser) as (page, actor):
        await ask(actor, url="javascript:alert(1)", domain="")
        await sees(page.get_by_text("javascript:alert(1)"))
        assert await page.get_by_role("link").count() == 0
        address = f"{stage.page}healthz"
        await ask(actor, url=address, domain="pay.example", is_waited_for=True)
        link = page.get_by_role("link", name="Open pay.example")
        assert await link.get_attribute("rel") == "noopener noreferrer"
        await sees(page.get_by_text(address))
        assert len(page.context.pages) == 1
        async with page.context.expect_page() as opened:
            await link.click()
        assert await (await opened.value).evaluate("[window.opener, document.referrer]") == [None, ""]
        assert not [name for name, _ in actor.commands if name == "answer"]
        await button(page, "Done").click()
        assert await actor.told("answer") == {"call": "c1", "action": "accept", "content": {}}


async def test_a_changed_tool_is_approved_exactly_as_it_was_shown(stage: Stage, browser: Browser) -> None:
    held = [{"tool": "send", "changes": ["it takes “bcc” as well", MARKUP]}]
    async with talking(stage, browser) as (page, actor):
        await actor.line("server", name="mail", state="quarantined", reason="has changed", held=held)
        await button(page, "Servers: 1 in trouble").click()
        await sees(page.get_by_text(MARKUP))
        await page.get_by_role("button", name="Approve the changes of mail").click()
        assert await actor.told("approve") == {"server": "mail", "held": held}
        await actor.line("server", name="mail", state="ready", reason=None, held=[])
        await expect(page.get_by_role("button", name="Approve")).to_have_count(0)
        # Somebody who does not run the assistant is shown it, and cannot.
        server = {"name": "mail", "state": "quarantined", "reason": "has changed", "held": held}
        await actor.line("ready", profile="offline", servers=[server], approves=False)
        await sees(page.get_by_text("whoever runs this assistant"))
        await sees(page.get_by_text(MARKUP))
        await expect(page.get_by_role("button", name="Approve")).to_have_count(0)


async def test_another_language_is_chosen_in_the_middle_of_a_conversation_and_stays_when_loaded_again_at_once(
    stage: Stage, browser: Browser
) -> None:
    async with talking(stage, browser) as (page, actor):

        def spoken() -> str | None:
            person = actor.room.remote_participants.get(actor.identity)
            return person.attributes.get("language") if person is not None else None

        async def never_answer(route: Route) -> None:
            await route.fetch()

        assert spoken() is None
        await page.route("**/api/language", never_answer)
        await button(page, "Settings").click()
        await page.get_by_label("Language").select_option("de")
        await actor.until(lambda: spoken() == "de")
        await page.reload()
        await actor.told("snapshot")
        await actor.until(lambda: spoken() == "de")
        await in_state(page, "Listening")


async def test_a_result_is_shown_whole_when_asked_for_and_all_of_it_as_text(stage: Stage, browser: Browser) -> None:
    rows = [{"title": MARKUP if place == 0 else f"row {place}", "n": place, "none": None} for place in range(60)]
    async with talking(stage, browser) as (page, actor):
        await actor.line("tool_call", call="c1", server="s", tool="get_all", arguments={MARKUP: MARKUP})
        await actor.line("tool_result", call="c1", status="ok", text=MARKUP, structured=None, is_cut=True)
        image = {"kind": "image", "mime_type": "image/png", "uri": None, "data": PIXEL}
        whole = {"rows": rows, "day": "2026-11-22", "moment": "2026-11-22T15:00:00+01:00", "notes": ""}
        actor.results["c1"] = {"structured": whole, "media": []}
        card = page.get_by_role("article", name="s.get_all", exact=True)
        await sees(card.get_by_text("Result"))
        await actor.line("tool_call", call="c2", server="s", tool="draw", arguments={})
        shown = {"kind": "image", "mime_type": "image/png", "uri": None, "size": 70}
        await actor.line("tool_result", call="c2", status="ok", text="Drawn.", structured=None, media=[shown])
        actor.results["c2"] = {"structured": None, "media": [image]}
        assert await actor.told("result") == {"call": "c2"}
        drawn = page.get_by_role("article", name="s.draw", exact=True)
        await expect(drawn.get_by_role("img")).to_have_js_property("naturalWidth", 1)
        await card.get_by_text("Result").click()
        await button(page, "Show everything").click()
        assert await actor.told("result") == {"call": "c1"}
        await sees(card.get_by_role("cell", name=MARKUP))
        await expect(card.get_by_role("row")).to_have_count(51)
        await button(page, "Show all 60 rows").click()
        await expect(card.get_by_role("row")).to_have_count(61)
        # Times as they are read here, whole and in full as they were sent; what has no value is named once.
        assert await card.locator("time").evaluate_all("(all) => all.map((one) => one.title)") == [
            "2026-11-22", "2026-11-22T15:00:00+01:00",
        ]  # fmt: skip
        await sees(card.get_by_text("Nov 22, 2026", exact=True))
        await expect(card.get_by_role("columnheader")).to_have_text(["title", "n"])
        await sees(card.get_by_text("No value: none."))
        await expect(card.locator("dd").last).to_have_text("notes")
        wide = await card.evaluate("(one) => [...one.querySelectorAll('.scroll')].every((box) => "
            "box.getBoundingClientRect().right <= one.getBoundingClientRect().right)")  # fmt: skip
        assert wide
        assert await page.locator("b").count() == 0


async def test_what_is_chosen_holds_and_is_kept(stage: Stage, browser: Browser) -> None:
    async with talking(stage, browser) as (page, actor):
        await button(page, "Settings").click()
        await page.get_by_label("Colours").select_option("dark")
        await page.get_by_label("Captions").uncheck()
        await page.get_by_label("No motion").check()
        await page.get_by_label("Volume").fill("0")
        await button(page, "Close").click()
        assert await page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
        assert await page.evaluate("document.documentElement.dataset.motion") == "none"
        await actor.caption("half a sen", "user")
        await actor.say("Nobody hears this.")
        await sees(said(page, "agent", "Nobody hears this."))
        # What cannot be heard is for the screen reader to say.
        assert await said(page, "agent", "Hello.").get_attribute("aria-live") == "off"
        assert await said(page, "agent", "Nobody hears this.").get_attribute("aria-live") is None
        assert await page.get_by_text("half a sen").count() == 0
        await page.reload()
        await button(page, "Settings").click()
        await expect(page.get_by_label("Colours")).to_have_value("dark")
        await expect(page.get_by_label("Volume")).to_have_value("0")


async def test_with_push_to_talk_the_microphone_is_on_while_the_space_bar_is_held(
    stage: Stage, browser: Browser
) -> None:
    async with talking(stage, browser) as (page, actor):
        people = actor.room.remote_participants
        await actor.until(lambda: actor.identity in people and people[actor.identity].track_publications)
        [microphone] = people[actor.identity].track_publications.values()
        await button(page, "Settings").click()
        await page.get_by_label("Push to talk").check()
        await page.keyboard.press("Escape")
        hold = button(page, "Hold to talk")
        await sees(hold)
        await expect(button(page, "Mute")).to_have_attribute("aria-pressed", "true")
        await actor.until(lambda: microphone.muted)
        await hold.focus()
        await page.keyboard.down("Space")
        await actor.until(lambda: not microphone.muted)
        await page.keyboard.up("Space")
        await actor.until(lambda: microphone.muted)
        # Enter, and a screen reader, cannot hold it.
        await page.keyboard.press("Enter")
        await actor.until(lambda: not microphone.muted)
        await page.keyboard.press("Enter")
        await actor.until(lambda: microphone.muted)


async def test_everything_can_be_reached_by_the_keyboard(stage: Stage, browser: Browser) -> None:
    async with talking(stage, browser) as (page, actor):
        await page.get_by_role("textbox", name="Message", exact=True).focus()
        await actor.line("confirm", call="c2", server="s", tool="t", arguments={}, text="Shall I?")
        await sees(button(page, "Yes"))
        await page.keyboard.press("Shift+Tab")
        await page.keyboard.press("Shift+Tab")
        await expect(button(page, "Yes")).to_be_focused()
        await page.keyboard.press("Enter")
        assert await actor.told("confirm") == {"call": "c2", "yes": True}
        await actor.line("answered", call="c2", answer="yes")
        await expect(button(page, "Yes")).to_be_hidden()
        # What had the focus is gone; it is not lost with it.
        await expect(page.get_by_role("textbox", name="Message", exact=True)).to_be_focused()
        await button(page, "Settings").focus()
        await page.keyboard.press("Enter")
        await expect(button(page, "Close")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(button(page, "Settings")).to_be_focused()
        await button(page, "End").focus()
        await page.keyboard.press("Enter")
        await actor.told("end")
        await actor.line("end", reason="goodbye")
        await expect(button(page, "Talk")).to_be_focused()


async def test_a_lost_assistant_is_told_of_and_the_next_one_goes_on(stage: Stage, browser: Browser) -> None:
    async with talking(stage, browser) as (page, actor):
        room, lines = actor.room.name, actor.lines
        await actor.room.disconnect()
        await sees(page.get_by_text("The assistant was lost. Another one is being called."))
        await in_state(page, "Waiting for the assistant")
        await look(page, "11-waiting")
        await sees(page.get_by_text("No assistant is free at the moment. Still trying."))
        async with stage.comes(room, actor.identity, "another", lines) as another:
            await in_state(page, "Listening")
            await expect(page.get_by_role("alert")).to_be_hidden()
            await expect(said(page, "agent", "Hello.")).to_have_count(1)
            async with stage.comes(room, actor.identity, "a third", lines):
                pass
            # It has gone, and the one before is still there.
            await another.told("snapshot")
            await in_state(page, "Listening")


async def test_a_lost_connection_is_told_of_and_comes_back(stage: Stage, browser: Browser) -> None:
    async with talking(stage, browser, CUT) as (page, actor):
        await page.evaluate("() => { window.isCut = true; for (const one of window.sockets) one.close(); }")
        await in_state(page, "Reconnecting")
        await look(page, "12-reconnecting")
        await page.evaluate("window.isCut = false")
        await in_state(page, "Listening")
        await actor.say("Here again.")
        await sees(said(page, "agent", "Here again."))
