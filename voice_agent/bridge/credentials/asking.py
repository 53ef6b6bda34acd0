"""Asks the user of a call to sign in, and goes on by itself when they have."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from voice_agent.bridge.forms import Question

if TYPE_CHECKING:
    from voice_agent.bridge.credentials.refusal import Challenge
    from voice_agent.bridge.credentials.sign_in import SignIn
    from voice_agent.bridge.forms import Asker


async def ask_to_sign_in(sign_in: SignIn, asker: Asker | None, say: str, challenge: Challenge | None = None) -> bool:
    """Put the link to `asker` and wait until the user has signed in; False: they have not, and won't now.

    Args:
        sign_in: Theirs.
        asker: Puts questions to the user; None: there is nobody to ask.
        say: The server's spoken name.
        challenge: What the server wants; None: what it wanted last.
    """
    link = await sign_in.begin(challenge)
    if link is None:
        return sign_in.is_signed_in and sign_in.trouble is None
    if asker is None:
        return False
    wants_more = challenge is not None and challenge.wants_more
    question = Question(sign_in.name, say, "", url=link, is_waited_for=True, is_sign_in=True, is_for_more=wants_more)
    asking = asyncio.ensure_future(asker(question))
    finished = asyncio.ensure_future(sign_in.finished())
    try:
        await asyncio.wait({asking, finished}, return_when=asyncio.FIRST_COMPLETED)
        if not finished.done() and asking.result().action != "accept":
            return False
        # “Done” may come before the browser is back.
        return await finished
    finally:
        for waiting in (asking, finished):
            waiting.cancel()
        await asyncio.gather(asking, finished, return_exceptions=True)
