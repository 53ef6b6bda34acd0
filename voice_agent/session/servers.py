"""Attaches, detaches and re-configures servers in the running conversation when `mcp.json` is edited."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from typing import TYPE_CHECKING

from voice_agent.agents.sentences import Sentences
from voice_agent.agents.speech import Kind
from voice_agent.config.again import Watch, read_again
from voice_agent.session.unasked import tell

if TYPE_CHECKING:
    from collections.abc import Callable

    from livekit.agents.voice import SpeechHandle

    from voice_agent.config.again import Edited
    from voice_agent.config.load import Config
    from voice_agent.session.conversation import Conversation

LOOK = 0.2
"""Seconds between two looks at the file."""


def follow_edits(
    conversation: Conversation, config: Config, read: Callable[[], Config], watch: Watch | None = None
) -> None:
    """Follow edits for as long as the conversation goes on.

    Args:
        conversation: Not started.
        config: What it was built with.
        read: Reads the same sources once more; may raise `ConfigError`.
        watch: Has looked since before `config` was read; by default edits count from now on.
    """
    following = _follow(conversation, config, read, watch or Watch(config))
    task = asyncio.create_task(following, name="edits of mcp.json")

    async def stop() -> None:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    conversation.closers.append(stop)


async def _follow(conversation: Conversation, config: Config, read: Callable[[], Config], watch: Watch) -> None:
    mistakes = Mistakes(conversation, config)
    while True:
        await asyncio.sleep(LOOK)
        if not watch.is_edited():
            continue
        edited = await asyncio.to_thread(read_again, config, read)
        if edited.config is not None:
            config = edited.config
            watch.follow(config)
        for complaint in edited.complaints:
            conversation.journal.write("error", code="config", text=complaint)
        mistakes.note(edited)
        await conversation.bridge.reconfigure(edited.servers, edited.disabled)


class Mistakes:
    """Says that there is one, until that has been heard or there is none any more."""

    def __init__(self, conversation: Conversation, config: Config) -> None:
        """Take what the conversation was built with: its mistakes are known."""
        self._conversation = conversation
        self._known = {(problem.message, problem.server) for problem in config.problems}
        self._newest: Edited | None = None

    def note(self, edited: Edited) -> None:
        """Take notice of an edit."""
        if edited.complaints and self._conversation.is_started:
            self._newest = edited
            tell(self._conversation, partial(self._say, edited), "edit")
        elif not self._is_wrong(edited):
            self._newest = None

    def _is_wrong(self, edited: Edited) -> bool:
        if edited.config is None:
            return True
        return not {(problem.message, problem.server) for problem in edited.config.problems} <= self._known

    def _say(self, edited: Edited) -> SpeechHandle | None:
        if self._newest is not edited:
            return None
        words = Sentences()("edit_broken")
        return self._conversation.speech.say(self._conversation.session, words, Kind.ANNOUNCEMENT)
