"""Goes on with what the user asked of a server when they have signed in at it for the first time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from voice_agent.bridge.types import CatalogChanged
from voice_agent.session.unasked import tell

if TYPE_CHECKING:
    from livekit.agents.voice import SpeechHandle

    from voice_agent.bridge.types import BridgeEvent
    from voice_agent.session.conversation import Conversation


def go_on_after_sign_in(conversation: Conversation) -> None:
    """Answer requests again whose server has got its tools, for as long as the conversation goes on."""
    put_off = conversation.assistant.put_off

    def note(event: BridgeEvent) -> None:
        if not isinstance(event, CatalogChanged) or not put_off.servers:
            return
        for server in put_off.servers & {tool.server for tool in conversation.bridge.tools}:
            tell(conversation, partial(_go_on, conversation, server), f"after signing in at {server}")

    conversation.bridge.subscribe(note)


def _go_on(conversation: Conversation, server: str) -> SpeechHandle | None:
    put_off = conversation.assistant.put_off
    keys = frozenset(tool.key for tool in conversation.bridge.tools if tool.server == server)
    asked = put_off.take(server, keys, conversation.assistant.chat_ctx.items)
    if asked is None:
        return None

    def note_end(done: SpeechHandle) -> None:
        if done.interrupted and not done.chat_items:
            put_off.note(server, asked.items)

    going_on = conversation.session.generate_reply(chat_ctx=asked)
    going_on.add_done_callback(note_end)
    return going_on
