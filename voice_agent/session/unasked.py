"""Says what nobody has asked for at a moment when it interrupts nobody, and until somebody has heard it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from voice_agent.agents.speech import until_heard

if TYPE_CHECKING:
    from collections.abc import Callable

    from livekit.agents.voice import SpeechHandle

    from voice_agent.session.conversation import Conversation

_LOOK_AGAIN = 0.5
"""Seconds between two looks whether the user still has something to answer."""
_PATIENCE = 300.0
"""Seconds after which it is not said any more."""


def tell(
    conversation: Conversation, say: Callable[[], SpeechHandle | None], name: str, said: SpeechHandle | None = None
) -> None:
    """Have it said beside the talk when nobody speaks or has to answer, and again where nobody has heard a word of it.

    Args:
        conversation: Whose user is told.
        say: Says it; None: there is nothing to be said any more.
        name: What this is, for whoever looks at the tasks.
        said: It is being said for the first time already.
    """
    conversation.beside(_tell(conversation, say, said), name)


async def _tell(conversation: Conversation, say: Callable[[], SpeechHandle | None], said: SpeechHandle | None) -> None:
    with contextlib.suppress(TimeoutError, RuntimeError):
        async with asyncio.timeout(_PATIENCE):
            await until_heard(say, lambda: free_moment(conversation), said)


async def free_moment(conversation: Conversation) -> None:
    """Wait until nobody speaks and nothing waits for the user's answer."""
    await conversation.session.wait_for_idle()
    while conversation.toolset.is_waiting_for_user:
        await asyncio.sleep(_LOOK_AGAIN)
        await conversation.session.wait_for_idle()
