"""What a conversation does beside answering: waiting, filling, stopping, apologising, ending."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from fastmcp import FastMCP
from fastmcp.client.transports import FastMCPTransport

from tests.fakes.chat import Call, Turn
from tests.fakes.faults import Fault
from tests.support.talk import PATIENCE, a_talk
from voice_agent.config.settings import Limits

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.pipeline


class Slow:
    """A server whose one tool takes until it is let go."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.go = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.server: FastMCP[Any] = FastMCP("slow")
        self.server.tool(self.get_report, annotations={"readOnlyHint": True})

    async def get_report(self) -> str:
        """Get the report."""
        self.begun.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return "The report is ready."


def report() -> tuple[Call, ...]:
    return (Call("slow_get_report"),)


async def test_a_slow_call_is_filled_once_and_then_answered(tmp_path: Path) -> None:
    slow = Slow()
    limits = Limits(filler_after=0.05)
    async with a_talk(tmp_path, [report(), "It is ready."], {"slow": slow.server}, limits=limits) as talk:
        turn = asyncio.create_task(talk.say("get the report"))
        await talk.until(lambda: any(line["kind"] == "filler" for line in talk.of("agent")))
        slow.go.set()
        assert "It is ready." in await turn
        fillers = [line for line in talk.of("agent") if line["kind"] == "filler"]
    assert len(fillers) == 1
    assert all("One moment" not in str(chat.messages) for chat in talk.openai.chats)


async def test_a_call_given_up_is_cancelled_at_its_server_and_the_talk_goes_on(tmp_path: Path) -> None:
    slow = Slow()
    async with a_talk(tmp_path, [report(), "Hello."], {"slow": slow.server}) as talk:
        turn = asyncio.create_task(talk.say("get the report"))
        async with asyncio.timeout(PATIENCE):
            await slow.begun.wait()
            assert talk.conversation.toolset.cancel_running()
            await turn
            await slow.cancelled.wait()
        [result] = talk.of("tool_result")
        assert result["status"] == "cancelled"
        assert await talk.say("hello") == "Hello."


class Late(FastMCPTransport):
    """A transport whose server takes until it is let go to start."""

    def __init__(self, server: FastMCP[Any]) -> None:
        super().__init__(server)
        self.go = asyncio.Event()

    def connect_session(self, **options: Any) -> Any:
        return _Late(self.go, super().connect_session(**options))


class _Late:
    def __init__(self, go: asyncio.Event, inner: Any) -> None:
        self._go, self._inner = go, inner

    async def __aenter__(self) -> Any:
        await self._go.wait()
        return await self._inner.__aenter__()

    async def __aexit__(self, *error: object) -> Any:
        return await self._inner.__aexit__(*error)


async def test_a_request_made_while_servers_start_waits_for_them_with_a_word(tmp_path: Path) -> None:
    slow = Slow()
    slow.go.set()
    late = Late(slow.server)
    async with a_talk(tmp_path, [report(), "Ready."], {"slow": late}, settle=False) as talk:
        turn = asyncio.create_task(talk.say("get the report"))
        await talk.until(lambda: "still starting" in str(talk.of("agent")))
        assert not talk.openai.chats
        late.go.set()
        assert "Ready." in await turn
        assert "slow_get_report" in talk.openai.chats[0].tools


async def test_the_wait_for_servers_is_bounded(tmp_path: Path) -> None:
    late = Late(Slow().server)
    async with a_talk(
        tmp_path, ["I can't do that."], {"slow": late}, settle=False, limits=Limits(wait_for_servers=0.6)
    ) as talk:
        assert "I can't do that." in await talk.say("get the report")


async def test_a_model_that_fails_once_is_apologised_for_and_the_talk_goes_on(tmp_path: Path) -> None:
    script: list[Turn] = [Fault(status=400), "Hello again."]
    async with a_talk(tmp_path, script, {}) as talk:
        said = await talk.say("hello")
        assert "The language model" in said
        assert [line["kind"] for line in talk.of("agent")][-1] == "apology"
        [error] = talk.of("error")
        assert error["code"]


async def test_a_refused_key_ends_the_conversation_with_the_reason(tmp_path: Path) -> None:
    async with a_talk(tmp_path, ["never said"], {}, key="sk-very-wrong") as talk:
        said = await talk.say("hello")
        assert "refused my key" in said
        async with asyncio.timeout(PATIENCE):
            await talk.conversation.wait_over()
        assert talk.conversation.reason == "error"
    assert "sk-very-wrong" not in str(talk.lines)


async def test_goodbye_is_answered_and_ends_the_conversation_without_the_model(tmp_path: Path) -> None:
    async with a_talk(tmp_path, [], {}) as talk:
        assert await talk.say("that's all, thanks") == "Goodbye."
        assert talk.conversation.reason == "goodbye"
        assert not talk.openai.chats
    assert talk.lines[-1]["event"] == "end"


async def test_standing_requests_are_answered_without_the_model(tmp_path: Path) -> None:
    slow = Slow()
    slow.go.set()
    async with a_talk(tmp_path, [report(), "It is ready."], {"slow": slow.server}) as talk:
        assert await talk.say("what did you just do?") == "I haven't done anything yet."
        await talk.say("get the report")
        assert await talk.say("repeat that") == "It is ready."
        assert "The report is ready." in await talk.say("what did you just do?")
        assert len(talk.openai.chats) == 2


async def test_a_server_that_is_away_is_named_where_it_was_asked_for_and_on_request(tmp_path: Path) -> None:
    class Gone(FastMCPTransport):
        def connect_session(self, **_options: Any) -> Any:
            raise ConnectionRefusedError

    gone = Gone(Slow().server)
    async with a_talk(tmp_path, ["I can't.", "Hello."], {"calendar": gone}) as talk:
        asked = await talk.say("ask the calendar what is on")
        assert asked.startswith("I can't. Calendar is not available")
        assert await talk.say("hello") == "Hello."
        assert "Calendar is not available" in await talk.say("which servers are down?")


async def test_an_error_of_a_tool_reaches_the_model_in_the_servers_words(tmp_path: Path) -> None:
    server: FastMCP[Any] = FastMCP("broken")

    @server.tool(annotations={"readOnlyHint": True})
    def get_weather() -> str:
        """Get the weather."""
        raise ValueError("no sensor is connected")

    script: list[Turn] = [(Call("broken_get_weather"),), "The sensor is missing."]
    async with a_talk(tmp_path, script, {"broken": server}) as talk:
        await talk.say("how is the weather?")
        assert "no sensor is connected" in talk.openai.chats[1].results[0]
        assert talk.of("tool_result")[0]["status"] == "error"


async def test_every_line_of_a_conversation_has_its_event_and_time_and_ready_comes_first(tmp_path: Path) -> None:
    async with a_talk(tmp_path, ["Hello."], {}) as talk:
        await talk.say("hello")
    assert talk.lines[0]["event"] == "ready"
    assert talk.lines[1]["event"] == "state" or talk.lines[1]["kind"] == "greeting"
    times = [line["t"] for line in talk.lines]
    assert times == sorted(times)
    [reply] = [line for line in talk.of("agent") if line["kind"] == "reply"]
    assert isinstance(reply["latency_ms"], int)
