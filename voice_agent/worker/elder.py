"""Of several assistants in one room the eldest stays.

A second one comes where a LiveKit server is started again and calls one before the first has come back to its room, or
where two are called at once.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from livekit import rtc

from voice_agent.worker.room_events import follow

if TYPE_CHECKING:
    from collections.abc import Callable

SINCE = "va.since"
"""The attribute of an assistant that says when its job was given, in nanoseconds, by the LiveKit server's clock."""
_TALKS = "lk.agent.state"
"""The attribute of an assistant whose conversation has begun."""
_DECIDES_WITHIN = 10.0
"""Seconds in which an elder that does not talk yet must have begun or left."""


def elders(room: rtc.Room) -> list[rtc.RemoteParticipant]:
    """Return the assistants in `room` that are older than we are."""
    agent, ours = rtc.ParticipantKind.PARTICIPANT_KIND_AGENT, _age(room.local_participant)
    return [one for one in room.remote_participants.values() if one.kind == agent and _age(one) < ours]


async def has_elder(room: rtc.Room) -> bool:
    """Tell whether the room has its assistant; one that has not begun is waited for, as it may leave."""
    settled = asyncio.Event()
    events = ("participant_disconnected", "participant_attributes_changed")
    endings = [follow(room, event, lambda _: settled.set()) for event in events]
    try:
        async with asyncio.timeout(_DECIDES_WITHIN):
            while there := elders(room):
                if any(_TALKS in one.attributes for one in there):
                    return True
                settled.clear()
                await settled.wait()
    except TimeoutError:
        return True
    finally:
        for end in endings:
            end()
    return False


def follow_elders(room: rtc.Room, leave: Callable[[], None]) -> Callable[[], None]:
    """Call `leave` when an elder is there, comes, or comes back; returns what ends the following."""

    def note(_participant: rtc.RemoteParticipant | None) -> None:
        if elders(room):
            leave()

    note(None)
    return follow(room, "participant_connected", note)


def _age(participant: rtc.Participant) -> tuple[int, str]:
    since = participant.attributes.get(SINCE, "")
    return int(since) if since.isdecimal() else 0, participant.identity
