"""Hubs for tests: in this process, with real servers and a real socket, and always closed."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mcp import ClientSession

from tests.support.bridges import QUICK, WITHIN
from voice_agent.bridge.bridge import Bridge
from voice_agent.bridge.hub.attached import HubBridge, Place
from voice_agent.bridge.hub.doors import by_http, by_socket
from voice_agent.bridge.hub.hub import Hub
from voice_agent.bridge.hub.lines import connect
from voice_agent.bridge.hub.people import NoCredentials, People
from voice_agent.bridge.hub.permits import Permits
from voice_agent.bridge.hub.task_service import TaskService
from voice_agent.config.load import Config
from voice_agent.config.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from voice_agent.bridge.hub.lines import Address
    from voice_agent.bridge.hub.people import Credentials
    from voice_agent.config.types import ServerEntry

PERMITS = Permits("the key of every hub in these tests")


@dataclass(frozen=True, slots=True)
class RunningHub:
    """A hub that lets jobs in."""

    hub: Hub
    config: Config
    address: Address
    token: str

    @contextlib.asynccontextmanager
    async def job(
        self, subject: str | None = None, zone: str | None = None, *, settled: bool = True, token: str | None = None
    ) -> AsyncGenerator[HubBridge]:
        """The bridge of a job that has attached it; `settled`: no server is starting any more."""
        permit = self.hub.permits.give(subject) if self.hub.permits is not None else None
        place = Place(self.address, self.token if token is None else token, permit, zone)
        bridge = HubBridge(place, self.config.servers)
        bridge.start()
        try:
            if settled:
                assert await bridge.settle(WITHIN), bridge.servers
            yield bridge
        finally:
            await bridge.aclose()

    @contextlib.asynccontextmanager
    async def session(self, subject: str | None, hear: Callable[[object], None]) -> AsyncGenerator[ClientSession]:
        """A plain MCP client that comes by the jobs' door for somebody; `hear` is told of all notifications."""
        permit = self.hub.permits.give(subject) if self.hub.permits is not None else None
        reader, writer = await connect(self.address, self.token, permit)

        async def note(message: object) -> None:
            hear(message)

        try:
            async with ClientSession(reader, writer, message_handler=note) as session:
                await session.initialize()
                yield session
        finally:
            await writer.aclose()

    @contextlib.asynccontextmanager
    async def http(self) -> AsyncGenerator[str]:
        """The URL for text clients."""
        async with by_http(self.hub, self.token, "127.0.0.1", 0) as url:
            yield url
        # `sse_starlette` keeps one for as long as its process lives.
        for task in asyncio.all_tasks():
            if getattr(task.get_coro(), "__name__", "") == "_shutdown_watcher":
                task.cancel()


def config_of(home: Path, *entries: ServerEntry, disabled: tuple[str, ...] = (), **settings: Any) -> Config:
    """A configuration with these servers and no others."""
    return Config(Settings(**settings), entries, disabled, (), {}, home, None, None)


@contextlib.asynccontextmanager
async def running_hub(
    home: Path,
    *entries: ServerEntry,
    path: Path | None = None,
    token: str | None = None,
    credentials: Credentials | None = None,
    settled: bool = True,
    permits: Permits = PERMITS,
) -> AsyncGenerator[RunningHub]:
    """A hub with these servers, on a socket in a folder of its own."""
    config = config_of(home, *entries)
    with tempfile.TemporaryDirectory() as folder:
        people = People(
            config,
            TaskService.of(config.servers, Path(folder)),
            credentials or NoCredentials(),
            partial(Bridge, pace=QUICK),
        )
        hub = Hub(people, permits)
        hub.start()
        try:
            if settled:
                assert await people.owner.settle(WITHIN)
            given = token or secrets.token_urlsafe(16)
            async with by_socket(hub, given, path or Path(folder) / "hub.sock") as address:
                yield RunningHub(hub, config, address, given)
        finally:
            await hub.aclose()
