"""All servers, their tools and how they are: the MCP host of the program. It knows nothing of LiveKit."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from rapidfuzz import process

from voice_agent.bridge.calls import Caller
from voice_agent.bridge.catalog import Catalog, title_of
from voice_agent.bridge.opening import open_entry, open_with
from voice_agent.bridge.supervisor import Pace, RealClock, Supervisor
from voice_agent.bridge.types import CatalogChanged, Decision, Result, ServerChanged, ServerStatus, State, Status
from voice_agent.config.types import StdioEntry, VoiceOptions
from voice_agent.errors import ToolUnknown

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Collection, Sequence

    from voice_agent.bridge.connection import Listing
    from voice_agent.bridge.supervisor import Clock
    from voice_agent.bridge.types import BridgeEvent, Json, Progress, Tool
    from voice_agent.config.types import ServerEntry

logger = logging.getLogger(__name__)

HEAD_START = 1.0
"""Seconds that a child has the machine for itself before the next one is started."""
_CLOSE_WITHIN = 8.0
_CALLABLE = (State.READY, State.DEGRADED)
_CLOSE_MATCHES = 3


class Bridge:
    """Every configured server, kept connected; their tools, callable by whoever holds one."""

    def __init__(
        self,
        entries: Sequence[ServerEntry],
        *,
        disabled: Sequence[str] = (),
        call_timeout: float = 30.0,
        make_transport: Callable[[ServerEntry], object] | None = None,
        clock: Clock | None = None,
        pace: Pace | None = None,
        rng: random.Random | None = None,
    ) -> None:
        """Prepare; nothing runs before `start`.

        `disabled`: names of servers that are switched off. `call_timeout`: seconds one call may take where its server's
        entry says nothing. `make_transport`, `clock`, `pace` and `rng` are for tests: a `fastmcp` transport in place of
        a process or URL, and time that stands still.
        """
        self._entries = {entry.name: entry for entry in entries}
        self._disabled = tuple(disabled)
        self._clock = clock or RealClock()
        self._catalog = Catalog(tuple(self._entries))
        opener = open_entry if make_transport is None else open_with(make_transport)
        self._supervisors = {
            name: Supervisor(
                entry,
                opener,
                on_listing=self._take_listing,
                on_change=self._take_change,
                clock=self._clock,
                pace=pace,
                rng=rng,
            )
            for name, entry in self._entries.items()
        }
        unsaid = VoiceOptions().timeout
        self._callers = {
            name: Caller(
                supervisor,
                _say(supervisor.entry),
                call_timeout if supervisor.entry.voice.timeout == unsaid else supervisor.entry.voice.timeout,
                partial(self._catalog.of, name),
            )
            for name, supervisor in self._supervisors.items()
        }
        self._statuses = {name: self._status(supervisor) for name, supervisor in self._supervisors.items()}
        self._tools: tuple[Tool, ...] = ()
        self._listeners: list[Callable[[BridgeEvent], None]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._changed = asyncio.Event()

    def start(self) -> None:
        """Begin to connect to every server; returns at once. Needs a running event loop."""
        if not self._tasks:
            self._tasks.append(asyncio.create_task(self._start_all(), name="bridge start"))

    async def aclose(self) -> None:
        """End every connection and child process, within a few seconds."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_CLOSE_WITHIN)
        self._listeners.clear()

    @property
    def tools(self) -> tuple[Tool, ...]:
        """Tools that can be called now. An unchanged tool is the same object as before."""
        return self._tools

    @property
    def catalog(self) -> tuple[Tool, ...]:
        """Every tool that is known, also those that are broken, denied, or of a server that is away."""
        return self._catalog.tools

    @property
    def servers(self) -> tuple[ServerStatus, ...]:
        """How each server is, in the order of configuration; those switched off come last."""
        off = [
            ServerStatus(name, title_of(name), State.DISABLED, "is switched off in its entry", None, 0)
            for name in self._disabled
        ]
        return (*self._statuses.values(), *off)

    def subscribe(self, listener: Callable[[BridgeEvent], None]) -> Callable[[], None]:
        """Have `listener` told, in the event loop, of every change; call the returned function to end it."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            with contextlib.suppress(ValueError):
                self._listeners.remove(listener)

        return unsubscribe

    async def settle(self, timeout: float, names: Collection[str] | None = None) -> bool:  # noqa: ASYNC109 - returns False
        """Wait at most `timeout` seconds until none (of `names`) is starting; tell whether that is so."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while self._is_starting(names):
                    await self._changed.wait()
        return not self._is_starting(names)

    async def call(
        self,
        tool: Tool,
        arguments: Json,
        *,
        confirmed: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Result:
        """Call a tool. Raises nothing but `CancelledError`; cancelling it cancels the call at the server.

        `confirmed`: the user has said yes to this very call.
        """
        known = self._catalog.get(tool.key)
        if known is None or tool.server not in self._callers:
            return Result(Status.ERROR, f"“{tool.title}” is no longer offered. Nothing was done.")
        if known.pin != tool.pin:
            return Result(Status.ERROR, f"“{tool.title}” has changed meanwhile. Nothing was done; look at it again.")
        return await self._callers[tool.server].call(known, arguments, confirmed=confirmed, on_progress=on_progress)

    def resolve(self, name: str) -> Tool:
        """Return the tool called `name`: `SERVER.TOOL`, the server being the longest name that matches, or a key.

        Raises:
            ToolUnknown: There is none; the message offers what is nearest.
        """
        for server in sorted(self._entries, key=len, reverse=True):
            if name.startswith(f"{server}.") and (tool := self._catalog.find(server, name[len(server) + 1 :])):
                return tool
        if (tool := self._catalog.get(name)) is not None:
            return tool
        spoken = {f"{tool.server}.{tool.name}": tool for tool in self._catalog.tools}
        for server, status in self._statuses.items():
            if name.startswith(f"{server}.") and status.state not in _CALLABLE:
                raise ToolUnknown(f"There is no tool “{name}”: {server} {status.reason or 'is still starting'}.")
        near = [found for found, _, _ in process.extract(name, list(spoken), limit=_CLOSE_MATCHES, score_cutoff=50)]
        hint = f" Did you mean {' or '.join(near)}?" if near else " Write it as SERVER.TOOL."
        raise ToolUnknown(f"There is no tool “{name}”.{hint}")

    async def _start_all(self) -> None:
        """Start what is reached by URL at once, and processes one after the other, the needed ones first.

        On two cores five Python servers at once take as long as the slowest of them all.
        """
        for supervisor in self._supervisors.values():
            if not isinstance(supervisor.entry, StdioEntry):
                self._run(supervisor)
        children = [self._supervisors[entry.name] for entry in self._entries.values() if isinstance(entry, StdioEntry)]
        for supervisor in sorted(children, key=lambda child: not child.entry.voice.required):
            self._run(supervisor)
            await self.settle(HEAD_START, {supervisor.entry.name})

    def _run(self, supervisor: Supervisor) -> None:
        self._tasks.append(asyncio.create_task(supervisor.run(), name=f"server {supervisor.entry.name}"))

    def _is_starting(self, names: Collection[str] | None) -> bool:
        return any(
            status.state is State.STARTING for name, status in self._statuses.items() if names is None or name in names
        )

    def _take_listing(self, supervisor: Supervisor, listing: Listing) -> str | None:
        self._catalog.update(supervisor.entry, listing.tools)
        broken = sum(tool.broken is not None for tool in self._catalog.of(supervisor.entry.name))
        told = [listing.trouble] if listing.trouble else []
        if broken:
            told.append(f"{broken} of its tools cannot be used" if broken > 1 else "one of its tools cannot be used")
        return "; ".join(told) or None

    def _take_change(self, supervisor: Supervisor) -> None:
        name = supervisor.entry.name
        before, self._statuses[name] = self._statuses[name], self._status(supervisor)
        tools = tuple(tool for server in self._supervisors for tool in self._callable(server))
        old, new = {tool.key: tool for tool in self._tools}, {tool.key: tool for tool in tools}
        self._tools = tools
        self._changed.set()
        self._changed = asyncio.Event()
        if replace(before, next_try=None) != replace(self._statuses[name], next_try=None):
            self._tell(ServerChanged(self._statuses[name]))
        added = tuple(key for key, tool in new.items() if old.get(key) is not tool)
        removed = tuple(key for key, tool in old.items() if new.get(key) is not tool)
        if added or removed:
            self._tell(CatalogChanged(added, removed))

    def _callable(self, server: str) -> list[Tool]:
        if self._supervisors[server].state not in _CALLABLE:
            return []
        return [tool for tool in self._catalog.of(server) if not tool.broken and tool.decision is not Decision.DENY]

    def _status(self, supervisor: Supervisor) -> ServerStatus:
        name = supervisor.entry.name
        return ServerStatus(
            name,
            _say(supervisor.entry),
            supervisor.state,
            supervisor.reason,
            supervisor.next_try,
            len(self._callable(name)) if hasattr(self, "_supervisors") else 0,
        )

    def _tell(self, event: BridgeEvent) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception:
                logger.exception("a listener of the bridge failed")


def _say(entry: ServerEntry) -> str:
    return entry.voice.say or title_of(entry.name)
