"""What five stdio servers add to `AgentSession.start`, and how soon the Task Manager's tools can be called.

Ours (`BridgeToolset`) beside livekit's own `MCPToolset`, each with five servers and with four and one that never
answers; every measurement in a process of its own, imports done before the clock starts, the ways in turns. “Imports”
is the same with our side's MCP library imported only while the session starts. Goals: at most 50 ms are added; the
tools can be called within 1.2 times of what it takes to start the Task Manager alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from voice_agent.bridge.types import Json

GOAL_ADDED_MS = 50
GOAL_RATIO = 1.2
SMALL = (
    "import sys; from fastmcp import FastMCP; m = FastMCP('small');"
    " m.tool(lambda text: text, name=sys.argv[1]); m.run(show_banner=False)"
)
BIN = Path(sys.executable).parent
TASKS = ("tasks", sys.executable, ("-m", "mcp_servers.task_manager"))
OTHERS = (
    ("time", str(BIN / "mcp-server-time"), ()),
    ("git", str(BIN / "mcp-server-git"), ()),
    ("one", sys.executable, ("-c", SMALL, "say_one")),
    ("two", sys.executable, ("-c", SMALL, "say_two")),
)
HUNG = ("hung", sys.executable, ("-c", "import time; time.sleep(3600)"))
SETS = {
    "none": (),
    "alone": (TASKS,),
    "five": (*OTHERS[:2], TASKS, *OTHERS[2:]),
    "hung": (HUNG, *OTHERS[:2], TASKS, OTHERS[2]),
}
WAYS = [
    ("none", "none"),
    ("ours", "alone"),
    ("ours", "five"),
    ("ours", "hung"),
    ("ours, imports", "five"),
    ("livekit", "alone"),
    ("livekit", "five"),
    ("livekit", "hung"),
]


async def measure(way: str, servers: str, home: str) -> Json:
    """Milliseconds of `AgentSession.start`, and until the Task Manager's tools can be called."""
    import livekit.agents.llm.mcp as livekit_mcp
    from livekit.agents import Agent, AgentSession

    from voice_agent.agents.toolset import BridgeToolset
    from voice_agent.bridge.bridge import Bridge
    from voice_agent.config.types import StdioEntry, VoiceOptions

    if way == "ours":
        import voice_agent.bridge.connection

        _ = voice_agent.bridge.connection
    env = {"VOICE_AGENT_HOME": home, "XDG_DATA_HOME": home}
    entries = [
        StdioEntry(name, command, args, env=env, voice=VoiceOptions(required=name == "tasks"))
        for name, command, args in SETS[servers]
    ]
    bridge = Bridge(entries)
    toolsets: list[Any] = [BridgeToolset(bridge)]
    if way == "livekit":
        toolsets = [
            livekit_mcp.MCPToolset(
                id=entry.name,
                mcp_server=livekit_mcp.MCPServerStdio(entry.command, list(entry.args), env=dict(entry.env)),
            )
            for entry in entries
        ]
    elif way == "none":
        toolsets = []
    session: AgentSession[None] = AgentSession(tools=toolsets)
    begun = time.perf_counter()
    await cast("Any", session).start(Agent(instructions="Be brief."))
    started = time.perf_counter()
    if way.startswith("ours"):
        await bridge.settle(60, {"tasks"})
        assert any(tool.server == "tasks" for tool in bridge.tools), bridge.servers
    called = time.perf_counter()
    await session.aclose()
    for toolset in toolsets:
        await toolset.aclose()
    return {"start_ms": (started - begun) * 1000, "tools_ms": (called - begun) * 1000}


def measure_apart(way: str, servers: str, home: str) -> Json:
    """Measure in a process of its own."""
    command = [sys.executable, __file__, "--measure", way, servers, home]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def rows_of(found: dict[tuple[str, str], list[Json]]) -> list[Json]:
    """One row for each way, with what it adds to the start of a session without servers."""

    def median(way: tuple[str, str], word: str) -> float:
        return statistics.median(run[word] for run in found[way])

    bare, alone = median(("none", "none"), "start_ms"), median(("ours", "alone"), "tools_ms")
    rows: list[Json] = []
    for way in WAYS:
        added = [run["start_ms"] - bare for run in found[way]]
        tools = median(way, "tools_ms") if way[0] != "none" else None
        rows.append(
            {
                "way": way[0],
                "servers": way[1],
                "start_ms": round(median(way, "start_ms")),
                "added_ms": round(statistics.median(added)),
                "added_range_ms": [round(min(added)), round(max(added))],
                "tools_ms": None if tools is None else round(tools),
                "tools_ratio": None if tools is None else round(tools / alone, 2),
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--measure", nargs=3, metavar=("WAY", "SERVERS", "HOME"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        print(json.dumps(asyncio.run(measure(*args.measure))))
        return
    found: dict[tuple[str, str], list[Json]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as home:
        measure_apart("ours", "five", home)
        for _ in range(args.runs):
            for way in WAYS:
                found[way].append(measure_apart(*way, home))
    rows = rows_of(found)
    if args.json:
        print(json.dumps({"benchmark": "session_start", "runs": args.runs, "rows": rows}, indent=2))
        return
    print(f"{'toolset':<15}{'servers':<9}{'start':>9}{'added':>9}{'range':>16}{'tools after':>13}{'of alone':>10}")
    for row in rows:
        tools = "" if row["tools_ms"] is None else f"{row['tools_ms']:,} ms"
        ratio = "" if row["tools_ratio"] is None else f"{row['tools_ratio']:.2f}"
        span = "{:,}…{:,} ms".format(*row["added_range_ms"])
        print(
            f"{row['way']:<15}{row['servers']:<9}{row['start_ms']:>6,} ms{row['added_ms']:>6,} ms{span:>16}"
            f"{tools:>13}{ratio:>10}"
        )
    print(f"Goals for ours: ≤ {GOAL_ADDED_MS} ms added; tools within {GOAL_RATIO} times of the Task Manager alone.")


if __name__ == "__main__":
    main()
