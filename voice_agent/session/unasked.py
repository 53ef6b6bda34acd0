"""Says what nobody has asked for at a moment when it interrupts nobody, and until somebody has heard it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from voice_agent.agents.speech import until_heard

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from livekit.agents.voice import SpeechHandle

    from voice_agent.agents.confirm import Call
    from voice_agent.session.conversation import Conversation

_LOOK_AGAIN = 0.5
"""Seconds between two looks whether the user still has something to answer."""
_PATIENCE = 300.0
"""Seconds after which it is not said any more."""


def tell(
    conversation: Conversation,
    say: Callable[[], SpeechHandle | None],
    name: str,
    said: SpeechHandle | None = None,
    *,
    is_urgent: bool = False,
) -> None:
    """Have it said beside the talk when nobody speaks or has to answer, and again where nobody has heard a word of it.

    Args:
        conversation: Whose user is told.
        say: Says it; None: there is nothing to be said any more.
        name: What this is, for whoever looks at the tasks.
        said: It is being said for the first time already.
        is_urgent: It does not wait for an answer of the user, only until nobody speaks.
    """

    def moment() -> Coroutine[Any, Any, object]:
        return conversation.session.wait_for_idle() if is_urgent else free_moment(conversation)

    conversation.beside(_tell(say, moment, said), name)


def ask(conversation: Conversation, call: Call, *others: Call) -> None:
    """Have calls read back at once that nobody has just asked for, and again where nobody has heard a word of it."""
    toolset, session = conversation.toolset, conversation.session

    def again() -> SpeechHandle | None:
        return toolset.ask_unheard(session, call.id)

    asked = toolset.ask_again(session, [call, *others])
    conversation.beside(_tell(again, conversation.settle, asked), "asking")


async def _tell(
    say: Callable[[], SpeechHandle | None], moment: Callable[[], Awaitable[object]], said: SpeechHandle | None
) -> None:
    with contextlib.suppress(TimeoutError, RuntimeError):
        async with asyncio.timeout(_PATIENCE):
            await until_heard(say, moment, said)


async def free_moment(conversation: Conversation) -> None:
    """Wait until nobody speaks and nothing waits for the user's answer."""
    await conversation.session.wait_for_idle()
    while conversation.toolset.is_waiting_for_user:
        await asyncio.sleep(_LOOK_AGAIN)
        await conversation.session.wait_for_idle()
