"""The agent of a conversation: what code decides before the model, and the greeting."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

from livekit.agents import Agent, llm

from voice_agent.agents.answers import Answer, Request, answer_of, plain, request_of
from voice_agent.agents.ask import going_on
from voice_agent.agents.put_off import PutOff, not_signed_in, waiting_for_sign_in
from voice_agent.agents.readback import describe_all, question
from voice_agent.agents.server_words import reads_prose, server_words
from voice_agent.agents.speech import Kind
from voice_agent.agents.withheld import asked_in_vain, not_callable
from voice_agent.bridge.types import State

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Sequence

    from livekit.agents import AgentSession, FlushSentinel, ModelSettings
    from livekit.agents.llm import ChatChunk, ChatContext, ChatItem, ChatMessage, Tool

    from voice_agent.agents.ask import Open
    from voice_agent.agents.ask_form import Step
    from voice_agent.agents.confirm import Pending, Verdict
    from voice_agent.agents.deeds import Deeds
    from voice_agent.agents.sentences import Sentences
    from voice_agent.agents.speech import Speech
    from voice_agent.agents.toolset import BridgeToolset
    from voice_agent.bridge.types import ServerStatus

_AWAY = {State.FAILED, State.RECONNECTING, State.NEEDS_LOGIN, State.QUARANTINED, State.STARTING}
UP = frozenset({State.READY, State.DEGRADED})
"""A server in one of these can be called."""
_NAME = 4
"""Letters that a server's name must have to be recognised in what the user says."""


class Assistant(Agent):
    """Greets, waits for servers that are starting, and keeps yes, no and standing requests from the model."""

    def __init__(
        self,
        *,
        instructions: str,
        toolset: BridgeToolset,
        speech: Speech,
        sentences: Sentences,
        deeds: Deeds,
        has_pace: bool,
        past: Sequence[ChatItem] = (),
    ) -> None:
        """Take the parts of one conversation.

        Args:
            instructions: The prompt.
            toolset: The tools.
            speech: Says what code says.
            sentences: The words for it.
            deeds: What was done so far.
            has_pace: The pace of the voice can be changed.
            past: What was said and done before, where the conversation goes on in another process: no greeting then.
        """
        super().__init__(  # pyright: ignore[reportUnknownMemberType] - LiveKit leaves it open
            instructions=instructions, chat_ctx=llm.ChatContext(list(past))
        )
        self._greets = not past
        self.is_back = asyncio.Event()
        """Set, but while a conversation in a room begins, or goes on in another process: words wait for it."""
        self.is_back.set()
        self.missed: set[str] = set()
        """Names of servers that the user has been told are not there, and not yet that they are back."""
        self.put_off = PutOff()
        """What waits for the user to sign in."""
        self._toolset = toolset
        self._speech = speech
        self._sentences = sentences
        self._deeds = deeds
        self._has_pace = has_pace

    @property
    def _talk(self) -> AgentSession[Any]:
        return self.session  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - LiveKit leaves it open

    async def on_enter(self) -> None:
        """Greet, unless the conversation goes on."""
        if self._greets:
            self._speech.say(self._talk, self._sentences("greeting"), Kind.GREETING)

    async def on_user_turn_completed(self, turn_ctx: ChatContext, new_message: ChatMessage) -> None:
        """Hold a spoken request until the servers that it names are there."""
        if await self.ready_for(new_message.text_content or ""):
            # A reply that was begun ahead of time did not know the tools: a changed context discards it.
            turn_ctx.add_message(role="system", content="The tools have just been loaded.")

    async def ready_for(self, text: str) -> bool:
        """Wait, bounded, for servers that `text` names and that are starting; True if there was one."""
        await self.is_back.wait()
        if request_of(text) is Request.STOP:
            self._toolset.cancel_running()
            self.put_off.drop()
        if request_of(text) or answer_of(text) is not Answer.OTHER:
            return False
        return await self._toolset.starting.wait_for_named(self._talk, text)

    async def llm_node(
        self, chat_ctx: ChatContext, tools: list[Tool], model_settings: ModelSettings
    ) -> AsyncGenerator[ChatChunk | str | FlushSentinel, None]:
        """Answer what code decides; leave the rest to the model, and ask again for an open confirmation."""
        words = _newest_words(chat_ctx.items)
        judged = self._toolset.confirmations.judge(chat_ctx.items)
        asked = self._toolset.questions.judge(chat_ctx.items)
        ended = self._toolset.under_way.background.report(chat_ctx.items)
        if ended is not None:
            yield ended
            return
        if words is not None and asked is not None and not asked[1].is_aside:
            for part in self._answered(*asked):
                yield part
            return
        decided = self._decide(words, judged, chat_ctx.items) if words is not None else None
        if decided is not None:
            yield decided
            if isinstance(decided, str) and (unheard := self._unheard(words, judged)) is not None:
                yield f" {unheard}"
            return
        has_called, said = False, ""
        seen, shown = await self._seen_by_model(chat_ctx, tools)
        async for chunk in Agent.default.llm_node(self, seen, shown, model_settings):
            has_called = has_called or bool(isinstance(chunk, llm.ChatChunk) and chunk.delta and chunk.delta.tool_calls)
            said += _text_of(chunk)
            yield chunk
        if not has_called:
            missing = self._missing(words or "", said, chat_ctx.items)
            again = asked[1].say if asked is not None and asked[1].is_aside else None
            for sentence in self._afterwards(said, judged, again or missing):
                yield f" {sentence}"

    async def _seen_by_model(self, chat_ctx: ChatContext, tools: list[Tool]) -> tuple[ChatContext, list[Tool]]:
        """Return the conversation and the tools as the model gets them."""
        seen = self._toolset.under_way.background.view(self._toolset.questions.hide(chat_ctx))
        is_reader = reads_prose(self._talk)
        if is_reader:
            seen = self._with_server_words(self._toolset.overheard.before_newest(seen))
        offered = self._toolset.offered(tools)
        return seen, await self._toolset.offer.choose(seen.items, offered, counts_tokens=is_reader)

    def _afterwards(self, said: str, judged: tuple[Pending, Verdict] | None, missing: str | None) -> Iterator[str]:
        """Say what the model's answer, which `said` this, leaves open."""
        if self._toolset.under_way.checks.ask(said):
            yield self._sentences("check")
        if judged is not None and judged[1].answer is Answer.OTHER:
            pending, verdict = judged
            name = "dropped" if verdict.is_last_turn else "ask_again"
            yield self._sentences(name, what=_said(pending))
        if missing:
            yield missing

    def _unheard(self, words: str | None, judged: tuple[Pending, Verdict] | None) -> str | None:
        """Return the open confirmation's question where code answers words that were begun before it was heard."""
        if judged is None or judged[1].is_heard or judged[1].answer is not Answer.OTHER:
            return None
        is_over = request_of(words or "") is Request.GOODBYE
        return None if is_over else self._sentences("ask_again", what=_said(judged[0]))

    def _answered(self, asked: Open, step: Step) -> Iterator[ChatChunk | str]:
        """Say what comes next in a server's question; let its call go on when that is over."""
        if step.say:
            self._speech.expect(step.say, Kind.QUESTION)
            yield step.say
        if step.reply is not None:
            yield going_on(asked)

    def _missing(self, words: str, said: str, items: Sequence[ChatItem]) -> str | None:
        """Return a sentence about a server that is not there, if the user named one, or the model in its answer."""
        servers = self._toolset.bridge.servers
        if words and (server := waiting_for_sign_in(servers, f"{words} {said}")) is not None:
            self.put_off.note(server.name, items)
            return question(self._sentences("server_sign_in_first", server=server.say))
        if not reads_prose(self._talk) and (found := asked_in_vain(servers, words)) is not None:
            tool, say, why = found
            return self._sentences("withheld", tool=tool, server=say, why=why)
        asked = f" {plain(words)} "
        for server in servers:
            names = {plain(server.name), plain(server.say)}
            if server.state in _AWAY and any(len(name) >= _NAME and f" {name} " in asked for name in names):
                return question(self._tell(server))
        return None

    def _tell(self, server: ServerStatus) -> str:
        if server.link is not None:
            return self._sentences("server_sign_in", server=server.say)
        if server.state in {State.FAILED, State.RECONNECTING}:
            self.missed.add(server.name)
        reason = server.reason or f"is {server.state.value}"
        return self._sentences("server_failed", server=server.say, reason=reason)

    def _decide(
        self, words: str, judged: tuple[Pending, Verdict] | None, items: Sequence[ChatItem]
    ) -> ChatChunk | str | None:
        """Return what answers the user's newest words without the model; None where nothing does."""
        if judged is not None:
            pending, verdict = judged
            if verdict.answer is Answer.YES:
                # Where they cannot have heard what they agree to, the call asks once more.
                return self._frozen(pending)
            if verdict.answer is Answer.NO:
                return self._sentences("declined")
        if (check := self._toolset.under_way.checks.judge(items, self._toolset.bridge.tools)) is not None:
            return check
        request = request_of(words)
        if request is Request.STOP:
            return self._toolset.tell_stopped(_seconds_since_begun(items))
        return self._reply_to(request, items)

    def _with_server_words(self, chat_ctx: ChatContext) -> ChatContext:
        """Return the conversation with what the servers say of themselves, marked as their words."""
        bridge = self._toolset.bridge
        parts = server_words(bridge.library.contents), not_signed_in(bridge.servers), not_callable(bridge.servers)
        told = "\n\n".join(filter(None, parts))
        if not told:
            return chat_ctx
        system = llm.ChatMessage(role="system", content=[told])
        place = 1 if chat_ctx.items and getattr(chat_ctx.items[0], "role", "") == "system" else 0
        return llm.ChatContext([*chat_ctx.items[:place], system, *chat_ctx.items[place:]])

    def _frozen(self, pending: Pending) -> ChatChunk | str:
        """Return exactly the calls that were read back, as the model would have made them."""
        live = {(tool.key, tool.pin) for tool in self._toolset.bridge.tools}
        for call in pending.calls:
            if (call.tool.key, call.tool.pin) not in live:
                return self._sentences("gone", server=call.tool.server)
        calls = [
            llm.FunctionToolCall(name=call.tool.key, arguments=json.dumps(call.arguments), call_id=call.agreed_id)
            for call in pending.calls
        ]
        delta = llm.ChoiceDelta(role="assistant", tool_calls=calls)
        return llm.ChatChunk(id=f"agreed_{pending.turn}", delta=delta)

    def _tell_servers(self) -> str:
        """Say which servers are not there, and why."""
        away = [server for server in self._toolset.bridge.servers if server.state in _AWAY]
        if not away:
            return self._sentences("all_there")
        return " ".join(question(self._tell(server)) for server in away)

    def _reply_to(self, request: Request | None, items: Sequence[ChatItem]) -> str | None:
        match request:
            case None:
                return None
            case Request.REPEAT:
                return _last_said(items) or self._sentences("nothing_said")
            case Request.STATUS:
                return self._tell_servers()
            case Request.RECAP:
                return question(self._deeds.recap())
            case Request.SLOWER | Request.FASTER if not self._has_pace:
                return self._sentences("pace_fixed")
            case _:
                return self._sentences(request.value)


def _said(pending: Pending) -> str:
    return describe_all([call.said for call in pending.calls])


def _text_of(chunk: object) -> str:
    if isinstance(chunk, llm.ChatChunk):
        return (chunk.delta.content or "") if chunk.delta is not None else ""
    return chunk if isinstance(chunk, str) else ""


def _newest_words(items: Sequence[ChatItem]) -> str | None:
    """Return the user's words if the newest item is a message of the user."""
    for item in reversed(items):
        if item.type == "message" and item.role == "system":
            continue
        return (item.text_content or "") if item.type == "message" and item.role == "user" else None
    return None


def _seconds_since_begun(items: Sequence[ChatItem]) -> float:
    """Return how long ago the user began to say what they said last."""
    said = next(item for item in reversed(items) if item.type == "message" and item.role == "user")
    return max(0.0, time.time() - said.metrics.get("started_speaking_at", said.created_at))


def _last_said(items: Sequence[Any]) -> str | None:
    for item in reversed(items):
        if item.type == "message" and item.role == "assistant" and item.text_content:
            return str(item.text_content).strip()
    return None
