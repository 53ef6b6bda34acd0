"""Fits tools into a number of tokens: the best ones in full, the others shorter (pure)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from voice_agent.bridge.find.compact import LEVELS, compact
from voice_agent.bridge.find.tokens import cost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voice_agent.bridge.types import Json, Tool


def schema_of(tool: Tool) -> Json:
    """Return the function that a model sees of a tool."""
    return {"name": tool.key, "description": tool.description, "parameters": tool.input_schema}


@lru_cache(maxsize=8_000)
def at_level(tool: Tool, level: int) -> tuple[Json, int]:
    """Return a tool's function at a level of `compact`, and what it costs."""
    schema = compact(schema_of(tool), level)
    return schema, cost(schema)


def fit(tools: Sequence[Tool], budget: int, *, shortest: int = LEVELS - 1) -> list[tuple[Tool, int]]:
    """Return as many of `tools`, the best first, as fit in `budget` tokens, each with its level of `compact`.

    First all are as short as `shortest` has it; then each level is given to the best ones first.
    """
    chosen: list[tuple[Tool, int]] = []
    spent = 0
    for tool in tools:
        price = at_level(tool, shortest)[1]
        if spent + price <= budget:
            chosen.append((tool, shortest))
            spent += price
    for level in range(shortest - 1, -1, -1):
        for place, (tool, now) in enumerate(chosen):
            more = at_level(tool, level)[1] - at_level(tool, now)[1]
            # A longer form can be skipped where a shorter one did not fit: it is never dearer.
            if spent + more <= budget:
                chosen[place] = (tool, level)
                spent += more
    return chosen
