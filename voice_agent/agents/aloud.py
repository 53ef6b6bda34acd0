"""What is written made into what is said, for every voice: amounts, dates, codes and links as people say them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from voice_agent.agents.pieces import in_pieces
from voice_agent.offline.voice_text import spoken

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable

_SIGN = r"[^\W\d_]*[^\w\s.,;:!?'’()\"“”-]\S*|\S*[\d_@]\S*"  # noqa: RUF001 - an apostrophe as it comes
_SIGNS = re.compile(_SIGN)
_OPEN = re.compile(rf"(?<!\S)(?:(?:{_SIGN})\s+(?:[^\s\d]+\s+){{0,2}})*\S*$")
"""The last word, which may go on, and what has a sign in it with the two words after it, which may belong to it."""
_EDGES = re.compile(r"(\s*)(.*?)(\s*)", re.DOTALL)


def as_people_say(text: AsyncIterable[str]) -> AsyncGenerator[str]:
    """Return English text that comes in pieces as a person would say it (LiveKit's `TextTransforms`).

    Plain words go on at once; only figures, signs and links wait for what may belong to them.
    """
    return in_pieces(text, _OPEN, _said)


def _said(text: str) -> str:
    if not _SIGNS.search(text) or (edges := _EDGES.fullmatch(text)) is None:
        return text
    return f"{edges[1]}{spoken(edges[2])}{edges[3]}"
