"""From the job's request to the agent being heard, with five stdio servers configured.

Ours, whose hub holds the servers, beside a plain LiveKit agent whose sessions have five `MCPToolset`s
(`rooms/bare.py`): same LiveKit server, same stand-in providers without delay, same greeting. A participant is in the
room and asks for the agent; the clock stops at the first frame of its track that is no silence. Both have one idle
process ready before each run; the ways take turns. Goal: at most 0.25 times.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.rooms.ground import BARE, OURS, ground
from benchmarks.rooms.guest import a_guest

if TYPE_CHECKING:
    from benchmarks.rooms.ground import Ground

GOAL = 0.25
PAUSE = 4.0
"""Seconds between two runs, in which the next idle process gets ready and the last job ends."""


async def measure(where: Ground, runs: int) -> dict[str, list[float]]:
    """Seconds of each run, by way; a first one is not counted."""
    took: dict[str, list[float]] = {OURS: [], BARE: []}
    for run in range(runs + 1):
        for agent, times in took.items():
            await asyncio.sleep(PAUSE)
            async with a_guest(where.livekit) as guest:
                seconds = await guest.call(agent)
            if run:
                times.append(seconds)
    return took


def report(took: dict[str, list[float]]) -> dict[str, Any]:
    rows = [
        {"way": way, "runs": len(times), "median_s": statistics.median(times), "range_s": [min(times), max(times)]}
        for way, times in (("ours", took[OURS]), ("livekit, 5 MCPToolsets", took[BARE]))
    ]
    ratios = [ours / bare for ours, bare in zip(took[OURS], took[BARE], strict=True)]
    ratio = [statistics.median(ratios), min(ratios), max(ratios)]
    return {"benchmark": "rooms_start", "rows": rows, "ratio": ratio, "goal": GOAL, "reached": ratio[0] <= GOAL}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    with ground(OURS, BARE) as where:
        found = report(asyncio.run(measure(where, args.runs)))
    if args.json:
        print(json.dumps(found, indent=2))
        return
    print(f"{'way':<24}{'runs':>5}{'median':>10}   range")
    for row in found["rows"]:
        low, high = row["range_s"]
        print(f"{row['way']:<24}{row['runs']:>5}{row['median_s']:>8.2f} s   {low:.2f} to {high:.2f} s")
    middle, low, high = found["ratio"]
    print(f"Ratio {middle:.2f} ({low:.2f} to {high:.2f}); goal {GOAL}: {'reached' if found['reached'] else 'MISSED'}.")


if __name__ == "__main__":
    main()
