"""Whose servers are whose: what everybody shares, and what is one person's own.

| server | the owner of this machine | somebody who has logged in |
|---|---|---|
| on standard input and output | shared | not offered: it holds one person's data |
| the bundled Task Manager | the same, with the owner's tasks | over HTTP, with a token for that person |
| by URL, its entry without credentials | shared | shared |
| by URL, with credentials of the entry | shared | with that person's own credentials, or not offered |
| `scope: "shared"` | shared | shared |
| `scope: "session"` | attached by each job | attached by each job |
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from voice_agent.bridge.bridge import PINS, Bridge
from voice_agent.bridge.catalog import title_of
from voice_agent.bridge.credentials.keeper import Credentials as SignInCredentials
from voice_agent.bridge.eras import ERAS, Eras
from voice_agent.bridge.hub.sharing import ONE_PERSONS, OTHERS_LOGIN, is_shared
from voice_agent.bridge.hub.words import Server
from voice_agent.bridge.opening import open_entry
from voice_agent.bridge.types import ServerStatus, State
from voice_agent.config import bundled
from voice_agent.config.types import HttpEntry, VoiceOptions
from voice_agent.errors import ToolUnknown

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    import httpx2
    from mcp_types import CallToolResult

    from voice_agent.bridge.connection import Connection
    from voice_agent.bridge.credentials.keeper import SignIns
    from voice_agent.bridge.forms import Asker
    from voice_agent.bridge.hub.task_service import TaskService
    from voice_agent.bridge.opening import Sight
    from voice_agent.bridge.types import BridgeEvent, Json, Progress, Result, Tool
    from voice_agent.config.load import Config
    from voice_agent.config.types import ServerEntry

ZONE = "task-manager/timezone"
"""The key of `_meta` by which the Task Manager is told where a person is."""
IDLE = 15 * 60.0
"""Seconds after which the connections of somebody who asks for nothing are closed."""
_LOOK = 60.0
_STARTS_WITHIN = 15.0
"""Seconds that a call waits for its server; that of a person is started when they come."""


class Credentials(Protocol):
    """Vouches for people to servers that are reached by URL."""

    def of(self, subject: str, entry: HttpEntry) -> httpx2.Auth | None:
        """Return what vouches for `subject` to the server of `entry`; None where there is nothing."""
        ...


class NoCredentials:
    """Nobody has logged in anywhere."""

    def of(self, subject: str, entry: HttpEntry) -> None:
        """Return None."""
        del subject, entry


@dataclass
class Desk:
    """What one person is offered, and the bridges that it comes from."""

    subject: str | None
    config: Config
    shared: Bridge
    names: frozenset[str]
    """Of the servers of `shared` that this person is offered."""
    own: Bridge | None
    refused: dict[str, str]
    """Servers that are not offered, and why."""
    used: float = 0.0
    running: int = 0

    @property
    def tools(self) -> tuple[Tool, ...]:
        """What can be called now."""
        common = tuple(tool for tool in self.shared.tools if tool.server in self.names)
        return common if self.own is None else (*common, *self.own.tools)

    @property
    def servers(self) -> tuple[Server, ...]:
        """How each server is, in the order of configuration; those switched off come last."""
        found = {one.name: one for one in self.shared.servers if one.name in self.names}
        found |= {one.name: one for one in (self.own.servers if self.own is not None else ())}
        for name, reason in self.refused.items():
            found[name] = ServerStatus(name, title_of(name), State.DISABLED, reason, None, 0)
        entries = {entry.name: entry for entry in self.config.servers}
        limit = self.config.settings.limits.call_timeout
        ordered = [*(name for name in entries if name in found), *(name for name in found if name not in entries)]
        return tuple(_server(found[name], entries.get(name), limit) for name in ordered)

    async def find(self, key: str, server: str | None) -> Tool:
        """Return the tool that is listed as `key`, after waiting for `server` where that is not up yet.

        Raises:
            ToolUnknown: There is none, or not for this person.
        """
        for is_last in (False, True):
            for bridge in filter(None, (self.own, self.shared)):
                with contextlib.suppress(ToolUnknown):
                    tool = bridge.resolve(key)
                    if bridge is self.own or tool.server in self.names:
                        return tool
            if not is_last and server is not None:
                await _until_up(self._bridge_of(server), server)
        raise ToolUnknown(f"There is no tool “{key}”.")

    async def call(
        self,
        tool: Tool,
        arguments: Json,
        *,
        confirmed: bool,
        zone: str | None,
        on_progress: Callable[[Progress], None],
        on_answer: Callable[[CallToolResult], None],
        on_question: Asker | None,
    ) -> Result:
        """Call a tool for this person, who is in the time zone `zone`."""
        entry = next((entry for entry in self.config.servers if entry.name == tool.server), None)
        is_ours = entry is not None and bundled.runs(entry)
        self.running += 1
        try:
            return await self._bridge_of(tool.server).call(
                tool,
                arguments,
                confirmed=confirmed,
                on_progress=on_progress,
                on_answer=on_answer,
                on_question=on_question,
                meta={ZONE: zone} if zone is not None and is_ours else None,
            )
        finally:
            self.running -= 1
            self.used = asyncio.get_running_loop().time()

    def _bridge_of(self, server: str) -> Bridge:
        is_own = self.own is not None and any(status.name == server for status in self.own.servers)
        return self.own if is_own and self.own is not None else self.shared


@dataclass
class People:
    """Everybody for whom the hub is asked to do something."""

    config: Config
    tasks: TaskService | None = None
    """The Task Manager for people who log in; None: they have none."""
    credentials: Credentials = field(default_factory=NoCredentials)
    make_bridge: Callable[..., Bridge] = Bridge
    _desks: dict[str | None, Desk] = field(default_factory=dict[str | None, Desk])
    _listeners: list[Callable[[BridgeEvent], None]] = field(default_factory=list["Callable[[BridgeEvent], None]"])
    _closing_idle: asyncio.Task[None] | None = None
    _beginning: dict[Bridge, asyncio.Task[None]] = field(default_factory=dict["Bridge", "asyncio.Task[None]"])

    def __post_init__(self) -> None:
        """Prepare the bridge that everybody shares."""
        entries = _attached(self.config)
        names = frozenset(entry.name for entry in entries)
        config = self.config
        self._shared = self.make_bridge(
            entries,
            disabled=config.disabled,
            call_timeout=config.settings.limits.call_timeout,
            pins=config.home / PINS,
            asks=True,
            beside=[entry.name for entry in config.servers if entry.name not in names],
            sign_ins=self.sign_ins_of(None),
        )
        self._desks[None] = Desk(None, config, self._shared, names, None, {})

    @property
    def owner(self) -> Bridge:
        """The bridge of the owner of this machine, which others have a part of."""
        return self._shared

    @property
    def desks(self) -> tuple[Desk, ...]:
        """Those of everybody who is there."""
        return tuple(self._desks.values())

    def start(self) -> None:
        """Attach what everybody shares; returns at once."""
        self._shared.subscribe(self._tell)
        self._shared.start()
        self._closing_idle = asyncio.create_task(self._close_idle(), name="hub people")

    async def aclose(self) -> None:
        """Detach everything."""
        self._listeners.clear()
        if self._closing_idle is not None:
            self._closing_idle.cancel()
            await asyncio.wait({self._closing_idle})
        await asyncio.gather(self._shared.aclose(), *map(self._close, self._desks.values()))
        if self.tasks is not None:
            await self.tasks.aclose()

    def subscribe(self, listener: Callable[[BridgeEvent], None]) -> Callable[[], None]:
        """Have `listener` told of every change of anybody's; call the returned function to end it."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            with contextlib.suppress(ValueError):
                self._listeners.remove(listener)

        return unsubscribe

    async def desk(self, subject: str | None) -> Desk:
        """Return what `subject` is offered; None is the owner of this machine."""
        desk = self._desks.get(subject)
        if desk is None:
            assert subject is not None
            desk = self._desks[subject] = self._open(subject)
        desk.used = asyncio.get_running_loop().time()
        return desk

    async def reconfigure(self, config: Config) -> None:
        """Take an edited configuration."""
        self.config = config
        entries = _attached(config)
        others = [self._desks.pop(subject) for subject in list(self._desks) if subject is not None]
        self._desks[None] = Desk(None, config, self._shared, frozenset(entry.name for entry in entries), None, {})
        await self._shared.reconfigure(entries, config.disabled)
        await asyncio.gather(*map(self._close, others))

    def _open(self, subject: str) -> Desk:
        common: list[str] = []
        own: dict[str, tuple[HttpEntry, httpx2.Auth | None]] = {}
        refused: dict[str, str] = {}
        for entry in _attached(self.config):
            name = entry.name
            if is_shared(entry):
                common.append(name)
            elif isinstance(entry, HttpEntry):
                auth = self.credentials.of(subject, entry)
                if auth is None:
                    refused[name] = OTHERS_LOGIN
                else:
                    own[name] = replace(entry, auth="oauth" if entry.auth == "oauth" else None, headers={}), auth
            elif bundled.runs(entry) and self.tasks is not None:
                own[name] = self.tasks.entry_for(entry), self.tasks.auth_of(subject)
            else:
                refused[name] = ONE_PERSONS
        bridge = self._bridge_of(subject, own) if own else None
        return Desk(subject, self.config, self._shared, frozenset(common), bridge, refused)

    def sign_ins_of(self, subject: str | None) -> SignIns | None:
        """Return the sign-ins of `subject` (None: the owner of this machine), where people can sign in."""
        known = self.credentials
        return known.of_person(subject) if isinstance(known, SignInCredentials) else None

    def _bridge_of(self, subject: str, own: dict[str, tuple[HttpEntry, httpx2.Auth | None]]) -> Bridge:
        eras = Eras(self.config.home / ERAS)

        @contextlib.asynccontextmanager
        async def open_own(
            entry: ServerEntry, sight: Sight, auth: httpx2.Auth | None = None
        ) -> AsyncGenerator[Connection, None]:
            if self.tasks is not None and self.tasks.is_it(entry):
                entry = replace(entry, url=await self.tasks.url())
            async with open_entry(entry, sight, auth or own[entry.name][1], asks=True, eras=eras) as connection:
                yield connection

        bridge = self.make_bridge(
            [entry for entry, _ in own.values()],
            call_timeout=self.config.settings.limits.call_timeout,
            pins=self.config.home / PINS,
            asks=True,
            beside=[entry.name for entry in self.config.servers if entry.name not in own],
            sign_ins=self.sign_ins_of(subject),
            opener=open_own,
        )
        bridge.subscribe(self._tell)
        self._beginning[bridge] = asyncio.create_task(self._begin(bridge), name="a person's servers")
        return bridge

    async def _begin(self, bridge: Bridge) -> None:
        """Start a person's bridge when the Task Manager is up, whose start would count as its being slow to answer."""
        if self.tasks is not None:
            with contextlib.suppress(OSError):
                await self.tasks.url()
        bridge.start()

    async def _close(self, desk: Desk) -> None:
        if desk.own is None:
            return
        beginning = self._beginning.pop(desk.own)
        beginning.cancel()
        await asyncio.wait({beginning})
        await desk.own.aclose()

    async def _close_idle(self) -> None:
        while True:
            await asyncio.sleep(_LOOK)
            now = asyncio.get_running_loop().time()
            for subject, desk in list(self._desks.items()):
                if subject is not None and not desk.running and now - desk.used > IDLE:
                    del self._desks[subject]
                    await self._close(desk)

    def _tell(self, event: BridgeEvent) -> None:
        for listener in tuple(self._listeners):
            listener(event)


async def _until_up(bridge: Bridge, server: str) -> None:
    """Wait until a server is up, or has failed in a way that time does not mend."""
    changed = asyncio.Event()
    unsubscribe = bridge.subscribe(lambda _: changed.set())
    hopeful = (State.STARTING, State.RECONNECTING, State.FAILED)
    try:
        async with asyncio.timeout(_STARTS_WITHIN):
            while any(one.name == server and one.state in hopeful for one in bridge.servers):
                await changed.wait()
                changed.clear()
    except TimeoutError:
        return
    finally:
        unsubscribe()


def _attached(config: Config) -> list[ServerEntry]:
    return [entry for entry in config.servers if entry.voice.scope != "session"]


def _server(status: ServerStatus, entry: ServerEntry | None, limit: float) -> Server:
    voice = entry.voice if entry is not None else VoiceOptions()
    return Server(status, voice.trust, limit if voice.timeout == VoiceOptions().timeout else voice.timeout)
