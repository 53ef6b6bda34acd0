"""Many conversations one after another: what of worker, hub and web grows.

Each conversation gets its token from the web part, is held in a room of its own by a job of its own, has one typed
turn with a tool call, answered aloud by the stand-in providers, and is ended by the person. After each, what every
part has is read: resident memory (megabytes), open files, threads, processes below it, and asyncio tasks. The slope is
that of Theil and Sen (the median of the slopes of all pairs) over all conversations but the first fifty, in which
caches fill; the last column is what it comes to in a thousand conversations. Goal: no growth: medians of the first
and the last fifth of those are the same, and of memory within 2 %.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.rooms.ground import OURS, ground
from benchmarks.rooms.stand_ins import HEARD
from tests.support.livekit import a_guest_with

if TYPE_CHECKING:
    import psutil

    from benchmarks.rooms.ground import Ground

UNCOUNTED = 50
"""Conversations at the beginning."""
WITHIN_SHARE = 0.02
"""Of memory; the allocator's own ups and downs are about this."""
_TOLD_WITHIN = 5.0
Reading = dict[str, float]


@dataclass
class Part:
    """A process that is watched."""

    name: str
    process: psutil.Process
    file: Path | None
    """Where it writes the number of its tasks; None: it has none."""
    readings: list[Reading] = field(default_factory=list[Reading])

    async def read(self) -> None:
        """Take one reading."""
        reading: Reading = {
            "memory": self.process.memory_info().rss / 1e6,
            "files": self.process.num_fds(),
            "threads": self.process.num_threads(),
            "processes": len(self.process.children(recursive=True)),
        }
        if self.file is not None:
            self.file.unlink(missing_ok=True)
            os.kill(self.process.pid, signal.SIGUSR1)
            async with asyncio.timeout(_TOLD_WITHIN):
                while not self.file.exists():  # noqa: ASYNC110 - another process makes it
                    await asyncio.sleep(0.01)
            reading["tasks"] = int(self.file.read_text())
        self.readings.append(reading)


async def converse(page: str, client: httpx.AsyncClient) -> None:
    """Hold one conversation as a page does."""
    while (answer := await client.post(f"{page}api/token", json={}, headers={"Origin": page.rstrip("/")})).is_error:
        assert answer.status_code == httpx.codes.TOO_MANY_REQUESTS, answer.text
        await asyncio.sleep(0.5)
    told = answer.json()
    async with a_guest_with(told["url"], told["token"]) as guest:
        await guest.follow()
        await guest.type(HEARD)
        await guest.line("tool_result", status="ok")
        await guest.line("agent", kind="reply")
        await guest.command("va.end")
        await guest.until(lambda: not guest.is_attended)


async def measure(where: Ground, count: int) -> list[Part]:
    """Hold them all."""
    side, begun = where.sides[OURS], time.perf_counter()
    assert side.hub is not None
    assert where.web is not None
    forks = next(one for one in side.worker.children() if "forkserver" in " ".join(one.cmdline()))
    tasks = next(one for one in side.hub.children() if "mcp_servers.task_manager" in one.cmdline())
    parts = [
        Part("worker", side.worker, where.folder / "worker"),
        Part("worker's forkserver", forks, None),
        Part("hub", side.hub, where.folder / "hub"),
        Part("Task Manager", tasks, None),
        Part("web", where.web.process, where.folder / "web"),
    ]
    async with httpx.AsyncClient(trust_env=False) as client:
        for n in range(count):
            await converse(where.web.page, client)
            for part in parts:
                await part.read()
            if sys.stderr.isatty() or n % 50 == 49:
                print(f"{n + 1} conversations, {time.perf_counter() - begun:.0f} s", file=sys.stderr)
    return parts


def slope(values: list[float]) -> float:
    """The median of the slopes of all pairs."""
    pairs = [(b - a) / (j - i) for i, a in enumerate(values) for j, b in enumerate(values) if j > i]
    return statistics.median(pairs)


def row_of(part: Part, what: str) -> dict[str, Any]:
    values = [reading[what] for reading in part.readings[min(UNCOUNTED, len(part.readings) // 4) :]]
    fifth = max(1, len(values) // 5)
    first, last = statistics.median(values[:fifth]), statistics.median(values[-fifth:])
    allowed = first * WITHIN_SHARE if what == "memory" else 0.0
    each = slope(values)
    is_kept = last - first <= allowed
    return {
        "part": part.name, "what": what, "first": first, "last": last, "slope": each, "a_thousand": 1000 * each,
        "reached": is_kept,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conversations", type=int, default=200)
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    with contextlib.ExitStack() as stack:
        where = stack.enter_context(ground(OURS, with_tool=True, with_web=True))
        parts = asyncio.run(measure(where, args.conversations))
    rows = [row_of(part, what) for part in parts for what in part.readings[0]]
    if args.json:
        print(json.dumps({"benchmark": "rooms_growth", "conversations": args.conversations, "rows": rows}, indent=2))
        return
    print(f"{'part':<21}{'what':<11}{'first':>9}{'last':>9}{'slope':>11}{'a thousand':>12}   no growth")
    for row in rows:
        print(
            f"{row['part']:<21}{row['what']:<11}{row['first']:>9.1f}{row['last']:>9.1f}{row['slope']:>11.4f}"
            f"{row['a_thousand']:>12.2f}   {'reached' if row['reached'] else 'MISSED'}"
        )


if __name__ == "__main__":
    main()
