"""All servers, their tools and how they are: the MCP host of the program. It knows nothing of LiveKit."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from voice_agent.bridge.calls import Caller
from voice_agent.bridge.catalog import Catalog, say_of, title_of
from voice_agent.bridge.credentials.keeper import Credentials, SignIns
from voice_agent.bridge.eras import ERAS, Eras
from voice_agent.bridge.library import Library
from voice_agent.bridge.opening import is_same, open_entry, open_with
from voice_agent.bridge.pins import Pins
from voice_agent.bridge.supervisor import Pace, RealClock, Supervisor
from voice_agent.bridge.types import CatalogChanged, Decision, Result, ServerChanged, ServerStatus, State, Status
from voice_agent.bridge.verdict import verdict, withheld
from voice_agent.config.types import BUILT_IN, StdioEntry, VoiceOptions

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Collection, Coroutine, Sequence
    from pathlib import Path

    from mcp_types import CallToolResult

    from voice_agent.bridge.appetite import Appetite
    from voice_agent.bridge.connection import Listing
    from voice_agent.bridge.forms import Asker
    from voice_agent.bridge.opening import Opener
    from voice_agent.bridge.pins import Change
    from voice_agent.bridge.supervisor import Clock, Verdict
    from voice_agent.bridge.types import BridgeEvent, Json, Progress, Tool
    from voice_agent.config.load import Config
    from voice_agent.config.types import ServerEntry

logger = logging.getLogger(__name__)

HEAD_START = 1.0
"""Seconds that a child has the machine for itself before the next one is started."""
_CLOSE_WITHIN = 8.0
_CALLABLE = (State.READY, State.DEGRADED)
_LOOK_AT_PINS = 0.5
PINS = "pins"
"""The folder of the pins, in the user's home."""


class Bridge:
    """Every configured server, kept connected; their tools, callable by whoever holds one."""

    def __init__(
        self,
        entries: Sequence[ServerEntry],
        *,
        disabled: Sequence[str] = (),
        call_timeout: float = 30.0,
        pins: Path | None = None,
        appetite: Appetite | None = None,
        asks: bool = False,
        beside: Collection[str] = (),
        sign_ins: SignIns | None = None,
        opener: Opener | None = None,
        make_transport: Callable[[ServerEntry], object] | None = None,
        clock: Clock | None = None,
        pace: Pace | None = None,
        rng: random.Random | None = None,
    ) -> None:
        """Prepare; nothing runs before `start`.

        Args:
            entries: What is attached.
            disabled: Names of servers that are switched off.
            call_timeout: Seconds one call may take where its server's entry says nothing.
            pins: The folder in which tools are kept as they were when first seen; None: a change holds none back.
            appetite: What each child process may take; None: the usual.
            asks: There is a user: servers are told that they can ask, which calls with `on_question` then put.
            beside: Names of servers that are attached elsewhere, and whose tools are shown beside these.
            sign_ins: Those of the user; an `opener` takes the one at its entry as `auth`.
            opener: Opens every connection; None: starts the process of an entry, or goes to its URL.
            make_transport: For tests: returns a `fastmcp` transport in place of a process or URL.
            clock: For tests: time that stands still.
            pace: How patient every supervisor is.
            rng: The source of jitter.
        """
        self._entries: dict[str, ServerEntry] = {}
        self._disabled = tuple(disabled)
        self._clock, self._pace, self._rng = clock or RealClock(), pace, rng
        self._call_timeout, self._pins_folder = call_timeout, pins
        self._beside, self.sign_ins = tuple(beside), sign_ins
        self._catalog = Catalog([*(entry.name for entry in entries), *self._beside])
        opener = opener or partial(open_entry, appetite=appetite, asks=asks, eras=Eras(pins and pins.with_name(ERAS)))
        self._opener: Opener = opener if make_transport is None else open_with(make_transport, asks=asks)
        self._supervisors: dict[str, Supervisor] = {}
        self._callers: dict[str, Caller] = {}
        self._pins: dict[str, Pins] = {}
        self._statuses: dict[str, ServerStatus] = {}
        self._tools: tuple[Tool, ...] = ()
        self._listeners: list[Callable[[BridgeEvent], None]] = []
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._others: set[asyncio.Task[None]] = set()
        self.library, self._changed, self._listing = Library(), asyncio.Event(), asyncio.Lock()
        for entry in entries:
            self._add(entry)

    @classmethod
    def of(cls, config: Config, names: Collection[str] | None = None, *, asks: bool = False) -> Bridge:
        """Return a bridge to the servers of a configuration (called `names`), with pins in its home."""
        return cls(
            [entry for entry in config.servers if names is None or entry.name in names],
            disabled=config.disabled,
            call_timeout=config.settings.limits.call_timeout,
            pins=config.home / PINS,
            asks=asks,
            sign_ins=Credentials(config.home, asks=asks).of_person(None),
        )

    def start(self) -> None:
        """Begin to connect to every server; returns at once. Needs a running event loop."""
        if not self._others:
            self._also(self._start_all(), "bridge start")
            if self._pins_folder is not None:
                self._also(self._watch_pins(), "bridge pins")

    async def aclose(self) -> None:
        """End every connection and child process, within a few seconds."""
        tasks = [*self._others, *self._tasks.values()]
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_CLOSE_WITHIN)
        await self.library.aclose()
        self._listeners.clear()

    async def reconfigure(self, entries: Sequence[ServerEntry], disabled: Sequence[str] = ()) -> None:
        """Attach what is new in `entries`, detach what is gone, restart what is started or reached in another way.

        A server whose `voice` options alone have changed goes on without a break. Returns when what is detached has
        ended.
        """
        self._disabled = tuple(disabled)
        wanted = {entry.name: entry for entry in entries}
        ended = [self._end(name) for name, entry in self._entries.items() if not is_same(entry, wanted.get(name))]
        gone = [name for name in self._entries if name not in wanted]
        for name in gone:
            self._forget(name)
        self._catalog.set_servers([*wanted, *self._beside])
        for name, entry in wanted.items():
            if is_same(self._entries.get(name), entry):
                self._adjust(entry)
            else:
                self._add(entry)
        self._entries = wanted
        self._statuses = {name: self._statuses[name] for name in wanted}
        self._refresh()
        for name in gone:
            self._tell(ServerChanged(ServerStatus(name, title_of(name), State.DISABLED, "was detached", None, 0)))
        # What is restarted must have let go of its files and ports first.
        await asyncio.gather(*filter(None, ended), return_exceptions=True)
        if self._others:
            for supervisor in list(self._supervisors.values()):
                self._run(supervisor)

    def approve(self, server: str) -> tuple[Change, ...]:
        """Accept the tools of `server` that are held back for having changed, as they are; returns what they were."""
        approved = self._pins[server].approve() if server in self._pins else ()
        self._judge_again(server)
        return approved

    def held(self, server: str) -> tuple[Change, ...]:
        """What is held back of `server`, and what changed about each tool."""
        return self._pins[server].held if server in self._pins else ()

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

    def set_zone(self, zone: str) -> None:
        """Take notice of the user's time zone (IANA name); servers that are attached directly have their own."""

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
        on_answer: Callable[[CallToolResult], None] | None = None,
        on_question: Asker | None = None,
        meta: Json | None = None,
    ) -> Result:
        """Call a tool. Raises nothing but `CancelledError`; cancelling it cancels the call at the server.

        Args:
            tool: One of `tools`.
            arguments: Of the tool; what the bridge itself fills in may be missing.
            confirmed: The user has said yes to this very call.
            on_progress: Told of the server's progress.
            on_answer: Told of the server's own answer, where there is one, before it is shaped.
            on_question: Puts to the user what the server asks; without it nobody answers.
            meta: Goes with the request as its `_meta`.
        """
        known = self._catalog.get(tool.key)
        if known is None or tool.server not in self._callers:
            return Result(Status.ERROR, f"“{tool.title}” is no longer offered. Nothing was done.")
        if known.pin != tool.pin:
            return Result(Status.ERROR, f"“{tool.title}” has changed meanwhile. Nothing was done; look at it again.")
        return await self._callers[tool.server].call(
            known,
            arguments,
            confirmed=confirmed,
            on_progress=on_progress,
            on_answer=on_answer,
            on_question=on_question,
            meta=meta,
        )

    def resolve(self, name: str) -> Tool:
        """Return the tool called `name`: `SERVER.TOOL`, the server being the longest name that matches, or a key.

        Raises:
            ToolUnknown: There is none; the message offers what is nearest.
        """
        away = {one.name: one.reason for one in self._statuses.values() if one.state not in _CALLABLE}
        return self._catalog.resolve(name, away)

    async def _start_all(self) -> None:
        """Start what is reached by URL at once, and processes one after the other, the needed ones first.

        On two cores five Python servers at once take as long as the slowest of them all.
        """
        for supervisor in list(self._supervisors.values()):
            if not isinstance(supervisor.entry, StdioEntry):
                self._run(supervisor)
        children = [self._supervisors[entry.name] for entry in self._entries.values() if isinstance(entry, StdioEntry)]
        for supervisor in sorted(children, key=lambda child: not child.entry.voice.required):
            if self._supervisors.get(supervisor.entry.name) is not supervisor:
                continue
            self._run(supervisor)
            await self.settle(HEAD_START, {supervisor.entry.name})

    def _run(self, supervisor: Supervisor) -> None:
        name = supervisor.entry.name
        if name not in self._tasks:
            self._tasks[name] = asyncio.create_task(supervisor.run(), name=f"server {name}")

    def _also(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._others.add(asyncio.create_task(work, name=name))

    def _add(self, entry: ServerEntry) -> None:
        name = entry.name
        self._entries[name] = entry
        sign_in = self.sign_ins.at(entry) if self.sign_ins is not None else None
        supervisor = self._supervisors[name] = Supervisor(
            entry,
            self._opener if sign_in is None else partial(cast("Any", self._opener), auth=sign_in),
            sign_in=sign_in,
            on_listing=self._take_listing,
            on_change=self._take_change,
            clock=self._clock,
            pace=self._pace,
            rng=self._rng,
        )
        self._pins.pop(name, None)
        if self._pins_folder is not None and entry.origin != BUILT_IN:
            self._pins[name] = Pins(self._pins_folder, entry)
        self._adjust(entry)
        self._statuses[name] = self._status(supervisor)

    def _adjust(self, entry: ServerEntry) -> None:
        """Take the options of an entry that is attached."""
        name = entry.name
        supervisor = self._supervisors[name]
        before, supervisor.entry = supervisor.entry, entry
        timeout = self._call_timeout if entry.voice.timeout == VoiceOptions().timeout else entry.voice.timeout
        if name not in self._callers or before.voice != entry.voice or self._callers[name].supervisor is not supervisor:
            self._callers[name] = Caller(supervisor, say_of(entry), timeout, partial(self._catalog.of, name))
        if before.voice != entry.voice:
            self._catalog.decide_again(entry)
            self.library.take(supervisor)

    def _end(self, name: str) -> asyncio.Task[None] | None:
        task = self._tasks.pop(name, None)
        if task is not None:
            task.cancel()
        return task

    def _forget(self, name: str) -> None:
        del self._entries[name], self._supervisors[name], self._callers[name], self._statuses[name]
        self._pins.pop(name, None)
        self._catalog.remove(name)
        self.library.forget(name)

    def _is_starting(self, names: Collection[str] | None) -> bool:
        return any(
            status.state is State.STARTING for name, status in self._statuses.items() if names is None or name in names
        )

    async def _take_listing(self, supervisor: Supervisor, listing: Listing) -> Verdict:
        name, trouble = supervisor.entry.name, listing.trouble
        judge = self._pins[name].judge if name in self._pins else None
        async with self._listing:
            if self._supervisors.get(name) is supervisor:
                # Thousands of tools take seconds, in which the conversation goes on.
                change = await asyncio.to_thread(self._catalog.update, supervisor.entry, listing.tools, judge)
                trouble = trouble or change.trouble
            if name not in self._supervisors:
                self._catalog.remove(name)
        return verdict(name, self._catalog.of(name), trouble)

    def _judge_again(self, name: str) -> None:
        self._catalog.judge_again(name, self._pins[name].judge)
        self._supervisors[name].take_verdict(verdict(name, self._catalog.of(name)))

    async def _watch_pins(self) -> None:
        """Notice what is approved from outside, while something is held back."""
        while True:
            await asyncio.sleep(_LOOK_AT_PINS)
            for name, pins in list(self._pins.items()):
                if any(tool.held for tool in self._catalog.of(name)) and pins.has_changed:
                    self._judge_again(name)

    def _take_change(self, supervisor: Supervisor) -> None:
        name = supervisor.entry.name
        if self._supervisors.get(name) is not supervisor:
            return
        self.library.take(supervisor)
        before, self._statuses[name] = self._statuses[name], self._status(supervisor)
        is_news = replace(before, next_try=None) != replace(self._statuses[name], next_try=None)
        self._refresh(ServerChanged(self._statuses[name]) if is_news else None)

    def _refresh(self, news: ServerChanged | None = None) -> None:
        """Gather what can be called now, and tell what changed."""
        tools = tuple(tool for server in self._supervisors for tool in self._callable(server))
        old, new = {tool.key: tool for tool in self._tools}, {tool.key: tool for tool in tools}
        self._tools = tools
        self._changed.set()
        self._changed = asyncio.Event()
        if news is not None:
            self._tell(news)
        added = tuple(key for key, tool in new.items() if old.get(key) is not tool)
        removed = tuple(key for key, tool in old.items() if new.get(key) is not tool)
        if added or removed:
            self._tell(CatalogChanged(added, removed))

    def _callable(self, server: str) -> list[Tool]:
        if not self._supervisors[server].is_callable:
            return []
        tools = self._catalog.of(server)
        return [tool for tool in tools if not tool.broken and not tool.held and tool.decision is not Decision.DENY]

    def _status(self, supervisor: Supervisor) -> ServerStatus:
        name, tools = supervisor.entry.name, len(self._callable(supervisor.entry.name))
        out = withheld(name, self._catalog.of(name)) if supervisor.connection is not None else ()
        how = (supervisor.state, supervisor.reason, supervisor.next_try, tools, supervisor.link, out)
        return ServerStatus(name, say_of(supervisor.entry), *how)

    def _tell(self, event: BridgeEvent) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception:
                logger.exception("a listener of the bridge failed")
