"""What servers ask while a call waits reaches whoever made the call, in both protocol eras and over every transport."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.asking_server import asking_server
from tests.support.bridges import WITHIN, running
from tests.support.web_servers import served
from voice_agent.bridge.forms import Kind, Question, Reply
from voice_agent.bridge.types import Status
from voice_agent.config.types import HttpEntry, ServerEntry, StdioEntry, VoiceOptions

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from voice_agent.bridge.bridge import Bridge
    from voice_agent.bridge.types import Result

pytestmark = pytest.mark.contract

ROOT = Path(__file__).parent.parent.parent
EVERYTHING = ROOT / "tests/interop/node_modules/@modelcontextprotocol/server-everything/dist/index.js"
TRUSTED = VoiceOptions(trust=True, confirm="never")
MODERN = "with state kept"


@dataclass
class Person:
    """Gives the same reply to everything; or takes its time."""

    reply: Reply | None
    asked: list[Question] = field(default_factory=list[Question])
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    waits: asyncio.Event = field(default_factory=asyncio.Event)
    withdrawn: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def person(self) -> object:
        return self

    async def __call__(self, question: Question, /) -> Reply:
        self.asked.append(question)
        self.arrived.set()
        if self.reply is not None:
            return self.reply
        try:
            await self.waits.wait()
        except asyncio.CancelledError:
            self.withdrawn.set()
            raise
        return Reply("decline")


ADA = Reply("accept", {"name": "Ada", "age": 36})


@contextlib.asynccontextmanager
async def club(kind: str, *, asks: bool = True, voice: VoiceOptions = TRUSTED) -> AsyncGenerator[Bridge, None]:
    """The server over `stdio` and `http` (2026-07-28), and `sse` (2025-11-25)."""
    async with contextlib.AsyncExitStack() as stack:
        entry: ServerEntry = StdioEntry(
            "club",
            sys.executable,
            ("-m", "tests.support.asking_server"),
            cwd=ROOT,
            voice=voice,
            origin="a file",
        )
        if kind != "stdio":
            url = await stack.enter_async_context(served(asking_server(), kind))
            entry = HttpEntry("club", url, "http" if kind == "http" else "sse", voice=voice, origin="a file")
        yield await stack.enter_async_context(running(entry, asks=asks))


@pytest.fixture(params=["stdio", "http", "sse"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def call(bridge: Bridge, tool: str, person: Person | None, **arguments: Any) -> Result:
    async with asyncio.timeout(WITHIN):
        return await bridge.call(bridge.resolve(f"club.{tool}"), arguments, on_question=person)


async def test_a_form_reaches_the_caller_and_its_answer_the_server(kind: str) -> None:
    person = Person(ADA)
    async with club(kind) as bridge:
        result = await call(bridge, "register", person)
    assert result.status is Status.OK
    assert result.text == "accept age=36, name=Ada" + (f" {MODERN}" if kind != "sse" else "")
    [asked] = person.asked
    assert (asked.server, asked.say, asked.text) == ("club", "club", "Please register.")
    assert [(one.name, one.kind, one.most) for one in asked.fields] == [
        ("name", Kind.TEXT, None),
        ("age", Kind.INTEGER, 150),
    ]
    assert not asked.is_ours


@pytest.mark.parametrize("action", ["decline", "cancel"])
async def test_a_no_and_a_cancel_are_told_apart_and_carry_nothing(kind: str, action: Any) -> None:
    async with club(kind) as bridge:
        result = await call(bridge, "register", Person(Reply(action, {"name": "Ada"})))
    assert result.text.split(" with")[0] == action


async def test_a_link_reaches_the_caller_whole_and_is_only_agreed_to(kind: str) -> None:
    person = Person(Reply("accept"))
    async with club(kind) as bridge:
        result = await call(bridge, "pay", person)
    assert result.text.startswith("accept")
    assert (person.asked[0].url, person.asked[0].domain) == ("https://pay.example/1?x=2", "pay.example")


@pytest.mark.parametrize(
    ("tool", "refused", "sentence"),
    [
        ("think", "Sampling", "club wants to use a language model of mine for that, which it is not given."),
        ("look_around", "List roots", "club wants to know in which folders it may work, which it is not told."),
    ],
)
async def test_what_is_not_declared_is_refused_politely_and_the_server_goes_on(
    kind: str, tool: str, refused: str, sentence: str
) -> None:
    async with club(kind) as bridge:
        result = await call(bridge, tool, Person(ADA))
        after = await call(bridge, "register", Person(ADA))
    if kind == "sse":
        assert result.text == f"The client says: {refused} not supported."
    else:
        assert (result.status, result.text) == (Status.ERROR, sentence)
    assert after.status is Status.OK


async def test_a_call_of_nobody_is_not_answered(kind: str) -> None:
    async with club(kind) as bridge:
        result = await call(bridge, "register", None)
    assert result.text.startswith("cancel")


async def test_a_bridge_without_a_user_offers_no_questions() -> None:
    async with club("sse", asks=False) as bridge:
        result = await call(bridge, "register", Person(ADA))
    assert result.status is Status.ERROR


class Ahead:
    """Puts the clock of this loop forward, so that what is limited may take its time on a slow machine."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        self._ahead, time = 0.0, loop.time
        monkeypatch.setattr(loop, "time", lambda: time() + self._ahead)

    async def go(self, seconds: float) -> None:
        self._ahead += seconds
        await asyncio.sleep(0.01)  # what is due now runs


async def test_the_users_time_to_think_is_not_the_servers(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    person, limit = Person(None), 12.0
    async with club(kind, voice=VoiceOptions(trust=True, confirm="never", timeout=limit)) as bridge:
        ahead = Ahead(monkeypatch)
        calling = asyncio.create_task(bridge.call(bridge.resolve("club.register"), {}, on_question=person))
        async with asyncio.timeout(WITHIN):
            await person.arrived.wait()
        await ahead.go(limit + 1)
        assert not calling.done()
        person.waits.set()
        assert (await calling).text.startswith("decline")
        resting = asyncio.create_task(bridge.call(bridge.resolve("club.get_rest"), {"seconds": 60}, on_question=person))
        for _ in range(2 * round(limit)):
            await ahead.go(0 if resting.done() else 1)
        slow = await resting
    assert "did not answer within 12 seconds" in slow.text


async def test_a_cancelled_call_withdraws_its_question(kind: str) -> None:
    person = Person(None)
    async with club(kind) as bridge:
        calling = asyncio.create_task(call(bridge, "register", person))
        async with asyncio.timeout(WITHIN):
            await person.arrived.wait()
        calling.cancel()
        await asyncio.gather(calling, return_exceptions=True)
        assert (await call(bridge, "get_rest", None, seconds=0)).text.startswith("rested")
        async with asyncio.timeout(WITHIN):
            await person.withdrawn.wait()


async def test_two_calls_of_one_person_are_both_asked_about(kind: str) -> None:
    person = Person(Reply("accept", {"colour": "red"}))
    async with club(kind) as bridge:
        both = await asyncio.gather(*(call(bridge, "paint", person, wall=wall) for wall in ("north", "south")))
    assert [result.text.split(" with")[0] for result in both] == ["accept colour=red"] * 2
    assert sorted(asked.text for asked in person.asked) == [
        "Which colour for the north?",
        "Which colour for the south?",
    ]


async def test_no_question_of_one_person_is_put_to_another(kind: str) -> None:
    ada, bob = Person(Reply("accept", {"colour": "red"})), Person(Reply("accept", {"colour": "blue"}))
    async with club(kind) as bridge:
        one, other = await asyncio.gather(
            call(bridge, "paint", ada, wall="north"), call(bridge, "paint", bob, wall="south")
        )
    assert all("north" in asked.text for asked in ada.asked)
    assert all("south" in asked.text for asked in bob.asked)
    assert one.text.split(" with")[0] in {"accept colour=red", "cancel"}
    assert other.text.split(" with")[0] in {"accept colour=blue", "cancel"}
    if kind != "sse":
        assert len(ada.asked) == len(bob.asked) == 1


@pytest.mark.skipif(not EVERYTHING.exists() or not shutil.which("node"), reason="npm servers are not installed")
async def test_the_reference_server_has_its_long_form_filled_in_and_its_links_agreed_to() -> None:
    filled = Person(Reply("accept", {"name": "Ada", "check": True, "integer": 7}))
    agreed = Person(Reply("accept"))
    entry = StdioEntry("club", "node", (str(EVERYTHING), "stdio"), voice=TRUSTED, origin="a file")
    async with running(entry, asks=True) as bridge:
        form = await call(bridge, "trigger-elicitation-request", filled)
        link = await call(bridge, "trigger-url-elicitation", agreed, url="https://one.example/a")
        early = await call(bridge, "trigger-url-elicitation", agreed, url="https://one.example/b", errorPath=True)
    assert "- Name: Ada" in form.text
    kinds = {one.name: one.kind for one in filled.asked[0].fields}
    assert len(kinds) >= 12
    assert kinds["titledSingleSelectEnum"] is Kind.CHOICE
    assert kinds["titledMultipleSelectEnum"] is Kind.CHOICES
    assert kinds["birthdate"] is Kind.DATE
    assert "User completed" in link.text
    assert "User completed" in early.text
    assert [(asked.domain, asked.is_waited_for) for asked in agreed.asked] == [
        ("one.example", False),
        ("modelcontextprotocol.io", True),
        ("one.example", False),
    ]


async def test_nothing_is_declared_but_what_is_honoured() -> None:
    entry = StdioEntry("club", "node", (str(EVERYTHING), "stdio"), voice=TRUSTED, origin="a file")
    if not EVERYTHING.exists() or not shutil.which("node"):
        pytest.skip("npm servers are not installed")
    async with running(entry, asks=True) as bridge:
        names = {tool.name for tool in bridge.tools}
    assert "trigger-elicitation-request" in names
    assert not names & {"trigger-sampling-request", "get-roots-list"}
