"""A participant that calls an agent into its room, speaks to it and hears it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from livekit import api, rtc

from benchmarks.rooms import bare
from voice_agent.session.dispatch import Dispatch

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from numpy.typing import NDArray

    from voice_agent.cli.livekit_server import Address

RATE = 48_000
LOUD = 500
"""Of 32,767: a sample that is no silence."""
_FRAME = RATE // 100
_QUIET = 0.3
"""Seconds of silence after which a sound is a new one."""
WITHIN = 90.0
"""Seconds after which a wait is given up."""


@dataclass
class Guest:
    """Somebody in a room of their own; a microphone that is always on."""

    livekit: Address
    room: rtc.Room = field(default_factory=rtc.Room)
    begun: list[float] = field(default_factory=list[float])
    """When each sound of the agent began to be heard (`time.perf_counter`)."""
    latencies: list[float] = field(default_factory=list[float])
    """Seconds from end of speech to first audio, as the agent itself counts them."""
    identity: str = field(default_factory=lambda: f"guest-{secrets.token_hex(6)}")
    _heard_at: float = 0.0
    _said: NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, np.int16))
    _silent: asyncio.Event = field(default_factory=asyncio.Event)
    _ended_at: float = 0.0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set["asyncio.Task[Any]"])

    async def call(self, agent: str) -> float:
        """Have `agent` come; return the seconds until it is heard."""
        metadata = Dispatch(identity=self.identity).to_json() if agent != bare.AGENT else ""
        wanted = api.CreateAgentDispatchRequest(agent_name=agent, room=self.room.name, metadata=metadata)
        async with self.server() as server:
            asked = time.perf_counter()
            await server.agent_dispatch.create_dispatch(wanted)
        return await self.hears(asked) - asked

    async def hears(self, after: float) -> float:
        """Wait for a sound that begins after this moment; return when it began."""
        async with asyncio.timeout(WITHIN):
            while not self.begun or self.begun[-1] < after:
                self._changed.clear()
                await self._changed.wait()
        return next(one for one in self.begun if one >= after)

    async def falls_silent(self, seconds: float = 1.0) -> None:
        """Wait until nothing has been heard for so long."""
        async with asyncio.timeout(WITHIN):
            while (left := self._heard_at + seconds - time.perf_counter()) > 0:  # noqa: ASYNC110 - it is silence that is awaited
                await asyncio.sleep(left)

    async def say(self, sound: NDArray[np.int16]) -> float:
        """Speak (`RATE`, one channel); return when the last loud sample was spoken."""
        self._silent.clear()
        self._said = sound
        await self._silent.wait()
        return self._ended_at

    async def end(self) -> None:
        """Close the room, and with it the agent's job."""
        async with self.server() as server:
            await server.room.delete_room(api.DeleteRoomRequest(room=self.room.name))

    def server(self) -> api.LiveKitAPI:
        """Return what commands the LiveKit server."""
        return api.LiveKitAPI(self.livekit.url, self.livekit.api_key, self.livekit.api_secret)

    async def come_in(self) -> None:
        """Join a room of one's own, with a microphone."""
        grants = api.VideoGrants(room_join=True, room=f"bench-{secrets.token_hex(6)}")
        token = api.AccessToken(self.livekit.api_key, self.livekit.api_secret).with_identity(self.identity)
        cast("Any", self.room).on("track_subscribed", self._note_track)
        self.room.register_text_stream_handler(bare.TOPIC, self._note_text)
        self.room.register_text_stream_handler("va.events", self._note_text)
        await self.room.connect(self.livekit.url, token.with_grants(grants).to_jwt())
        # Without a queue: what is waiting in one would be silence, and the speech after it late.
        source = rtc.AudioSource(RATE, 1, queue_size_ms=0)
        track = rtc.LocalAudioTrack.create_audio_track("microphone", source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        await self.room.local_participant.publish_track(track, options)
        self._start(self._speak(source))

    async def follow(self) -> None:
        """Ask our agent to tell what happens, its latencies among it."""
        agent = next(iter(self.room.remote_participants))
        await self.room.local_participant.perform_rpc(destination_identity=agent, method="va.snapshot", payload="{}")

    async def leave(self) -> None:
        """Leave the room."""
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        await self.room.disconnect()

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _speak(self, source: rtc.AudioSource) -> None:
        """Send a frame each 10 ms: what is to be said, else silence."""
        due = time.perf_counter()
        try:
            while True:
                now, self._said = self._said[:_FRAME], self._said[_FRAME:]
                sound = np.zeros(_FRAME, np.int16)
                sound[: len(now)] = now
                await source.capture_frame(rtc.AudioFrame(sound.tobytes(), RATE, 1, _FRAME))
                if np.abs(sound).max() > LOUD:
                    self._ended_at = time.perf_counter()
                if not len(self._said):
                    self._silent.set()
                due += 0.01
                await asyncio.sleep(due - time.perf_counter())
        finally:
            await source.aclose()

    def _note_track(self, track: rtc.Track, *_about: object) -> None:
        if track.kind == rtc.TrackKind.KIND_AUDIO:
            self._start(self._listen(track))

    async def _listen(self, track: rtc.Track) -> None:
        stream = rtc.AudioStream(track)
        try:
            async for event in stream:
                if np.abs(np.frombuffer(event.frame.data, np.int16)).max() > LOUD:
                    now = time.perf_counter()
                    if now - self._heard_at > _QUIET:
                        self.begun.append(now)
                        self._changed.set()
                    self._heard_at = now
        finally:
            await stream.aclose()

    def _note_text(self, reader: rtc.TextStreamReader, _identity: str) -> None:
        self._start(self._read(reader))

    async def _read(self, reader: rtc.TextStreamReader) -> None:
        line = json.loads(await reader.read_all())
        took = line.get("latency") or (line.get("latency_ms") or 0) / 1000
        if took:
            self.latencies.append(took)


@contextlib.asynccontextmanager
async def a_guest(livekit: Address) -> AsyncGenerator[Guest]:
    """Somebody in a room; the room is closed at the end."""
    guest = Guest(livekit)
    await guest.come_in()
    try:
        yield guest
    finally:
        await guest.end()
        await guest.leave()
