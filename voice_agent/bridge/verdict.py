"""What the tools that a server lists mean for its state (pure)."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from voice_agent.bridge.catalog import title_of
from voice_agent.bridge.types import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voice_agent.bridge.supervisor import Verdict
    from voice_agent.bridge.types import Tool

_MOST_NAMED = 3
_MOST_TOLD = 8
_APPROVE = "voice-agent servers approve"


def verdict(server: str, tools: Sequence[Tool], trouble: str | None = None) -> Verdict:
    """Return the state of a server that is connected, and why it is not simply ready.

    Quarantined: every tool that could be called has changed since the user has known it.
    """
    broken = [tool for tool in tools if tool.broken is not None]
    held = [tool for tool in tools if tool.held is not None and tool.broken is None]
    told = [trouble] if trouble else []
    if broken:
        told.append(f"cannot offer {_named(broken, with_reason=True)}")
    if held:
        verb = "is" if len(held) == 1 else "are"
        remedy = f"{_APPROVE} {shlex.quote(server)}"
        told.append(f"has changed {_named(held)}, which {verb} held back — look at it with: {remedy}")
    is_withheld = bool(held) and len(held) + len(broken) == len(tools)
    state = State.QUARANTINED if is_withheld else State.DEGRADED if told else State.READY
    return state, "; ".join(told) or None


def withheld(server: str, tools: Sequence[Tool]) -> tuple[tuple[str, str], ...]:
    """Return some of the tools that cannot be called, by their names in words, and why.

    Nothing of what a changed tool says of itself is in it.
    """
    found: list[tuple[str, str]] = []
    for tool in tools:
        if tool.broken is not None:
            found.append((_in_words(tool), f"cannot be used, for {tool.broken}"))
        elif tool.held is not None:
            remedy = f"on the page, or with {_APPROVE} {shlex.quote(server)}"
            found.append((_in_words(tool), f"has changed and is held back until you approve that, {remedy}"))
    return tuple(found[:_MOST_TOLD])


def _named(tools: Sequence[Tool], *, with_reason: bool = False) -> str:
    reasons = [f" ({tool.broken})" if with_reason else "" for tool in tools]
    names = [f"“{_in_words(tool)}”{reason}" for tool, reason in zip(tools, reasons, strict=True)]
    more = f" and {len(tools) - _MOST_NAMED} more" if len(tools) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _in_words(tool: Tool) -> str:
    """Return the name by which the user has known a tool, also where it calls itself otherwise now."""
    return title_of(tool.name) or "a tool without a name"
