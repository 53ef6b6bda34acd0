"""The bridge's own time per call, beside a bare `mcp.ClientSession` in the same process and run.

One FastMCP server in memory, three answers of different size. Calls alternate between both ways, so that noise meets
both. The bare session checks results against output schemas, the bridge arguments against input schemas.
Goal: the bridge adds at most 2 ms to a call.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from typing import TYPE_CHECKING, Any

from fastmcp import FastMCP
from fastmcp.client.transports import FastMCPTransport
from mcp.client._probe import negotiate_auto

from voice_agent.bridge.bridge import Bridge
from voice_agent.bridge.types import Status
from voice_agent.config.types import StdioEntry

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mcp import ClientSession

    from voice_agent.bridge.types import Json

GOAL_MS = 2.0
WARM_UP = 20


def make_server() -> FastMCP[Any]:
    """A server whose answers are a number, 20 tasks, and 1,000 tasks."""
    server: FastMCP[Any] = FastMCP("bench")

    def tasks(count: int) -> list[dict[str, Any]]:
        return [{"id": n, "title": f"task number {n}", "due": "2026-11-21", "done": False} for n in range(count)]

    @server.tool(annotations={"readOnlyHint": True})
    def get_number(n: int) -> int:
        """Get a number."""
        return n

    @server.tool(annotations={"readOnlyHint": True})
    def get_tasks(n: int) -> list[dict[str, Any]]:
        """Get 20 tasks."""
        return tasks(20 + 0 * n)

    @server.tool(annotations={"readOnlyHint": True})
    def get_many_tasks(n: int) -> list[dict[str, Any]]:
        """Get 1,000 tasks."""
        return tasks(1000 + 0 * n)

    _ = get_number, get_tasks, get_many_tasks
    return server


async def timed(call: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds of one call."""
    begun = time.perf_counter()
    await call()
    return (time.perf_counter() - begun) * 1000


async def measure(rounds: int) -> list[Json]:
    """One row for each answer."""
    bridge = Bridge([StdioEntry("bench", "-")], make_transport=lambda _: FastMCPTransport(make_server()))
    bridge.start()
    rows: list[Json] = []
    try:
        assert await bridge.settle(30), "the server did not come up"
        async with FastMCPTransport(make_server()).connect_session() as session:
            await negotiate_auto(session)
            await session.list_tools()
            for name, share in (("get_number", 1), ("get_tasks", 1), ("get_many_tasks", 5)):
                row = await compare(bridge, session, name, rounds // share)
                rows.append(row)
    finally:
        await bridge.aclose()
    return rows


async def compare(bridge: Bridge, session: ClientSession, name: str, rounds: int) -> Json:
    """Call `name` both ways, in turns."""
    tool = bridge.resolve(f"bench.{name}")
    bare: list[float] = []
    ours: list[float] = []

    async def through_bridge() -> None:
        result = await bridge.call(tool, {"n": 1})
        assert result.status is Status.OK, result.text

    async def through_session() -> None:
        await session.call_tool(name, {"n": 1})

    for _ in range(WARM_UP):
        await through_bridge()
        await through_session()
    for _ in range(rounds):
        bare.append(await timed(through_session))
        ours.append(await timed(through_bridge))
    added = [mine - theirs for mine, theirs in zip(ours, bare, strict=True)]
    return {
        "answer": name,
        "rounds": rounds,
        "session_ms": round(statistics.median(bare), 3),
        "bridge_ms": round(statistics.median(ours), 3),
        "added_ms": round(statistics.median(added), 3),
        "added_p95_ms": round(statistics.quantiles(added, n=20)[-1], 3),
        "ratio": round(statistics.median(ours) / statistics.median(bare), 2),
        "goal_ms": GOAL_MS,
        "reached": statistics.median(added) <= GOAL_MS,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    rows = asyncio.run(measure(args.rounds))
    if args.json:
        print(json.dumps({"benchmark": "bridge_overhead", "rows": rows}, indent=2))
        return
    print(f"{'answer':<16}{'bare session':>14}{'bridge':>10}{'added':>10}{'added p95':>11}{'ratio':>7}  goal")
    for row in rows:
        print(
            f"{row['answer']:<16}{row['session_ms']:>11.2f} ms{row['bridge_ms']:>7.2f} ms{row['added_ms']:>7.2f} ms"
            f"{row['added_p95_ms']:>8.2f} ms{row['ratio']:>7.2f}  ≤ +{GOAL_MS:g} ms {'yes' if row['reached'] else 'NO'}"
        )


if __name__ == "__main__":
    main()
