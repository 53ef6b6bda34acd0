"""The questions of servers in one conversation: one after the other, answered by the user's own words, decided in code.

As with confirmations, a guess of the user's words changes nothing: where a question stands follows from the messages of
the conversation alone (`ask_form`), and an answer is used up only inside the tool, which runs for committed turns.
The model sees neither the questions nor the answers, only what the tool comes back with.
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from livekit.agents import llm

from voice_agent.agents.answers import Request, request_of
from voice_agent.agents.ask_filled import filled, form_shown, words_of
from voice_agent.agents.ask_form import Step, follow
from voice_agent.agents.ask_words import say
from voice_agent.agents.events import QuestionAsked, QuestionClosed
from voice_agent.bridge.forms import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import tzinfo

    from livekit.agents.llm import ChatChunk, ChatContext, ChatItem

    from voice_agent.agents.confirm import Call
    from voice_agent.bridge.forms import Question
    from voice_agent.bridge.types import Json, Tool

SILENCE = 90.0
"""Seconds without a word from the user after which a question is cancelled."""
SIGN_IN_SILENCE = 300.0
"""The same while they sign in somewhere."""


@dataclass(slots=True, eq=False)
class Open:
    """One question that waits."""

    call: Call
    asked: Question
    reply: asyncio.Future[Reply]
    key: str
    """The id under which the call goes on when the question has been answered."""
    now: datetime
    at: float | None = None
    """Seconds since the epoch when it was put to the user; None: another one comes first."""
    filled: Reply | None = None
    """How it was answered on a screen; the call goes on with the user's turn that says so."""


@dataclass(frozen=True, slots=True)
class CallAsker:
    """Puts the questions of one call (`bridge.forms.Asker`)."""

    person: Questions
    call: Call

    async def __call__(self, question: Question, /) -> Reply:
        """Return the user's answer; cancelled, the question is withdrawn."""
        return await self.person.put(self.call, question)


@dataclass(slots=True)
class Questions:
    """The questions of one conversation, oldest first; the first is the one that the user is asked."""

    on_event: Callable[[QuestionAsked | QuestionClosed], None]
    tell: Callable[[str], None]
    """Says a sentence beside the conversation."""
    zone: tzinfo = UTC
    silence: float = SILENCE
    has_screen: bool = True
    """The user can be shown a link."""
    _queue: list[Open] = field(default_factory=list[Open])
    _arrived: dict[str, asyncio.Event] = field(default_factory=dict[str, asyncio.Event])
    _hidden: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    """When the user was being asked: seconds since the epoch."""
    _asides: set[float] = field(default_factory=set[float])
    """When the user said something else while being asked: seconds since the epoch."""
    _replaced: set[str] = field(default_factory=set[str])
    """Ids of calls that have gone on under another id."""
    _withdrawn: set[str] = field(default_factory=set[str])
    """Ids of calls that have gone on without an answer."""
    _count: int = 0
    _timer: asyncio.TimerHandle | None = None

    def asker(self, call: Call) -> CallAsker:
        """Return what puts the questions of `call`."""
        return CallAsker(self, call)

    async def put(self, call: Call, asked: Question) -> Reply:
        """Have the user asked; return the answer."""
        now = datetime.now(self.zone)
        begun = follow(asked, (), now)
        if begun.reply is not None:
            self.tell(begun.say)
            return begun.reply
        if asked.url is not None and not self.has_screen:
            self.tell(say("link_phone", server=asked.say, domain=asked.domain))
            return Reply("decline")
        self._count += 1
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        one = Open(call, asked, reply, f"{call.id}_answered_{self._count}", now)
        self._queue.append(one)
        self._event(call.id).set()
        try:
            return await reply
        finally:
            self._close(one)

    def waits(self, call: str) -> bool:
        """Tell whether the call of this id waits for an answer."""
        return any(one.call.id == call for one in self._queue)

    def was_withdrawn(self, call: str) -> bool:
        """Tell whether the call of this id went on before its last question was answered."""
        return call in self._withdrawn

    async def arrival(self, call: str) -> None:
        """Wait until the call of this id asks something."""
        await self._event(call).wait()

    @property
    def tools(self) -> tuple[Tool, ...]:
        """The tools of calls that wait for an answer: they go on with them, also where their server is away."""
        return tuple(one.call.tool for one in self._queue)

    @property
    def is_open(self) -> bool:
        """There is a question, put or not."""
        return bool(self._queue)

    @property
    def options(self) -> tuple[str, ...]:
        """What can be answered to the question that is being asked, where it has options."""
        if not self._queue or self._queue[0].at is None:
            return ()
        return tuple(one.title for field in self._queue[0].asked.fields for one in field.choices)

    @property
    def is_due(self) -> bool:
        """There is a question that has not been put to the user, and none before it."""
        return bool(self._queue) and self._queue[0].at is None

    def begin(self) -> str | None:
        """Return the words with which the first question is put, now; None where there is none, or it has been put."""
        if not self.is_due:
            return None
        one = self._queue[0]
        one.at = time.time()
        step = follow(one.asked, (), one.now)
        self._announce(one, step)
        return step.say

    def judge(self, items: Sequence[ChatItem]) -> tuple[Open, Step] | None:
        """Return the question that is being asked, and what the user's words come to; None where there is none.

        Args:
            items: The conversation, newest last, including a message that is not committed yet.
        """
        if not self._queue or (at := self._queue[0].at) is None:
            return None
        if (reply := self._queue[0].filled) is not None:
            return self._queue[0], Step("", reply=reply)
        said = [
            item.text_content or ""
            for item in items
            if item.type == "message" and item.role == "user" and item.created_at > at
        ]
        if not said or request_of(said[-1]) is Request.GOODBYE:
            return None
        return self._queue[0], follow(self._queue[0].asked, said, self._queue[0].now)

    def fill(self, call: str, action: Literal["accept", "decline", "cancel"], content: Json) -> str:
        """Answer the question of the call of this id, which has been put, as a form on a screen does.

        Returns the user's turn, which is to be taken for the call to go on.

        Raises:
            LookupError: It is not waiting, or not any more.
            ValueError: The form is not filled in as it must be; the message says why.
        """
        one = self._queue[0] if self._queue else None
        if one is None or one.call.id != call or one.at is None or one.filled is not None:
            raise LookupError(call)
        one.filled = filled(one.asked, content) if action == "accept" else Reply(action)
        return words_of(one.asked, one.filled)

    def wait_on(self, call: str) -> None:
        """Take notice that the user is busy with the form of this call on a screen: that is no silence."""
        if self._queue and self._queue[0].call.id == call and self._queue[0].at is not None:
            self._start_timer(self._queue[0])

    def heard(self, items: Sequence[ChatItem]) -> None:
        """Take notice of the user's committed words."""
        if (judged := self.judge(items)) is not None and judged[1].reply is None:
            if judged[1].is_aside:
                self._asides.add(_users(items)[-1].created_at)
            self._announce(*judged)

    def resume(self, key: str, items: Sequence[ChatItem]) -> Call | None:
        """Hand the user's answer to the server, whose call goes on; None where `key` is no such call."""
        judged = self.judge(items)
        if judged is None or judged[0].key != key or judged[1].reply is None:
            return None
        one, step = judged
        self._replaced |= {one.call.id, one.call.agreed_id}
        self._close(one, step.reply.action if step.reply is not None else "cancel")
        if not one.reply.done():
            one.reply.set_result(step.reply or Reply("cancel"))
        return one.call

    def hide(self, context: ChatContext) -> ChatContext:
        """Return the conversation as the model sees it: without what was asked and answered here."""
        if not self._hidden and not self._queue:
            return context
        spans = [*self._hidden, *((one.at, time.time()) for one in self._queue if one.at is not None)]
        said = [one.created_at for one in _users(context.items)]
        judged = self.judge(context.items)
        asides = {*self._asides, *(said[-1:] if judged is not None and judged[1].is_aside else ())}
        shown = [(at, next((later for later in said if later > at), math.inf)) for at in asides]
        return llm.ChatContext(
            [
                item
                for item in context.items
                if any(start <= getattr(item, "created_at", -1.0) < end for start, end in shown)
                or not self._is_hidden(item, spans)
            ]
        )

    def ended(self, call: str) -> None:
        """Take notice that the call of this id asks nothing more."""
        self._arrived.pop(call, None)
        self._withdrawn.discard(call)

    def forget(self, kept: Sequence[ChatItem]) -> None:
        """Take notice that of the conversation nothing is left but `kept`."""
        since = min((item.created_at for item in kept if item.type == "message" and item.role == "user"), default=0.0)
        ids = {item.call_id for item in kept if item.type == "function_call"}
        self._hidden = [span for span in self._hidden if span[1] >= since]
        self._asides = {at for at in self._asides if at >= since}
        self._replaced &= ids

    def _is_hidden(self, item: ChatItem, spans: Sequence[tuple[float, float]]) -> bool:
        if item.type == "message":
            return item.role != "system" and any(start <= item.created_at <= end for start, end in spans)
        if item.type in {"function_call", "function_call_output"}:
            call = str(getattr(item, "call_id", ""))
            return call in self._replaced
        return False

    def _announce(self, one: Open, step: Step) -> None:
        asked = one.asked
        self.on_event(
            QuestionAsked(
                one.call.id,
                asked.server,
                step.say,
                step.field.name if step.field is not None else None,
                step.field.kind.value if step.field is not None else "link" if asked.url else "review",
                asked.url,
                form_shown(asked, step.values),
            )
        )
        self._start_timer(one)

    def _start_timer(self, one: Open) -> None:
        self._stop_timer()
        silence = SIGN_IN_SILENCE if one.asked.is_sign_in else self.silence
        self._timer = asyncio.get_running_loop().call_later(silence, self._give_up, one)

    def _give_up(self, one: Open) -> None:
        if not one.reply.done():
            one.reply.set_result(Reply("cancel"))
            self._close(one, "cancel")
            self.tell(say("no_answer", server=one.asked.say))

    def _close(self, one: Open, action: str = "withdrawn") -> None:
        if one not in self._queue:
            return
        if self._queue[0] is one:
            self._stop_timer()
        self._queue.remove(one)
        (self._withdrawn.add if action == "withdrawn" else self._withdrawn.discard)(one.call.id)
        self._event(one.call.id).clear()
        if one.at is not None:
            self._hidden.append((one.at, time.time()))
            self.on_event(QuestionClosed(one.call.id, action))

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _event(self, call: str) -> asyncio.Event:
        return self._arrived.setdefault(call, asyncio.Event())


def _users(items: Sequence[ChatItem]) -> list[llm.ChatMessage]:
    return [item for item in items if item.type == "message" and item.role == "user"]


def going_on(one: Open) -> ChatChunk:
    """Return the call that goes on with the user's answer, as the model would have made it."""
    call = llm.FunctionToolCall(name=one.call.tool.key, arguments=json.dumps(one.call.arguments), call_id=one.key)
    return llm.ChatChunk(id=one.key, delta=llm.ChoiceDelta(role="assistant", tool_calls=[call]))
