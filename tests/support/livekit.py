"""A real LiveKit server for each test process, and participants in its rooms."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import psutil
import pytest

from tests.support.program import BIN, PATIENCE, environment
from voice_agent.cli.livekit_server import Address, write_config
from voice_agent.web.tokens import Place, Tokens

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator
    from pathlib import Path

    from livekit import rtc

    Line = dict[str, Any]

WITHIN = 45.0
"""Seconds after which a wait in a room is given up."""


@pytest.fixture(scope="session")
def livekit(tmp_path_factory: pytest.TempPathFactory) -> Generator[Address]:
    """A LiveKit server with rooms of its own."""
    with a_livekit(tmp_path_factory.mktemp("livekit")) as server:
        yield server.address


@dataclass
class LiveKitServer:
    """A LiveKit server that can be stopped for a while, and started again at the same place."""

    address: Address
    command: list[str]
    process: subprocess.Popen[bytes]

    def restart(self) -> None:
        """Kill it, and start another one."""
        self.process.kill()
        self.process.wait()
        self.process = _start(self.command)
        _wait_until_up(self.address, self.process)


@contextlib.contextmanager
def a_livekit(folder: Path) -> Generator[LiveKitServer]:
    """A LiveKit server of one test's own, which keeps its files in `folder`."""
    program = shutil.which("livekit-server") or shutil.which("livekit-server", path=str(BIN))
    if program is None:
        pytest.skip("there is no livekit-server; run: make livekit")
    path, address = write_config(folder)
    command = [program, "--config", str(path)]
    server = LiveKitServer(address, command, _start(command))
    try:
        _wait_until_up(address, server.process)
        yield server
    finally:
        server.process.kill()
        server.process.wait()


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _wait_until_up(address: Address, server: subprocess.Popen[bytes]) -> None:
    transport = httpx.HTTPTransport(retries=12)
    with httpx.Client(transport=transport, trust_env=False) as client:
        answer = client.get(address.url.replace("ws", "http", 1))
    assert server.poll() is None
    assert answer.text == "OK"


@contextlib.contextmanager
def a_worker(livekit: Address, home: Path, *arguments: str, **variables: str) -> Generator[subprocess.Popen[bytes]]:
    """`voice-agent worker`, registered."""
    with workers(1, livekit, home, *arguments, **variables) as (worker,):
        yield worker


@contextlib.contextmanager
def workers(
    count: int, livekit: Address, home: Path, *arguments: str, **variables: str
) -> Generator[list[subprocess.Popen[bytes]]]:
    """So many of them, registered."""
    command = [str(BIN / "voice-agent"), "worker", "--json", "--profile", "offline", *arguments]
    given = {
        "LIVEKIT_URL": livekit.url,
        "LIVEKIT_API_KEY": livekit.api_key,
        "LIVEKIT_API_SECRET": livekit.api_secret,
        "VOICE_AGENT_ROOMS__BUSY": "100",
        "VOICE_AGENT_ROOMS__DRAIN": "0",
        **variables,
    }
    started = [
        subprocess.Popen(command, stdout=subprocess.PIPE, env=environment(home, **given), cwd=home)
        for _ in range(count)
    ]
    try:
        for worker in started:
            assert worker.stdout is not None
            told = json.loads(worker.stdout.readline())
            assert told["part"] == "worker"
        yield started
    finally:
        for worker in started:
            worker.terminate()
        for worker in started:
            worker.communicate(timeout=PATIENCE)


def jobs_of(worker: subprocess.Popen[bytes], livekit: Address) -> list[psutil.Process]:
    """The processes of `worker` that are in a room: they have a connection to the LiveKit server."""
    return jobs_at(worker.pid, livekit.url)


def jobs_at(worker: int, url: str) -> list[psutil.Process]:
    """The same for a worker of this process id, and the LiveKit server at `url`."""
    port = int(url.rpartition(":")[2])
    return [one for one in psutil.Process(worker).children(recursive=True) if _is_connected(one, port)]


def kill_jobs(worker: int, url: str) -> None:
    """Kill the processes that `jobs_at` finds; one that was about to end may have."""
    for job in jobs_at(worker, url):
        with contextlib.suppress(psutil.NoSuchProcess):
            job.kill()


def _is_connected(process: psutil.Process, port: int) -> bool:
    try:
        return any(link.raddr and link.raddr.port == port for link in process.net_connections("tcp"))
    except psutil.NoSuchProcess:
        # The job of a conversation that is over has just ended.
        return False


@dataclass
class Guest:
    """A participant without a page: hears the lines, gives commands, types."""

    room: rtc.Room
    lines: list[Line] = field(default_factory=list["Line"])
    agent: str = ""
    gone: set[str] = field(default_factory=set[str])
    """Who has left, though they may be back already."""
    _snapshots: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _order: asyncio.Lock = field(default_factory=asyncio.Lock)
    _reading: set[asyncio.Task[None]] = field(default_factory=set["asyncio.Task[None]"])

    async def follow(self) -> None:
        """Wait for the assistant, and ask for everything so far."""
        from livekit import rtc

        await self.until(self._find_agent)
        before = self._snapshots
        async with asyncio.timeout(WITHIN):
            while True:
                try:
                    await self.command("va.snapshot")
                except rtc.RpcError as error:
                    if error.code != rtc.RpcError.ErrorCode.UNSUPPORTED_METHOD:
                        raise
                    continue
                break
        await self.until(lambda: self._snapshots > before)

    async def lose(self) -> None:
        """Wait until the assistant has left, or we have come back ourselves, and forget what it told."""
        await self.until(lambda: self.agent in self.gone)
        self.gone.discard(self.agent)
        self.lines.clear()

    async def command(self, method: str, **fields: Any) -> None:
        await self.room.local_participant.perform_rpc(
            destination_identity=self.agent, method=method, payload=json.dumps(fields)
        )

    async def type(self, text: str) -> None:
        await self.room.local_participant.send_text(text, topic="lk.chat", destination_identities=[self.agent])

    async def ask_to_delete(self, title: str) -> str:
        """Have a task added and ask for its deletion; return the call that waits for a yes, which is not said yet."""
        await self.type(f"add {title}")
        await self.line("tool_result", status="ok")
        await self.line("agent", kind="reply")
        await self.type(f"delete {title}")
        return (await self.line("confirm"))["call"]

    async def speak(self, sound: bytes, rate: int) -> None:
        """Say `sound` (mono 16 bit PCM) into a microphone, and be silent for a second."""
        from livekit import rtc

        source = rtc.AudioSource(rate, 1)
        track = rtc.LocalAudioTrack.create_audio_track("microphone", source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        publication = await self.room.local_participant.publish_track(track, options)
        await publication.wait_for_subscription()
        size = rate // 50
        whole = bytes(rate) + sound + bytes(2 * rate)
        for start in range(0, len(whole), 2 * size):
            part = whole[start : start + 2 * size]
            await source.capture_frame(rtc.AudioFrame(part, rate, 1, len(part) // 2))
        await source.wait_for_playout()
        await self.room.local_participant.unpublish_track(publication.sid)
        await source.aclose()

    async def line(self, event: str, **fields: Any) -> Line:
        """Wait for a line; return the newest that fits."""
        await self.until(lambda: self.of(event, **fields))
        return self.of(event, **fields)[-1]

    def of(self, event: str, **fields: Any) -> list[Line]:
        return [line for line in self.lines if line["event"] == event and fields.items() <= line.items()]

    async def until(self, true: Callable[[], Any]) -> None:
        try:
            async with asyncio.timeout(WITHIN):
                while not true():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"it did not come; the last lines were {self.lines[-5:]}") from None

    @property
    def is_attended(self) -> bool:
        """Whether there is an assistant in the room."""
        return self._find_agent()

    def _find_agent(self) -> bool:
        from livekit import rtc

        agent = rtc.ParticipantKind.PARTICIPANT_KIND_AGENT
        self.agent = next((one.identity for one in self.room.remote_participants.values() if one.kind == agent), "")
        return bool(self.agent)

    def note(self, *_: object) -> None:
        self._changed.set()

    def note_return(self) -> None:
        self.gone.add(self.agent)
        self._changed.set()

    def note_leaving(self, participant: rtc.RemoteParticipant) -> None:
        self.gone.add(participant.identity)
        self._changed.set()

    def read(self, reader: rtc.TextStreamReader, _identity: str) -> None:
        task = asyncio.create_task(self._read(reader))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)

    async def _read(self, reader: rtc.TextStreamReader) -> None:
        async with self._order:
            line = json.loads(await reader.read_all())
        if line["event"] == "snapshot":
            self.lines = line["lines"]
            self._snapshots += 1
        else:
            self.lines.append(line)
        self._changed.set()


@contextlib.asynccontextmanager
async def a_guest(livekit: Address, place: Place, *, grace: float = 60.0, identity: str = "") -> AsyncGenerator[Guest]:
    """Somebody in the room; with an `identity`, somebody whose conversation it is not."""
    tokens = Tokens(livekit.api_key, livekit.api_secret, grace)
    token = tokens.token(Place(place.room, identity or place.identity), None)
    async with a_guest_with(livekit.url, token) as guest:
        yield guest


@contextlib.asynccontextmanager
async def a_guest_with(url: str, token: str) -> AsyncGenerator[Guest]:
    """Somebody who comes in with this token."""
    from livekit import rtc

    guest = Guest(rtc.Room())
    guest.room.register_text_stream_handler("va.events", guest.read)
    guest.room.on("participant_disconnected", guest.note_leaving)  # pyright: ignore[reportUnknownMemberType, reportArgumentType] - LiveKit's
    guest.room.on("reconnected", guest.note_return)  # pyright: ignore[reportUnknownMemberType] - LiveKit's
    for event in ("participant_connected", "participant_attributes_changed", "disconnected", "track_subscribed"):
        guest.room.on(event, guest.note)  # pyright: ignore[reportUnknownMemberType, reportArgumentType] - LiveKit's
    await guest.room.connect(url, token)
    try:
        yield guest
    finally:
        await guest.room.disconnect()


def a_place() -> Place:
    """A room of one test's own."""
    return Tokens("", "", 0).new_place()
