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
    apology = _Apology(conversation, sentences)
    conversation.stack.on_switch(apology.note_switch)
    listen(conversation.session, "error", apology.note_error)
    listen(conversation.session, "conversation_item_added", apology.note_item)
    listen(conversation.session, "close", apology.note_close)


class _Apology:
    def __init__(self, conversation: Conversation, sentences: Sentences) -> None:
        self._conversation = conversation
        self._sentences = sentences
        self._failures = 0

    def note_error(self, event: ErrorEvent) -> None:
        if getattr(event.error, "recoverable", False):
            return
        conversation, failure = self._conversation, translate(event)
        self._failures += 1
        conversation.journal.write("error", code=failure.code, text=failure.text)
        is_over = failure.is_permanent or self._failures >= _GIVE_UP_AFTER
        text = self._sentences("giving_up", why=failure.spoken) if is_over else failure.spoken
        if failure.part == "tts":
            # What cannot be spoken is at least shown.
            kind = Kind.APOLOGY.value
            conversation.journal.write("agent", text=text, kind=kind, interrupted=False, latency_ms=None)
            if is_over:
                conversation.end("error")
            return
        handle = conversation.speech.say(conversation.session, text, Kind.APOLOGY, remember=False)
        if is_over:
            handle.add_done_callback(lambda _handle: conversation.end("error"))

    def note_switch(self, switched: Switched) -> None:
        conversation = self._conversation
        if switched.failure is not None:
            conversation.journal.write("error", code=switched.failure.code, text=switched.text)
        conversation.speech.say(conversation.session, switched.spoken, Kind.ANNOUNCEMENT, remember=False)

    def note_item(self, event: ConversationItemAddedEvent) -> None:
        if event.item.type == "message" and event.item.role == "assistant":
            self._failures = 0

    def note_close(self, event: CloseEvent) -> None:
        self._conversation.end("error" if event.error is not None else "interrupted")
