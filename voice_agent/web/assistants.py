"""What the web part does in rooms by way of the LiveKit server: calls an assistant, and tells what a person chose."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import aiohttp
from livekit import api

from voice_agent.session.dispatch import AGENT

if TYPE_CHECKING:
    from voice_agent.session.dispatch import Dispatch

_ON_ITS_WAY = 5.0
"""Seconds that a job may take from its assignment until it is in the room."""
_NANOSECONDS = 1e9


class Assistants:
    """The LiveKit server's jobs of one key."""

    def __init__(self, url: str, api_key: str, api_secret: str) -> None:
        self._arguments = (url, api_key, api_secret)
        self._server: api.LiveKitAPI | None = None

    async def call(self, room: str, dispatch: Dispatch) -> bool:
        """Call an assistant to `room` unless one is there or on its way; False where that cannot be done now.

        LiveKit itself asks the workers only once, when the room is made.
        """
        server = self._server = self._server or api.LiveKitAPI(*self._arguments)
        try:
            there = await server.room.list_participants(api.ListParticipantsRequest(room=room))
            if any(one.kind == api.ParticipantInfo.Kind.AGENT for one in there.participants):
                return True
            calls = await server.agent_dispatch.list_dispatch(room)
            if any(_is_on_its_way(one) for one in calls):
                return True
            for one in calls:
                await server.agent_dispatch.delete_dispatch(one.id, room)
            await server.agent_dispatch.create_dispatch(
                api.CreateAgentDispatchRequest(agent_name=AGENT, room=room, metadata=dispatch.to_json())
            )
        except (api.TwirpError, aiohttp.ClientError, TimeoutError):
            return False
        return True

    async def tell(self, room: str, identity: str, attributes: dict[str, str]) -> bool:
        """Set attributes of a participant, which may not do so itself; False where it is not there."""
        server = self._server = self._server or api.LiveKitAPI(*self._arguments)
        change = api.UpdateParticipantRequest(room=room, identity=identity, attributes=attributes)
        try:
            await server.room.update_participant(change)
        except (api.TwirpError, aiohttp.ClientError, TimeoutError):
            return False
        return True

    async def aclose(self) -> None:
        """Close the connection."""
        if self._server is not None:
            await self._server.aclose()  # pyright: ignore[reportUnknownMemberType] - LiveKit leaves its type open


def _is_on_its_way(call: api.AgentDispatch) -> bool:
    alive = {api.JobStatus.JS_PENDING, api.JobStatus.JS_RUNNING}
    since = time.time() - _ON_ITS_WAY
    return any(job.state.status in alive and job.state.updated_at / _NANOSECONDS > since for job in call.state.jobs)
