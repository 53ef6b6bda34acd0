"""Hundreds of tools: the model sees few, the right ones for what was said in other words, and finds others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fastmcp import FastMCP
from fastmcp.tools import Tool
from mcp.types import ToolAnnotations

from tests.fakes.chat import Call, Chat, Turn
from tests.support.pages import card, sees
from voice_agent.agents.offer import BUDGET
from voice_agent.bridge.find.tokens import cost

if TYPE_CHECKING:
    from tests.support.everything import Everything

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="package")]

DEEDS = ("create", "rename", "move", "copy", "count", "describe", "export")
THINGS = (
    *("ledger", "invoice", "pipeline", "branch", "vault", "playlist", "webhook", "bucket", "dashboard", "sprint"),
    *("contact", "campaign", "sheet", "slide", "cluster", "label", "rule", "board", "chart", "folder"),
    *("recipe", "workout", "channel", "template", "backup", "sensor", "scene", "query", "index", "page"),
)
LONG = "Works on everything the account may see, in the order of their dates, and returns all that is known of it. " * 6


def a_lot(asked: list[tuple[str, str]]) -> FastMCP[Any]:
    """210 tools, and one more that is wanted."""
    server: FastMCP[Any] = FastMCP("depot")

    def add(name: str, description: str, answer: str) -> None:
        def run(name_of_it: str) -> str:
            asked.append((name, name_of_it))
            return answer

        hints = ToolAnnotations(read_only_hint=True)
        server.add_tool(Tool.from_function(run, name=name, description=description, annotations=hints))

    for thing in THINGS:
        for deed in DEEDS:
            add(f"{deed}_{thing}", f"{deed.title()} a {thing}. {LONG}", f"The {thing} is in the cellar.")
    add("get_forecast", f"Weather forecast for a place. {LONG}", "Heavy showers from noon.")
    return server


async def test_the_right_one_of_hundreds_of_tools_is_seen_or_found_called_and_shown(whole: Everything) -> None:
    asked: list[tuple[str, str]] = []
    unseen: list[str] = []

    def model(chat: Chat) -> Turn:
        if "umbrella" in chat.user:
            return f"Yes: {chat.results[0]}" if chat.results else Call("depot_get_forecast", {"name_of_it": "Oban"})
        if not unseen:
            unseen.append(next(thing for thing in THINGS if f"depot_describe_{thing}" not in chat.tools))
            return Call("find_tools", {"request": f"describe a {unseen[0]}"})
        if len(chat.results) < 2:
            return Call(f"depot_describe_{unseen[0]}", {"name_of_it": "Oban"})
        return f"It is so: {chat.results[-1]}"

    async with whole.talk(model, {"depot": a_lot(asked)}) as talker:
        await talker.speak("Do I need an umbrella in Oban?")
        await talker.hears("Heavy showers from noon.")
        first = talker.chats[0]
        assert "depot_get_forecast" in first.tools
        await sees(card(talker.page, "depot.get_forecast", "ok"))

        await talker.speak("And how about the other thing?")
        await talker.hears("is in the cellar.")
        found = next(chat for chat in talker.chats[2:] if len(chat.results) == 1)
        assert f"depot_describe_{unseen[0]}" in found.tools
        assert f"depot_describe_{unseen[0]}" in found.results[0]
        await sees(card(talker.page, f"depot.describe_{unseen[0]}", "ok"))

        assert asked == [("get_forecast", "Oban"), (f"describe_{unseen[0]}", "Oban")]
        for chat in talker.chats:
            assert "find_tools" in chat.tools
            assert sum(cost(tool["function"]) for tool in chat.body["tools"]) <= BUDGET
