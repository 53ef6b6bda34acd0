"""Runs one cell of the fault matrix against real processes and sockets, and tells what was seen."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.bridges import WITHIN, NoJitter, lines_of, raw_entry, running, status_of, until_state
from voice_agent.bridge.appetite import Appetite
from voice_agent.bridge.supervisor import Pace
from voice_agent.bridge.types import State, Status
from voice_agent.config.types import HttpEntry, StdioEntry, VoiceOptions

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Mapping

    from voice_agent.bridge.bridge import Bridge
    from voice_agent.config.types import ServerEntry

importlib.import_module("voice_agent.bridge.connection")  # takes a second, which no cell has to spare
SERVER = Path(__file__).parent / "server.py"
CALL = 0.5
"""Seconds that a call may take in the matrix."""
CONNECT = 2.5
"""Seconds that a server may take to come up in the matrix."""
PATIENT = Pace(connect=WITHIN, connect_url=WITHIN, first_retry=0.05, soon_retry=0.2, longest_retry=0.2)
ONCE = replace(PATIENT, **dict.fromkeys(("first_retry", "soon_retry", "longest_retry", "permanent_retry"), 30.0))
"""No second try: what a server has died of is not told by it."""
HURRIED = replace(ONCE, connect=CONNECT, connect_url=CONNECT)
AGAIN = replace(PATIENT, connect=CONNECT, connect_url=CONNECT)
LOOKS = 750
"""Times that is looked whether something has gone, 0.02 s apart."""
SMALL = Appetite(memory=96 * 1024 * 1024, processes=20, every=0.1)
VOICE = VoiceOptions(confirm="never")
SECRET = "opensesame-7781"


@dataclass(frozen=True, slots=True)
class Column:
    """A transport in one protocol era."""

    name: str
    transport: str
    era: str


STDIO, STDIO_2 = Column("stdio", "stdio", "legacy"), Column("stdio, 2026-07-28", "stdio", "modern")
HTTP, HTTP_2 = Column("HTTP", "http", "legacy"), Column("HTTP, 2026-07-28", "http", "modern")
SSE = Column("SSE", "sse", "legacy")
COLUMNS = (STDIO, STDIO_2, HTTP, HTTP_2, SSE)


@dataclass(slots=True)
class Seen:
    """What one cell came to."""

    state: State
    reason: str | None
    read: tuple[Status, str] | None = None
    """How a call that reads ended; None where the server never came up."""
    write: tuple[Status, str] | None = None
    writes: int = 0
    """How often the write took effect."""
    well: list[Status] = field(default_factory=list["Status"])
    """How the calls of another server ended meanwhile."""
    left: list[str] = field(default_factory=list[str])
    """What was left behind: processes, files, threads."""
    heard_elsewhere: list[str] = field(default_factory=list[str])
    """What another host was sent."""


async def run_cell(
    column: Column, fault: Mapping[str, Any], folder: Path, *, comes_up: bool, hangs: Collection[str]
) -> Seen:
    """Start a server with the fault and one that is well, call both, close all, and look at what is left.

    Limits are short only where it `hangs` ("start", "read", "write"): a busy machine makes any answer late.
    """
    before = _open_files()
    async with entry_of(column, fault, folder) as (entry, elsewhere):
        appetite = SMALL if fault.get("greedy") else None
        is_late = comes_up and "server/discover" in fault["at"]
        pace = AGAIN if is_late else PATIENT if comes_up else HURRIED if hangs else ONCE
        well = raw_entry("well", voice=VoiceOptions(timeout=WITHIN))
        async with running(entry, well, settled=False, appetite=appetite, pace=pace, rng=NoJitter()) as bridge:
            assert await bridge.settle(WITHIN)
            if appetite is not None:
                await until_state(bridge, State.QUARANTINED, entry.name)
            if is_late:
                await until_state(bridge, State.READY, entry.name)
            status = status_of(bridge, entry.name)
            seen = Seen(status.state, status.reason)
            seen.well.append(await _call(bridge, "well.echo"))
            if comes_up:
                for step in ("read", "write"):
                    limit = replace(VOICE, timeout=CALL if step in hangs else WITHIN)
                    await bridge.reconfigure([replace(entry, voice=limit), well])
                    told, beside = await _call_beside(bridge, entry.name, f"{step}_thing")
                    setattr(seen, step, told)
                    seen.well.append(beside)
        seen.heard_elsewhere = elsewhere
    seen.writes = lines_of(folder / "effects").count("write")
    seen.left = [*await _alive(folder), *(await _left_open(before))]
    return seen


async def _call_beside(bridge: Bridge, server: str, tool: str) -> tuple[tuple[Status, str], Status]:
    """Call a tool, and one of the well server while that call is under way."""
    found = next(known for known in bridge.catalog if known.server == server and known.name == tool)
    call = asyncio.create_task(bridge.call(found, {}))
    well = await _call(bridge, "well.echo")
    result = await asyncio.wait_for(call, WITHIN)
    return (result.status, result.text), well


async def _call(bridge: Bridge, name: str) -> Status:
    return (await asyncio.wait_for(bridge.call(bridge.resolve(name), {}, confirmed=True), WITHIN)).status


@contextlib.asynccontextmanager
async def entry_of(
    column: Column, fault: Mapping[str, Any], folder: Path
) -> AsyncGenerator[tuple[ServerEntry, list[str]], None]:
    """Start the server with a fault where it is one by URL; yields its entry, and what another host is sent."""
    spec = {"transport": column.transport, "era": column.era, "folder": str(folder), **fault}
    if "command" in fault:
        yield StdioEntry("faulty", fault["command"], voice=VOICE), []
        return
    if "url" in fault:
        kind: Any = column.transport
        yield HttpEntry("faulty", fault["url"], transport=kind, voice=VOICE), []
        return
    if column.transport == "stdio":
        yield StdioEntry("faulty", sys.executable, ("-I", "-S", str(SERVER), json.dumps(spec)), voice=VOICE), []
        return
    async with _other_host() as (elsewhere, heard), _process({**spec, "elsewhere": elsewhere}) as port:
        scheme = "https" if fault.get("tls") or fault.get("https") else "http"
        headers = {"Authorization": f"Bearer {SECRET}"}
        kind = column.transport
        yield HttpEntry("faulty", f"{scheme}://127.0.0.1:{port}/mcp", kind, headers, voice=VOICE), heard


@contextlib.asynccontextmanager
async def _process(spec: Mapping[str, Any]) -> AsyncGenerator[int, None]:
    """Run the server as a process that listens; yields its port."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-S", str(SERVER), json.dumps(spec), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert child.stdout is not None
        yield int(await asyncio.wait_for(child.stdout.readline(), WITHIN))
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()
        child._transport.close()  # pyright: ignore - else its pipe is open until it is collected


@contextlib.asynccontextmanager
async def _other_host() -> AsyncGenerator[tuple[str, list[str]], None]:
    """Another origin, which writes down what it is sent."""
    heard: list[str] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            heard.append((await reader.readuntil(b"\r\n\r\n")).decode("latin-1"))
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/mcp", heard
    finally:
        server.close()


def _open_files() -> set[str]:
    """Files, pipes and sockets of this process, by what they are."""
    found: set[str] = set()
    for name in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            found.add(str(name.readlink()))
    return found


async def _left_open(before: set[str]) -> list[str]:
    """What is open that was not; sockets that are closing get a moment."""
    left: list[str] = []
    for _ in range(LOOKS):
        left = [name for name in _open_files() - before if name.startswith(("pipe:", "socket:"))]
        if not left:
            return []
        await asyncio.sleep(0.02)  # the loop closes transports in its next rounds
    return left


async def _alive(folder: Path) -> list[str]:
    """Processes of the faulty server that are still there; the system takes a moment to end them."""
    pids = [int(line) for line in lines_of(folder / "pids")]
    left: list[str] = []
    for _ in range(LOOKS):
        left = [str(pid) for pid in pids if _runs(pid)]
        if not left:
            return []
        await asyncio.sleep(0.02)  # nobody tells when a process that is not our child has gone
    return left


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
