"""Says that a server is back, to a user who was told that it was away or whose request it had failed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from voice_agent.agents.assistant import UP
from voice_agent.agents.events import ToolCalled, ToolReturned
from voice_agent.agents.readback import question
from voice_agent.agents.speech import Kind
from voice_agent.bridge.types import ServerChanged, State, Status
from voice_agent.session.unasked import tell

if TYPE_CHECKING:
    from livekit.agents.voice import SpeechHandle

    from voice_agent.agents.events import ToolEvent
    from voice_agent.agents.sentences import Sentences
    from voice_agent.bridge.types import BridgeEvent, ServerStatus
    from voice_agent.session.conversation import Conversation


def tell_returns(conversation: Conversation, sentences: Sentences) -> None:
    """Say it once for each time that the user has met the lack, at a polite moment."""
    returns = Returns(conversation, sentences)
    conversation.toolset.listen(returns.note_tool)
    conversation.bridge.subscribe(returns.note_server)


class Returns:
    """Which servers the user misses, and which of them are back."""

    def __init__(self, conversation: Conversation, sentences: Sentences) -> None:
        """Take whose user is told, and the words for it."""
        self._conversation, self._sentences = conversation, sentences
        self._missed = conversation.assistant.missed
        self._called: dict[str, str] = {}
        self._back: dict[str, ServerStatus] = {}
        """The newest return of each server."""

    def note_tool(self, event: ToolEvent) -> None:
        """Take notice of a call."""
        if isinstance(event, ToolCalled):
            self._called[event.call] = event.server
        elif isinstance(event, ToolReturned):
            server = self._called.pop(event.call, "")
            is_lost = event.result.status in {Status.ERROR, Status.UNKNOWN}
            if is_lost and self._state_of(server) in {State.FAILED, State.RECONNECTING}:
                self._missed.add(server)

    def note_server(self, event: BridgeEvent) -> None:
        """Take notice of a server, and tell of one that was missed and is back."""
        if isinstance(event, ServerChanged) and event.status.state in UP and event.status.name in self._missed:
            self._missed.discard(event.status.name)
            self._back[event.status.name] = event.status
            tell(self._conversation, partial(self._say, event.status), "return of a server")

    def _state_of(self, server: str) -> State | None:
        return next((one.state for one in self._conversation.bridge.servers if one.name == server), None)

    def _say(self, server: ServerStatus) -> SpeechHandle | None:
        if self._back.get(server.name) is not server:
            return None
        if self._state_of(server.name) not in UP:
            # It is gone again, and has yet to be said to be back.
            self._missed.add(server.name)
            return None
        words = question(self._sentences("server_back", server=server.say))
        return self._conversation.speech.say(self._conversation.session, words, Kind.ANNOUNCEMENT)
