"""Says in one sentence what failed, and ends what cannot go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voice_agent.agents.listen import listen
from voice_agent.agents.speech import Kind
from voice_agent.providers.errors import translate

if TYPE_CHECKING:
    from livekit.agents import CloseEvent, ConversationItemAddedEvent, ErrorEvent

    from voice_agent.agents.sentences import Sentences
    from voice_agent.providers.standby import Switched
    from voice_agent.session.conversation import Conversation

_GIVE_UP_AFTER = 3
"""Failures in a row after which the conversation is ended."""


def apologise_for_failures(conversation: Conversation, sentences: Sentences) -> None:
    """Apologise for each failure of the ears, the model or the voice; give up on one that will not pass."""
    session, journal = conversation.session, conversation.journal
    failures = 0

    def note_error(event: ErrorEvent) -> None:
        nonlocal failures
        if getattr(event.error, "recoverable", False):
            return
        failure = translate(event)
        failures += 1
        journal.write("error", code=failure.code, text=failure.text)
        is_over = failure.is_permanent or failures >= _GIVE_UP_AFTER
        text = sentences("giving_up", why=failure.spoken) if is_over else failure.spoken
        if failure.part == "tts":
            # What cannot be spoken is at least shown.
            journal.write("agent", text=text, kind=Kind.APOLOGY.value, interrupted=False, latency_ms=None)
            if is_over:
                conversation.end("error")
            return
        handle = conversation.speech.say(session, text, Kind.APOLOGY, remember=False)
        if is_over:
            handle.add_done_callback(lambda _handle: conversation.end("error"))

    def note_item(event: ConversationItemAddedEvent) -> None:
        nonlocal failures
        if event.item.type == "message" and event.item.role == "assistant":
            failures = 0

    def note_switch(switched: Switched) -> None:
        if switched.failure is not None:
            journal.write("error", code=switched.failure.code, text=switched.text)
        conversation.speech.say(session, switched.spoken, Kind.ANNOUNCEMENT, remember=False)

    def note_close(event: CloseEvent) -> None:
        conversation.end("error" if event.error is not None else "interrupted")

    conversation.stack.on_switch(note_switch)
    listen(session, "error", note_error)
    listen(session, "conversation_item_added", note_item)
    listen(session, "close", note_close)
