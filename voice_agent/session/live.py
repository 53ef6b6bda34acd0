"""A conversation by microphone and speaker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voice_agent.session.audio.card import open_sound_card

if TYPE_CHECKING:
    from voice_agent.errors import AudioError
    from voice_agent.session.conversation import Conversation


async def connect_devices(conversation: Conversation) -> None:
    """Give the conversation this machine's microphone and speaker; call before it is started.

    Raises:
        AudioError: There is none, or it cannot be opened.
    """

    def failed(error: AudioError) -> None:
        conversation.journal.write("error", code=error.code, text=str(error))
        conversation.end("error")

    card = await open_sound_card(failed)
    conversation.session.input.audio = card.microphone
    conversation.session.output.audio = card.speaker
    conversation.closers.append(card.aclose)
