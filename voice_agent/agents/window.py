"""How much of a long conversation is kept word for word: its newest turns; of what was before, what ids are known from.

A model's own window has an end, and each turn costs what all turns before it weigh. Nothing is lost to the user: the
record has every line (`session.recorded`).
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from livekit.agents import llm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from livekit.agents.llm import ChatItem

MOST, LEFT = 400, 200
"""Items above which a conversation is cut, and at most how many are left of it: not a few with every turn, for a model
that has read the beginning before reads it again for less."""
LONGEST, SHORTENED = 200_000, 100_000
"""The same in characters: some 50,000 and 25,000 tokens."""
_REMEMBERED = 400_000
"""Characters of what was cut that ids are still known from."""


class Window:
    """The newest part of one conversation."""

    def __init__(self) -> None:
        self._past: deque[str] = deque()
        self._weight = 0

    @property
    def past(self) -> tuple[str, ...]:
        """What the user has said and tools have answered before the newest part, as far as it is remembered."""
        return tuple(self._past)

    def is_full(self, items: Sequence[ChatItem]) -> bool:
        """Tell whether a conversation is long enough to be cut."""
        return len(items) > MOST or sum(map(_weight, items)) > LONGEST

    def newest(self, items: Sequence[ChatItem]) -> list[ChatItem]:
        """Return the newest part, which begins with words of the user; and what the model was instructed with."""
        room, place = SHORTENED, len(items)
        for index in range(len(items) - 1, max(-1, len(items) - 1 - LEFT), -1):
            room -= _weight(items[index])
            if room < 0 and place < len(items):
                break
            if _is_users(items[index]):
                place = index
        if place == len(items):
            return list(items)
        instructions = [item for item in items[:place] if item.type == "message" and item.role == "system"][:1]
        return [*instructions, *items[place:]]

    def remember(self, gone: Sequence[ChatItem]) -> None:
        """Keep what ids are known from of items that are cut."""
        for text in filter(None, map(mentions, gone)):
            self._past.append(text)
            self._weight += len(text)
        while self._weight > _REMEMBERED:
            self._weight -= len(self._past.popleft())


def mentions(item: ChatItem) -> str | None:
    """Return what the user has said, or a tool has answered; None for what a model has made up or failed to get."""
    if item.type == "message":
        return item.text_content if item.role == "user" else None
    return item.output if item.type == "function_call_output" and not item.is_error else None


def _is_users(item: ChatItem) -> bool:
    return item.type == "message" and item.role == "user"


def _weight(item: ChatItem) -> int:
    match item:
        case llm.ChatMessage():
            return len(item.text_content or "")
        case llm.FunctionCall():
            return len(item.arguments)
        case llm.FunctionCallOutput():
            return len(item.output)
        case _:
            return 0
