"""Tools that come while a connection is open: over each transport and in both eras, without a look of our own."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from fastmcp import Context as FastContext
from fastmcp import FastMCP
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler
from mcp.shared.subscriptions import ToolsListChanged
from mcp_types import SubscriptionsListenRequestParams, ToolListChangedNotification

from tests.support.bridges import QUICK, running, until
from tests.support.web_servers import served, serving
from voice_agent.config.types import HttpEntry, VoiceOptions

if TYPE_CHECKING:
    from voice_agent.bridge.bridge import Bridge

pytestmark = pytest.mark.contract

NEVER = replace(QUICK, list_again=3600.0)
FREE = VoiceOptions(confirm="never")


async def grows(bridge: Bridge) -> None:
    """Have a tool come, and wait for it; what was there stays as it was."""
    before = bridge.resolve("web.grow")
    await bridge.call(before, {})
    await until(bridge, lambda: any(tool.name == "list_added" for tool in bridge.tools))
    assert bridge.resolve("web.grow") is before


@pytest.mark.parametrize("kind", ["http", "sse"])
async def test_a_tool_that_comes_is_there_at_once_where_its_server_says_so_as_it_is_called(kind: Any) -> None:
    server: FastMCP[Any] = FastMCP("web")

    @server.tool
    async def grow(ctx: FastContext) -> str:
        """Have one more tool."""
        server.tool(_nothing, name="list_added")
        await ctx.send_notification(ToolListChangedNotification())
        return "ok"

    _ = grow
    async with (
        served(server, kind) as url,
        running(HttpEntry("web", url, transport=kind, voice=FREE), pace=NEVER) as bridge,
    ):
        await grows(bridge)


async def test_a_tool_that_comes_is_told_of_by_a_stream_which_is_opened_again_when_it_has_ended() -> None:
    bus = InMemorySubscriptionBus()
    listening = ListenHandler(bus)
    here, opened = asyncio.get_running_loop(), asyncio.Queue[asyncio.AbstractEventLoop]()
    server: MCPServer[Any] = MCPServer("web", subscriptions=bus)

    async def listen(ctx: Any, params: SubscriptionsListenRequestParams) -> Any:
        # The server has a thread and a loop of its own.
        here.call_soon_threadsafe(opened.put_nowait, asyncio.get_running_loop())
        return await listening(ctx, params)

    @server.tool()
    async def grow(ctx: Context[Any, Any]) -> str:
        """Have one more tool."""
        server.add_tool(_nothing, name="list_added")
        await ctx.notify_tools_changed()
        return "ok"

    _ = grow
    low = server._lowlevel_server  # pyright: ignore[reportPrivateUsage] - there is no other way to its handlers
    low.add_request_handler("subscriptions/listen", SubscriptionsListenRequestParams, listen)
    async with (
        serving(server.streamable_http_app()) as url,
        running(HttpEntry("web", f"{url}/mcp", transport="http", voice=FREE), pace=NEVER) as bridge,
        asyncio.timeout(45),
    ):
        there = await opened.get()
        there.call_soon_threadsafe(listening.close)
        await opened.get()
        await grows(bridge)
        server.remove_tool("list_added")
        asyncio.run_coroutine_threadsafe(bus.publish(ToolsListChanged()), there)
        await until(bridge, lambda: all(tool.name != "list_added" for tool in bridge.tools))


def _nothing() -> str:
    """Do nothing."""
    return ""
