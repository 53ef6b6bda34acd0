"""The page on a real LiveKit server, with an assistant that does what the test says: every state can be shown."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from livekit import api, rtc
from pydantic import SecretStr

from tests.support.livekit import WITHIN
from voice_agent.config.load import Config
from voice_agent.config.settings import LiveKit, Rooms, Settings, Web
from voice_agent.web.serve import serve

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from playwright.async_api import Page

    from voice_agent.cli.livekit_server import Address

RATE = 48_000
_UNASKED = {"snapshot", "filling"}
"""Commands that the page gives by itself, whenever it likes."""
COMMANDS = ("snapshot", "confirm", "answer", "filling", "approve", "cancel", "result", "end")


@dataclass
class Actor:
    """The assistant of one room: writes lines to the page, and keeps its commands."""

    room: rtc.Room
    identity: str
    """Of the page."""
    lines: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    commands: list[tuple[str, dict[str, Any]]] = field(default_factory=list[tuple[str, dict[str, Any]]])
    refusal: str | None = None
    """What the next command of the page's user is refused with."""
    results: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    """The whole of results that were cut, by call."""
    is_followed: bool = False
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def line(self, event: str, **fields: Any) -> None:
        """Write one line of docs/talk.md."""
        line = {"event": event, "t": 0.0, **fields}
        self.lines.append(line)
        if self.is_followed:
            await self._send("va.events", line)

    async def state(self, agent: str) -> None:
        await self.line("state", agent=agent, user="listening")

    async def say(self, text: str, kind: str = "reply") -> None:
        await self.line("agent", text=text, kind=kind, interrupted=False, latency_ms=None)

    async def caption(self, text: str, speaker: str) -> None:
        """Show what is being said: interim text, as LiveKit sends it."""
        writer = await self.room.local_participant.stream_text(
            topic="lk.transcription",
            attributes={"lk.transcription_final": "false", "lk.segment_id": "1"},
            sender_identity=self.identity if speaker == "user" else self.room.local_participant.identity,
            destination_identities=[self.identity],
        )
        await writer.write(text)
        await writer.aclose()

    async def until(self, true: Callable[[], Any]) -> None:
        """Wait until a command or an event of the room makes `true()` so."""
        async with asyncio.timeout(WITHIN):
            while not true():
                self._changed.clear()
                await self._changed.wait()

    async def told(self, method: str) -> dict[str, Any]:
        """Wait for a command; return its payload."""
        await self.until(lambda: any(name == method for name, _ in self.commands))
        found = [payload for name, payload in self.commands if name == method]
        self.commands = [one for one in self.commands if one[0] != method]
        return found[-1]

    async def hum(self, until: Callable[[], bool]) -> None:
        """Make a sound, as if speaking, until it is enough."""
        source = rtc.AudioSource(RATE, 1)
        track = rtc.LocalAudioTrack.create_audio_track("voice", source)
        await self.room.local_participant.publish_track(track)
        at = 0
        while not until():
            times = (np.arange(RATE // 100) + at) / RATE
            loudness = 0.5 + 0.5 * np.sin(2 * np.pi * 3 * times)
            samples = sum(np.sin(2 * np.pi * pitch * times) for pitch in (180, 540, 1200, 2300)) * loudness * 5000
            frame = rtc.AudioFrame(np.asarray(samples, np.int16).tobytes(), RATE, 1, len(times))
            await source.capture_frame(frame)
            at += len(times)

    def open(self) -> None:
        for event in (
            "track_muted",
            "track_unmuted",
            "track_published",
            "participant_attributes_changed",
            "participant_connected",
        ):
            self.room.on(event, lambda *_: self._changed.set())  # pyright: ignore[reportUnknownMemberType, reportUnknownLambdaType] - LiveKit's
        for method in COMMANDS:
            self.room.local_participant.register_rpc_method(f"va.{method}", self._hear(method))

    def _hear(self, method: str) -> Any:
        async def hear(data: rtc.rpc.RpcInvocationData) -> str:
            payload = json.loads(data.payload)
            if self.refusal is not None and method not in _UNASKED:
                text, self.refusal = self.refusal, None
                raise rtc.RpcError(400, text)
            if method == "snapshot":
                self.is_followed = True
                await self._send("va.events", {"event": "snapshot", "lines": self.lines})
            if method == "result":
                await self._send("va.result", {"call": payload["call"], **self.results[payload["call"]]})
            self.commands.append((method, payload))
            self._changed.set()
            return "{}"

        return hear

    async def _send(self, topic: str, content: Any) -> None:
        text = json.dumps(content)
        await self.room.local_participant.send_text(text, topic=topic, destination_identities=[self.identity])


@dataclass(frozen=True, slots=True)
class Stage:
    """The page's address, and assistants for whoever opens it."""

    livekit: Address
    page: str

    @contextlib.asynccontextmanager
    async def act(self, page: Page) -> AsyncGenerator[Actor]:
        """Press Talk, and be the assistant that comes."""
        async with page.expect_response("**/api/token") as answered:
            await page.get_by_role("button", name="Talk", exact=True).click()
        told = await (await answered.value).json()
        claims = api.TokenVerifier(self.livekit.api_key, self.livekit.api_secret).verify(told["token"])
        async with self.comes(told["room"], claims.identity) as actor:
            yield actor

    @contextlib.asynccontextmanager
    async def comes(
        self, room: str, page: str, name: str = "assistant", lines: list[dict[str, Any]] | None = None
    ) -> AsyncGenerator[Actor]:
        """An assistant comes into `room`, for whoever is called `page` there."""
        token = api.AccessToken(self.livekit.api_key, self.livekit.api_secret).with_identity(name).with_kind("agent")
        grants = api.VideoGrants(room_join=True, room=room, agent=True)
        actor = Actor(rtc.Room(), page, lines=lines or [])
        await actor.room.connect(self.livekit.url, token.with_grants(grants).to_jwt())
        actor.open()
        try:
            await actor.told("snapshot")
            yield actor
        finally:
            await actor.room.disconnect()


@contextlib.asynccontextmanager
async def a_stage(livekit: Address, home: Path) -> AsyncGenerator[Stage]:
    """Serve the page, with nobody to answer but the test."""
    lk = LiveKit(url=livekit.url, api_key=livekit.api_key, api_secret=SecretStr(livekit.api_secret))
    config = Config(Settings(livekit=lk, rooms=Rooms(), web=Web(languages="de, fr")), (), (), (), {}, home, None, None)
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def ready(page: str, _port: int) -> None:
        address.set_result(page)

    serving = asyncio.create_task(serve(config, host="127.0.0.1", port=0, profile=None, on_ready=ready))
    try:
        await asyncio.wait({serving, address}, return_when=asyncio.FIRST_COMPLETED, timeout=WITHIN)
        yield Stage(livekit, address.result())
    finally:
        serving.cancel()
        await asyncio.wait({serving})
