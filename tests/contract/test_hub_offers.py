"""What text clients at the hub get beside tools, in both protocol eras, and each only what is meant for it."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport
from mcp import MCPError
from mcp.client.subscriptions import listen
from mcp.shared.subscriptions import PromptsListChanged, ResourcesListChanged
from mcp_types import LOG_LEVEL_META_KEY, ElicitResult, PromptReference, ResourceTemplateReference

from tests.support.asking_server import asking_server
from tests.support.hubs import running_hub
from tests.support.note_server import WITHIN, Gate, note_server
from tests.support.subscribers import Listener
from tests.support.web_servers import served
from voice_agent.config.bundled import MODULE
from voice_agent.config.types import HttpEntry, StdioEntry, VoiceOptions

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tests.support.hubs import RunningHub

pytestmark = [pytest.mark.contract, pytest.mark.asyncio(loop_scope="module")]

ROOT = Path(__file__).parents[2]
FREE = VoiceOptions(confirm="never", trust=True)
LEGACY, MODERN = "legacy", "auto"
ERAS = pytest.mark.parametrize("era", [LEGACY, MODERN])
GATE = Gate()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[RunningHub]:
    """A hub with the Task Manager, two servers with the same address, one that asks, and one of the older era."""
    home = tmp_path_factory.mktemp("home")
    database = ("-P", "-m", MODULE, "--database", str(home / "tasks.db"))
    old = ("-m", "tests.support.old_asking_server", str(home / "log"))
    async with contextlib.AsyncExitStack() as stack:
        urls = [
            await stack.enter_async_context(served(server))
            for server in (note_server("notes", GATE), note_server("more", GATE), asking_server())
        ]
        entries = [
            StdioEntry("tasks", sys.executable, database, voice=FREE),
            StdioEntry("old", sys.executable, old, cwd=ROOT, voice=FREE),
            *(
                HttpEntry(name, url, "http", voice=FREE)
                for name, url in zip(("notes", "more", "club"), urls, strict=True)
            ),
        ]
        running = await stack.enter_async_context(running_hub(home, *entries))
        assert await running.hub.people.owner.library.settle(WITHIN)
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def url(running: RunningHub) -> AsyncGenerator[str]:
    # In a task of its own: what is begun there must be ended there.
    told: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    over = asyncio.Event()

    async def serve() -> None:
        async with running.http() as url:
            told.set_result(url)
            await over.wait()

    serving = asyncio.create_task(serve())
    yield await told
    over.set()
    await serving


@pytest.fixture
def client(running: RunningHub, url: str) -> Any:
    def client_of(era: Any, **options: Any) -> Client[Any]:
        return Client(StreamableHttpTransport(url, auth=running.token), mode=era, **options)

    return client_of


def texts(contents: Any) -> list[str]:
    return [part.text for part in contents]


@ERAS
async def test_resources_prompts_and_completion_of_all_servers_are_there(client: Any, era: str) -> None:
    async with client(era) as one:
        resources = {str(found.uri): found for found in await one.list_resources()}
        assert {"tasks://open", "tasks://today", "notes://only", "more://only"} <= set(resources)
        templates = {found.uri_template for found in await one.list_resource_templates()}
        assert {"tasks://{id}", "notes://notes/{place}", "more://notes/{place}"} <= templates
        assert texts(await one.read_resource("more://only")) == ["only of more"]
        assert texts(await one.read_resource("notes://notes/7")) == ["note 7 of notes"]
        with pytest.raises(MCPError, match="no resource nowhere://at-all"):
            await one.read_resource("nowhere://at-all")

        prompts = {found.name: found for found in await one.list_prompts()}
        assert {"tasks_daily_review", "notes_greet", "more_greet"} <= set(prompts)
        assert [argument.name for argument in prompts["more_greet"].arguments or ()] == ["whom"]
        got = await one.get_prompt("more_greet", {"whom": "Ann"})
        assert got.messages[0].content.text == "more greets Ann"
        with pytest.raises(MCPError, match="no prompt"):
            await one.get_prompt("greet", {"whom": "Ann"})

        asked = PromptReference(type="ref/prompt", name="notes_greet")
        assert (await one.complete(asked, {"name": "whom", "value": "A"})).values == ["Anotes greet"]
        template = ResourceTemplateReference(type="ref/resource", uri="more://notes/{place}")
        found = await one.complete(template, {"name": "place", "value": "1"})
        assert found.values == ["1more more://notes/{place}"]
        week = PromptReference(type="ref/prompt", name="tasks_plan_my_week")
        assert (await one.complete(week, {"name": "week", "value": "n"})).values == ["next week"]


@ERAS
async def test_an_address_that_two_servers_have_is_told_apart(client: Any, era: str) -> None:
    async with client(era) as one:
        addresses = {str(found.uri) for found in await one.list_resources()}
        assert {"notes+note://first", "more+note://first"} <= addresses
        assert "note://first" not in addresses
        for name in ("notes", "more"):
            [part] = await one.read_resource(f"{name}+note://first")
            assert (str(part.uri), part.text) == (f"{name}+note://first", f"first of {name}")
        with pytest.raises(MCPError, match=r"ask for notes\+note://first or more\+note://first"):
            await one.read_resource("note://first")
        # The longer way is there for all of them.
        assert texts(await one.read_resource("more+more://only")) == ["only of more"]


@ERAS
async def test_a_client_that_is_subscribed_is_told_and_no_other(running: RunningHub, url: str, era: str) -> None:
    transport = [StreamableHttpTransport(url, auth=running.token) for _ in range(2)]
    async with Listener(transport[0], era) as one, Listener(transport[1], era) as other:
        await other.subscribe("tasks://today")
        await one.subscribe("tasks://open")
        await other.client.call_tool("tasks_create_task", {"title": f"feed the cat in {era}"})
        assert await one.told() == "tasks://open"
        await one.unsubscribe("tasks://open")
        await one.subscribe("tasks+tasks://open")
        await other.client.call_tool("tasks_create_task", {"title": f"walk the dog in {era}"})
        assert await one.told() == "tasks+tasks://open"
        await other.client.call_tool("tasks_create_task", {"title": f"wash up in {era}", "due": "today"})
        assert await other.told() == "tasks://today"
        assert other.untold == 0


async def test_what_a_server_does_not_tell_of_cannot_be_subscribed_to(running: RunningHub, url: str) -> None:
    async with Listener(StreamableHttpTransport(url, auth=running.token), LEGACY) as one:
        with pytest.raises(MCPError):
            await one.subscribe("old://nothing")
        with pytest.raises(MCPError):
            await one.subscribe("notes://only")


@pytest.mark.parametrize("eras", [(LEGACY, LEGACY), (MODERN, MODERN), (LEGACY, MODERN)], ids=str)
async def test_progress_and_logs_of_two_clients_at_once_reach_each_its_own(client: Any, eras: tuple[str, str]) -> None:
    GATE.barrier = threading.Barrier(2)

    async def work(era: str, word: str, level: str) -> list[str]:
        heard: list[str] = []

        async def note(_done: float, _total: float | None, message: str | None) -> None:
            heard.append(message or "")

        async def log(message: Any) -> None:
            data: Any = message.data
            heard.append(f"{message.level}: {data['msg']}")

        async with client(era, log_handler=log) as one:
            if era == LEGACY:
                await one.set_logging_level(level)
            meta = {LOG_LEVEL_META_KEY: level} if era == MODERN else None
            answer = await one.call_tool_mcp("notes_get_work", {"word": word}, progress_handler=note, meta=meta)
            assert answer.content[0].text == f"{word} done"
        return heard

    one, other = await asyncio.gather(work(eras[0], "tea", "info"), work(eras[1], "coffee", "debug"))
    assert sorted(one) == ["half of tea", "info: at tea"]
    assert sorted(other) == ["debug: details of coffee", "half of coffee", "info: at coffee"]


async def test_a_log_message_that_names_no_call_reaches_nobody_while_two_clients_have_calls(
    client: Any, running: RunningHub
) -> None:
    logs = running.config.home / "log"
    heard: dict[str, list[str]] = {"one": [], "other": [], "silent": [], "stern": []}

    def logger(name: str) -> Any:
        async def log(message: Any) -> None:
            heard[name].append(message.data)

        return log

    async with (
        client(LEGACY, log_handler=logger("one")) as one,
        client(LEGACY, log_handler=logger("other")) as other,
        client(LEGACY, log_handler=logger("silent")) as silent,
        client(LEGACY, log_handler=logger("stern")) as stern,
    ):
        for asking in (one, other):
            await asking.set_logging_level("info")
        await stern.set_logging_level("warning")
        logs.with_suffix(".go").touch()
        await one.call_tool_mcp("old_rest", {"wall": "first"})
        await silent.call_tool_mcp("old_rest", {"wall": "nobody's"})
        await stern.call_tool_mcp("old_rest", {"wall": "of no weight"})
        logs.with_suffix(".go").unlink()
        resting = asyncio.create_task(one.call_tool_mcp("old_rest", {"wall": "second"}))
        async with asyncio.timeout(WITHIN):
            while "rest second" not in logs.read_text():
                await asyncio.to_thread(logs.exists)
        call = asyncio.create_task(other.call_tool_mcp("old_rest", {"wall": "third"}))
        async with asyncio.timeout(WITHIN):
            while "rest third" not in logs.read_text():
                await asyncio.to_thread(logs.exists)
        logs.with_suffix(".go").touch()
        await asyncio.gather(resting, call)
    assert heard == {"one": ["rest first", "rest second"], "other": [], "silent": [], "stern": []}


@pytest.mark.parametrize("server", ["club", "old"])
@pytest.mark.parametrize("eras", [(LEGACY, LEGACY), (MODERN, MODERN), (LEGACY, MODERN)], ids=str)
async def test_two_clients_that_are_asked_at_once_answer_each_its_own_question(
    client: Any, eras: tuple[str, str], server: str
) -> None:
    asked: dict[str, list[str]] = {}

    async def paint(era: str, wall: str, colour: str) -> str:
        async def answer(message: str, _type: Any, _params: Any, _context: Any) -> ElicitResult:
            asked.setdefault(wall, []).append(message)
            return ElicitResult(action="accept", content={"colour": colour})

        async with client(era, elicitation_handler=answer) as one:
            return (await one.call_tool_mcp(f"{server}_paint", {"wall": wall})).content[0].text

    if server == "old":
        # The first question tells that calls of this server have to take turns.
        await paint(LEGACY, "east", "green")
    texts = await asyncio.gather(paint(eras[0], "north", "red"), paint(eras[1], "south", "blue"))
    assert ["red" in texts[0], "blue" in texts[1]] == [True, True]
    assert [message.partition("asks: ")[2] for message in asked["north"]] == ["Which colour for the north?"]
    assert [message.partition("asks: ")[2] for message in asked["south"]] == ["Which colour for the south?"]


async def test_an_answer_that_belongs_to_no_open_question_is_refused_and_calls_nothing(client: Any) -> None:
    async def never(*_: object) -> ElicitResult:
        raise AssertionError

    async with client(MODERN, elicitation_handler=never) as one:
        ask: Any = partial(one.session.call_tool, "club_paint", allow_input_required=True)
        asked = await ask({"wall": "north"})
        reply = {name: ElicitResult(action="accept", content={"colour": "red"}) for name in asked.input_requests}
        for wall, state in (("north", "guessed"), ("south", asked.request_state)):
            with pytest.raises(MCPError, match="no longer open"):
                await ask({"wall": wall}, input_responses=reply, request_state=state)
        answered = await ask({"wall": "north"}, input_responses=reply, request_state=asked.request_state)
        assert "accept colour=red" in answered.content[0].text
        with pytest.raises(MCPError, match="no longer open"):
            await ask({"wall": "north"}, input_responses=reply, request_state=asked.request_state)


async def test_new_resources_and_prompts_are_announced(client: Any) -> None:
    heard, changed = set[str](), asyncio.Event()

    async def hear(message: Any) -> None:
        heard.add(getattr(message, "method", ""))
        if {"notifications/resources/list_changed", "notifications/prompts/list_changed"} <= heard:
            changed.set()

    async with client(LEGACY, message_handler=hear) as one, client(MODERN) as other:
        await one.list_prompts()
        async with listen(other.session, prompts_list_changed=True, resources_list_changed=True) as stream:
            await other.call_tool_mcp("old_grow", {})
            async with asyncio.timeout(WITHIN):
                told = {type(await anext(stream)) for _ in range(2)}
                await changed.wait()
        assert told == {PromptsListChanged, ResourcesListChanged}
        assert "notifications/tools/list_changed" not in heard
        assert "old_grown" in {found.name for found in await one.list_prompts()}
        assert "old://grown" in {str(found.uri) for found in await one.list_resources()}
