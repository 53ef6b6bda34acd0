"""What a conversation does beside answering: waiting, filling, stopping, apologising, ending."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from fastmcp import Context, FastMCP

from tests.fakes.chat import Call, Chat, Turn
from tests.fakes.faults import Fault
from tests.support.bridges import QUICK
from tests.support.talk import PATIENCE, Away, Talk, a_talk
from voice_agent.agents.listen import listen
from voice_agent.bridge.bridge import Bridge
from voice_agent.config.settings import Limits
from voice_agent.config.types import HttpEntry, VoiceOptions

if TYPE_CHECKING:
    from pathlib import Path

    from livekit.agents import SpeechCreatedEvent
    from livekit.agents.voice import SpeechHandle

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


class Worker(Slow):
    """A slow server whose one tool changes something, and tells how far it is."""

    def __init__(self) -> None:
        super().__init__()
        self.tell: asyncio.Queue[tuple[float, float | None, str | None]] = asyncio.Queue()
        self.server.tool(self.create_index)
        self.server.tool(self.list_index, annotations={"readOnlyHint": True})

    async def create_index(self, ctx: Context) -> str:
        """Create the index."""
        self.begun.set()
        telling = asyncio.create_task(self._tell(ctx))
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        finally:
            telling.cancel()
        return "Created the index."

    async def list_index(self) -> str:
        """List the index."""
        return "The index is not there."

    async def _tell(self, ctx: Context) -> None:
        while True:
            await ctx.report_progress(*await self.tell.get())


def said(talk: Talk, kind: str) -> list[str]:
    return [line["text"] for line in talk.of("agent") if line["kind"] == kind]


def speeches_of(talk: Talk, created: list[SpeechHandle], *, cut_off: int) -> None:
    """Note every speech from here on in `created`; so many of them end before a word is heard."""

    def note(event: SpeechCreatedEvent) -> None:
        created.append(event.speech_handle)
        if len(created) <= cut_off:
            event.speech_handle.interrupt()

    listen(talk.conversation.session, "speech_created", note)


async def test_after_the_filler_the_servers_own_progress_is_said(tmp_path: Path) -> None:
    worker = Worker()
    worker.tell.put_nowait((1, 4, None))
    worker.tell.put_nowait((2, 4, "reading\u202e shelf two"))
    script: list[Turn] = [Call("slow_create_index"), "It is there."]
    limits = Limits(filler_after=0.05)
    async with a_talk(tmp_path, script, {"slow": worker.server}, limits=limits) as talk:
        turn = asyncio.create_task(talk.say("create the index"))
        await talk.until(lambda: len(said(talk, "filler")) == 2)
        worker.go.set()
        await turn
    assert said(talk, "filler") == ["One moment.", "Reading shelf two."]


async def test_a_call_that_takes_long_goes_on_in_the_background_and_is_told_when_done(tmp_path: Path) -> None:
    slow = Slow()

    def model(chat: Chat) -> Turn:
        if "hello" in chat.user:
            return "Hello."
        return f"News: {chat.results[-1]}" if chat.results else report()

    limits = Limits(background_after=0.2)
    async with a_talk(tmp_path, model, {"slow": slow.server}, limits=limits) as talk:
        assert "I'll go on with it" in await talk.say("get the report")
        assert not talk.of("tool_result")
        assert await talk.say("hello") == "Hello."
        slow.go.set()
        await talk.until(lambda: "News: The report is ready." in str(talk.of("agent")))
        assert await talk.say("hello again") == "Hello."
        last = talk.openai.chats[-1]
    assert [line["status"] for line in talk.of("tool_result")] == ["ok"]
    assert "goes on in the background" not in str(last.messages)


async def test_what_goes_on_in_the_background_is_told_though_its_server_was_taken_away(tmp_path: Path) -> None:
    slow = Slow()

    def model(chat: Chat) -> Turn:
        if "hello" in chat.user:
            return "Hello."
        return f"News: {chat.results[-1]}" if chat.results else report()

    async with a_talk(tmp_path, model, {"slow": slow.server}, limits=Limits(background_after=0.2)) as talk:
        assert "I'll go on with it" in await talk.say("get the report")
        await talk.conversation.bridge.reconfigure([])
        await talk.until(lambda: "News: " in str(talk.of("agent")))
        assert await talk.say("hello") == "Hello."
        assert "slow_get_report" not in talk.openai.chats[-1].tools
        assert not talk.openai.complaints
    [told] = [line["text"] for line in talk.of("agent") if "News: " in line["text"]]
    assert "slow" in told
    assert "Unknown function" not in told


@pytest.mark.parametrize("is_told", [False, True])
async def test_what_was_done_in_the_background_is_told_again_where_nobody_heard_a_word_of_it(
    tmp_path: Path, *, is_told: bool
) -> None:
    """`is_told`: of the result, the model is, before the user speaks."""
    slow = Slow()
    created: list[SpeechHandle] = []

    def model(chat: Chat) -> Turn:
        if "hello" in chat.user:
            return "Hello."
        if chat.results and len(created) == 1:
            created[0].interrupt()
        return f"News: {chat.results[-1]}" if chat.results else report()

    async with a_talk(tmp_path, model, {"slow": slow.server}, limits=Limits(background_after=0.2)) as talk:
        await talk.say("get the report")
        speeches_of(talk, created, cut_off=0 if is_told else 1)
        slow.go.set()
        await talk.until(lambda: "News: The report is ready." in str(talk.of("agent")))
        await talk.conversation.settle()
        assert [speech.interrupted for speech in created] == [True, False]
        assert await talk.say("hello") == "Hello."
        last = talk.openai.chats[-1]
        assert not talk.openai.complaints
    assert str(talk.of("agent")).count("News: ") == 1
    assert [line["status"] for line in talk.of("tool_result")] == ["ok"]
    assert str(last.messages).count("The report is ready.") == 2


async def test_with_a_voice_of_rules_a_call_from_the_background_is_told_too(tmp_path: Path) -> None:
    slow = Slow()
    limits = Limits(background_after=0.2)
    async with a_talk(tmp_path, [], {"slow": slow.server}, limits=limits, profile="offline") as talk:
        await talk.say("get the report")
        await talk.say("what can you do")
        before = len(talk.lines)
        slow.go.set()
        await talk.until(lambda: any(line["event"] == "agent" for line in talk.lines[before:]))
        assert [line["text"] for line in talk.lines[before:] if line["event"] == "agent"] == ["The report is ready."]


async def test_never_mind_stops_a_reading_call_in_time(tmp_path: Path) -> None:
    slow = Slow()
    limits = Limits(background_after=0.2)
    async with a_talk(tmp_path, [report()], {"slow": slow.server}, limits=limits) as talk:
        await talk.say("get the report")
        assert await talk.say("never mind") == "Okay, I stopped it in time. Nothing was changed."
        async with asyncio.timeout(PATIENCE):
            await slow.cancelled.wait()
        assert await talk.say("never mind") != "Okay."


async def test_a_write_that_is_stopped_is_in_doubt_and_can_be_checked(tmp_path: Path) -> None:
    worker = Worker()

    def model(chat: Chat) -> Turn:
        return f"Now: {chat.results[-1]}" if chat.results else Call("slow_create_index")

    limits = Limits(background_after=0.2)
    async with a_talk(tmp_path, model, {"slow": worker.server}, limits=limits) as talk:
        await talk.say("create the index")
        stopped = await talk.say("stop that")
        assert stopped.startswith("I told slow to stop, but I don't know whether it was in time: create index.")
        assert stopped.endswith("Shall I check?")
        async with asyncio.timeout(PATIENCE):
            await worker.cancelled.wait()
        assert await talk.say("yes please") == "Now: The index is not there."


async def test_what_is_done_already_cannot_be_stopped_and_is_said_to_be_done(tmp_path: Path) -> None:
    worker = Worker()
    worker.go.set()
    script: list[Turn] = [Call("slow_create_index"), "The index is there."]
    async with a_talk(tmp_path, script, {"slow": worker.server}) as talk:
        await talk.say("create the index")
        assert await talk.say("never mind") == "It was too late to stop it. Created the index."


async def test_the_button_of_the_page_stops_a_call_and_it_is_said_whether_in_time(tmp_path: Path) -> None:
    slow = Slow()
    async with a_talk(tmp_path, [report()], {"slow": slow.server}) as talk:
        turn = asyncio.create_task(talk.say("get the report"))
        async with asyncio.timeout(PATIENCE):
            await slow.begun.wait()
        [call] = talk.of("tool_call")
        assert talk.conversation.toolset.cancel_running(call["call"])
        await talk.until(lambda: "in time" in str(talk.of("agent")))
        await turn


async def test_a_call_that_tells_of_its_progress_may_take_longer_than_a_silent_one(tmp_path: Path) -> None:
    worker = Worker()

    def model(chat: Chat) -> Turn:
        return chat.results[-1] if chat.results else Call("slow_create_index")

    voice = VoiceOptions(trust=True, timeout=0.9)
    async with a_talk(tmp_path, model, {"slow": worker.server}, voice=voice) as talk:
        turn = asyncio.create_task(talk.say("create the index"))
        for step in range(24):
            await asyncio.sleep(0.05)
            worker.tell.put_nowait((step, None, "still at it"))
        worker.go.set()
        assert (await turn).endswith("Created the index.")
        worker.go.clear()
        silent = await talk.say("create the index once more")
    assert "did not answer within 0.9 seconds" in silent
    assert "I don't know whether it went through" in silent


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
    async with a_talk(tmp_path, ["I can't.", "Hello."], {"calendar": Away(Slow().server)}) as talk:
        asked = await talk.say("ask the calendar what is on")
        assert asked.startswith("I can't. Calendar is not available")
        assert await talk.say("hello") == "Hello."
        assert "Calendar is not available" in await talk.say("which servers are down?")


@pytest.mark.parametrize("cut_off", [0, 1])
async def test_a_server_that_was_missed_is_said_to_be_back_until_that_is_heard_and_no_other_is(
    tmp_path: Path, cut_off: int
) -> None:
    servers = {name: Away(Slow().server) for name in ("calendar", "library")}
    entries = [HttpEntry(name, f"http://{name}.invalid/mcp") for name in servers]
    bridge = Bridge(entries, make_transport=lambda entry: servers[entry.name], pace=QUICK)
    async with a_talk(tmp_path, ["I can't."], servers, bridge=bridge, settle=False) as talk:
        await talk.until(lambda: {line["state"] for line in talk.of("server")} >= {"failed"})
        assert "Calendar is not available" in await talk.say("ask the calendar what is on")
        created: list[SpeechHandle] = []
        speeches_of(talk, created, cut_off=cut_off)
        for server in servers.values():
            server.is_back = True
        await talk.until(lambda: "Calendar is back." in said(talk, "announcement"))
        await talk.until(lambda: [line["name"] for line in talk.of("server") if line["state"] == "ready"] != [])
        assert await bridge.settle(PATIENCE)
        await talk.conversation.settle()
    assert said(talk, "announcement") == ["Calendar is back."]
    assert [speech.interrupted for speech in created] == [True] * cut_off + [False]


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
