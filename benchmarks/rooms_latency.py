"""From the end of what a person says to the first audio of the answer, in a real room.

Ours, with five stdio servers behind the hub, beside the same models, turn taking and servers in a plain LiveKit agent
(`rooms/bare.py`); stand-in providers without delay and with those of real ones (`rooms/stand_ins.py`).
“Heard” is what a participant measures from the last loud sample it spoke to the first it hears: two ways through the
room are in it. “LiveKit's” is the agent's own figure, from the end of speech as its VAD sees it. Goals: at most 30 ms
more than the plain agent, as heard; at most 0.45 s without delays, by LiveKit's figure.
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

from benchmarks.rooms.clips import spoken
from benchmarks.rooms.ground import BARE, OURS, SERVERS, ground
from benchmarks.rooms.guest import a_guest
from benchmarks.rooms.stand_ins import DELAYS

if TYPE_CHECKING:
    from benchmarks.rooms.ground import Ground
    from benchmarks.rooms.guest import Guest

GOAL_ADDED_MS, GOAL_MS = 30, 450


async def turn(guest: Guest, sound: Any) -> float:
    """Seconds of one turn, when the agent has nothing more to say."""
    await guest.falls_silent()
    ended = await guest.say(sound)
    return await guest.hears(ended) - ended


async def measure(where: Ground, turns: int) -> dict[str, tuple[list[float], list[float]]]:
    """Seconds as heard and by LiveKit's own count, by way; a first turn is not counted."""
    sound = spoken()
    async with a_guest(where.livekit) as ours, a_guest(where.livekit) as bare:
        guests = {OURS: ours, BARE: bare}
        heard: dict[str, list[float]] = {OURS: [], BARE: []}
        for agent, guest in guests.items():
            await guest.call(agent)
            await guest.falls_silent()
        await ours.follow()
        for one in range(turns + 1):
            for agent, guest in guests.items():
                took = await turn(guest, sound)
                if one:
                    heard[agent].append(took)
        await asyncio.gather(*(guest.falls_silent() for guest in guests.values()))
        return {agent: (heard[agent], guest.latencies[1:]) for agent, guest in guests.items()}


def rows_of(delays: str, found: dict[str, tuple[list[float], list[float]]]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for agent, (heard, told) in found.items():
        times = [round(1000 * one) for one in heard]
        row: dict[str, Any] = {"delays": delays, "way": "ours" if agent == OURS else "livekit", "turns": len(times)}
        row["heard_ms"], row["range_ms"] = round(statistics.median(times)), [min(times), max(times)]
        row["livekit_ms"] = round(1000 * statistics.median(told))
        rows.append(row)
    pairs = [1000 * (one - other) for one, other in zip(found[OURS][0], found[BARE][0], strict=True)]
    rows[0]["added_ms"] = round(statistics.median(pairs))
    rows[0]["added_quartiles_ms"] = [round(one) for one in statistics.quantiles(pairs, n=4)[::2]]
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=12, help="of each way, with each kind of delays")
    parser.add_argument("--plain", action="store_true", help="the plain agent has no servers, and no tools to think of")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for delays in DELAYS:
        with ground(OURS, BARE, delays=delays, bare_servers={} if args.plain else SERVERS) as where:
            rows += rows_of(delays, asyncio.run(measure(where, args.turns)))
    reached = {
        "added": all(row["added_ms"] <= GOAL_ADDED_MS for row in rows if row["way"] == "ours"),
        "without delays": rows[0]["livekit_ms"] <= GOAL_MS,
    }
    goals = {"added_ms": GOAL_ADDED_MS, "livekit_ms": GOAL_MS}
    if args.json:
        print(json.dumps({"benchmark": "rooms_latency", "rows": rows, "goals": goals, "reached": reached}, indent=2))
        return
    print(f"{'delays':<8}{'way':<9}{'turns':>6}{'heard':>9}{'range':>16}{'LiveKit':>12}{'added':>9}   quartiles")
    for row in rows:
        low, high = row["range_ms"]
        line = f"{row['delays']:<8}{row['way']:<9}{row['turns']:>6}{row['heard_ms']:>6} ms{f'{low} to {high} ms':>16}"
        line += f"{row['livekit_ms']:>9} ms"
        if "added_ms" in row:
            low, high = row["added_quartiles_ms"]
            line += f"{row['added_ms']:>+6} ms   {low:+} to {high:+} ms"
        print(line)
    print("Goals: " + ", ".join(f"{name} {'reached' if is_so else 'MISSED'}" for name, is_so in reached.items()))


if __name__ == "__main__":
    main()
