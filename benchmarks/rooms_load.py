"""What a spoken conversation costs the processors, in real rooms, beside a plain LiveKit agent.

So many participants at once speak to an agent each, every few seconds, and have a tool called in each turn. Counted
are the processor seconds of everything that belongs to a side: worker, jobs, hub and servers, but not the LiveKit
server, the stand-in providers and the participants. Ours has five stdio servers behind the hub, the plain agent
(`rooms/bare.py`) the same five in each session; starting them is not counted, nor is each side's very first
conversation. The sides take turns.
Goal: at least as many conversations per core.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.rooms.clips import spoken
from benchmarks.rooms.ground import BARE, OURS, ground
from benchmarks.rooms.guest import a_guest

if TYPE_CHECKING:
    from benchmarks.rooms.ground import Ground
    from benchmarks.rooms.guest import Guest

GOAL = 1.0
PACE = 5.0
"""Seconds from one turn of a participant to its next."""


async def converse(guest: Guest, sound: Any, until: float, offset: float) -> list[float]:
    """Take turns until then; returns the seconds until each answer was heard."""
    took: list[float] = []
    due = time.perf_counter() + offset
    while due < until:
        await asyncio.sleep(due - time.perf_counter())
        ended = await guest.say(sound)
        took.append(await guest.hears(ended) - ended)
        due += PACE
    await asyncio.sleep(max(0.0, until - time.perf_counter()))
    return took


async def measure_one(where: Ground, agent: str, count: int, seconds: float) -> tuple[float, list[float]]:
    """Processor seconds of a minute of one conversation, and how long the answers took."""
    sound, side = spoken(), where.sides[agent]
    async with contextlib.AsyncExitStack() as stack:
        guests = [await stack.enter_async_context(a_guest(where.livekit)) for _ in range(count)]
        for guest in guests:
            await guest.call(agent)
        for guest in guests:
            await guest.falls_silent(2.0)
        before, begun = side.processor_seconds(), time.perf_counter()
        talks = (converse(one, sound, begun + seconds, PACE * n / count) for n, one in enumerate(guests))
        took = [one for talk in await asyncio.gather(*talks) for one in talk]
        used = side.processor_seconds() - before
        return used / count / (time.perf_counter() - begun) * 60, took


async def measure(where: Ground, count: int, rounds: int, seconds: float) -> dict[str, list[tuple[float, list[float]]]]:
    found: dict[str, list[tuple[float, list[float]]]] = {OURS: [], BARE: []}
    order = [OURS, BARE]
    await measure_one(where, OURS, 1, PACE)
    await measure_one(where, BARE, 1, PACE)
    for _ in range(rounds):
        for agent in order:
            found[agent].append(await measure_one(where, agent, count, seconds))
            # What the last jobs still do at their end is not the next ones'.
            await asyncio.sleep(3)
        order.reverse()
    return found


def report(found: dict[str, list[tuple[float, list[float]]]], count: int) -> dict[str, Any]:
    rows: list[dict[str, Any]] = []
    for agent, runs in found.items():
        costs = [cost for cost, _ in runs]
        rows.append(
            {
                "way": "ours" if agent == OURS else "livekit, 5 MCPToolsets",
                "conversations": count,
                "turns": sum(len(took) for _, took in runs),
                "seconds_a_minute": statistics.median(costs),
                "range": [min(costs), max(costs)],
                "per_core": 60 / statistics.median(costs),
                "answer_s": statistics.median([one for _, took in runs for one in took]),
            }
        )
    ratios = [bare[0] / ours[0] for ours, bare in zip(found[OURS], found[BARE], strict=True)]
    ratio = [statistics.median(ratios), min(ratios), max(ratios)]
    return {"benchmark": "rooms_load", "rows": rows, "ratio": ratio, "goal": GOAL, "reached": ratio[0] >= GOAL}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conversations", type=int, default=2, help="at once")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each side in each round")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    with ground(OURS, BARE, with_tool=True) as where:
        found = report(asyncio.run(measure(where, args.conversations, args.rounds, args.seconds)), args.conversations)
    if args.json:
        print(json.dumps(found, indent=2))
        return
    print(f"{'way':<24}{'turns':>6}{'CPU s a minute':>16}{'range':>16}{'per core':>10}{'answer':>9}")
    for row in found["rows"]:
        low, high = row["range"]
        print(
            f"{row['way']:<24}{row['turns']:>6}{row['seconds_a_minute']:>16.2f}{f'{low:.2f} to {high:.2f}':>16}"
            f"{row['per_core']:>10.1f}{row['answer_s']:>7.2f} s"
        )
    middle, low, high = found["ratio"]
    print(f"Conversations per core: {middle:.2f} times ({low:.2f} to {high:.2f}); goal {GOAL:g}: ", end="")
    print("reached." if found["reached"] else "MISSED.")


if __name__ == "__main__":
    main()
