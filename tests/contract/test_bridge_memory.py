from __future__ import annotations

import asyncio
import gc
import itertools
import weakref
from typing import TYPE_CHECKING, Any

import pytest
from fastmcp import Context, FastMCP
from fastmcp.client.transports import FastMCPTransport
from mcp.server.mcpserver import Context as SdkContext
from mcp.server.mcpserver import MCPServer
from mcp_types import ResourceUpdatedNotification, ResourceUpdatedNotificationParams
from pydantic import BaseModel

from tests.support.bridges import WITHIN, running, status_of, until
from voice_agent.agents.toolset import BridgeToolset
from voice_agent.bridge.library import MOST_SEEN
from voice_agent.bridge.types import CatalogChanged, Decision, State, Status
from voice_agent.config.types import StdioEntry, VoiceOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from voice_agent.bridge.types import BridgeEvent, News, Tool
    from voice_agent.config.types import ServerEntry

pytestmark = pytest.mark.contract

TRUSTED = VoiceOptions(trust=True)


def memory(**servers: Any) -> Callable[[ServerEntry], FastMCPTransport]:
    return lambda entry: FastMCPTransport(servers[entry.name])


class Task(BaseModel):
    id: int
    title: str


def task_server() -> FastMCP[Any]:
    server: FastMCP[Any] = FastMCP("tasks")

    @server.tool(annotations={"readOnlyHint": True})
    def list_tasks() -> list[Task]:
        """List tasks."""
        return [Task(id=1, title="milk"), Task(id=2, title="bread")]

    @server.tool(annotations={"destructiveHint": True})
    def delete_task(task: int) -> None:
        """Delete a task."""
        del task

    @server.tool(annotations={"destructiveHint": False})
    async def ask_back(ctx: Context) -> str:
        """Ask the user something."""
        answer = await ctx.elicit("Really?", response_type=bool)
        return str(answer)

    _ = list_tasks, delete_task, ask_back
    return server


async def test_a_fastmcp_result_arrives_once_and_unwrapped() -> None:
    async with running(StdioEntry("tasks", "x", voice=TRUSTED), make_transport=memory(tasks=task_server())) as bridge:
        result = await bridge.call(bridge.resolve("tasks.list_tasks"), {})
        nothing = await bridge.call(bridge.resolve("tasks.delete_task"), {"task": 1}, confirmed=True)
    assert result.text == '[{"id":1,"title":"milk"},{"id":2,"title":"bread"}]'
    assert result.structured == {"result": [{"id": 1, "title": "milk"}, {"id": 2, "title": "bread"}]}
    assert (nothing.status, nothing.text) == (Status.OK, "Done.")


async def test_annotations_of_a_trusted_server_decide() -> None:
    async with running(StdioEntry("tasks", "x", voice=TRUSTED), make_transport=memory(tasks=task_server())) as bridge:
        decisions = {tool.name: tool.decision for tool in bridge.tools}
    assert decisions == {
        "list_tasks": Decision.ALLOW,
        "delete_task": Decision.CONFIRM,
        "ask_back": Decision.SPOKEN,
    }


async def test_a_question_of_a_server_that_nobody_can_answer_is_an_error_not_a_hang() -> None:
    async with running(StdioEntry("tasks", "x", voice=TRUSTED), make_transport=memory(tasks=task_server())) as bridge:
        result = await bridge.call(bridge.resolve("tasks.ask_back"), {})
    assert result.status is Status.ERROR


async def test_a_change_announced_on_a_subscription_of_the_new_era_arrives() -> None:
    server = MCPServer("sdk")

    def get_number() -> int:
        """Get a number."""
        return 2

    @server.tool()
    async def get_more(name: str, ctx: SdkContext[Any]) -> str:
        """Get more tools."""
        server.add_tool(get_number, name=name)
        await ctx.notify_tools_changed()
        return "ok"

    _ = get_more
    events: list[BridgeEvent] = []
    async with running(StdioEntry("sdk", "x"), make_transport=memory(sdk=server)) as bridge:
        assert status_of(bridge, "sdk").state is State.READY
        bridge.subscribe(events.append)
        # The first may still be found by the look that follows the subscription; the second only by being announced.
        for name in ("get_two", "get_three"):
            await bridge.call(bridge.resolve("sdk.get_more"), {"name": name})
            await until(bridge, lambda: any(tool.name == name for tool in bridge.tools))  # noqa: B023 - awaited at once
    assert CatalogChanged(("sdk_get_three",), ()) in events


async def test_of_tools_that_a_server_has_replaced_nothing_is_kept_though_nobody_says_anything() -> None:
    server = MCPServer("sdk")

    def version() -> None:
        return None

    @server.tool()
    async def get_changed(to: str, ctx: SdkContext[Any]) -> str:
        """Change the other tool."""
        if to != "first":
            server.remove_tool("version")
        server.add_tool(version, description=to)
        await ctx.notify_tools_changed()
        return "ok"

    _ = get_changed
    versions: list[weakref.ref[Tool]] = []
    changes: list[BridgeEvent] = []
    async with running(StdioEntry("sdk", "x"), make_transport=memory(sdk=server)) as bridge:
        await BridgeToolset(bridge).setup()
        bridge.subscribe(changes.append)
        for to in ("first", "second", "third"):
            changes.clear()
            await bridge.call(bridge.resolve("sdk.get_changed"), {"to": to})
            await until(bridge, lambda: any(isinstance(event, CatalogChanged) for event in changes))
            await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name() == "wrap tools"))
            versions.append(weakref.ref(bridge.resolve("sdk.version")))
        gc.collect()
        assert [tool() for tool in versions] == [None, None, bridge.resolve("sdk.version")]


async def test_of_resources_that_a_server_tells_of_for_ever_it_is_known_how_the_latest_were() -> None:
    server: FastMCP[Any] = FastMCP("logs")
    readings = itertools.count()

    @server.resource("log://{number}")
    def log(number: str) -> str:
        return f"{number} was read as number {next(readings)}"

    @server.tool(annotations={"readOnlyHint": True})
    async def get_told(first: int, end: int, ctx: Context) -> None:
        """Get told of logs."""
        for number in range(first, end):
            params = ResourceUpdatedNotificationParams(uri=f"log://{number}")
            await ctx.send_notification(ResourceUpdatedNotification(params=params))

    _ = log, get_told

    def older(_entry: ServerEntry) -> FastMCPTransport:
        transport = FastMCPTransport(server)
        transport.legacy_only = True
        return transport

    heard: asyncio.Queue[News] = asyncio.Queue()
    entry = StdioEntry("logs", "x", voice=VoiceOptions(trust=True, announce=("log://*",)))
    async with running(entry, make_transport=older) as bridge:
        assert await bridge.library.settle(WITHIN)
        bridge.library.subscribe(heard.put_nowait)

        async def known(first: int, end: int) -> list[bool]:
            await bridge.call(bridge.resolve("logs.get_told"), {"first": first, "end": end})
            async with asyncio.timeout(WITHIN):
                return [(await heard.get()).before is not None for _ in range(first, end)]

        assert await known(0, 1) == [False]
        assert await known(0, 1) == [True]
        assert not any(await known(1, MOST_SEEN + 1))
        assert await known(0, 1) == [False]


async def test_one_servers_loss_is_not_anothers() -> None:
    servers = {f"s{n}": task_server() for n in range(5)}
    entries = [StdioEntry(name, "x", voice=TRUSTED) for name in servers]
    async with running(*entries, make_transport=memory(**servers)) as bridge:
        calls = [bridge.call(bridge.resolve(f"{name}.list_tasks"), {}) for name in servers for _ in range(5)]
        results = await asyncio.gather(*calls)
        assert {result.status for result in results} == {Status.OK}
        assert len({tool.key for tool in bridge.tools}) == 15


async def test_a_server_that_is_switched_off_is_shown_but_not_started() -> None:
    async with running(disabled=("old",)) as bridge:
        (status,) = bridge.servers
    assert (status.state, status.reason) == (State.DISABLED, "is switched off in its entry")
