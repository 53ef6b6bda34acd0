"""What the page shows in each state, to be looked at (out/screenshots), and that everybody can use it (axe-core)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.support.axe import look
from tests.support.browser import a_browser, a_page
from tests.support.pages import in_state
from tests.support.stage import a_stage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from playwright.async_api import Browser, Page

    from tests.support.stage import Actor, Stage
    from voice_agent.cli.livekit_server import Address

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]

SERVERS: list[dict[str, Any]] = [
    {"name": "tasks", "state": "ready", "reason": None, "tools": 14, "held": []},
    {"name": "weather", "state": "starting", "reason": None, "tools": 0, "held": []},
    {
        "name": "mail",
        "state": "degraded",
        "reason": "“Send mail” has changed and is held back",
        "tools": 6,
        "held": [{"tool": "send_mail", "changes": ["it takes “bcc” as well", "it no longer says that it only reads"]}],
    },
    {"name": "calendar", "state": "reconnecting", "reason": "stopped answering; next try in 4 seconds", "tools": 0},
    {"name": "drive", "state": "failed", "reason": "the program “drive-mcp” is not installed", "tools": 0},
]
ROWS = [
    {"title": title, "due": due, "priority": priority}
    for title, due, priority in [
        ("Call the dentist", "2026-11-23", 1),
        ("Buy milk and a whole lot of other things for the weekend", "2026-11-22", 3),
        ("Send the report", None, 2),
    ]
]
PERSON: dict[str, Any] = {
    "say": "Club",
    "text": "Please register for the summer course.",
    "is_ours": False,
    "domain": None,
    "is_waited_for": False,
    "left_out": ["Password"],
    "values": {"name": "Ada"},
}


def a_field(name: str, title: str, kind: str = "text", **more: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "is_required": False,
        "description": "",
        "default": None,
        "choices": [],
        "least": None,
        "most": None,
    }
    return {"name": name, "title": title, "kind": kind, **usual, **more}


def some(*titles: str) -> list[dict[str, str]]:
    return [{"value": title.lower(), "title": title} for title in titles]


FIELDS = [
    a_field("name", "Name", is_required=True),
    a_field("mail", "E-mail", "email", is_required=True),
    a_field("age", "Age", "integer", least=0, most=150),
    a_field("start", "First day", "date"),
    a_field("course", "Course", "choice", choices=some("Sailing", "Climbing", "Pottery"), default="sailing"),
    a_field("meals", "Meals", "choices", choices=some("Breakfast", "Lunch", "Dinner"), most=2),
    a_field("news", "News by mail", "boolean", default=False),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(livekit: Address, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stage]:
    async with a_stage(livekit, tmp_path_factory.mktemp("home")) as stage:
        yield stage


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncGenerator[Browser]:
    async with a_browser() as browser:
        yield browser


async def begin(actor: Actor) -> None:
    await actor.line("ready", profile="offline", servers=SERVERS)
    await actor.say("Hello. What can I do for you?", "greeting")
    await actor.state("listening")


async def call(actor: Actor, name: str, status: str, text: str, structured: Any = None, **arguments: Any) -> None:
    server, tool = name.split(".")
    await actor.line("tool_call", call=name, server=server, tool=tool, arguments=arguments)
    if status != "running":
        await actor.line("tool_result", call=name, status=status, text=text, structured=structured)


async def listening(actor: Actor, page: Page) -> None:
    await begin(actor)
    await actor.line("user", text="Add buy milk for tomorrow, please.", via="speech", wav=None)
    await call(actor, "tasks.create_task", "ok", "Added “buy milk”, due tomorrow.", title="buy milk", due="tomorrow")
    await actor.say("Added “buy milk”, due tomorrow.")
    await actor.state("listening")
    await in_state(page, "Listening")
    await actor.caption("And what else is due this", "user")
    await expect(page.get_by_text("And what else is due this")).to_be_visible()


async def speaking(actor: Actor, page: Page) -> None:
    await actor.line("user", text="What is due this week?", via="speech", wav=None)
    await call(actor, "tasks.list_tasks", "ok", "3 tasks.", {"tasks": ROWS}, when="this week")
    await actor.state("speaking")
    await in_state(page, "Speaking")
    await page.get_by_role("article", name="tasks.list_tasks").get_by_text("Result").click()
    await actor.caption("You have three tasks this week. The first is", "agent")
    await expect(page.get_by_text("The first is")).to_be_visible()


async def thinking(actor: Actor, page: Page) -> None:
    await actor.line("user", text="Get the weather of the last hundred years.", via="text", wav=None)
    await call(actor, "weather.get_history", "running", "", city="Berlin", years=100)
    await actor.line("progress", call="weather.get_history", done=37, total=100, text="37 of 100 years")
    await actor.state("thinking")
    await in_state(page, "Thinking")
    await expect(page.get_by_text("37 of 100 years")).to_be_visible()


async def failed(actor: Actor, page: Page) -> None:
    text = "The weather service is out of reach. Nothing was changed."
    await actor.line("tool_result", call="weather.get_history", status="error", text=text, structured=None)
    await call(actor, "mail.send_mail", "unknown", "I don't know whether it went through.", to="ada@example.com")
    await actor.say("That didn't work: the weather service is out of reach.")
    await actor.state("listening")
    await expect(page.get_by_text("Outcome unknown")).to_be_visible()


async def asked(actor: Actor, page: Page) -> None:
    fields = {"server": "tasks", "tool": "delete_task", "arguments": {"task": "buy milk"}}
    await actor.line("confirm", call="delete", text="Shall I delete the task “buy milk”?", **fields)
    await actor.say("Shall I delete the task “buy milk”?", "confirm")
    await expect(page.get_by_role("button", name="Yes", exact=True)).to_be_visible()


async def form(actor: Actor, page: Page) -> None:
    await actor.line("answered", call="delete", answer="no")
    await call(actor, "club.register", "running", "")
    form: dict[str, Any] = {**PERSON, "fields": FIELDS}
    await actor.line("question", call="club.register", server="club", text="", field=None, url=None, form=form)
    await expect(page.get_by_label("Name", exact=True)).to_have_value("Ada")
    await page.get_by_label("E-mail").fill("ada")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_text("It takes an e-mail address")).to_be_visible()


async def link(actor: Actor, page: Page) -> None:
    await actor.line("question_closed", call="club.register", action="accept")
    url = "https://pay.example/checkout/5f2c9a?amount=12.00&currency=EUR"
    form: dict[str, Any] = {
        **PERSON,
        "text": "Pay the fee of 12 euros.",
        "domain": "pay.example",
        "fields": [],
        "left_out": [],
    }
    await actor.line("question", call="club.register", server="club", text="", field=None, url=url, form=form)
    await expect(page.get_by_role("link", name="Open pay.example")).to_be_visible()


async def servers(actor: Actor, page: Page) -> None:
    await actor.line("question_closed", call="club.register", action="decline")
    await page.get_by_role("button", name="Servers").click()
    await expect(page.get_by_role("button", name="Approve")).to_be_visible()


async def settings(_actor: Actor, page: Page) -> None:
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Settings").click()
    await expect(page.get_by_label("Push to talk")).to_be_visible()


async def ended(actor: Actor, page: Page) -> None:
    await page.keyboard.press("Escape")
    await actor.line("end", reason="goodbye")
    await in_state(page, "The conversation has ended")


STATES: list[Callable[[Actor, Page], Awaitable[None]]] = [
    listening, speaking, thinking, failed, asked, form, link, servers, settings, ended,
]  # fmt: skip


async def test_each_state_looks_as_it_should_and_everybody_can_use_it(stage: Stage, browser: Browser) -> None:
    async with a_page(browser, stage.page) as page:
        await look(page, "0-idle")
        async with stage.act(page) as actor:
            for place, state in enumerate(STATES, 1):
                await state(actor, page)
                await look(page, f"{place}-{state.__name__}")
