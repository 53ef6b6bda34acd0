"""Fits tools into a number of tokens: the best ones in full, the others shorter (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from voice_agent.bridge.find.compact import LEVELS, compact
from voice_agent.bridge.find.tokens import cost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voice_agent.bridge.types import Json, Tool

_PRICES: WeakKeyDictionary[Tool, dict[int, int]] = WeakKeyDictionary()
"""What each tool that is there costs, by level."""


def schema_of(tool: Tool) -> Json:
    """Return the function that a model sees of a tool."""
    return {"name": tool.key, "description": tool.description, "parameters": tool.input_schema}


def at_level(tool: Tool, level: int) -> Json:
    """Return a tool's function at a level of `compact`."""
    return compact(schema_of(tool), level)


def price(tool: Tool, level: int) -> int:
    """Return what a tool's function costs at a level of `compact`, in tokens."""
    known = _PRICES.setdefault(tool, {})
    if level not in known:
        known[level] = cost(at_level(tool, level))
    return known[level]


def fit(tools: Sequence[Tool], budget: int, *, shortest: int = LEVELS - 1) -> list[tuple[Tool, int]]:
    """Return as many of `tools`, the best first, as fit in `budget` tokens, each with its level of `compact`.

    First all are as short as `shortest` has it; then each level is given to the best ones first.
    """
    chosen: list[tuple[Tool, int]] = []
    spent = 0
    for tool in tools:
        least = price(tool, shortest)
        if spent + least <= budget:
            chosen.append((tool, shortest))
            spent += least
    for level in range(shortest - 1, -1, -1):
        for place, (tool, now) in enumerate(chosen):
            more = price(tool, level) - price(tool, now)
            # A longer form can be skipped where a shorter one did not fit: it is never dearer.
            if spent + more <= budget:
                chosen[place] = (tool, level)
                spent += more
    return chosen
