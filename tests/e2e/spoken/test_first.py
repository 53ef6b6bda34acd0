"""The least of it: a question to a server that is told of by nothing but an entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fastmcp import FastMCP

from tests.fakes.chat import Call, Chat, Turn
from tests.support.pages import card, sees

if TYPE_CHECKING:
    from tests.support.everything import Everything

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="package")]


async def test_what_is_asked_aloud_is_called_answered_and_shown(whole: Everything) -> None:
    asked: list[str] = []
    tide: FastMCP[Any] = FastMCP("tide")

    @tide.tool(annotations={"readOnlyHint": True})
    def get_tide(harbour: str) -> str:
        """Tell when the water is high."""
        asked.append(harbour)
        return f"High at 16:40 in {harbour}."

    _ = get_tide

    def model(chat: Chat) -> Turn:
        return f"It says: {chat.results[-1]}" if chat.results else Call("tide_get_tide", {"harbour": "Oban"})

    async with whole.talk(model, {"tide": tide}) as talker:
        await talker.speak("When is high water in Oban?")
        await talker.hears("in Oban.")
        assert asked == ["Oban"]
        assert "tide_get_tide" in talker.chats[0].tools
        assert talker.chats[-1].results == ("High at 16:40 in Oban.",)
        await sees(card(talker.page, "tide.get_tide", "ok"))
