"""A room's events, with the types that LiveKit's own signature leaves open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from livekit import rtc
    from livekit.rtc.room import EventTypes


def follow(room: rtc.Room, event: EventTypes, listener: Callable[[Any], None]) -> Callable[[], None]:
    """Call `listener` with every `event` of the room; call the returned function to end it."""
    room.on(event, listener)  # pyright: ignore[reportUnknownMemberType] - LiveKit leaves its type open

    def end() -> None:
        room.off(event, listener)  # pyright: ignore[reportUnknownMemberType] - the same

    return end
