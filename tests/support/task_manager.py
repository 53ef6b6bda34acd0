"""The Task Manager's tools as functions, at a time that stands still."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from mcp_types import TextContent

if TYPE_CHECKING:
    from fastmcp import Client

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=BERLIN)
"""A Saturday morning."""


class FakeClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class Tasks:
    """The tools as functions: structured content out, or the sentence of the error."""

    def __init__(self, client: Client[Any], clock: FakeClock) -> None:
        self.client = client
        self.clock = clock
        self.said = ""
        """The text of the last answer."""

    async def __call__(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        result = await self.client.call_tool(tool, arguments, raise_on_error=False)
        assert len(result.content) == 1
        assert isinstance(result.content[0], TextContent)
        self.said = result.content[0].text
        assert not result.is_error, self.said
        return cast("dict[str, Any]", result.structured_content)

    async def refusal(self, tool: str, /, **arguments: Any) -> str:
        result = await self.client.call_tool(tool, arguments, raise_on_error=False)
        assert result.is_error
        assert isinstance(result.content[0], TextContent)
        return result.content[0].text

    async def add(self, *titles: str, **arguments: Any) -> list[str]:
        return [(await self("create_task", title=title, **arguments))["task"]["id"] for title in titles]

    async def titles(self, **arguments: Any) -> list[str]:
        return [task["title"] for task in (await self("list_tasks", **arguments))["tasks"]]
