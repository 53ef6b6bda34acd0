"""Tells what becomes of what the user was asked: read-backs that do not wait any more, and questions that go on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from voice_agent.agents.answers import Answer, answer_of
from voice_agent.agents.confirm import LIFETIME
from voice_agent.agents.listen import listen

if TYPE_CHECKING:
    from livekit.agents import ConversationItemAddedEvent

    from voice_agent.session.conversation import Conversation
    from voice_agent.session.journal import Line

_AFTER = 0.1
"""Seconds by which the lifetime of a confirmation is certainly over."""
_WORDS = {Answer.YES: "yes", Answer.NO: "no"}


def follow_confirmations(conversation: Conversation) -> None:
    """Write an `answered` line for every call of a `confirm` line."""
    Answered(conversation)


def follow_questions(conversation: Conversation) -> None:
    """Have each answer to a server's question bring the `question` line of what is asked next."""

    def note_item(event: ConversationItemAddedEvent) -> None:
        if event.item.type == "message" and event.item.role == "user":
            conversation.toolset.questions.heard(conversation.session.history.items)

    listen(conversation.session, "conversation_item_added", note_item)


class Answered:
    """Which calls of one conversation wait for a yes, as the journal has told."""

    def __init__(self, conversation: Conversation) -> None:
        """Follow `conversation`, which has not been started."""
        self._conversation = conversation
        self._open: set[str] = set()
        self._timers: set[asyncio.TimerHandle] = set()
        conversation.journal.listen(self._note_line)
        listen(conversation.session, "conversation_item_added", self._note_item)
        conversation.closers.append(self._close)

    def _note_line(self, line: Line) -> None:
        if line["event"] == "answered":
            self._open.discard(line["call"])
        if line["event"] == "confirm":
            self._open.add(line["call"])
            self._timers = {timer for timer in self._timers if timer.when() > asyncio.get_running_loop().time()}
            self._timers.add(asyncio.get_running_loop().call_later(LIFETIME + _AFTER, self._check, "dropped"))
            self._check("dropped")

    def _note_item(self, event: ConversationItemAddedEvent) -> None:
        item = event.item
        if item.type == "message" and item.role == "user":
            pending, text = self._conversation.toolset.confirmations.open, item.text_content or ""
            answer = pending.answer_in(text) if pending is not None else answer_of(text)
            self._check(_WORDS.get(answer, "dropped"))

    def _check(self, answer: str) -> None:
        if not self._open:
            return
        toolset, history = self._conversation.toolset, self._conversation.session.history.items
        pending = toolset.confirmations.waiting(history)
        still = {call.id for call in pending.calls} if pending is not None else set[str]()
        for call in sorted(self._open - still):
            self._open.discard(call)
            self._conversation.journal.write("answered", call=call, answer=answer)

    async def _close(self) -> None:
        for timer in self._timers:
            timer.cancel()
