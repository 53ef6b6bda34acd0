"""LiveKit's own MCP toolset beside this project's bridge, in the same faults: what the model is told, at what cost.

Each row is a cell of the fault matrix (`tests/faults`), the same server process or socket. Ours is what the tests of
the matrix hold; LiveKit's is run here, each in a process of its own: an `AgentSession` with two `MCPToolset`s, the
server at fault and one that is well, all options as they come, and a model that calls what it is told to call.

    python benchmarks/compared_faults.py [--only WORD] [--at-once 2] [--json] [--write]

Takes about ten minutes. `--write`: docs/compared.md.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.faults.cell import CALL, entry_of
from tests.faults.certificates import write_certificate
from tests.faults.table import FAULTS, Fault, Outcome
from tests.support.bridges import lines_of, raw_entry
from tests.support.web_servers import free_port
from voice_agent.config.types import StdioEntry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.fakes.chat import Chat
    from tests.faults.cell import Column
    from voice_agent.config.types import ServerEntry

DOC = Path(__file__).parents[1] / "docs" / "compared.md"
PATIENCE, CELLS_WITHIN = 20.0, 300.0
"""Seconds that a turn gets; that a process for some cells gets."""
_TOGETHER, _AT_ONCE = 12, 4
"""Cells in one process, and how many of them run at the same time."""
_BUSY = ("flood", "100 MB", "unpacks")
_SHOWN = 110


@dataclass
class Seen:
    """What became of one cell."""

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
    trouble: str = ""


def cells() -> Iterator[tuple[Fault, Column, Outcome]]:
    """Yield each fault once, over the first transport that has it; a start in both eras."""
    for fault in FAULTS:
        if fault.more.get("greedy"):
            continue
        for columns, outcome in fault.cells.items():
            yield fault, columns[0], outcome
            break
        if fault.name in ("none", "never answers a call"):
            for columns, outcome in fault.cells.items():
                for column in columns[1:]:
                    yield fault, column, outcome


async def theirs(fault: Fault, column: Column) -> Seen:
    """Run one cell with LiveKit's own toolset."""
    from livekit.agents import Agent, AgentSession
    from livekit.agents.llm.mcp import MCPToolset
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
            sets: list[Any] = [MCPToolset(id=one.name, mcp_server=server_of(one)) for one in (entry, raw_entry("well"))]
            kind: Any = AgentSession
            session = kind(llm=llm, tools=sets)

            async def call(tool: str) -> str:
                told.clear()
                begun = time.perf_counter()
                try:
                    await asyncio.wait_for(session.run(user_input=tool), PATIENCE)
                except TimeoutError:
                    return f"nothing within {PATIENCE:g} s"
                text = told[-1] if told else "the tool is not there"
                return f"{text} ({time.perf_counter() - begun:.1f} s)"

            begun = time.perf_counter()
            try:
                await asyncio.wait_for(session.start(Agent(instructions="Help."), record=False), 60)
                seen.start = round(time.perf_counter() - begun, 1)
                seen.well = await call("echo")
                seen.read = await call("read_thing")
                seen.write = await call("write_thing")
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
    """Tell whether a process is there and has not ended."""
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


async def in_a_process(numbers: Sequence[int], gate: asyncio.Semaphore) -> list[Seen]:
    """Run some cells where they cannot harm the others."""
    told = ",".join(map(str, numbers))
    async with gate:
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(Path(__file__)), "--cells", told, stdout=-1, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            out, _ = await asyncio.wait_for(process.communicate(), CELLS_WITHIN)
            seen = [Seen(**one) for one in json.loads(out)]
        except TimeoutError:
            process.kill()
            await process.wait()
            seen = [_lost(number, f"the whole program stood still for {CELLS_WITHIN:g} s") for number in numbers]
        except ValueError:
            seen = [_lost(number, f"the program ended with status {process.returncode}") for number in numbers]
        print(", ".join(one.fault for one in seen), file=sys.stderr, flush=True)
        return seen


def _lost(number: int, trouble: str) -> Seen:
    fault, column, _ = list(cells())[number]
    return Seen(fault.name, column.name, trouble=trouble)


async def in_this_process(numbers: Sequence[int]) -> list[Seen]:
    """Run some cells, a few at a time, for most of them wait."""
    logging.disable(logging.CRITICAL)
    known = list(cells())
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(number: int) -> Seen:
        fault, column, _ = known[number]
        async with gate:
            return await theirs(fault, column)

    return list(await asyncio.gather(*(one(number) for number in numbers)))


def groups(numbers: Sequence[int]) -> list[list[int]]:
    """Return `numbers` in groups for one process each; what keeps a processor busy stays alone."""
    known = list(cells())
    busy = [number for number in numbers if any(word in known[number][0].name for word in _BUSY)]
    rest = [number for number in numbers if number not in busy]
    return [*([number] for number in busy), *(rest[at : at + _TOGETHER] for at in range(0, len(rest), _TOGETHER))]


def table(rows: Sequence[tuple[Seen, Outcome]]) -> list[str]:
    head = ["fault", "over", "LiveKit's starts after", "a read: LiveKit's", "ours", "a write: LiveKit's", "ours"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for seen, ours in rows:
        start = f"{seen.start:.1f} s" if seen.start is not None else f"never: {seen.trouble}"
        twice = f"; done {seen.writes} times" if seen.writes > 1 else ""
        mine = [_ours(ours, ours.read), _ours(ours, ours.write)]
        cells = [seen.fault, seen.transport, start, seen.read, mine[0], seen.write + twice, mine[1]]
        lines.append(f"| {' | '.join(map(_cell, cells))} |")
    return lines


def _ours(outcome: Outcome, call: tuple[str, str] | None) -> str:
    if call is not None:
        return call[1]
    reason = outcome.reason or ""
    return f"not there: {reason if reason.startswith('its ') else f'it {reason}'}"


def _cell(text: str) -> str:
    line = " ".join(text.split()).replace("|", "/")
    return line if len(line) <= _SHOWN else line[:_SHOWN] + " …"


def document(rows: Sequence[tuple[Seen, Outcome]]) -> str:
    usual = max((seen.start or 0.0 for seen, _ in rows if seen.fault == "none"), default=0.0)
    late = [seen.start for seen, _ in rows if seen.start is not None and seen.start > usual + 2]
    never = sum(seen.start is None for seen, _ in rows)
    silent = sum("internal error" in seen.read.lower() or "nothing within" in seen.read for seen, _ in rows)
    left = sum(seen.left > 0 for seen, _ in rows)
    wells = sum(seen.well.startswith(("the tool", "nothing", "-")) for seen, _ in rows)
    found = (
        f"Of {len(rows)} cells: LiveKit's session starts more than 2 s later than without a fault ({usual:.1f} s) in "
        f"{len(late)}, at most after {max(late, default=0):.1f} s, and never in {never}; in {silent} the model is told "
        f"of a read only that an internal error occurred, or nothing; in {wells} the other server does "
        f"not answer; in {left} a process "
        "of the server is left behind. Our "
        "session does not wait for servers, says in each cell what was wrong, and the other server answers in each."
    )
    return "\n".join(
        [
            "# The same faults with LiveKit's own MCP toolset",
            "",
            "What a model is told when a server is at fault: by `MCPToolset` of livekit-agents, its options as they",
            "come, in an `AgentSession`, and by the bridge of this project. The same servers, processes and sockets.",
            "Written by `python benchmarks/compared_faults.py --write`; our half is what `make test` holds",
            "([faults.md](faults.md)). Each fault once, over the first transport that has it. Runaway memory and",
            "processes are left out: LiveKit's toolset has nothing that would end them.",
            "",
            found,
            "",
            f"A call has LiveKit's own 5 s in its half, and in ours the tests' {CALL:g} s (30 s in use), which is why",
            "only LiveKit's waits for the slow drip. A server that hangs or dies at `server/discover`, which asks for",
            "the newest protocol, is of use to LiveKit's toolset, for that never asks, and not to ours; in turn it has",
            "no tools of a server that speaks the newest protocol alone.",
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
        print(json.dumps([asdict(seen) for seen in await in_this_process([int(one) for one in told.split(",")])]))
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
    rows = [(seen[number], known[number][2]) for number in sorted(seen)]
    if args.write:
        DOC.write_text(document(rows), "utf-8")
    print(json.dumps([asdict(one) for one, _ in rows], indent=2) if args.json else "\n".join(table(rows)))
    return 0


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
