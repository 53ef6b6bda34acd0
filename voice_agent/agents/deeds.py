"""Remembers what was done, so that "what did you just do?" has a true answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voice_agent.agents.events import ToolCalled, ToolReturned
from voice_agent.bridge.types import Status

if TYPE_CHECKING:
    from voice_agent.agents.events import ToolEvent
    from voice_agent.agents.sentences import Sentences

_LONGEST = 200
"""Characters that a recap may have."""
_SENTENCE = {Status.OK: "did", Status.UNKNOWN: "did_unknown"}


class Deeds:
    """The last call of a conversation and how it ended."""

    def __init__(self, sentences: Sentences) -> None:
        self._sentences = sentences
        self._said: dict[str, str] = {}
        self._last: str | None = None

    def note(self, event: ToolEvent) -> None:
        """Take notice of a tool event."""
        if isinstance(event, ToolCalled):
            self._said[event.call] = event.said
        elif isinstance(event, ToolReturned):
            said = self._said.pop(event.call, "")
            told = _prose(event.result.text) if event.result.status is Status.OK else None
            name = "did_so" if told else _SENTENCE.get(event.result.status, "did_failed")
            self._last = self._sentences(name, what=told or said)

    def recap(self) -> str:
        """Return one sentence about the last call."""
        return self._last or self._sentences("did_nothing")


def _prose(text: str) -> str | None:
    """Return the server's own sentence about what it did, where it is one that can be said."""
    first = text.split("\n", 1)[0].strip()
    return first if first and len(first) <= _LONGEST and first[0] not in "[{" else None
