"""A day of calls in compressed time: virtual clock, servers in process, thousands of faults from a seed.

The event loop's clock jumps to the next timer whenever there is nothing to do, so that 24 hours of calls, hangs,
reconnections and re-lists take minutes. Servers refuse to connect, drop connections, hang, fail, change their tools and
answer with too much, by a seed; calls are made all day, some of them cancelled. At the end: memory, tasks and listeners
hour by hour (no growth), the longest that a call took on the virtual clock (no wedge), and every call's outcome.

    python benchmarks/day.py [--hours 24] [--seed 1] [--every 10] [--json]

It covers the bridge and its supervisors, not speech. The first hour is the baseline that the others are held against.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import logging
import random
import resource
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

sys.path.insert(0, str(Path(__file__).parents[1]))

from fastmcp import FastMCP
from fastmcp.client.transports import FastMCPTransport

from voice_agent.bridge.bridge import Bridge
from voice_agent.bridge.opening import open_with
from voice_agent.bridge.types import State
from voice_agent.config.types import StdioEntry, VoiceOptions

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from voice_agent.bridge.connection import Connection
    from voice_agent.bridge.opening import Sight
    from voice_agent.config.types import ServerEntry

HOUR = 3600.0
SERVERS = 4
GROWTH, LONGEST = 1.05, 75.0
"""How many objects there may be at the end for each after the first hour; seconds of a call (30 s, and one retry)."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose clock jumps to the next timer; threads are done without, for time must not pass beside it."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._inner: Any = self
        """Itself, for its queues have no public name."""

    def time(self) -> float:
        """Return seconds since the day began."""
        return self._now

    def _run_once(self) -> None:
        if not self._inner._ready and self._inner._scheduled:  # noqa: SLF001 - there is no other seam
            self._now = max(self._now, self._inner._scheduled[0].when())  # noqa: SLF001 - see above
        cast("Any", super())._run_once()  # noqa: SLF001 - see above

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> asyncio.Future[Any]:
        """Do it at once."""
        del executor
        done: asyncio.Future[Any] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - it belongs to whoever waits
            done.set_exception(error)
        return done


class Trouble:
    """Decides by a seed what goes wrong, and counts it."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - to be the same each time
        self.counted: Counter[str] = Counter()
        self.open: dict[str, Connection] = {}

    def strikes(self, what: str, share: float) -> bool:
        """Tell whether it goes wrong now."""
        if self.chance.random() >= share:
            return False
        self.counted[what] += 1
        return True


def server(name: str, trouble: Trouble) -> FastMCP:
    """A server whose tools fail in every way."""
    made = FastMCP(name)

    async def meet() -> None:
        if trouble.strikes("hangs", 0.02):
            await asyncio.sleep(HOUR)
        if trouble.strikes("slow", 0.05):
            await asyncio.sleep(trouble.chance.uniform(1, 29))
        if trouble.strikes("fails", 0.05):
            raise ValueError("The disk is full.")

    @made.tool
    async def read_thing() -> str:
        """Read the thing."""
        await meet()
        return "x" * (100_000 if trouble.strikes("long answer", 0.02) else 100)

    @made.tool
    async def write_thing() -> str:
        """Write the thing."""
        await meet()
        return "done"

    return made


async def day(hours: int, seed: int, every: float) -> dict[str, Any]:
    """Hold a day of calls, and return what it came to."""
    trouble = Trouble(seed)
    servers = {f"s{number}": server(f"s{number}", trouble) for number in range(SERVERS)}
    inner = open_with(lambda entry: FastMCPTransport(servers[entry.name]))

    @contextlib.asynccontextmanager
    async def opened(entry: ServerEntry, sight: Sight) -> AsyncGenerator[Connection, None]:
        if trouble.strikes("refuses", 0.2):
            raise ConnectionRefusedError("refused")
        async with inner(entry, sight) as connection:
            trouble.open[entry.name] = connection
            yield connection

    entries = [StdioEntry(name, "x", voice=VoiceOptions(confirm="never")) for name in servers]
    bridge = Bridge(entries, opener=opened, rng=random.Random(seed))  # noqa: S311 - to be the same each time
    bridge.start()
    await bridge.settle(60)
    outcomes: Counter[str] = Counter()
    hourly: list[dict[str, float]] = []
    longest, number, loop = 0.0, 0, asyncio.get_running_loop()
    for hour in range(1, hours + 1):
        while loop.time() < hour * HOUR:
            await asyncio.sleep(trouble.chance.uniform(0, 2 * every))
            begun = loop.time()
            outcomes[await one_call(bridge, trouble, f"s{trouble.chance.randrange(SERVERS)}")] += 1
            longest = max(longest, loop.time() - begun)
            if trouble.strikes("connection lost", 0.05) and trouble.open:
                trouble.open[trouble.chance.choice(sorted(trouble.open))].ended.set()
            if trouble.strikes("tools change", 0.02):
                number = (number + 1) % 10
                change(servers[f"s{trouble.chance.randrange(SERVERS)}"], number)
        gc.collect()
        hourly.append({"objects": len(gc.get_objects()), "mb": resident(), "tasks": len(asyncio.all_tasks())})
        print(f"hour {hour}: {hourly[-1]}", file=sys.stderr, flush=True)
    await asyncio.sleep(120)
    up = sum(status.state in (State.READY, State.DEGRADED) for status in bridge.servers)
    await bridge.aclose()
    await asyncio.sleep(1)
    found = {
        "hours": hours,
        "calls": outcomes.total(),
        "faults": trouble.counted.total(),
        "by_fault": dict(trouble.counted),
        "outcomes": dict(outcomes),
        "longest_call_s": round(longest, 1),
        "objects": [hourly[0]["objects"], hourly[-1]["objects"]],
        "resident_mb": [hourly[0]["mb"], hourly[-1]["mb"]],
        "tasks": [hourly[0]["tasks"], hourly[-1]["tasks"]],
        "servers_up_at_the_end": up,
        "tasks_left": len(asyncio.all_tasks()) - 1,
    }
    is_steady = hourly[-1]["objects"] <= GROWTH * hourly[0]["objects"] and hourly[-1]["tasks"] <= 2 * hourly[0]["tasks"]
    reached = is_steady and longest <= LONGEST and up == SERVERS and not found["tasks_left"]
    return {**found, "reached": reached}


def resident() -> float:
    """Return the megabytes that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * resource.getpagesize() / 1e6, 1)


async def one_call(bridge: Bridge, trouble: Trouble, name: str) -> str:
    """Make one call as somebody who speaks would, and return how it ended."""
    wanted = "write_thing" if trouble.chance.random() < 0.3 else "read_thing"
    tool = next((one for one in bridge.catalog if (one.server, one.name) == (name, wanted)), None)
    if tool is None:
        return "not known yet"
    call = asyncio.create_task(bridge.call(tool, {}, confirmed=True))
    if trouble.strikes("never mind", 0.03):
        await asyncio.sleep(trouble.chance.uniform(0, 3))
        call.cancel()
    try:
        return (await call).status.value
    except asyncio.CancelledError:
        return "cancelled"


def change(made: FastMCP, number: int) -> None:
    """Give a server a tool more, or another one of that name."""
    with contextlib.suppress(Exception):
        made.local_provider.remove_tool(f"more_{number}")
    made.tool(lambda: "more", name=f"more_{number}", description=f"More of {number}.")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=float, default=10.0, help="seconds between two calls, on average")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    logging.disable(logging.CRITICAL)
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        found = runner.run(day(args.hours, args.seed, args.every))
    print(json.dumps(found, indent=2) if args.json else "\n".join(f"{key:24}{value}" for key, value in found.items()))
    return 0 if found["reached"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
