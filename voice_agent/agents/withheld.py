"""What the user hears of tools that are there and cannot be called: they have changed, or are badly made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voice_agent.agents.asked_for import Turn, is_asked_for
from voice_agent.bridge.find.text import stems

if TYPE_CHECKING:
    from collections.abc import Iterable

    from voice_agent.bridge.types import ServerStatus

_LEAD = (
    "These tools exist and cannot be called just now. Where a request needs one of them, tell the user so and why, in"
    " one sentence, and do nothing in its place. "
)


def not_callable(servers: Iterable[ServerStatus]) -> str:
    """Return what a model is told of such tools; empty where there is none."""
    told = [f"“{name}” of {server.say} {why}." for server in servers for name, why in server.withheld]
    return _LEAD + " ".join(told) if told else ""


def asked_in_vain(servers: Iterable[ServerStatus], words: str) -> tuple[str, str, str] | None:
    """Return the tool that the user's `words` ask for and that cannot be called, its server as it is said, and why."""
    heard = set(stems(words))
    for server in servers:
        for name, why in server.withheld:
            # Its first word is what it does, the others what it does that to.
            if is_asked_for(name, [Turn(words, is_served=False)]) and not heard.isdisjoint(stems(name)[1:]):
                return name, server.say, why
    return None
