"""Calls that other agents of the user want made: read aloud, and made after the same yes as the assistant's own."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING

from voice_agent.agents.confirm import Call
from voice_agent.agents.events import ToolReturned
from voice_agent.agents.lookup import look
from voice_agent.agents.speech import Kind
from voice_agent.bridge.hub.attached import HubBridge
from voice_agent.bridge.types import Result, Status
from voice_agent.session.unasked import ask, free_moment, tell

if TYPE_CHECKING:
    from livekit.agents.voice import SpeechHandle

    from voice_agent.agents.events import ToolEvent
    from voice_agent.bridge.hub.proposals import Proposal
    from voice_agent.session.conversation import Conversation
    from voice_agent.session.journal import Line

_PATIENCE = 300.0
"""Seconds in which a moment must have come to ask, and the call must have ended."""


def hear_proposals(conversation: Conversation) -> None:
    """Put what other agents want done to the user of `conversation`, where its servers are behind a hub."""
    if isinstance(conversation.bridge, HubBridge):
        conversation.bridge.proposed = Proposals(conversation).put


class Proposals:
    """Puts calls to the user of one conversation, one at a time."""

    def __init__(self, conversation: Conversation) -> None:
        """Take whose user is asked."""
        self._conversation = conversation
        self._one_at_a_time = asyncio.Lock()
        self._ids = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[Result | None]] = {}
        self._newest: dict[str, str] = {}
        """The call that each client asked for last."""
        conversation.journal.listen(self._note_line)
        conversation.toolset.listen(self._note_event)

    async def put(self, proposal: Proposal) -> Result | None:
        """Return how the call ended; None where the user did not agree."""
        talk = self._conversation
        tool = next((one for one in talk.bridge.tools if (one.key, one.pin) == (proposal.key, proposal.pin)), None)
        if tool is None:
            return Result(Status.ERROR, f"“{proposal.key}” is not offered just now. Nothing was done.")
        seen = await look(talk.bridge, tool, proposal.arguments)
        if seen.refusal is not None:
            return Result(Status.ERROR, seen.refusal)
        said = f"let {proposal.client} {seen.said}"
        call = Call(f"proposal_{next(self._ids)}", tool, proposal.arguments, said)
        try:
            async with self._one_at_a_time, asyncio.timeout(_PATIENCE):
                await free_moment(talk)
                self._waiting[call.id] = asyncio.get_running_loop().create_future()
                self._newest[proposal.client] = call.id
                ask(talk, call)
                return await self._waiting[call.id]
        except TimeoutError:
            return None
        finally:
            waiting = self._waiting.pop(call.id, None)
            if waiting is not None and (waiting.cancelled() or not waiting.done()):
                self._take_back(proposal.client, call)

    def _take_back(self, client: str, call: Call) -> None:
        """Ask no more; a call that the user has agreed to goes on, and is told of as any other."""
        talk = self._conversation
        pending = talk.toolset.confirmations.open
        if pending is None or call.id not in {one.id for one in pending.calls}:
            return
        talk.toolset.confirmations.drop(call.id)
        talk.journal.write("answered", call=call.id, answer="dropped")

        def say() -> SpeechHandle | None:
            if self._newest[client] != call.id:
                # It has asked for something again: this would be taken for that.
                return None
            return talk.speech.say(talk.session, f"{client} has taken that back.", Kind.ANNOUNCEMENT)

        tell(talk, say, "taken back")

    def _note_line(self, line: Line) -> None:
        if line["event"] == "answered" and line["answer"] != "yes":
            self._settle(line["call"], None)

    def _note_event(self, event: ToolEvent) -> None:
        if isinstance(event, ToolReturned):
            self._settle(event.call, event.result)

    def _settle(self, call: str, result: Result | None) -> None:
        waiting = self._waiting.get(call)
        if waiting is not None and not waiting.done():
            waiting.set_result(result)
