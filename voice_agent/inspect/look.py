"""One server, looked at from all sides: is it fit to be spoken to?"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from voice_agent.bridge.bridge import Bridge
from voice_agent.bridge.eras import Eras
from voice_agent.bridge.find.finder import Finder
from voice_agent.bridge.opening import Sight, open_entry
from voice_agent.bridge.reasons import Evidence, explain
from voice_agent.bridge.redaction import Redactor
from voice_agent.bridge.supervisor import Pace
from voice_agent.bridge.types import State
from voice_agent.config.types import VoiceOptions
from voice_agent.errors import ServerUnavailable
from voice_agent.inspect.annotations import look_at_annotations
from voice_agent.inspect.names import look_at_names
from voice_agent.inspect.parameters import look_at_parameters
from voice_agent.inspect.report import Area, Finding, Level, Report
from voice_agent.inspect.safety import look_at_safety
from voice_agent.inspect.schemas import look_at_schemas
from voice_agent.inspect.trying import try_tools

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping
    from pathlib import Path

    from voice_agent.bridge.connection import Connection
    from voice_agent.bridge.types import Json
    from voice_agent.config.types import ServerEntry

_SLOW_START = 5.0
_GRACE = 5.0
"""Seconds that a server gets beyond its own time, for its reason to be known."""
MODERN = "2026-07-28"


class _Kept:
    """The live connection of a bridge to one server, and the list as it was sent."""

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self._eras = Eras()

    @contextlib.asynccontextmanager
    async def open(self, entry: ServerEntry, sight: Sight) -> AsyncGenerator[Connection, None]:
        """Open as always, and keep it."""
        async with open_entry(entry, sight, eras=self._eras) as connection:
            self.connection = connection
            yield connection


async def inspect(
    entry: ServerEntry,
    *,
    within: float,
    call: Mapping[str, Json | None] | None = None,
    home: Path | None = None,
    spoken: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Report:
    """Return what is found of a server.

    Args:
        entry: How it is started or reached.
        within: Seconds that it may take to come up.
        call: Tools that are called though they could change something, with arguments, or None for made-up ones.
        home: The user's folder, where meanings of tools are remembered.
        spoken: Requests are spoken to it as well.
        tell: Is told what is being done, for it may take a while.

    Raises:
        ServerUnavailable: It did not come up.
        ToolUnknown: It has no tool of a name in `call`.
        ExtraMissing: What speaks and hears is not installed.
    """
    kept = _Kept()
    plain = replace(entry, voice=VoiceOptions(timeout=entry.voice.timeout))
    bridge = Bridge([plain], opener=kept.open, pace=Pace(connect=within, connect_url=within))
    tell(f"Starting {entry.name}")
    begun = time.perf_counter()
    bridge.start()
    try:
        await bridge.settle(within + _GRACE)
        status = bridge.servers[0]
        connection = kept.connection
        if status.state not in (State.READY, State.DEGRADED) or connection is None:
            reason = status.reason or f"has not answered within {within:g} s"
            raise ServerUnavailable(entry.name, f"The server “{entry.name}” {reason}.")
        seconds = time.perf_counter() - begun
        report = Report(entry.name, getattr(connection, "protocol_version", None), None, len(bridge.catalog), seconds)
        tell("Reading its tools")
        await _read(report, bridge, connection, home)
        for name in call or {}:
            bridge.resolve(f"{entry.name}.{name}")
        await try_tools(report, bridge, connection, call or {}, tell)
        if spoken:
            from voice_agent.inspect.spoken import speak_to

            report.heard = await speak_to(bridge, tell)
    finally:
        await bridge.aclose()
    tell("Trying the older protocol")
    await _try_older(report, plain, within)
    order = list(Level)
    report.findings.sort(key=lambda one: (order.index(one.level), list(Area).index(one.area)))
    return report


async def _read(report: Report, bridge: Bridge, connection: Connection, home: Path | None) -> None:
    """Judge all that needs no call."""
    listed = (await connection.list_tools(30.0)).tools
    tools = bridge.catalog
    report.providers, found = look_at_schemas(tools)
    finder = Finder(home)
    finder.update(tools)
    await asyncio.to_thread(finder.learn)
    sent = {str(raw.get("name")): str(raw.get("description") or "") for raw in listed}
    found += await asyncio.to_thread(look_at_names, tools, sent, finder)
    found += look_at_parameters(tools)
    found += look_at_annotations(tools)
    beside = getattr(connection, "beside", None)
    told = (await beside.load(report.server, 10.0)).instructions if beside is not None else ""
    found += look_at_safety(listed, told)
    if not tools:
        what, fix = "It has no tools.", "Without a tool there is nothing to be asked for by voice."
        found.append(Finding(Area.NAMES, Level.FAULT, None, what, fix))
    if report.seconds >= _SLOW_START:
        what = f"Its tools were listed after {report.seconds:.1f} s{_while_busy()}."
        fix = "List first; load and connect when the first call needs it. npx and uvx take their part of it, too."
        found.append(Finding(Area.SPEED, Level.NOTE, None, what, fix))
    report.findings += found


def _while_busy() -> str:
    """Return that the machine was busy, where it was: then it was not the server alone that took so long."""
    if not hasattr(os, "getloadavg"):
        return ""
    return ", on a busy machine" if os.getloadavg()[0] > (os.cpu_count() or 1) else ""


async def _try_older(report: Report, entry: ServerEntry, within: float) -> None:
    """Connect as a client of the older era does, where the server speaks the newer one."""
    if report.protocol != MODERN:
        report.older = report.protocol
        what = f"It does not speak MCP {MODERN} (it speaks {report.protocol})."
        fix = "A newer release of the SDK speaks both; until then nothing is lost."
        report.findings.append(Finding(Area.ERAS, Level.NOTE, None, what, fix))
        return
    sight = Sight()
    try:
        async with asyncio.timeout(within), open_entry(entry, sight, era="legacy") as connection:
            report.older = getattr(connection, "protocol_version", None)
            count = len((await connection.list_tools(within)).tools)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what a client of that era meets
        evidence = Evidence(error, sight.http_status, sight.exit_status, sight.last_words, None)
        why = explain(entry, evidence, Redactor(entry)).reason
        what = f"A client that speaks only up to 2025-11-25, as most do, cannot use it: it {why}."
        report.findings.append(Finding(Area.ERAS, Level.WARNING, None, what, "Speak both; the SDKs do."))
        return
    if count != report.tools:
        what = f"A client of the older era is shown {count} tools, not {report.tools}."
        report.findings.append(Finding(Area.ERAS, Level.WARNING, None, what, "Offer the same in both."))
