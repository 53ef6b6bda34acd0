"""LiveKit's own MCP toolset beside this project's bridge, in the same faults: what the model is told, at what cost.

Each row is a cell of the fault matrix (`tests/faults`), the same server process or socket, run twice in the same
process one after the other: an `AgentSession` with LiveKit's `MCPToolset`s, all options as they come, and one with
this project's toolset, a call having 5 s as in LiveKit's. In each, the server at fault and one that is well, and a
model that calls what it is told to call.

    python benchmarks/compared_faults.py [--only WORD] [--at-once 2] [--json] [--write]

Takes ten minutes. `--write`: docs/compared.md.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import re
import signal
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.faults.cell import entry_of
from tests.faults.certificates import write_certificate
from tests.faults.table import FAULTS, Fault
from tests.support.bridges import lines_of, raw_entry
from tests.support.web_servers import free_port
from voice_agent.bridge.types import State
from voice_agent.config.types import StdioEntry, VoiceOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.fakes.chat import Chat
    from tests.faults.cell import Column
    from voice_agent.bridge.types import ServerStatus
    from voice_agent.config.types import ServerEntry

DOC = Path(__file__).parents[1] / "docs" / "compared.md"
PATIENCE, CELLS_WITHIN = 20.0, 300.0
"""Seconds that a turn gets; that a process for some cells gets."""
CALL_WITHIN, START_WITHIN = 5.0, 40.0
"""Seconds that a call gets, as LiveKit has it; that servers get until what they say of themselves is looked at."""
_TOGETHER, _AT_ONCE = 12, 4
"""Cells in one process, and how many of them run at the same time."""
_BUSY = ("flood", "100 MB", "unpacks")
_SHOWN, _SOON = 110, 1.0
_ADDRESS = re.compile(r"https?://127\.0\.0\.1:\d+/mcp")
_NOT_ANSWERED = ("the tool", "not there", "nothing", "-")


@dataclass
class Seen:
    """What became of one cell with one toolset."""

    fault: str
    transport: str
    start: float | None = None
    """Seconds until the session had started; None where it did not."""
    read: str = "-"
    """What the model was told of a call that reads."""
    write: str = "-"
    writes: int = 0
    """How often the write took effect."""
    well: str = "-"
    """What became of a call of the other server."""
    left: int = 0
    """Processes left behind."""
    ready: float | None = None
    """Of ours: seconds until the tools of the server at fault were there; None where they never were."""
    trouble: str = ""


Pair: TypeAlias = tuple[Seen, Seen]
"""What became of one cell with LiveKit's toolset, and with ours."""


def cells() -> Iterator[tuple[Fault, Column]]:
    """Yield each fault once, over the first transport that has it; a start in both eras."""
    for fault in FAULTS:
        if fault.more.get("greedy"):
            continue
        columns = [column for some in fault.cells for column in some]
        yield fault, columns[0]
        if fault.name in ("none", "never answers a call"):
            for column in columns[1:]:
                yield fault, column


class Theirs:
    """LiveKit's own toolsets."""

    prefixes = ("", "")
    """Before names of tools: of the server at fault, of the other."""

    def __init__(self, entries: Sequence[ServerEntry]) -> None:
        from livekit.agents.llm.mcp import MCPToolset

        self.sets: list[Any] = [MCPToolset(id=one.name, mcp_server=server_of(one)) for one in entries]

    async def until_ready(self) -> None:
        """Return at once: a session has waited for all servers."""

    def why(self) -> str:
        """Return what is known of a tool that is not there."""
        return "the tool is not there"


class Ours:
    """The toolset of this project, in the same session."""

    prefixes = ("faulty_", "well_")

    def __init__(self, entries: Sequence[ServerEntry]) -> None:
        from voice_agent.agents.toolset import BridgeToolset
        from voice_agent.bridge.bridge import Bridge

        self._bridge = Bridge(entries, call_timeout=CALL_WITHIN)
        self.sets: list[Any] = [BridgeToolset(self._bridge, filler_after=60, background_after=60)]

    async def until_ready(self) -> bool | None:
        """Wait until the server at fault has been up or has failed; tell which."""
        happened = asyncio.Event()
        unsubscribe = self._bridge.subscribe(lambda _: happened.set())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_WITHIN):
                while any(one.state is State.STARTING or self._comes_again(one) for one in self._bridge.servers):
                    happened.clear()
                    await happened.wait()
        unsubscribe()
        return bool(self._bridge.servers[0].tools)

    def _comes_again(self, status: ServerStatus) -> bool:
        """Tell whether the next try comes soon."""
        left = (status.next_try - datetime.now(UTC)).total_seconds() if status.next_try is not None else _SOON
        return status.state is State.FAILED and left < _SOON

    def why(self) -> str:
        """Return what is known of a tool that is not there."""
        status = self._bridge.servers[0]
        return f"not there: it {status.reason or status.state.value}"


async def half(fault: Fault, column: Column, whose: type[Theirs | Ours]) -> Seen:
    """Run one cell with one of the toolsets."""
    from livekit.agents import Agent, AgentSession
    from livekit.plugins import openai

    from tests.fakes.chat import Call
    from tests.fakes.openai_api import FakeOpenAI
    from tests.fakes.server import KEY

    told: list[str] = []

    def answer(chat: Chat) -> Any:
        if chat.results:
            told.append(chat.results[-1])
            return "Done."
        return (Call(chat.user),) if chat.user in chat.tools else "No such tool."

    seen = Seen(fault.name, column.name)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with entry_of(column, specification(fault, folder), folder) as (entry, _), FakeOpenAI(answer) as model:
            llm = openai.LLM(model="gpt-4.1", api_key=KEY, base_url=model.base_url)
            toolset = whose((entry, raw_entry("well", voice=VoiceOptions(confirm="never"))))
            kind: Any = AgentSession
            session = kind(llm=llm, tools=toolset.sets)
            faulty, well = toolset.prefixes

            async def call(tool: str) -> str:
                told.clear()
                begun = time.perf_counter()
                try:
                    await asyncio.wait_for(session.run(user_input=tool), PATIENCE)
                except TimeoutError:
                    return f"nothing within {PATIENCE:g} s"
                text = told[-1] if told else toolset.why()
                return f"{text} ({time.perf_counter() - begun:.1f} s)"

            begun = time.perf_counter()
            try:
                await asyncio.wait_for(session.start(Agent(instructions="Help."), record=False), 60)
                seen.start = round(time.perf_counter() - begun, 1)
                if await toolset.until_ready():
                    seen.ready = round(time.perf_counter() - begun, 1)
                seen.well = await call(f"{well}echo")
                seen.read = await call(f"{faulty}read_thing")
                seen.write = await call(f"{faulty}write_thing")
            except Exception as error:  # noqa: BLE001 - what ends the session is what is looked for
                seen.trouble = f"{type(error).__name__}: {error}"[:200]
            seen.writes = lines_of(folder / "effects").count("write")
            with contextlib.suppress(Exception):
                await asyncio.wait_for(session.aclose(), PATIENCE)
        seen.left = await asyncio.to_thread(end_what_is_left, lines_of(folder / "pids"))
    return seen


def end_what_is_left(pids: Sequence[str]) -> int:
    """End processes of a server that are still there; returns how many there were."""
    left = [pid for pid in pids if is_alive(pid)]
    for pid in left:
        with contextlib.suppress(OSError):
            os.kill(int(pid), signal.SIGKILL)
    return len(left)


def is_alive(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def server_of(entry: ServerEntry) -> Any:
    """Return LiveKit's server for an entry, with its options as they come."""
    from livekit.agents.llm.mcp import MCPServerHTTP, MCPServerStdio

    if isinstance(entry, StdioEntry):
        return MCPServerStdio(command=entry.command, args=list(entry.args))
    kind = "sse" if entry.transport == "sse" else "streamable_http"
    return MCPServerHTTP(entry.url, transport_type=kind, headers=dict(entry.headers))


def specification(fault: Fault, folder: Path) -> dict[str, Any]:
    """Return what the faulty server is told."""
    more = dict(fault.more)
    if more.pop("nobody", False):
        more["url"] = f"http://127.0.0.1:{free_port()}/mcp"
    if begins := more.pop("certificate", None):
        more["tls"] = str(write_certificate(folder / "certificate.pem", begins))
    return {"fault": fault.does, "at": fault.at, **more}


async def in_a_process(numbers: Sequence[int], gate: asyncio.Semaphore) -> list[Pair]:
    """Run some cells where they cannot harm the others."""
    told = ",".join(map(str, numbers))
    async with gate:
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(Path(__file__)), "--cells", told, stdout=-1, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            out, _ = await asyncio.wait_for(process.communicate(), CELLS_WITHIN)
            seen = [(Seen(**theirs), Seen(**ours)) for theirs, ours in json.loads(out)]
        except TimeoutError:
            process.kill()
            await process.wait()
            seen = [_lost(number, f"the whole program stood still for {CELLS_WITHIN:g} s") for number in numbers]
        except ValueError:
            seen = [_lost(number, f"the program ended with status {process.returncode}") for number in numbers]
        print(", ".join(one.fault for one, _ in seen), file=sys.stderr, flush=True)
        return seen


def _lost(number: int, trouble: str) -> Pair:
    fault, column = list(cells())[number]
    return Seen(fault.name, column.name, trouble=trouble), Seen(fault.name, column.name, trouble=trouble)


async def in_this_process(numbers: Sequence[int]) -> list[Pair]:
    """Run some cells, a few at a time, for most of them wait."""
    logging.disable(logging.CRITICAL)
    known = list(cells())
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(number: int) -> Pair:
        fault, column = known[number]
        async with gate:
            return await half(fault, column, Theirs), await half(fault, column, Ours)

    return list(await asyncio.gather(*(one(number) for number in numbers)))


def groups(numbers: Sequence[int]) -> list[list[int]]:
    """Return `numbers` in groups for one process each; what keeps a processor busy stays alone."""
    known = list(cells())
    busy = [number for number in numbers if any(word in known[number][0].name for word in _BUSY)]
    rest = [number for number in numbers if number not in busy]
    return [*([number] for number in busy), *(rest[at : at + _TOGETHER] for at in range(0, len(rest), _TOGETHER))]


def table(rows: Sequence[Pair]) -> list[str]:
    head = ["fault", "over", "session starts after: LiveKit's", "ours", "a read: LiveKit's", "ours"]
    head += ["a write: LiveKit's", "ours"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for theirs, ours in rows:
        cells = [theirs.fault, theirs.transport, _start(theirs), _start(ours), theirs.read, ours.read]
        cells += [_write(theirs), _write(ours)]
        lines.append(f"| {' | '.join(map(_cell, cells))} |")
    return lines


def _start(seen: Seen) -> str:
    return f"{seen.start:.1f} s" if seen.start is not None else f"never: {seen.trouble}"


def _write(seen: Seen) -> str:
    return seen.write + (f"; done {seen.writes} times" if seen.writes > 1 else "")


def found_of(rows: Sequence[Seen], whose: str) -> str:
    """Return what one half comes to, in a sentence."""
    usual = max((seen.start or 0.0 for seen in rows if seen.fault == "none"), default=0.0)
    late = [seen.start for seen in rows if seen.start is not None and seen.start > usual + 2]
    counts = {
        "the session never starts": sum(seen.start is None for seen in rows),
        "the model is told of a read only that an internal error occurred, or nothing": sum(
            "internal error" in seen.read.lower() or "nothing within" in seen.read for seen in rows
        ),
        "the tool is not there, without a reason": sum(seen.read.startswith("the tool is not there") for seen in rows),
        "the other server does not answer": sum(seen.well.startswith(_NOT_ANSWERED) for seen in rows),
        "a write takes effect twice": sum(seen.writes > 1 for seen in rows),
        "a process of the server is left behind": sum(seen.left > 0 for seen in rows),
    }
    told = "; ".join(f"{what}: {number}" for what, number in counts.items())
    slow = f"{len(late)}, at most after {max(late):.1f} s" if late else "0"
    return (
        f"- **{whose}**: the session starts more than 2 s later than without a fault ({usual:.1f} s): {slow}; {told}."
    )


def _cell(text: str) -> str:
    line = _ADDRESS.sub("URL", " ".join(text.split()).replace("|", "/"))
    return line if len(line) <= _SHOWN else line[:_SHOWN] + " …"


def document(rows: Sequence[Pair]) -> str:
    waits = [ours for _, ours in rows if "server/discover" in ours.fault and ours.ready is not None]
    ready = ", ".join(f"{one.ready:.1f} s ({one.fault}, {one.transport})" for one in waits)
    return "\n".join(
        [
            "# The same faults with LiveKit's own MCP toolset",
            "",
            "What a model is told when a server is at fault: by `MCPToolset` of livekit-agents, its options as they",
            "come, and by the toolset of this project, each in an `AgentSession` of LiveKit's. Both halves are run one",
            "after the other on the same machine by `python benchmarks/compared_faults.py --write`; several cells at a",
            f"time, so seconds are those of a busy machine in both. A call has {CALL_WITHIN:g} s in both. Each fault",
            "once, over the first transport that has it; no runaway memory or processes. “Not there: …” is what the",
            "bridge knows of a server and this project's agent says; the model of a bare session only lacks the tool.",
            "",
            f"Of {len(rows)} cells, in how many:",
            "",
            found_of([theirs for theirs, _ in rows], "LiveKit's"),
            found_of([ours for _, ours in rows], "ours"),
            "",
            "LiveKit's toolset never asks for the newest protocol: a server that hangs or ends when it is asked",
            "(`server/discover`) is of use to it at once, and one that speaks the newest alone never. Ours asks, and",
            f"falls back, and remembers where the server was silent; its tools were there after {ready or '?'}.",
            "",
            *table(rows),
            "",
        ]
    )


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="faults with this in their name")
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("--cells", help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help=f"write {DOC.name}")
    args = parser.parse_args()
    if args.cells is not None:
        told: str = args.cells
        print(
            json.dumps(
                [list(map(asdict, pair)) for pair in await in_this_process([int(one) for one in told.split(",")])]
            )
        )
        return 0
    known = list(cells())
    only: str = args.only
    chosen = groups([number for number, cell in enumerate(known) if only in cell[0].name])
    gate = asyncio.Semaphore(args.at_once)
    found = await asyncio.gather(*(in_a_process(numbers, gate) for numbers in chosen))
    seen = {
        number: one
        for numbers, some in zip(chosen, found, strict=True)
        for number, one in zip(numbers, some, strict=True)
    }
    rows = [seen[number] for number in sorted(seen)]
    if args.write:
        DOC.write_text(document(rows), "utf-8")
    print(json.dumps([list(map(asdict, pair)) for pair in rows], indent=2) if args.json else "\n".join(table(rows)))
    return 0


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
