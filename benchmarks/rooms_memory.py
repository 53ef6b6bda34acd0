"""Processes and memory that MCP costs: many conversations with five stdio servers each.

Ours, whose hub holds the servers once, beside a plain LiveKit agent whose sessions have five `MCPToolset`s
(`rooms/bare.py`). Each is run with and without servers; what MCP costs is the difference. Every conversation is in a
real room and has one spoken turn with a tool call. Private memory is `Private_*` of /proc/PID/smaps_rollup: what a
process shares with the one it was forked from is not its own. The hub is measured with one conversation and with all.
Goals: the five servers' processes and the hub; at most 2 MB a conversation in the hub, and 15 MB in each job.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.rooms.clips import spoken
from benchmarks.rooms.ground import BARE, OURS, SERVERS, ground
from benchmarks.rooms.guest import a_guest

if TYPE_CHECKING:
    import psutil

    from benchmarks.rooms.ground import Ground

GOALS = {"hub_mb": 2.0, "job_mb": 15.0}


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one side; megabytes."""

    jobs: list[float]
    """Private memory of each job."""
    servers: int
    """Processes below the jobs and the hub, and the hub."""
    servers_mb: float
    """Their private memory."""
    hub_mb: float = 0.0
    """Added to the hub by each further conversation."""


def private(process: psutil.Process) -> float:
    """Megabytes that a process shares with no other."""
    rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    return sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Private_")) / 1000


async def measure(where: Ground, agent: str, count: int) -> Cost:
    """Hold that many conversations at once."""
    side, sound = where.sides[agent], spoken()
    hub_with_one = 0.0
    async with contextlib.AsyncExitStack() as stack:
        for n in range(count):
            guest = await stack.enter_async_context(a_guest(where.livekit))
            await guest.call(agent)
            await guest.falls_silent()
            ended = await guest.say(sound)
            await guest.hears(ended)
            await guest.falls_silent()
            if n == 0 and side.hub is not None:
                hub_with_one = private(side.hub)
        jobs = side.jobs()
        below = [child for job in jobs for child in job.children(recursive=True)]
        hub = [] if side.hub is None else [side.hub, *side.hub.children(recursive=True)]
        grown = (private(side.hub) - hub_with_one) / max(1, count - 1) if side.hub is not None else 0.0
        assert len(jobs) == count, f"{len(jobs)} jobs hold {count} conversations"
        servers = [*below, *hub]
        return Cost([private(job) for job in jobs], len(servers), sum(map(private, servers)), grown)


def run(agent: str, count: int, *, with_servers: bool) -> Cost:
    servers = SERVERS if with_servers else {}
    with ground(agent, with_tool=True, servers=servers, bare_servers=servers) as where:
        return asyncio.run(measure(where, agent, count))


def row_of(way: str, count: int, cost: Cost, without: Cost) -> dict[str, Any]:
    job = statistics.median(cost.jobs) - statistics.median(without.jobs)
    return {
        "way": way,
        "conversations": count,
        "processes": cost.servers,
        "servers_mb": cost.servers_mb,
        "hub_mb_a_conversation": cost.hub_mb,
        "job_mb": statistics.median(cost.jobs),
        "job_range_mb": [min(cost.jobs), max(cost.jobs)],
        "mcp_in_job_mb": job,
        "mcp_mb": cost.servers_mb + count * job,
    }


def at(count: int, row: dict[str, Any]) -> dict[str, Any]:
    """By arithmetic, what that many conversations cost."""
    measured = row["conversations"]
    is_shared = row["way"] == "ours"
    processes = row["processes"] if is_shared else row["processes"] * count // measured
    servers = row["servers_mb"] if is_shared else row["servers_mb"] * count / measured
    added = (count - measured) * row["hub_mb_a_conversation"]
    mcp = servers + added + count * row["mcp_in_job_mb"]
    return {"way": row["way"], "conversations": count, "processes": processes, "mcp_mb": mcp}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conversations", type=int, default=10, help="of ours at once")
    parser.add_argument("--bare-conversations", type=int, default=4, help="of the plain agent at once")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    rows = [
        row_of(way, count, run(agent, count, with_servers=True), run(agent, min(count, 3), with_servers=False))
        for way, agent, count in (
            ("ours", OURS, args.conversations),
            ("livekit", BARE, args.bare_conversations),
        )
    ]
    sums = [at(count, row) for count in (10, 25) for row in rows]
    ours = rows[0]
    reached = {
        "processes": ours["processes"] == len(SERVERS) + 1,
        "hub": ours["hub_mb_a_conversation"] <= GOALS["hub_mb"],
        "job": ours["mcp_in_job_mb"] <= GOALS["job_mb"],
    }
    if args.json:
        found = {"benchmark": "rooms_memory", "rows": rows, "by_arithmetic": sums, "goals": GOALS, "reached": reached}
        print(json.dumps(found, indent=2))
        return
    print(f"{'way':<9}{'talks':>6}{'MCP processes':>15}{'their MB':>10}{'hub MB a talk':>15}", end="")
    print(f"{'job MB':>8}{'of it MCP':>11}{'MCP MB in all':>15}")
    for row in rows:
        print(
            f"{row['way']:<9}{row['conversations']:>6}{row['processes']:>15}{row['servers_mb']:>10.0f}"
            f"{row['hub_mb_a_conversation']:>15.2f}{row['job_mb']:>8.1f}{row['mcp_in_job_mb']:>11.1f}{row['mcp_mb']:>15.0f}"
        )
    for row in sums:
        what = f"{row['processes']} processes, {row['mcp_mb']:.0f} MB"
        print(f"At {row['conversations']} by arithmetic, {row['way']}: {what}.")
    print("Goals: " + ", ".join(f"{name} {'reached' if is_so else 'MISSED'}" for name, is_so in reached.items()))


if __name__ == "__main__":
    main()
