"""Calls an assistant to a room, unless one is there or on its way.

LiveKit itself asks the workers only once, when a room is made.
"""

from __future__ import annotations

import time

from livekit import api

from voice_agent.session.dispatch import AGENT

_TAKES = 2.0
"""Seconds in which a worker has taken a job that one is free for."""
_ON_ITS_WAY = 5.0
"""Seconds that a job may take from its assignment until it is in the room."""
_NANOSECONDS = 1e9


async def call_assistant(server: api.LiveKitAPI, room: str, metadata: str) -> None:
    """Have the LiveKit server ask the workers for an assistant with this metadata.

    Raises:
        TwirpError: The LiveKit server refuses.
        aiohttp.ClientError, TimeoutError: It cannot be reached.
    """
    there = await server.room.list_participants(api.ListParticipantsRequest(room=room))
    if any(one.kind == api.ParticipantInfo.Kind.AGENT for one in there.participants):
        return
    calls = await server.agent_dispatch.list_dispatch(room)
    if any(_is_on_its_way(one, time.time()) for one in calls):
        return
    for one in calls:
        await server.agent_dispatch.delete_dispatch(one.id, room)
    await server.agent_dispatch.create_dispatch(
        api.CreateAgentDispatchRequest(agent_name=AGENT, room=room, metadata=metadata)
    )


def _is_on_its_way(call: api.AgentDispatch, now: float) -> bool:
    """Tell whether a worker may still take what was called for, or has and is not there yet."""
    alive = {api.JobStatus.JS_PENDING, api.JobStatus.JS_RUNNING}
    if not call.state.jobs:
        return now - call.state.created_at / _NANOSECONDS < _TAKES
    return any(
        job.state.status in alive and now - job.state.updated_at / _NANOSECONDS < _ON_ITS_WAY for job in call.state.jobs
    )
