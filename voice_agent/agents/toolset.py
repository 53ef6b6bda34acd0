"""The bridge's catalog as LiveKit tools, live: works in any `AgentSession`, ours or not."""

from __future__ import annotations

import asyncio
import itertools
import json
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, Any

from livekit.agents import RunContext, ToolError, llm
from livekit.agents.llm import RawFunctionTool, ToolResult, function_tool

from voice_agent.agents.answers import is_standing
from voice_agent.agents.ask import Questions
from voice_agent.agents.confirm import Call, Confirmations
from voice_agent.agents.events import ConfirmAsked, ToolCalled, ToolEvent, ToolReturned
from voice_agent.agents.known_ids import made_up
from voice_agent.agents.lookup import look
from voice_agent.agents.offer import NAME as FIND
from voice_agent.agents.offer import Offer
from voice_agent.agents.overheard import Overheard
from voice_agent.agents.provenance import is_users_own
from voice_agent.agents.readback import describe, describe_all, question
from voice_agent.agents.reading import Reading
from voice_agent.agents.sentences import Sentences
from voice_agent.agents.server_words import reads_prose
from voice_agent.agents.speech import Kind, Speech
from voice_agent.agents.starting import NAME as WAIT
from voice_agent.agents.starting import Starting
from voice_agent.agents.under_way import UnderWay
from voice_agent.agents.which_meant import Listed
from voice_agent.agents.window import Window
from voice_agent.bridge.calls import wrong_in
from voice_agent.bridge.find.budget import schema_of
from voice_agent.bridge.types import CatalogChanged, Decision, Result, Status

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence
    from datetime import tzinfo

    from livekit.agents import AgentSession
    from livekit.agents.voice import SpeechHandle

    from voice_agent.agents.ask import CallAsker
    from voice_agent.agents.confirm import Pending
    from voice_agent.bridge.bridge import Bridge
    from voice_agent.bridge.find.finder import Finder
    from voice_agent.bridge.types import BridgeEvent, Json, Progress, Tool

_AT_ONCE = 100
"""Tools whose functions are made in one go."""
_GATHER = 0.03
"""Seconds in which the calls of one turn are gathered into one read-back."""
_OURS = frozenset({FIND, WAIT})
"""Functions whose answers are no words of any server."""
_ASKED = "Not done yet: the user has been asked “{said}?” and must agree in their own words first. Say nothing more."


class BridgeToolset(llm.Toolset):
    """Mirrors the catalog of a bridge; a call that needs it is read back and waits for the user's own yes."""

    def __init__(
        self,
        bridge: Bridge,
        *,
        speech: Speech | None = None,
        sentences: Sentences | None = None,
        filler_after: float = 1.2,
        background_after: float = 15.0,
        wait_for_servers: float = 15.0,
        on_event: Callable[[ToolEvent], None] | None = None,
        finder: Finder | None = None,
        zone: tzinfo = UTC,
    ) -> None:
        """Take a bridge, which this toolset starts at set-up and closes with the session.

        Args:
            bridge: All servers; not started, or started already.
            speech: Says read-backs and fillers; one of its own where None.
            sentences: The words for them.
            filler_after: Seconds of silence in a slow call before something is said.
            background_after: Seconds after which the talk goes on without waiting for a call.
            wait_for_servers: Seconds from the start in which a model may wait for servers that are starting.
            on_event: Told of read-backs, calls and results as they happen.
            finder: Finds the tools for a turn where they are too many; one that goes by words alone where None.
            zone: The user's time zone, in which the answers to a server's questions are understood.
        """
        super().__init__(id="mcp_servers")
        self.bridge = bridge
        self.before_call: Callable[[], Awaitable[None]] = _at_once
        """Awaited when `on_event` has been told of a call, before it is sent."""
        self.reading = Reading(bridge)
        self.offer = Offer(bridge, self._wrap, finder=finder, beside=lambda: self.reading.tools)
        self.confirmations = Confirmations()
        self.overheard = Overheard()
        self.window = Window()
        self._listed = Listed()
        self._speech = speech or Speech()
        self._sentences = sentences or Sentences()
        self.starting = Starting(bridge, limit=wait_for_servers, speech=self._speech, sentences=self._sentences)
        self._listeners = [self._listed.note, *([on_event] if on_event is not None else [])]
        self.questions = Questions(self._on_event, self._tell, zone)
        self._talk: AgentSession[Any] | None = None
        self.under_way = UnderWay(
            self._make,
            self.questions,
            speech=self._speech,
            sentences=self._sentences,
            on_event=self._on_event,
            find=lambda key: next((tool for tool in bridge.tools if tool.key == key), None),
            after=(filler_after, background_after),
        )
        self._made: dict[Tool, RawFunctionTool[..., Any]] = {}
        self._wrapping: asyncio.Task[None] | None = None
        self._looking: set[asyncio.Task[Any]] = set()
        self._reading_back: set[asyncio.Task[Any]] = set()
        self._places = itertools.count()
        self._met: set[str] = set()
        """Names of the servers that have been there: what they have written stays in the conversation."""
        self._unasked: set[tuple[str, str, str]] = set()
        """Calls that were made on the user's own words alone: those words, the tool and the arguments."""

    @property
    def tools(self) -> Sequence[llm.Tool | llm.Toolset]:
        """The tools that can be called at this moment; an unchanged tool is the same object each time."""
        self._mirror()
        return [*self._made.values(), *self.starting.tools, *([self.offer.find_tools] if self.offer.is_needed else [])]

    def _mirror(self) -> None:
        """Have a function for each tool that can be called, and for no other."""
        live = (*self.bridge.tools, *self.reading.tools, *self._gone)
        self._made = {tool: self._made.get(tool) or self._wrap(tool, schema_of(tool)) for tool in live}

    @property
    def _gone(self) -> tuple[Tool, ...]:
        """The tools of calls that are still to be told of or to go on, and which are not there at the moment."""
        keys = {tool.key for tool in self.bridge.tools}
        wanted = {tool.key: tool for tool in (*self.under_way.background.tools, *self.questions.tools)}
        return tuple(tool for key, tool in wanted.items() if key not in keys and not self.reading.has(tool))

    def offered(self, tools: Sequence[llm.Tool]) -> list[llm.Tool]:
        """Return those of the session's `tools` that a model may be shown."""
        gone = [self._made.get(tool) for tool in self._gone]
        return [tool for tool in tools if not any(tool is one for one in gone)]

    async def setup(self) -> BridgeToolset:
        """Start the servers; returns at once, tools appear as their servers come up."""
        self.starting.begin()
        self.bridge.subscribe(self._note_change)
        self.bridge.start()
        self.offer.start()
        return self

    def _note_change(self, event: BridgeEvent) -> None:
        if isinstance(event, CatalogChanged) and (self._wrapping is None or self._wrapping.done()):
            self._wrapping = asyncio.create_task(self._wrap_ahead(), name="wrap tools")

    async def _wrap_ahead(self) -> None:
        """Make the functions of thousands of tools a few at a time: a model's first request would wait for all."""
        seen: Sequence[Tool] = ()
        while seen != (seen := self.bridge.tools):
            for start in range(0, len(seen), _AT_ONCE):
                for tool in seen[start : start + _AT_ONCE]:
                    self._made[tool] = self._made.get(tool) or self._wrap(tool, schema_of(tool))
                await asyncio.sleep(0)
        self._mirror()

    async def aclose(self) -> None:
        """Give up what is running and close all servers."""
        self.offer.close()
        ending = [*self._reading_back, *([self._wrapping] if self._wrapping is not None else [])]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        await self.under_way.aclose()
        await self.bridge.aclose()

    def cancel_running(self, call: str | None = None) -> bool:
        """Cancel every call that is under way (or the one called `call`), at its server too; False: there is none.

        A call that waits for an answer of the user is under way only for who names it: to others it is the question
        that “never mind” belongs to. To who names it is said whether it was in time.
        """
        was_running = self.under_way.cancel(call)
        if was_running and call is not None:
            self._tell(self.tell_stopped())
        return was_running

    @property
    def is_waiting_for_user(self) -> bool:
        """Whether something has been asked that the next words of the user may answer."""
        talk = self._talk
        return self.questions.is_open or (
            talk is not None and self.confirmations.waiting(talk.history.items) is not None
        )

    def tell_stopped(self, ago: float = 0.0) -> str:
        """Return what is said to “never mind”, begun `ago` seconds: whether it was in time for what was being done."""
        return self.under_way.stopping.tell(self.bridge.tools, self.bridge.servers, ago)

    def forget(self, kept: Sequence[llm.ChatItem]) -> None:
        """Take notice that of the conversation nothing is left but `kept`."""
        self.questions.forget(kept)
        self.under_way.background.forget(kept)

    async def quiet(self) -> None:
        """Wait until no call runs and every read-back that is due has been handed to the session."""
        while busy := self._reading_back | self.under_way.busy:
            await asyncio.wait(busy)

    def _wrap(self, tool: Tool, schema: Json) -> RawFunctionTool[..., Any]:
        async def run(raw_arguments: dict[str, object], ctx: RunContext[Any]) -> Any:
            return await self._call(tool, dict(raw_arguments), ctx)

        return function_tool(run, raw_schema=schema)

    async def _call(self, tool: Tool, arguments: Json, ctx: RunContext[Any]) -> Any:
        self._talk = ctx.session
        if (ended := self.under_way.background.take(ctx.function_call.call_id)) is not None:
            return _for_the_model(ended.result)
        resumed = self.questions.resume(ctx.function_call.call_id, ctx.session.history.items)
        call = resumed or Call(ctx.function_call.call_id, tool, arguments, describe(tool, arguments))
        if resumed is None:
            items = ctx.session.history.items
            agreed = self.confirmations.take(tool, arguments, items)
            if agreed is None:
                if (asked := await self._asked_first(call, ctx)) is not None:
                    return asked
            else:
                call, arguments = agreed, agreed.arguments
                if not tool.may_stand and is_standing(_last_said(ctx), call.ways):
                    self._tell(self._sentences("asks_on"))
            server = self.reading.server_of(tool, arguments) if self.reading.has(tool) else tool.server
            self._on_event(ToolCalled(call.id, server, tool.shown, arguments, call.said))
        with self.under_way.uninterrupted(ctx):
            if resumed is None:
                await self.before_call()
            result = await self.under_way.run(call, ctx)
        if self.questions.is_due:
            self._later(self._put_question(ctx), "question")
        if isinstance(result, str):
            return ToolResult(result, reply_required=False)
        self._on_event(ToolReturned(call.id, result))
        return _for_the_model(result)

    async def _asked_first(self, call: Call, ctx: RunContext[Any]) -> ToolResult | None:
        """Return what the model is told of a call that the user is asked about; None where it can be made now.

        Raises:
            ToolError: The call is not clear, or could not be made.
        """
        if (again := self.confirmations.renew(call.id)) is not None:
            return self._ask_once_more(again, ctx)
        tool, arguments, items = call.tool, call.arguments, ctx.session.history.items
        unknown = made_up(tool, arguments, items, self.bridge.tools, past=self.window.past)
        if (unknown := unknown or self._listed.unclear(tool, arguments, items)) is not None:
            raise ToolError(unknown)
        return await self._ask(call, ctx) if self._needs_yes(tool, arguments, ctx) else None

    async def _make(self, call: Call, on_progress: Callable[[Progress], None], on_question: CallAsker) -> Result:
        if self.reading.has(call.tool):
            return await self.reading.call(call.tool, call.arguments, on_question)
        return await self.bridge.call(
            call.tool,
            call.arguments,
            confirmed=call.tool.decision is Decision.CONFIRM,
            on_progress=on_progress,
            on_question=on_question,
        )

    def _needs_yes(self, tool: Tool, arguments: Json, ctx: RunContext[Any]) -> bool:
        """Tell whether the user must agree first: always to some tools, to others where a server may be behind it."""
        if tool.decision is Decision.CONFIRM and not self.confirmations.stands(tool):
            return True
        if tool.decision not in {Decision.CONFIRM, Decision.SPOKEN}:
            return False
        if not reads_prose(ctx.session):
            return False
        self._met |= {server.name for server in self.bridge.servers}
        items = _heard(self.questions.hide(ctx.session.history).items)
        are_others = bool(self.overheard) or not self._met <= {tool.server}
        if not is_users_own(tool, arguments, items, self.bridge.tools, are_others=are_others):
            return True
        return are_others and self._has_been_made(tool, arguments, items)

    def _has_been_made(self, tool: Tool, arguments: Json, items: Sequence[llm.ChatItem]) -> bool:
        """Tell whether the same words of the user have brought about this very call before."""
        newest = next((one.id for one in reversed(items) if one.type == "message" and one.role == "user"), "")
        call = (newest, tool.key, json.dumps(arguments, sort_keys=True, default=str))
        is_made = call in self._unasked
        self._unasked = {one for one in self._unasked if one[0] == newest} | {call}
        return is_made

    async def _ask(self, call: Call, ctx: RunContext[Any]) -> ToolResult:
        if (wrong := wrong_in(call.tool, call.arguments)) is not None:
            # Nobody is asked to agree to what the server would refuse.
            raise ToolError(wrong)
        turn, place = ctx.speech_handle.id, next(self._places)
        looking = asyncio.create_task(look(self.bridge, call.tool, call.arguments))
        self._looking.add(looking)
        looking.add_done_callback(self._looking.discard)
        seen = await looking
        if seen.refusal is not None:
            raise ToolError(seen.refusal)
        is_first = self.confirmations.open is None or self.confirmations.open.turn != turn
        found = seen.arguments or call.arguments
        asked = replace(call, said=seen.said, arguments=found, given=call.arguments, place=place)
        self.confirmations.ask(turn, asked)
        if is_first:
            self._later(self._read_back(turn, ctx), turn)
        return ToolResult(_ASKED.format(said=question(seen.said)), reply_required=False)

    def _ask_once_more(self, call: Call, ctx: RunContext[Any]) -> ToolResult:
        """Read back what waits already: the user cannot have heard what they said yes to."""
        pending = self.confirmations.open
        is_first = pending is not None and pending.calls[0].id == call.id
        if pending is not None and is_first and pending.turn not in {task.get_name() for task in self._reading_back}:
            self._later(self._read_back(pending.turn, ctx), pending.turn)
        return ToolResult(_ASKED.format(said=question(call.said)), reply_required=False)

    async def _read_back(self, turn: str, ctx: RunContext[Any]) -> None:
        await asyncio.sleep(_GATHER)
        while self._looking:
            await asyncio.wait(self._looking)
        await asyncio.wait({asyncio.ensure_future(_played(ctx))})
        if self.confirmations.open is not None and self.confirmations.open.turn == turn:
            self._put(self.confirmations.open, ctx.session)

    def listen(self, listener: Callable[[ToolEvent], None]) -> None:
        """Have another one told of what happens."""
        self._listeners.append(listener)

    def _on_event(self, event: ToolEvent) -> None:
        for listener in self._listeners:
            listener(event)

    def ask_again(self, session: AgentSession[Any], calls: Sequence[Call]) -> SpeechHandle:
        """Put a read-back of before again: its calls wait for the user's own yes from here on."""
        self._talk = session
        return self._put([self.confirmations.ask(f"again_{calls[0].id}", call) for call in calls][-1], session)

    def ask_unheard(self, session: AgentSession[Any], call: str) -> SpeechHandle | None:
        """Put the read-back that the call of this id waits in once more; None where it is over or has been heard."""
        pending = self.confirmations.unheard(call, session.history.items)
        return self._put(pending, session) if pending is not None else None

    def _put(self, pending: Pending, session: AgentSession[Any]) -> SpeechHandle:
        text = self._sentences("ask", what=question(describe_all([call.said for call in pending.calls])))
        self.confirmations.touch()
        for call in pending.calls:
            self._on_event(ConfirmAsked(call.id, call.tool.server, call.tool.shown, call.arguments, text))
        pending.read_back = self._speech.say(session, text, Kind.CONFIRM)
        return pending.read_back

    async def _put_question(self, ctx: RunContext[Any]) -> None:
        """Put the question that comes next to the user, if there is one that has not been put."""
        await asyncio.sleep(_GATHER)
        await asyncio.wait({asyncio.ensure_future(_played(ctx))})
        if (text := self.questions.begin()) is not None:
            self._speech.say(ctx.session, text, Kind.QUESTION)

    def _later(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._reading_back.add(task)
        task.add_done_callback(self._reading_back.discard)

    def _tell(self, text: str) -> None:
        if self._talk is not None:
            self._speech.say(self._talk, text, Kind.ANNOUNCEMENT, remember=False)


def _for_the_model(result: Result) -> Any:
    """Return what the model is told of how a call ended; an error is raised, as LiveKit has it."""
    if result.status is Status.CANCELLED:
        return ToolResult("Cancelled by the user.", reply_required=False)
    if result.status is not Status.OK:
        raise ToolError(result.text)
    return result.text


def _last_said(ctx: RunContext[Any]) -> str:
    items = ctx.session.history.items
    return next((one.text_content or "" for one in reversed(items) if one.type == "message" and one.role == "user"), "")


def _heard(items: Sequence[llm.ChatItem]) -> list[llm.ChatItem]:
    """Return a conversation without what finding tools and waiting for them brought."""
    return [one for one in items if not (one.type == "function_call_output" and one.name in _OURS)]


async def _at_once() -> None:
    return


async def _played(ctx: RunContext[Any]) -> None:
    await ctx.speech_handle
