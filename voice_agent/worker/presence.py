"""A conversation outlives the page: it waits for its participant to come back, and ends when that takes too long."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from voice_agent.worker.room_events import follow

if TYPE_CHECKING:
    from collections.abc import Callable

    from livekit import rtc

    from voice_agent.session.conversation import Conversation


class Presence:
    """Follows one participant of a room."""

    def __init__(self, room: rtc.Room, identity: str, conversation: Conversation, grace: float) -> None:
        """`grace`: seconds that the conversation waits for `identity` to come back."""
        self._room = room
        self._identity = identity
        self._conversation = conversation
        self._grace = grace
        self._waiting: asyncio.TimerHandle | None = None
        self._endings: list[Callable[[], None]] = []

    def open(self) -> None:
        """Begin to follow."""
        self._endings = [
            follow(self._room, "participant_connected", self._note_coming),
            follow(self._room, "participant_disconnected", self._note_leaving),
        ]
        if self._identity not in self._room.remote_participants:
            self._wait()

    def close(self) -> None:
        """Stop."""
        for end in self._endings:
            end()
        self._stop_waiting()

    def _note_coming(self, participant: rtc.RemoteParticipant) -> None:
        if participant.identity == self._identity:
            self._stop_waiting()

    def _note_leaving(self, participant: rtc.RemoteParticipant) -> None:
        if participant.identity == self._identity:
            self._wait()

    def _wait(self) -> None:
        self._stop_waiting()
        self._waiting = asyncio.get_running_loop().call_later(self._grace, self._conversation.end, "left")

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
