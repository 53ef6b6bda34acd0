"""Keeps the ears told of the words that can be expected now: of tools, and of what the servers hold."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from voice_agent.bridge.types import CatalogChanged, Status
from voice_agent.offline.vocabulary import vocabulary

if TYPE_CHECKING:
    from voice_agent.bridge.types import BridgeEvent, Json, Tool
    from voice_agent.session.conversation import Conversation
    from voice_agent.session.journal import Line

_PAUSE = 0.2
"""Seconds in which changes are gathered."""


def keep_vocabulary(conversation: Conversation, sources: dict[str, tuple[str, ...]]) -> None:
    """Keep the ears informed for as long as the conversation goes on.

    Args:
        conversation: Not started.
        sources: By server, the read-only tools whose results hold words (`voice.vocabulary` of its entry).
    """
    if conversation.stack.stt is None:
        return
    words = Words(conversation, sources)
    conversation.bridge.subscribe(words.note_bridge)
    conversation.journal.listen(words.note_line)
    conversation.closers.append(words.aclose)


class Words:
    """Asks the tools that an entry names under `vocabulary`, and tells the ears when the answer has changed."""

    def __init__(self, conversation: Conversation, sources: dict[str, tuple[str, ...]]) -> None:
        """Take what `keep_vocabulary` does."""
        self._conversation = conversation
        self._sources = sources
        self._told: tuple[str, ...] = ()
        self._known: tuple[str, ...] = ()
        self._due: asyncio.Task[None] | None = None
        self._again = False

    def note_bridge(self, event: BridgeEvent) -> None:
        """Take notice of new tools."""
        if isinstance(event, CatalogChanged):
            self.refresh()

    def note_line(self, line: Line) -> None:
        """Take notice of what was done, and of what a server asks: its options are what is said next."""
        if line["event"] == "question":
            self._tell()
        elif line["event"] == "tool_result":
            self._tell()
            self.refresh()

    def refresh(self) -> None:
        """Ask again, soon."""
        if self._due is None or self._due.done():
            self._due = asyncio.create_task(self._refresh())
        else:
            self._again = True

    async def aclose(self) -> None:
        """Stop asking."""
        if self._due is not None:
            self._due.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._due

    async def _refresh(self) -> None:
        while True:
            self._again = False
            await asyncio.sleep(_PAUSE)
            tools = self._conversation.bridge.tools
            results = [result for tool in tools if self._is_source(tool) if (result := await self._ask(tool))]
            self._known = vocabulary(tools, results)
            self._tell()
            if not self._again:
                return

    def _tell(self) -> None:
        words = tuple(dict.fromkeys((*self._conversation.toolset.questions.options, *self._known)))
        if words != self._told:
            self._told = words
            self._conversation.stack.set_vocabulary(words)

    def _is_source(self, tool: Tool) -> bool:
        return tool.name in self._sources.get(tool.server, ()) and not tool.input_schema.get("required")

    async def _ask(self, tool: Tool) -> Json | None:
        result = await self._conversation.bridge.call(tool, {})
        return result.structured if result.status is Status.OK else None
