"""The participant as a person: language, time zone and name, as the attributes in the room tell them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from voice_agent.session.briefing import obey
from voice_agent.worker.room_events import follow

if TYPE_CHECKING:
    from collections.abc import Callable

    from livekit import rtc

    from voice_agent.session.conversation import Conversation


class Person:
    """Keeps a conversation told of what its participant's attributes say."""

    def __init__(
        self, room: rtc.Room, participant: rtc.RemoteParticipant, conversation: Conversation, *, name: str | None
    ) -> None:
        """`name`: of the person, as the web part has verified it; counts before an attribute."""
        self._room = room
        self._participant = participant
        self._conversation = conversation
        self._name = name
        self._changed = asyncio.Event()
        self._obeying: asyncio.Task[None] | None = None
        self._endings: list[Callable[[], None]] = []

    async def open(self) -> None:
        """Obey what is told, and then each change."""
        await self._obey()
        for event in ("participant_attributes_changed", "participant_connected"):
            self._endings.append(follow(self._room, event, self._note))
        self._obeying = asyncio.create_task(self._follow(), name="attributes")

    def close(self) -> None:
        """Stop."""
        for end in self._endings:
            end()
        if self._obeying is not None:
            self._obeying.cancel()

    def _note(self, _about: Any) -> None:
        self._changed.set()

    async def _follow(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self._obey()

    async def _obey(self) -> None:
        briefing = self._conversation.briefing
        # Somebody who has left and come back is another object.
        participant = self._room.remote_participants.get(self._participant.identity, self._participant)
        if briefing is not None:
            name = {"name": self._name} if self._name else {}
            await obey(self._conversation, briefing.with_attributes({**participant.attributes, **name}))
