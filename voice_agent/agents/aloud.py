"""What is written made into what is said, for every voice: amounts, dates, codes and links as people say them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voice_agent.agents.pieces import in_pieces
from voice_agent.offline.voice_text import LEADS, spoken

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable
    from datetime import tzinfo

_SIGN = rf"-?[^\W\d_]*[^\w\s.,;:!?'’()\"“”-]\S*|\S*[\d_@]\S*|\S*\w\.\w\S*|{LEADS}(?!\S)"  # noqa: RUF001 - an apostrophe as it comes
_SIGNS = re.compile(rf"{_SIGN}|\n")
_OPEN = re.compile(rf"(?<!\S)(?:(?:{_SIGN})\s+(?:[^\s\d]+\s+){{0,2}}|\S+[^\S\n]*\n\s*)*\S*$")
"""The last word, which may go on, and what has a sign in it with the two words after it, which may belong to it."""
_EDGES = re.compile(r"(\s*)(.*?)(\s*)", re.DOTALL)


@dataclass
class Aloud:
    """Says text that comes in pieces as a person would say it to this listener (LiveKit's `TextTransforms`).

    Plain words go on at once; only figures, signs and links wait for what may belong to them. English alone is changed.
    """

    language: str
    """BCP 47, of what is said."""
    zone: tzinfo
    """The listener's, in which moments are told."""

    def __call__(self, text: AsyncIterable[str]) -> AsyncGenerator[str]:
        """Yield `text` as it is said."""
        return in_pieces(text, _OPEN, self._said)

    def _said(self, text: str) -> str:
        is_english = self.language.split("-")[0].lower() == "en"
        if not is_english or not _SIGNS.search(text) or (edges := _EDGES.fullmatch(text)) is None:
            return text
        return f"{edges[1]}{spoken(edges[2], self.zone)}{edges[3]}"
