"""Manners for someone on a telephone, who sees nothing and writes along."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from voice_agent.agents.pieces import in_pieces

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable

_GROUP = 3
_DAY = r"\d{4}-\d\d-\d\d"
_SPELT = re.compile(rf"{_DAY}|(?<!\d)(?<!\d[.,])\d(?:[ -]?\d){{4,}}(?!\d|[.,]\d)")
"""A day, which stays, or five digits and more in a row: a code, a telephone number, no amount."""
_OPEN = re.compile(r"[\d .,-]*\d[ .,-]*$")
"""Digits at the end of a piece, which may go on in the next."""


def spell_digits(text: str) -> str:
    """Return `text` with long numbers said digit by digit, with a pause after every third."""
    return _SPELT.sub(_spell, text)


def slow_digits(text: AsyncIterable[str]) -> AsyncGenerator[str]:
    """Do the same to text that comes in pieces (LiveKit's `TextTransforms`)."""
    return in_pieces(text, _OPEN, spell_digits)


def _spell(found: re.Match[str]) -> str:
    if re.fullmatch(_DAY, found[0]):
        return found[0]
    digits = re.sub(r"\D", "", found[0])
    return ", ".join(" ".join(digits[at : at + _GROUP]) for at in range(0, len(digits), _GROUP))
