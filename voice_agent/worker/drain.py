"""The end of a worker that is told to end: its conversations go on for a time, and are told when that is nearly over.

LiveKit has no word for that between a worker and its jobs: it goes through the room.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from typing import TYPE_CHECKING

import aiohttp
from livekit import api, rtc

from voice_agent.agents.sentences import Sentences
from voice_agent.agents.speech import Kind
from voice_agent.session.unasked import tell
from voice_agent.worker.room_events import follow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from livekit.agents import AgentServer
    from livekit.agents.job import RunningJobInfo
    from livekit.agents.voice import SpeechHandle

    from voice_agent.config.load import Config
    from voice_agent.session.conversation import Conversation

_TOPIC = "va.worker"
_NOTICE = 60.0
"""Seconds before the end at which users are told."""
_LEAST = 0.5
"""The share of a short limit that passes before they are."""


async def drain(server: AgentServer, config: Config) -> None:
    """Take no new jobs, and wait for the running ones to end by themselves, for `rooms.drain` seconds at most."""
    limit = config.settings.rooms.drain
    if limit <= 0:
        return
    left = min(_NOTICE, limit * _LEAST)
    warning = asyncio.create_task(_warn_late(server, config, limit - left, left))
    with contextlib.suppress(TimeoutError):
        await server.drain(max(1, round(limit)))
    warning.cancel()
    await asyncio.wait({warning})


async def _warn_late(server: AgentServer, config: Config, after: float, left: float) -> None:
    await asyncio.sleep(after)
    await _warn(config, server.active_jobs, left)


async def _warn(config: Config, jobs: Iterable[RunningJobInfo], left: float) -> None:
    livekit = config.settings.livekit
    assert livekit.api_secret is not None
    async with api.LiveKitAPI(livekit.url, livekit.api_key, livekit.api_secret.get_secret_value()) as server:
        for info in jobs:
            told = api.SendDataRequest(
                room=info.job.room.name,
                data=json.dumps({"ends_in": left}).encode(),
                topic=_TOPIC,
                kind=api.DataPacket.Kind.RELIABLE,
                destination_identities=[info.accept_arguments.identity],
            )
            with contextlib.suppress(api.TwirpError, aiohttp.ClientError, TimeoutError):
                await server.room.send_data(told)


def follow_end(room: rtc.Room, conversation: Conversation) -> Callable[[], None]:
    """Have the user told when the worker says that the end is near; returns what ends the following."""

    def note(packet: rtc.DataPacket) -> None:
        # What a participant sends has one; what the LiveKit server sends for us has none.
        if packet.topic != _TOPIC or packet.participant is not None:
            return
        ends_at = time.monotonic() + float(json.loads(packet.data)["ends_in"])
        conversation.journal.write("error", code="ends_soon", text=_in_words(ends_at))

        def say() -> SpeechHandle | None:
            if time.monotonic() >= ends_at:
                return None
            return conversation.speech.say(conversation.session, _in_words(ends_at), Kind.ANNOUNCEMENT)

        with contextlib.suppress(RuntimeError):
            tell(conversation, say, "end of the worker", said=say(), is_urgent=True)

    return follow(room, "data_received", note)


def _in_words(ends_at: float) -> str:
    seconds = round(ends_at - time.monotonic())
    return Sentences()("ends_soon", when="a minute" if seconds >= _NOTICE else f"{seconds} seconds")
