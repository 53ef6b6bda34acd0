"""Says that a server is back, to a user who was told that it was away or whose request it had failed."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from voice_agent.agents.assistant import UP
from voice_agent.agents.events import ToolCalled, ToolReturned
from voice_agent.agents.readback import question
from voice_agent.agents.speech import Kind
from voice_agent.bridge.types import ServerChanged, State, Status
from voice_agent.session.announce import free_moment

if TYPE_CHECKING:
    from voice_agent.agents.events import ToolEvent
    from voice_agent.agents.sentences import Sentences
    from voice_agent.bridge.types import BridgeEvent, ServerStatus
    from voice_agent.session.conversation import Conversation

_PATIENCE = 300.0
"""Seconds after which it is not said any more."""


def tell_returns(conversation: Conversation, sentences: Sentences) -> None:
    """Say it once for each time that the user has met the lack, at a polite moment."""
    returns = _Returns(conversation, sentences)
    conversation.toolset.listen(returns.note_tool)
    conversation.bridge.subscribe(returns.note_server)


class _Returns:
    def __init__(self, conversation: Conversation, sentences: Sentences) -> None:
        self._conversation, self._sentences = conversation, sentences
        self._missed = conversation.assistant.missed
        self._called: dict[str, str] = {}

    def note_tool(self, event: ToolEvent) -> None:
        if isinstance(event, ToolCalled):
            self._called[event.call] = event.server
        elif isinstance(event, ToolReturned):
            server = self._called.pop(event.call, "")
            is_lost = event.result.status in {Status.ERROR, Status.UNKNOWN}
            if is_lost and self._state_of(server) in {State.FAILED, State.RECONNECTING}:
                self._missed.add(server)

    def note_server(self, event: BridgeEvent) -> None:
        if isinstance(event, ServerChanged) and event.status.state in UP and event.status.name in self._missed:
            self._missed.discard(event.status.name)
            self._conversation.beside(self._say(event.status), "return of a server")

    def _state_of(self, server: str) -> State | None:
        return next((one.state for one in self._conversation.bridge.servers if one.name == server), None)

    async def _say(self, server: ServerStatus) -> None:
        conversation = self._conversation
        with contextlib.suppress(TimeoutError, RuntimeError):
            async with asyncio.timeout(_PATIENCE):
                await free_moment(conversation)
            if self._state_of(server.name) in UP:
                words = question(self._sentences("server_back", server=server.say))
                conversation.speech.say(conversation.session, words, Kind.ANNOUNCEMENT)
