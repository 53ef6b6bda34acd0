"""LiveKit's session events, with the types that its own signature leaves open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from livekit.agents import AgentSession
    from livekit.agents.voice.events import EventTypes


def listen(session: AgentSession[Any], event: EventTypes, listener: Callable[[Any], None]) -> None:
    """Call `listener` with every `event` of the session (docs.livekit.io, agents/build/events)."""
    session.on(event, listener)  # pyright: ignore[reportUnknownMemberType] - LiveKit leaves its type open
