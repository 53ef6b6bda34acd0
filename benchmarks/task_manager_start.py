"""How fast the Task Manager starts and answers over stdio, beside an empty FastMCP server in the same run.

`python benchmarks/task_manager_start.py [--json] [--rounds N]`
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastmcp import Client
from fastmcp.client.transports import StdioTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

EMPTY = "from fastmcp import FastMCP; FastMCP('empty').run(show_banner=False)"
ECHO = """
from fastmcp import FastMCP
server = FastMCP('echo')
@server.tool
def echo(title: str) -> str:
    return title
server.run(show_banner=False)
"""
CALLS = 30


def client(arguments: Sequence[str], log: Path) -> Client[StdioTransport]:
    transport = StdioTransport(sys.executable, [*arguments], keep_alive=False, log_file=log)
    return Client(transport)


async def start(arguments: Sequence[str], log: Path) -> float:
    """Seconds from starting the process to the answer of tools/list."""
    begin = time.perf_counter()
    async with client(arguments, log) as connected:
        await connected.list_tools()
        return time.perf_counter() - begin


async def first_call(arguments: Sequence[str], log: Path, idle: float) -> tuple[float, float]:
    """Seconds of the first and of the second create_task, `idle` seconds after the tools were listed."""
    async with client(arguments, log) as connected:
        await connected.list_tools()
        await asyncio.sleep(idle)
        times: list[float] = []
        for title in ("buy milk", "call the dentist"):
            begin = time.perf_counter()
            await connected.call_tool("create_task", {"title": title, "due": "tomorrow"})
            times.append(time.perf_counter() - begin)
        return times[0], times[1]


async def warm_calls(arguments: Sequence[str], log: Path, tool: str, given: Callable[[int], dict[str, Any]]) -> float:
    """Median seconds of a call on a warm server."""
    async with client(arguments, log) as connected:
        times: list[float] = []
        for number in range(CALLS + 5):
            begin = time.perf_counter()
            await connected.call_tool(tool, given(number))
            times.append(time.perf_counter() - begin)
        return statistics.median(times[5:])


async def measure(rounds: int, folder: Path) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    log = folder / "log"

    def note(name: str, *values: float) -> None:
        found.setdefault(name, []).extend(values)

    def ours(name: str) -> list[str]:
        return ["-m", "mcp_servers.task_manager", "--database", str(folder / name), "--timezone", "Europe/Berlin"]

    await start(["-c", EMPTY], log)  # warms the disk cache for both
    await start(ours("warm.db"), log)
    for number in range(rounds):
        note("start to tools, empty server", await start(["-c", EMPTY], log))
        note("start to tools, Task Manager", await start(ours("warm.db"), log))
        for name, idle in (("at once", 0.0), ("after 1 s", 1.0)):
            fresh, _ = await first_call(ours(f"{number}{idle}.db"), log, idle)
            again, second = await first_call(ours(f"{number}{idle}.db"), log, idle)
            note(f"first create_task, {name}, new file", fresh)
            note(f"first create_task, {name}", again)
            note(f"second create_task, {name}", second)
        note("warm call, echo of FastMCP", await warm_calls(["-c", ECHO], log, "echo", lambda _: {"title": "x"}))
        calls = ours(f"calls{number}.db")
        note("warm create_task", await warm_calls(calls, log, "create_task", lambda n: {"title": f"task {n}"}))
        note("warm list_tasks, 35 tasks", await warm_calls(calls, log, "list_tasks", lambda _: {}))
        note("warm get_task by words", await warm_calls(calls, log, "get_task", lambda n: {"task": f"the task {n}"}))
    return found


def spread(values: list[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(args.rounds, Path(folder)))
    rows = {name: spread([value * 1000 for value in values]) for name, values in found.items()}
    pairs = zip(found["start to tools, Task Manager"], found["start to tools, empty server"], strict=True)
    ratios = [mine / empty for mine, empty in pairs]
    ratio = spread(ratios)
    if args.json:
        print(json.dumps({"milliseconds": rows, "start_ratio": ratio}))
        return
    for name, row in rows.items():
        print(f"{name:42} {row['median']:8.1f} ms   ({row['min']:.1f} to {row['max']:.1f})")
    name = "start, against the empty server"
    print(f"{name:42} {ratio['median']:8.2f} x    ({ratio['min']:.2f} to {ratio['max']:.2f})")


if __name__ == "__main__":
    main()
