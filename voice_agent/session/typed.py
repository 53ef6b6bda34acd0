"""A conversation by typing: each line is a turn, sent when the last one was answered."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from voice_agent.session.lines import LONGEST, TooLong

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from voice_agent.session.conversation import Conversation


async def converse_typed(
    conversation: Conversation, lines: AsyncIterator[str | TooLong], *, prompt: Callable[[], None]
) -> int:
    """Take turns until the lines or the conversation end; return how many lines could not be used.

    Args:
        conversation: Started.
        lines: The user's turns.
        prompt: Called when it is the user's turn.
    """
    unusable = 0
    await conversation.or_over(asyncio.ensure_future(conversation.settle()))
    while conversation.reason is None:
        prompt()
        line = asyncio.ensure_future(anext(lines, None))
        if not await conversation.or_over(line):
            break
        match line.result():
            case None:
                # What goes on in the background is still to be told.
                await conversation.or_over(asyncio.ensure_future(conversation.toolset.under_way.all_told()))
                await conversation.or_over(asyncio.ensure_future(conversation.settle()))
                conversation.end("input_ended")
            case TooLong(number, size):
                unusable += 1
                text = f"Line {number} is too long: {size:,} bytes, at most {LONGEST:,}. It was left out."
                conversation.journal.write("error", code="line_too_long", text=text)
            case text:
                await conversation.or_over(asyncio.ensure_future(_take_turn(conversation, text)))
    return unusable


async def hear_typed(conversation: Conversation, text: str) -> None:
    """Take `text` as the user's turn at once; what the agent is saying ends for it, unless it must not be cut off."""
    if _is_return(conversation, text):
        return
    await conversation.assistant.ready_for(text)
    conversation.toolset.under_way.background.let_go()
    with contextlib.suppress(RuntimeError):
        await conversation.session.interrupt()
    if conversation.reason is None:
        conversation.session.generate_reply(user_input=text, input_modality="text")


async def _take_turn(conversation: Conversation, text: str) -> None:
    if _is_return(conversation, text):
        return
    await conversation.assistant.ready_for(text)
    conversation.session.generate_reply(user_input=text, input_modality="text")
    await conversation.settle()


def _is_return(conversation: Conversation, text: str) -> bool:
    """Take the address that the user's browser ended at after a sign-in; what is in it is for nobody else.

    True: it is one, and no turn.
    """
    sign_ins = conversation.bridge.sign_ins
    taken = sign_ins.take(text) if sign_ins is not None else None
    if taken is False:
        text = "That address belongs to no sign-in that is under way."
        conversation.journal.write("error", code="sign_in", text=text)
    return taken is not None
