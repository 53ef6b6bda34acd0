"""What is done, and not only said, when the user asks for it: speak slower, stop a call, end the conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voice_agent.agents.answers import Request, request_of
from voice_agent.agents.listen import listen

if TYPE_CHECKING:
    from livekit.agents import ConversationItemAddedEvent, UserInputTranscribedEvent

    from voice_agent.session.conversation import Conversation

_STEP = 1.2
_SLOWEST, _FASTEST = 0.5, 2.0


def keep_manners(conversation: Conversation) -> None:
    """Act on standing requests once they are the user's committed words."""
    session, stack = conversation.session, conversation.stack
    speed = 1.0
    is_leaving = False

    def note_item(event: ConversationItemAddedEvent) -> None:
        nonlocal speed, is_leaving
        item = event.item
        if item.type != "message":
            return
        if item.role == "assistant":
            if is_leaving:
                conversation.end("goodbye")
            return
        request = request_of(item.text_content or "") if item.role == "user" else None
        is_leaving = request is Request.GOODBYE
        if request in {Request.SLOWER, Request.FASTER}:
            factor = _STEP if request is Request.FASTER else 1 / _STEP
            speed = min(_FASTEST, max(_SLOWEST, speed * factor))
            stack.set_speed(speed)

    def note_words(event: UserInputTranscribedEvent) -> None:
        # While a call runs its turn is not over, and the words would only be acted on after it.
        if not event.is_final:
            return
        if request_of(event.transcript) is Request.STOP:
            conversation.toolset.cancel_running()
        elif event.transcript.strip():
            conversation.toolset.under_way.background.let_go()

    listen(session, "conversation_item_added", note_item)
    listen(session, "user_input_transcribed", note_words)
