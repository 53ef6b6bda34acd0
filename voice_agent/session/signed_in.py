"""Goes on with what the user asked of a server when they have signed in at it for the first time."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from voice_agent.bridge.types import CatalogChanged
from voice_agent.session.announce import free_moment

if TYPE_CHECKING:
    from voice_agent.bridge.types import BridgeEvent
    from voice_agent.session.conversation import Conversation

_PATIENCE = 120.0
"""Seconds that a moment in which nobody speaks is waited for."""


def go_on_after_sign_in(conversation: Conversation) -> None:
    """Answer requests again whose server has got its tools, for as long as the conversation goes on."""
    put_off = conversation.assistant.put_off

    def note(event: BridgeEvent) -> None:
        if not isinstance(event, CatalogChanged) or not put_off.servers:
            return
        for server in put_off.servers & {tool.server for tool in conversation.bridge.tools}:
            conversation.beside(_go_on(conversation, server), f"after signing in at {server}")

    conversation.bridge.subscribe(note)


async def _go_on(conversation: Conversation, server: str) -> None:
    with contextlib.suppress(TimeoutError, RuntimeError):
        async with asyncio.timeout(_PATIENCE):
            await free_moment(conversation)
        keys = frozenset(tool.key for tool in conversation.bridge.tools if tool.server == server)
        asked = conversation.assistant.put_off.take(server, keys, conversation.session.history.items)
        if asked is not None:
            conversation.session.generate_reply(chat_ctx=asked)
