"""A bridge whose servers are behind a hub, but for those that a job attaches itself (`scope: "session"`).

To whoever holds it, it is a bridge as any other: `server.tool` with its own policy, states and reasons. The hub may
die and come back; calls wait for it a while, and one that was under way is made again only where nothing can happen
twice.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from typing_extensions import override

from voice_agent.bridge.bridge import Bridge
from voice_agent.bridge.catalog import IDEMPOTENCY_KEY, has_idempotency_key, say_of
from voice_agent.bridge.credentials.doorstep import looks_like_return
from voice_agent.bridge.failures import CallFailed, doubt, way_to_check
from voice_agent.bridge.hub.shelf import FarLibrary
from voice_agent.bridge.hub.words import read_result, read_tool
from voice_agent.bridge.lost_keys import LostKeys
from voice_agent.bridge.policy import is_read, is_repeatable
from voice_agent.bridge.supervisor import Pace, Supervisor
from voice_agent.bridge.types import CatalogChanged, Result, ServerChanged, ServerStatus, State, Status, Tool
from voice_agent.config.types import HttpEntry, VoiceOptions

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Collection, Sequence
    from pathlib import Path

    from mcp_types import CallToolResult

    from voice_agent.bridge.connection import Connection, Listing
    from voice_agent.bridge.forms import Asker
    from voice_agent.bridge.hub.lines import Address
    from voice_agent.bridge.hub.link import HubListing, Link
    from voice_agent.bridge.hub.proposals import Proposal, Proposed
    from voice_agent.bridge.hub.words import Server
    from voice_agent.bridge.opening import Sight
    from voice_agent.bridge.supervisor import Verdict
    from voice_agent.bridge.types import Json, Progress
    from voice_agent.config.types import ServerEntry

PATIENCE = 15.0
"""Seconds that a call waits for a hub that is being started again."""
_SLACK = 15.0
"""Seconds that the hub may take beyond what the call itself may."""
_PACE = Pace(
    connect_url=10.0,
    settle_changes=0.0,
    first_retry=0.1,
    soon_retry=0.5,
    longest_retry=2.0,
    permanent_retry=2.0,
)
_CLOSED = -32000
"""JSON-RPC error code of the SDK for a connection that is gone."""
_AWAY = "is out of reach until the hub is back"
_LOST = "The connection to the hub was lost."


@dataclass(frozen=True, slots=True)
class Place:
    """A hub, and whom it is attached for."""

    address: Address
    token: str
    permit: str | None = None
    """To act for somebody; None: the hub asks for none, for it has one user."""
    zone: str | None = None
    """The time zone of that person, by its IANA name."""


class HubBridge(Bridge):
    """The servers of a hub and a job's own, as one bridge."""

    def __init__(
        self,
        place: Place,
        entries: Sequence[ServerEntry],
        *,
        disabled: Sequence[str] = (),
        call_timeout: float = 30.0,
        pins: Path | None = None,
    ) -> None:
        """Take all configured servers; nothing is attached before `start`. `pins`: the folder, as of a `Bridge`."""
        own = [entry for entry in entries if entry.voice.scope == "session"]
        far = [entry for entry in entries if entry.voice.scope != "session"]
        beside = [entry.name for entry in far]
        super().__init__(own, disabled=disabled, call_timeout=call_timeout, pins=pins, beside=beside, asks=True)
        self.proposed: Proposed | None = None
        """Puts what other agents want done to the user; None: there is nobody to ask."""
        self._place = place
        self._far: dict[str, Tool] = {}
        self._servers: dict[str, Server] = {}
        self._expected = tuple(ServerStatus(one.name, say_of(one), State.STARTING, None, None, 0) for one in far)
        self._shown: dict[str, ServerStatus] = {one.name: one for one in self._expected}
        self._link: Link | None = None
        """The newest connection."""
        self._keys = LostKeys()
        self.sign_ins = _FarSignIns(self)
        self.library = self._far_library = FarLibrary()
        self._hub = Supervisor(
            HttpEntry("hub", "http://hub", voice=VoiceOptions()),
            self._open,
            on_listing=self._take_hub_listing,
            on_change=self._note_hub,
            pace=_PACE,
        )

    @override
    def start(self) -> None:
        if not self._others:
            super().start()
            self._also(self._hub.run(), "hub")

    @override
    def set_zone(self, zone: str) -> None:
        self._place = replace(self._place, zone=zone)
        if self._link is not None:
            self._link.set_zone(zone)

    @property
    @override
    def tools(self) -> tuple[Tool, ...]:
        return (*self._far.values(), *super().tools)

    @property
    @override
    def catalog(self) -> tuple[Tool, ...]:
        return (*self._far.values(), *super().catalog)

    @property
    @override
    def servers(self) -> tuple[ServerStatus, ...]:
        return (*self._shown.values(), *super().servers)

    @override
    def resolve(self, name: str) -> Tool:
        for tool in self._far.values():
            if name in (tool.key, f"{tool.server}.{tool.name}"):
                return tool
        return super().resolve(name)

    @override
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
        """Call a tool; `on_answer` and `meta` mean something only for servers that are attached here."""
        if tool.server not in self._shown:
            return await super().call(
                tool,
                arguments,
                confirmed=confirmed,
                on_progress=on_progress,
                on_answer=on_answer,
                on_question=on_question,
                meta=meta,
            )
        known = self._far.get(tool.key)
        if known is None:
            return Result(Status.ERROR, f"“{tool.title}” is no longer offered. Nothing was done.")
        given = arguments
        if has_idempotency_key(tool):
            arguments = {IDEMPOTENCY_KEY: self._keys.key_for(tool, given), **given}
        outcome = await self._call_far(tool, arguments, confirmed, on_progress, on_question)
        if outcome is not None:
            if outcome.status is not Status.UNKNOWN:
                self._keys.forget(tool, given)
            elif IDEMPOTENCY_KEY in arguments:
                self._keys.keep(tool, given, arguments[IDEMPOTENCY_KEY])
            return outcome
        return self._lost(tool, given, arguments)

    async def _call_far(
        self,
        tool: Tool,
        arguments: Json,
        confirmed: bool,
        on_progress: Callable[[Progress], None] | None,
        on_question: Asker | None,
    ) -> Result | None:
        """Return how the call ended; None where the hub was lost meanwhile, and nothing can be said of it."""
        gone: Connection | None = None
        seconds = self._servers[tool.server].seconds + _SLACK if tool.server in self._servers else None
        for is_last in (False, True):
            connection = await self._hub.wait_ready(PATIENCE, other_than=gone)
            if connection is None:
                text = f"The hub is not there, and with it {self._say(tool.server)}. Nothing was done."
                return None if is_last else Result(Status.ERROR, text)
            try:
                answer = await cast("Link", connection).call(
                    tool,
                    arguments,
                    confirmed=confirmed,
                    # While the user is being asked, time does not count.
                    within=None if on_question is not None else seconds,
                    on_progress=on_progress,
                    on_question=on_question,
                )
            except CallFailed as failed:
                gone = connection
                # A hub that is told to end says so of each call before it goes.
                is_gone = connection.ended.is_set() or getattr(failed.error, "code", None) == _CLOSED
                if is_last or not is_gone or not self._is_repeatable(tool):
                    return None
                continue
            return read_result(answer)
        return None

    async def hand_on(self, address: str) -> None:
        """Tell the hub where the user's browser came back to."""
        from mcp import MCPError

        with contextlib.suppress(MCPError, RuntimeError, OSError):
            if (connection := await self._hub.wait_ready(PATIENCE)) is not None:
                await cast("Link", connection).take_return(address)

    def _lost(self, tool: Tool, given: Json, arguments: Json) -> Result:
        """Return what is said of a call whose answer went down with the hub."""
        trusted = self._trusts(tool.server)
        if is_read(tool.name, tool.hints, trusted=trusted):
            return Result(Status.ERROR, _LOST)
        if IDEMPOTENCY_KEY in arguments:
            self._keys.keep(tool, given, arguments[IDEMPOTENCY_KEY])
        check = way_to_check(tool, given, self._far.values(), trusted=trusted)
        text = doubt(_LOST, self._say(tool.server), check, is_safe=self._is_repeatable(tool), redact=str)
        return Result(Status.UNKNOWN, text, check=check.key if check is not None else None)

    def _is_repeatable(self, tool: Tool) -> bool:
        return has_idempotency_key(tool) or is_repeatable(tool.name, tool.hints, trusted=self._trusts(tool.server))

    def _trusts(self, server: str) -> bool:
        return server in self._servers and self._servers[server].trust

    def _say(self, server: str) -> str:
        return self._shown[server].say

    @contextlib.asynccontextmanager
    async def _open(self, entry: ServerEntry, sight: Sight) -> AsyncGenerator[Connection, None]:
        del entry, sight
        from voice_agent.bridge.hub.link import open_link

        place = self._place
        async with open_link(
            place.address, place.token, permit=place.permit, zone=place.zone, proposed=self._put_to_user
        ) as link:
            self._link = link
            following = asyncio.create_task(self._far_library.follow(link), name="contents behind the hub")
            try:
                yield cast("Connection", link)
            finally:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)

    async def _put_to_user(self, proposal: Proposal) -> Result | None:
        """Have the user asked about what another agent wants done; None where they do not agree."""
        if self.proposed is None:
            return Result(Status.DENIED, "Nobody can be asked just now. Nothing was done.")
        return await self.proposed(proposal)

    async def _take_hub_listing(self, supervisor: Supervisor, listing: Listing) -> Verdict:
        del supervisor
        found = cast("HubListing", listing)
        self._place = replace(self._place, permit=found.permit or self._place.permit)
        self._servers = {server.status.name: server for server in found.servers}
        starting = {name for name, server in self._servers.items() if server.status.state is State.STARTING}
        before = self._far
        # What a hub that has been started again has not reached yet is still there.
        after = {key: tool for key, tool in before.items() if tool.server in starting}
        for raw in found.tools:
            if (tool := read_tool(raw)) is not None:
                old = before.get(tool.key)
                after[tool.key] = old if old is not None and _is_same(old, tool) else tool
        self._far = after
        self._show({server.status.name: server.status for server in found.servers})
        added = tuple(key for key, tool in after.items() if before.get(key) is not tool)
        removed = tuple(key for key, tool in before.items() if after.get(key) is not tool)
        if added or removed:
            self._tell(CatalogChanged(added, removed))
        return State.READY, None

    def _note_hub(self, supervisor: Supervisor) -> None:
        if supervisor.state in (State.READY, State.STARTING):
            return
        state = State.RECONNECTING if supervisor.state is State.RECONNECTING else State.FAILED
        known = {one.name: one for one in self._expected} | self._shown
        self._show(
            {
                name: replace(status, state=state, reason=_AWAY, next_try=supervisor.next_try)
                for name, status in known.items()
                if status.state is not State.DISABLED
            }
        )

    def _show(self, statuses: dict[str, ServerStatus]) -> None:
        before, self._shown = self._shown, statuses
        self._changed.set()
        self._changed = asyncio.Event()
        for name, status in statuses.items():
            old = before.get(name)
            if old is None or replace(old, next_try=None) != replace(status, next_try=None):
                self._tell(ServerChanged(status))
        for name, old in before.items():
            if name not in statuses and old.state is not State.DISABLED:
                detached = replace(old, state=State.DISABLED, reason="was detached", next_try=None, tools=0, link=None)
                self._tell(ServerChanged(detached))

    @override
    def _is_starting(self, names: Collection[str] | None) -> bool:
        far = [status for status in self._shown.values() if names is None or status.name in names]
        return any(status.state is State.STARTING for status in far) or super()._is_starting(names)


@dataclass(slots=True)
class _FarSignIns:
    """The sign-ins of a person at the hub (`credentials.keeper.SignIns`)."""

    bridge: HubBridge
    _handing: set[asyncio.Task[None]] = field(default_factory=set["asyncio.Task[None]"])

    def at(self, entry: ServerEntry) -> None:
        """Return None: what a job attaches itself is not signed in to."""
        del entry

    def take(self, text: str) -> bool | None:
        """Hand on the address that a browser came back to; whether it is waited for is known at the hub."""
        if not looks_like_return(text):
            return None
        task = asyncio.create_task(self.bridge.hand_on(text.strip()))
        self._handing.add(task)
        task.add_done_callback(self._handing.discard)
        return True


def _is_same(one: Tool, other: Tool) -> bool:
    """Tell whether a tool is as it was; the pin covers everything that its server said of it."""
    return (one.server, one.name, one.pin, one.decision) == (other.server, other.name, other.pin, other.decision)
