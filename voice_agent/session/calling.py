"""Calls an assistant to a room, unless one is there or on its way.

LiveKit itself asks the workers only once, when a room is made.
"""

from __future__ import annotations

import time

from livekit import api

from voice_agent.session.dispatch import AGENT

_COMES = 6.0
"""Seconds in which who is called is usually in the room; a job is listed some five after it was given to a worker."""
_LISTED = 30.0
"""Seconds after which a call without a job leads to none any more."""
_NANOSECONDS = 1e9


async def call_assistant(server: api.LiveKitAPI, room: str, metadata: str, *, now: float | None = None) -> None:
    """Have the LiveKit server ask the workers for an assistant with this metadata.

    Args:
        server: the LiveKit server.
        room: the name of the room, which is open.
        metadata: a `Dispatch`, as JSON.
        now: seconds since the epoch; None: by the clock.

    Raises:
        TwirpError: The LiveKit server refuses.
        aiohttp.ClientError, TimeoutError: It cannot be reached.
    """
    there = await server.room.list_participants(api.ListParticipantsRequest(room=room))
    if any(one.kind == api.ParticipantInfo.Kind.AGENT for one in there.participants):
        return
    calls = await server.agent_dispatch.list_dispatch(room)
    now = time.time() if now is None else now
    if any(now - _last_heard(one) < _COMES for one in calls):
        return
    for one in calls:
        if _is_over(one, now):
            await server.agent_dispatch.delete_dispatch(one.id, room)
    await server.agent_dispatch.create_dispatch(
        api.CreateAgentDispatchRequest(agent_name=AGENT, room=room, metadata=metadata)
    )


def _is_over(call: api.AgentDispatch, now: float) -> bool:
    """Tell whether nobody comes of a call any more.

    A job ends with its call: one that takes long to come, or is cut off for a moment, must keep it. Where several come
    the eldest stays.
    """
    if not call.state.jobs:
        return now - _last_heard(call) > _LISTED
    return not _living(call)


def _last_heard(call: api.AgentDispatch) -> float:
    """Return when a job that lives was last heard of, or else the call was made, in seconds since the epoch."""
    if call.state.jobs:
        return max((job.state.updated_at for job in _living(call)), default=0) / _NANOSECONDS
    return call.state.created_at / _NANOSECONDS


def _living(call: api.AgentDispatch) -> list[api.Job]:
    alive = {api.JobStatus.JS_PENDING, api.JobStatus.JS_RUNNING}
    return [job for job in call.state.jobs if job.state.status in alive]
