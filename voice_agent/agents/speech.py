"""Everything that code, not the model, says in one conversation, each with its kind."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from livekit.agents import AgentSession
    from livekit.agents.voice import SpeechHandle


class Kind(StrEnum):
    """What an utterance of the agent is for."""

    GREETING = "greeting"
    REPLY = "reply"
    FILLER = "filler"
    CONFIRM = "confirm"
    QUESTION = "question"
    APOLOGY = "apology"
    ANNOUNCEMENT = "announcement"


async def until_heard(
    say: Callable[[], SpeechHandle | None], moment: Callable[[], Awaitable[object]], said: SpeechHandle | None = None
) -> None:
    """Say it, and again as long as nobody has heard a word of it: the user may begin to speak at the same moment.

    Args:
        say: Says it; None: there is nothing to be said any more.
        moment: Waits until it may be said.
        said: It is being said for the first time already.
    """
    while True:
        if said is None:
            await moment()
            said = say()
            if said is None:
                return
        await said.wait_for_playout()
        if is_heard(said):
            return
        said = None


def is_heard(said: SpeechHandle) -> bool:
    """Tell whether somebody has heard a word of what has been said to its end, or to where it was spoken over."""
    return not said.interrupted or any(item.type == "message" for item in said.chat_items)


class Speech:
    """Says sentences and remembers which kind each of them is."""

    def __init__(self, on_aside: Callable[[str, Kind, bool], None] | None = None) -> None:
        """Take `on_aside(text, kind, interrupted)`, told of what was said outside the chat context."""
        self._on_aside = on_aside
        self._expected: list[tuple[str, Kind]] = []

    def say(self, session: AgentSession[Any], text: str, kind: Kind, *, remember: bool = True) -> SpeechHandle:
        """Say `text`; `remember` puts it into the chat context, where the model sees it.

        Raises:
            RuntimeError: The session is not running, or has to speak and has no voice.
        """
        if remember:
            self._expected.append((text, kind))
        handle = session.say(text, add_to_chat_ctx=remember)
        if not remember and self._on_aside is not None:
            tell = self._on_aside
            handle.add_done_callback(lambda done: tell(text, kind, done.interrupted))
        return handle

    def expect(self, text: str, kind: Kind) -> None:
        """Remember the kind of an utterance that the agent's own answer is going to be."""
        self._expected.append((text, kind))

    def kind_of(self, text: str) -> Kind:
        """Return the kind of an utterance that the chat context got; `REPLY` where the model made it."""
        spoken = text.strip()
        for index, (expected, kind) in enumerate(self._expected):
            if spoken and expected.startswith(spoken):
                del self._expected[: index + 1]
                return kind
        return Kind.REPLY
