"""Where a fault of ours came from, told without the values that were at hand. Standard library only."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

FRAMES = 4
"""How many of the last places are told."""


def places(trace: TracebackType | None) -> list[str]:
    """File, line and function of each, the last one where it happened."""
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)[-FRAMES:]]
