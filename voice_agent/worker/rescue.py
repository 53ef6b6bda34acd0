"""Calls another assistant to a conversation whose process has died.

The LiveKit server itself would keep the lost assistant in the room for some 15 seconds, and would call no other.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import aiohttp
from livekit import api

from voice_agent.session.calling import call_assistant

if TYPE_CHECKING:
    from livekit.agents import AgentServer
    from livekit.agents.job import RunningJobInfo

    from voice_agent.config.load import Config

_LOOK = 0.1
"""Seconds between two looks at the jobs of the worker."""
_AGAIN = 3.0
"""Seconds after which an assistant is called again, where none has come."""
_TROUBLES = (api.TwirpError, aiohttp.ClientError, TimeoutError, OSError)


class Rescue:
    """Watches the jobs of one worker; also used by a job whose worker has died."""

    def __init__(self, config: Config) -> None:
        """Take the configuration, with a LiveKit server in it."""
        livekit = config.settings.livekit
        assert livekit.api_secret is not None
        self._tries = 1 + round(config.settings.rooms.grace / _AGAIN)
        self._arguments = (livekit.url, livekit.api_key, livekit.api_secret.get_secret_value())
        self._rescuing: set[asyncio.Task[None]] = set()

    async def watch(self, server: AgentServer) -> None:
        """Rescue each job that ends without having left its room; until cancelled."""
        known: dict[str, RunningJobInfo] = {}
        try:
            while True:
                await asyncio.sleep(_LOOK)
                now = {info.job.id: info for info in server.active_jobs}
                for info in (known[gone] for gone in known.keys() - now.keys()):
                    task = asyncio.create_task(self._rescue(info))
                    self._rescuing.add(task)
                    task.add_done_callback(self._rescuing.discard)
                known = now
        finally:
            for task in self._rescuing:
                task.cancel()

    async def call_another(self, job: api.Job) -> None:
        """Have the LiveKit server ask the workers for an assistant like that of `job`, once."""
        with contextlib.suppress(*_TROUBLES):
            async with api.LiveKitAPI(*self._arguments) as server:
                await _give_up(server, job)
                await call_assistant(server, job.room.name, job.metadata)

    async def _rescue(self, info: RunningJobInfo) -> None:
        async with api.LiveKitAPI(*self._arguments) as server:
            if not await _remove(server, info.job.room.name, info.accept_arguments.identity):
                return
            await _give_up(server, info.job)
            for _ in range(self._tries):
                with contextlib.suppress(*_TROUBLES):
                    if await _is_settled(server, info.job.room.name):
                        return
                    await call_assistant(server, info.job.room.name, info.job.metadata)
                await asyncio.sleep(_AGAIN)


async def _remove(server: api.LiveKitAPI, room: str, identity: str) -> bool:
    """Take a lost assistant out of its room, so that everybody there is told at once; False: it had left."""
    try:
        await server.room.remove_participant(api.RoomParticipantIdentity(room=room, identity=identity))
    except _TROUBLES:
        return False
    return True


async def _is_settled(server: api.LiveKitAPI, room: str) -> bool:
    """Tell whether the room has an assistant, or is not there any more."""
    if not (await server.room.list_rooms(api.ListRoomsRequest(names=[room]))).rooms:
        return True
    there = await server.room.list_participants(api.ListParticipantsRequest(room=room))
    return any(one.kind == api.ParticipantInfo.Kind.AGENT for one in there.participants)


async def _give_up(server: api.LiveKitAPI, job: api.Job) -> None:
    """Take back the call that led to a lost job, which would pass for one that is on its way."""
    with contextlib.suppress(*_TROUBLES):
        await server.agent_dispatch.delete_dispatch(job.dispatch_id, job.room.name)
