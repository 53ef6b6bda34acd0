"""What one server at fault costs everybody else, and how fast servers go and come back; real processes and sockets.

For each fault: the longest time that the event loop stood still, and how long another server took to answer meanwhile,
beside the same calls without any fault in the same run. Then, several times each: a dead child is noticed, one that was
away is in use again after it can answer, one that is added to the configuration is in use (beside starting it alone).
With `--memory` what this process keeps of cells of the matrix, over and over. With `--cells` cells of the matrix: how
long another server takes to answer while the faulty one comes up and is called, beside its time right before.
Goals: stall ≤ 50 ms, other servers ≤ twice their usual time (or +2 ms), noticed ≤ 100 ms, back ≤ 2 s, hot plug ≤ +1 s.
The servers at fault are those of `tests/faults`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.contract.test_fault_matrix import specification
from tests.faults.cell import HTTP, HTTP_2, SSE, STDIO, STDIO_2, Column, entry_of, run_cell
from tests.faults.table import CELLS
from tests.support.bridges import lines_of, raw_entry, status_of, until_state
from tests.support.web_servers import free_port
from voice_agent.bridge.bridge import Bridge
from voice_agent.bridge.types import State, Status
from voice_agent.config.types import VoiceOptions

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from tests.faults.table import Fault, Outcome
    from voice_agent.bridge.types import Json

    Cell: TypeAlias = tuple[Fault, Column, Outcome]

CALLS = 150
"""Calls of the well server while the other is at fault."""
BESIDE = 25
"""Calls of the well server before and during each cell, at least."""
LOOKED_AT = 2.0
"""Seconds of a cell in which the well server is called."""
FAULTS: list[tuple[str, str, tuple[Column, ...]]] = [
    ("none", "", (STDIO,)),
    ("never answers", "hang", (STDIO, HTTP, SSE)),
    ("answers with 100 MB", "huge", (STDIO, STDIO_2, HTTP, HTTP_2, SSE)),
    ("100 MB of plain JSON", "huge_json", (HTTP,)),
    ("floods with notifications", "flood", (STDIO, HTTP, SSE)),
    ("floods with asks and progress", "flood_of_asks", (STDIO, HTTP, SSE)),
    ("floods with nothing", "flood_of_nothing", (STDIO, HTTP, SSE)),
    ("answers with a million objects", "dense", (STDIO, HTTP, SSE)),
    ("floods standard error", "stderr_flood", (STDIO,)),
    ("slow drip", "drip", (STDIO, HTTP)),
]
ENDS = ("huge", "huge_json", "dense")
"""Faults after which the call ends soon."""
STALL_MS, TIMES, EXTRA_MS, NOTICED_MS, BACK_S, PLUG_S = 50.0, 2.0, 2.0, 100.0, 2.0, 1.0


class Stalls:
    """The longest time that the event loop did not run."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def watch(self) -> None:
        """Measure until cancelled."""
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0.002)
            now = time.perf_counter()
            self.longest, last = max(self.longest, now - last - 0.002), now


@contextlib.asynccontextmanager
async def bridged(*entries: Any, call_timeout: float = 5.0) -> AsyncGenerator[Bridge, None]:
    bridge = Bridge(entries, call_timeout=call_timeout)
    bridge.start()
    try:
        await bridge.settle(30)
        yield bridge
    finally:
        await bridge.aclose()


async def one_fault(name: str, does: str, column: Column) -> Json:
    """Call the server at fault without pause, and the well one beside it."""
    with tempfile.TemporaryDirectory() as folder:
        at = ("start",) if does == "stderr_flood" else ("read", "write")
        async with (
            entry_of(column, {"fault": does, "at": at}, Path(folder)) as (entry, _),
            bridged(entry, raw_entry("well", voice=VoiceOptions(confirm="never"))) as bridge,
        ):
            well, faulty = bridge.resolve("well.echo"), bridge.resolve("faulty.read_thing")
            for _ in range(20):
                await bridge.call(well, {})
            stalls = Stalls()
            watch = asyncio.create_task(stalls.watch())
            trouble = asyncio.create_task(bridge.call(faulty, {})) if does else None
            took: list[float] = []
            for _ in range(CALLS):
                begun = time.perf_counter()
                assert (await bridge.call(well, {})).status is Status.OK
                took.append((time.perf_counter() - begun) * 1000)
            if does in ENDS and trouble is not None:
                await trouble
            watch.cancel()
            if trouble is not None:
                trouble.cancel()
            await asyncio.gather(watch, *filter(None, [trouble]), return_exceptions=True)
    return {
        "fault": name,
        "transport": column.name,
        "stall_ms": round(stalls.longest * 1000, 1),
        "well_ms": round(statistics.median(took), 2),
        "well_p95_ms": round(statistics.quantiles(took, n=20)[-1], 2),
    }


async def comings_and_goings(rounds: int) -> Json:
    """Kill, keep away, let back, and plug in."""
    noticed: list[float] = []
    back: list[float] = []
    plug: list[float] = []
    alone: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        starts, away = Path(folder) / "starts", Path(folder) / "away"
        server = raw_entry("one", starts=str(starts), away=str(away))
        async with bridged(server) as bridge:
            for number in range(rounds):
                away.touch()
                begun = time.perf_counter()
                os.kill(int(lines_of(starts)[-1]), 9)
                await until_state(bridge, State.RECONNECTING, "one")
                noticed.append((time.perf_counter() - begun) * 1000)
                await asyncio.sleep(1.0 + 0.4 * number)
                away.unlink()
                begun = time.perf_counter()
                await until_state(bridge, State.READY, "one")
                back.append(time.perf_counter() - begun)
            for number in range(rounds):
                begun = time.perf_counter()
                new = raw_entry(f"new{number}")
                await bridge.reconfigure([server, new])
                await until_state(bridge, State.READY, new.name)
                plug.append(time.perf_counter() - begun)
        for _ in range(rounds):
            begun = time.perf_counter()
            async with bridged(raw_entry("alone")) as bridge:
                assert status_of(bridge, "alone").state is State.READY
                alone.append(time.perf_counter() - begun)
    return {
        "noticed_ms": [round(value, 1) for value in noticed],
        "back_s": [round(value, 2) for value in back],
        "hot_plug_s": [round(value, 3) for value in plug],
        "started_alone_s": [round(value, 3) for value in alone],
        "reached": max(noticed) <= NOTICED_MS
        and max(back) <= BACK_S
        and max(plug) <= statistics.median(alone) + PLUG_S,
    }


def _held() -> float:
    """Return what this process holds, in MB."""
    return round(int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


async def memory(passes: int) -> Json:
    """Run cells of the matrix over and over; return what this process holds after each pass, in MB."""
    cells = [
        (fault, column, outcome)
        for fault, column, outcome in CELLS
        if column in (STDIO, HTTP) and fault.does not in ("hang", "half", "drip", "flood") and not fault.more
    ]
    held: list[float] = []
    for _ in range(passes + 1):
        for fault, column, outcome in cells:
            with tempfile.TemporaryDirectory() as folder:
                spec = {"fault": fault.does, "at": fault.at}
                hangs = ("read", "write") if outcome.word.startswith("late") else ()
                await run_cell(column, spec, Path(folder), comes_up=outcome.read is not None, hangs=hangs)
        gc.collect()
        held.append(_held())
    return {"cells": len(cells), "held_mb": held}


async def every_cell(cells: Sequence[Cell]) -> list[Json]:
    """Attach the server of each cell to a bridge in use, call it, and time another server's calls meanwhile."""
    rows: list[Json] = []
    gc.collect()
    gc.freeze()
    well = raw_entry("well", voice=VoiceOptions(confirm="never"))
    async with bridged(well) as bridge:
        echo = bridge.resolve("well.echo")

        async def timed(until: asyncio.Event | None, count: int) -> float:
            took: list[float] = []
            async with asyncio.timeout(60):
                while len(took) < count or (until is not None and not until.is_set()):
                    begun = time.perf_counter()
                    assert (await bridge.call(echo, {})).status is Status.OK
                    took.append((time.perf_counter() - begun) * 1000)
                    await asyncio.sleep(0.002)
            return statistics.median(took)

        for fault, column, outcome in cells:
            with tempfile.TemporaryDirectory() as name:
                spec = specification(fault, Path(name), free_port())
                async with entry_of(column, spec, Path(name)) as (entry, _):
                    usual = await timed(None, BESIDE)
                    over = asyncio.Event()
                    trouble = asyncio.create_task(_be_troubled(bridge, [well, entry], over))
                    during = await timed(over, BESIDE)
                    trouble.cancel()
                    await asyncio.gather(trouble, return_exceptions=True)
                    await bridge.reconfigure([well])
            row = {"fault": fault.name, "transport": column.name, "usual_ms": usual, "during_ms": during}
            rows.append({**row, "ratio": during / usual, "outcome": outcome.word})
    return rows


def is_over(row: Json) -> bool:
    return row["during_ms"] > max(TIMES * row["usual_ms"], row["usual_ms"] + EXTRA_MS)


def time_cells(part: str) -> tuple[list[Json], list[Json]]:
    """Run the cells of `part` (“2/5”: the second fifth), and those over the goal once more, alone."""
    which, count = map(int, part.split("/"))
    cells = CELLS[which - 1 :: count]
    first = asyncio.run(every_cell(cells))
    over = [cell for cell, row in zip(cells, first, strict=True) if is_over(row)]
    return first, asyncio.run(every_cell(over)) if over else []


async def _be_troubled(bridge: Bridge, entries: list[Any], over: asyncio.Event) -> None:
    """Attach the faulty server and call it; `over`: that is done, or has taken as long as is looked at."""
    try:
        async with asyncio.timeout(LOOKED_AT):
            await bridge.reconfigure(entries)
            await bridge.settle(LOOKED_AT)
            for name in ("faulty.read_thing", "faulty.write_thing"):
                if tool := next((one for one in bridge.catalog if f"{one.server}.{one.name}" == name), None):
                    await bridge.call(tool, {}, confirmed=True)
    except TimeoutError:
        pass
    finally:
        over.set()


async def measure(rounds: int, tell: Callable[[Json], None]) -> Json:
    rows: list[Json] = []
    # As the product does: what has been imported is not looked through for garbage.
    gc.collect()
    gc.freeze()
    for name, does, columns in FAULTS:
        for column in columns:
            row = await one_fault(name, does, column)
            usual = rows[0]["well_ms"] if rows else row["well_ms"]
            row["ratio"] = round(row["well_ms"] / usual, 2)
            answered = row["well_ms"] <= max(TIMES * usual, usual + EXTRA_MS)
            row["reached"] = row["stall_ms"] <= STALL_MS and answered
            rows.append(row)
            tell(row)
    return {"benchmark": "faults", "rows": rows, "comings": await comings_and_goings(rounds)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--memory", action="store_true", help="cells over and over, and nothing else")
    parser.add_argument("--cells", metavar="PART", help="cells of the matrix, and nothing else: 1/1 is all, in 7 min")
    args = parser.parse_args()
    if args.cells:
        show_cells(*time_cells(args.cells), as_json=args.json)
        return
    if args.memory:
        kept = asyncio.run(memory(3))
        print(json.dumps(kept) if args.json else f"{kept['cells']} cells; held after each pass (MB): {kept['held_mb']}")
        return
    if not args.json:
        print(f"{'fault':<28}{'transport':<20}{'stall':>10}{'well server':>14}{'p95':>10}{'ratio':>7}  goal")
    found = asyncio.run(measure(args.rounds, (lambda _: None) if args.json else show))
    if args.json:
        print(json.dumps(found, indent=2))
        return
    comings = found["comings"]
    print(f"dead child noticed (ms):             {comings['noticed_ms']}  ≤ {NOTICED_MS:g}")
    print(f"back in use after it can answer (s): {comings['back_s']}  ≤ {BACK_S:g}")
    print(f"hot plug (s):                        {comings['hot_plug_s']}  ≤ +{PLUG_S:g}")
    print(f"the same server started alone (s):   {comings['started_alone_s']}")
    print(f"goals of coming and going reached: {'yes' if comings['reached'] else 'NO'}")


def show_cells(rows: list[Json], again: list[Json], *, as_json: bool) -> None:
    ratios = sorted(row["ratio"] for row in rows)
    found: Json = {
        "cells": len(rows),
        "usual_ms": round(statistics.median(row["usual_ms"] for row in rows), 2),
        "ratio": [round(ratios[int(share * (len(ratios) - 1))], 2) for share in (0.5, 0.95, 1)],
        "twice": [_told(row) for row in rows if row["ratio"] > TIMES],
        "over": [_told(row) for row in rows if is_over(row)],
        "over_again": [_told(row) for row in again if is_over(row)],
    }
    if as_json:
        print(json.dumps(found, indent=2))
        return
    print(f"{found['cells']} cells; another server's usual time {found['usual_ms']} ms; while one is at fault")
    print("{} times that in the middle, {} in 19 of 20 cells, {} at most.".format(*found["ratio"]))
    print(f"Over {TIMES:g} times: {found['twice'] or 'none'}")
    print(f"Over {TIMES:g} times and over +{EXTRA_MS:g} ms: {found['over'] or 'none'}")
    print(f"Of these, when run again alone: {found['over_again'] or 'none'}")


def _told(row: Json) -> str:
    return f"{row['fault']}, {row['transport']}: {row['usual_ms']:.2f} to {row['during_ms']:.2f} ms"


def show(row: Json) -> None:
    print(
        f"{row['fault']:<28}{row['transport']:<20}{row['stall_ms']:>7.1f} ms{row['well_ms']:>11.2f} ms"
        f"{row['well_p95_ms']:>7.2f} ms{row['ratio']:>7.2f}  {'yes' if row['reached'] else 'NO'}",
        flush=True,
    )


if __name__ == "__main__":
    main()
