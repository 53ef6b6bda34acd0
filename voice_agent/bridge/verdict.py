"""What the tools that a server lists mean for its state (pure)."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from voice_agent.bridge.types import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voice_agent.bridge.supervisor import Verdict
    from voice_agent.bridge.types import Tool

_MOST_NAMED = 3


def verdict(server: str, tools: Sequence[Tool], trouble: str | None = None) -> Verdict:
    """Return the state of a server that is connected, and why it is not simply ready.

    Quarantined: every tool that could be called has changed since the user has known it.
    """
    broken = sum(tool.broken is not None for tool in tools)
    held = [tool for tool in tools if tool.held is not None and tool.broken is None]
    told = [trouble] if trouble else []
    if broken:
        told.append(f"has {broken} tools that cannot be used" if broken > 1 else "has a tool that cannot be used")
    if held:
        told.append(_of_held(server, held))
    is_withheld = bool(held) and len(held) + broken == len(tools)
    state = State.QUARANTINED if is_withheld else State.DEGRADED if told else State.READY
    return state, "; ".join(told) or None


def _of_held(server: str, held: Sequence[Tool]) -> str:
    names = ", ".join(f"“{tool.title}”" for tool in held[:_MOST_NAMED])
    more = f" and {len(held) - _MOST_NAMED} more" if len(held) > _MOST_NAMED else ""
    verb = "is" if len(held) == 1 else "are"
    remedy = f"voice-agent servers approve {shlex.quote(server)}"
    return f"has changed {names}{more}, which {verb} held back — look at it with: {remedy}"
