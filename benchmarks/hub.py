"""A tool call through the hub, beside a bare client to the same server and a plain fastmcp proxy, in the same run.

The bare client reaches the server by HTTP; our hub and a fastmcp proxy (HTTP) have it as a child of their own. 25
conversations call about once a second each, at moments of their own; the three ways take turns in short rounds, so that
what else the machine does falls on all of them. Also: what a conversation adds to the hub's memory. Goal: p50 at most
+3 ms, p99 at most +12 ms over the bare client; at most 2 MB a conversation.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from mcp import Client

from voice_agent.bridge.hub.attached import HubBridge, Place
from voice_agent.bridge.hub.lines import Address
from voice_agent.bridge.types import Status
from voice_agent.config.types import StdioEntry, VoiceOptions

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    Call = Callable[[], Awaitable[object]]

GOALS = {"p50": 3.0, "p99": 12.0, "memory": 2.0}
TOKEN = "benchmark"  # noqa: S105 - of a hub that lives a minute
_SERVER = """
from fastmcp import FastMCP
server = FastMCP("bench")
@server.tool(annotations={"readOnlyHint": True})
def get_tasks(n: int) -> list[dict[str, object]]:
    "Get 20 tasks."
    return [{"id": i, "title": f"task number {i}", "due": "2026-11-21", "done": False} for i in range(20)]
import sys
if len(sys.argv) > 1:
    server.run(transport="http", host="127.0.0.1", port=int(sys.argv[1]), show_banner=False, log_level="critical")
else:
    server.run("stdio", show_banner=False, log_level="critical")
"""
_PROXY = """
from fastmcp.server import create_proxy
import sys
config = {"mcpServers": {"bench": {"command": sys.executable, "args": [sys.argv[2]]}}}
proxy = create_proxy(config)
proxy.run(transport="http", host="127.0.0.1", port=int(sys.argv[1]), show_banner=False, log_level="critical")
"""


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


@contextlib.contextmanager
def process(*command: str, **variables: str) -> Any:
    """A child that is ended with the block; what it says is not ours to show."""
    given = {**os.environ, **variables}
    with subprocess.Popen(
        [sys.executable, *command], env=given, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        try:
            yield child
        finally:
            child.terminate()


async def reachable(url: str) -> None:
    """Wait until MCP is spoken at `url`."""
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(Exception):
                async with Client(url) as client:
                    await client.list_tools()
                    return
            await asyncio.sleep(0.1)


async def paced(calls: list[Call], seconds: float) -> list[float]:
    """Milliseconds of each call, when everybody calls about once a second."""
    took: list[float] = []

    async def converse(call: Call) -> None:
        rng, until = random.Random(), time.perf_counter() + seconds  # noqa: S311 - moments, not secrets
        await asyncio.sleep(rng.random())
        while time.perf_counter() < until:
            begun = time.perf_counter()
            await call()
            took.append((time.perf_counter() - begun) * 1000)
            await asyncio.sleep(rng.uniform(0.7, 1.3))

    await asyncio.gather(*map(converse, calls))
    return took


@contextlib.asynccontextmanager
async def bare(url: str, count: int) -> AsyncGenerator[list[Call]]:
    """That many clients of the SDK."""
    async with contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(Client(url)) for _ in range(count)]
        for client in clients:
            await client.list_tools()

        def caller(client: Client) -> Call:
            return lambda: client.call_tool("get_tasks", {"n": 1})

        yield list(map(caller, clients))


@contextlib.asynccontextmanager
async def attached(address: str, count: int, entry: StdioEntry) -> AsyncGenerator[list[Call]]:
    """That many jobs at the hub."""
    bridges = [HubBridge(Place(Address.read(address), TOKEN), [entry]) for _ in range(count)]
    try:
        for bridge in bridges:
            bridge.start()
        for bridge in bridges:
            assert await bridge.settle(30), "the hub did not come up"

        def caller(bridge: HubBridge) -> Call:
            tool = bridge.resolve("bench.get_tasks")

            async def call() -> None:
                result = await bridge.call(tool, {"n": 1})
                assert result.status is Status.OK, result.text

            return call

        yield list(map(caller, bridges))
    finally:
        await asyncio.gather(*(bridge.aclose() for bridge in bridges))


def used(pid: int) -> float:
    """Megabytes that are a process's own."""
    return psutil.Process(pid).memory_full_info().uss / 1e6


async def measure(count: int, rounds: int, seconds: float) -> dict[str, Any]:
    """All three ways, in turns."""
    with contextlib.ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server, proxy = free_port(), free_port()
        url, proxied = (f"http://127.0.0.1:{port}/mcp" for port in (server, proxy))
        script = home / "server.py"
        script.write_text(_SERVER)
        stack.enter_context(process(str(script), str(server)))
        await reachable(url)
        stack.enter_context(process("-c", _PROXY, str(proxy), str(script)))
        await reachable(proxied)
        voice = {"confirm": "never"}
        bench = {"command": sys.executable, "args": [str(script)], "voice": voice}
        config = {"mcpServers": {"tasks": {"disabled": True}, "bench": bench}}
        (home / "mcp.json").write_text(json.dumps(config))
        command = ("-m", "voice_agent", "hub", "--json", "--config", str(home / "mcp.json"))
        ours = {"VOICE_AGENT_HOME": str(home), "VOICE_AGENT_HUB__TOKEN": TOKEN}
        hub = stack.enter_context(process(*command, **ours))
        address = json.loads(await asyncio.to_thread(hub.stdout.readline))["address"]
        entry = StdioEntry("bench", sys.executable, (str(script),), voice=VoiceOptions(confirm="never"))
        async with attached(address, 1, entry) as one:
            await paced(one, 2)
            before = used(hub.pid)
        took: dict[str, list[float]] = {"direct": [], "hub": [], "fastmcp proxy": []}
        async with bare(url, count) as direct, attached(address, count, entry) as jobs, bare(proxied, count) as through:
            await asyncio.gather(*(call() for call in (*direct, *jobs, *through)))
            gc.collect()
            gc.freeze()
            ways = [("direct", direct), ("hub", jobs), ("fastmcp proxy", through)]
            for _ in range(rounds):
                ways.append(ways.pop(0))
                for name, calls in ways:
                    took[name] += await paced(calls, seconds)
            added = (used(hub.pid) - before) / count
    return report(took, added, count)


def report(took: dict[str, list[float]], added: float, count: int) -> dict[str, Any]:
    """The rows of the table, with what each way adds to the bare client."""
    rows: list[dict[str, Any]] = []
    for name, values in took.items():
        cuts = statistics.quantiles(values, n=100)
        rows.append({"way": name, "calls": len(values), "p50": cuts[49], "p90": cuts[89], "p99": cuts[98]})
    for row in rows:
        for word in ("p50", "p99"):
            row[f"added_{word}"] = row[word] - rows[0][word]
    ours = rows[1]
    reached = {word: ours[f"added_{word}"] <= GOALS[word] for word in ("p50", "p99")}
    reached["memory"] = added <= GOALS["memory"]
    return {
        "benchmark": "hub",
        "conversations": count,
        "rows": [
            {word: round(value, 2) if isinstance(value, float) else value for word, value in row.items()}
            for row in rows
        ],
        "hub_mb_per_conversation": round(added, 3),
        "goals": GOALS,
        "reached": reached,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conversations", type=int, default=25)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each way in each round")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    found = asyncio.run(measure(args.conversations, args.rounds, args.seconds))
    if args.json:
        print(json.dumps(found, indent=2))
        return
    print(f"{'way':<16}{'calls':>7}{'p50':>10}{'p90':>10}{'p99':>10}{'p50 added':>12}{'p99 added':>12}")
    for row in found["rows"]:
        print(
            f"{row['way']:<16}{row['calls']:>7}{row['p50']:>7.2f} ms{row['p90']:>7.2f} ms{row['p99']:>7.2f} ms"
            f"{row['added_p50']:>+9.2f} ms{row['added_p99']:>+9.2f} ms"
        )
    print(f"A conversation adds {found['hub_mb_per_conversation']:.2f} MB to the hub.")
    print(
        "Goals: " + ", ".join(f"{word} {'reached' if is_so else 'MISSED'}" for word, is_so in found["reached"].items())
    )


if __name__ == "__main__":
    main()
