"""What changes something waits for the user's yes: theirs, whoever wants it done, and for what was read aloud alone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from fastmcp import FastMCP
from mcp_types import CallToolResult, TextContent

from tests.fakes.chat import Call, Chat, Turn
from tests.support.everything import a_text_client
from tests.support.pages import button, card, sees

if TYPE_CHECKING:
    from mcp import Client

    from tests.support.everything import Everything

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="package")]


class Calendar:
    """A server that nobody trusts, with a tool that reads and two that change."""

    def __init__(self) -> None:
        self.server: FastMCP[Any] = FastMCP("calendar")
        self.done: list[str] = []
        self.server.tool(self.list_events)
        self.server.tool(self.move_event)
        self.server.tool(self.cancel_event)

    def list_events(self) -> str:
        """List what is planned."""
        self.done.append("listed")
        return "lunch on Monday, dinner on Tuesday"

    def move_event(self, event: str, day: str) -> str:
        """Move an event to another day."""
        self.done.append(f"{event} to {day}")
        return f"Moved {event} to {day}."

    def cancel_event(self, event: str) -> str:
        """Cancel an event."""
        self.done.append(f"no {event}")
        return f"Cancelled {event}."


def model(chat: Chat) -> Turn:
    """One that never asks, and does what it is told."""
    if chat.user.startswith("Move"):
        return Call("calendar_move_event", {"event": "lunch", "day": "Thursday"}) if chat.results else LIST
    if chat.results:
        return chat.results[-1]
    if "Friday" in chat.user:
        return Call("calendar_move_event", {"event": "lunch", "day": "Friday"})
    return "It is."


LIST = Call("calendar_list_events")


def cancels(client: Client, event: str) -> asyncio.Task[CallToolResult]:
    return asyncio.create_task(client.call_tool("calendar_cancel_event", {"event": event}))


def text_of(result: CallToolResult) -> str:
    [content] = result.content
    assert isinstance(content, TextContent)
    return content.text


async def test_a_call_is_read_aloud_and_made_after_the_users_yes_whoever_wants_it(whole: Everything) -> None:
    calendar = Calendar()
    async with a_text_client(whole, "legacy") as old, a_text_client(whole, "auto") as new:
        async with whole.talk(model, {"calendar": calendar.server}) as talker:
            page = talker.page
            await talker.speak("Move lunch to Thursday.")
            await talker.hears("Move the event “lunch”, with day “Thursday”? Shall I go ahead?")
            # Nobody is asked about a call that only reads.
            assert calendar.done == ["listed"]
            await sees(card(page, "calendar.move_event", "confirm"))
            await talker.speak("Yes, but make it Friday.")
            await talker.hears("Move the event “lunch”, with day “Friday”? Shall I go ahead?")
            await sees(card(page, "calendar.move_event", "dropped"))
            await talker.type("Is it raining?")
            await talker.hears("It is. And shall I still move the event “lunch”, with day “Friday”?")
            assert calendar.done == ["listed"]
            await talker.speak("Yes.")
            await sees(card(page, "calendar.move_event", "ok"))
            assert calendar.done == ["listed", "lunch to Friday"]
            # The model has not seen the yes before it had its effect.
            await talker.until(lambda: talker.chats[-1].user == "Yes.")
            assert [chat.results for chat in talker.chats if chat.user == "Yes."] == [("Moved lunch to Friday.",)]

            by_old = cancels(old, "lunch")
            await talker.hears("Let Pad cancel the event “lunch”? Shall I go ahead?")
            await button(page, "Yes").click()
            assert text_of(await by_old) == "Cancelled lunch."
            by_new = cancels(new, "dinner")
            await talker.hears("Let Pad cancel the event “dinner”? Shall I go ahead?")
            assert calendar.done == ["listed", "lunch to Friday", "no lunch"]
            await talker.speak("Yes, please.")
            assert text_of(await by_new) == "Cancelled dinner."
        assert calendar.done == ["listed", "lunch to Friday", "no lunch", "no dinner"]
        refused = await old.call_tool("tasks_delete_task", {"task": "call Anna"})
        assert refused.is_error
        assert "no conversation is open" in text_of(refused)
