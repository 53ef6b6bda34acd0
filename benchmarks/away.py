"""How soon a server is in use again after it can answer, by how long it has been away; real processes and sockets.

Several servers on pipes (killed, and ending at each start), by streamable HTTP and by SSE (nobody listens at the port),
each attached to a bridge, none called while it is away. Beside it, how long the same servers take to be in use when
they are attached for the first time. Goals: ≤ 2 s after less than a minute, ≤ 30 s after that.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.support.bridges import lines_of, raw_entry, status_of
from tests.support.web_servers import free_port, served, small_server
from voice_agent.bridge.bridge import Bridge
from voice_agent.bridge.types import State, Status
from voice_agent.config.types import HttpEntry, VoiceOptions

if TYPE_CHECKING:
    from voice_agent.bridge.types import Json

APART = 1.5
"""Seconds between two that come back: two cores start them one by one."""


async def away(kind: str, count: int, seconds: float) -> Json:
    """Keep servers of one transport away at the same time, and let them come back.

    In use is where its tools can be called, and such a call is answered; nothing is called before.
    """
    back: list[float] = []
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        runs = [_OnPipes(folder, n) if kind == "stdio" else _ByUrl(kind, n) for n in range(count)]
        for one in runs:
            await one.begin(stack)
        begun = time.perf_counter()
        bridge = Bridge([one.entry for one in runs])
        bridge.start()
        stack.push_async_callback(bridge.aclose)
        await bridge.settle(30)
        first = time.perf_counter() - begun
        for one in runs:
            await one.leave()
        await asyncio.sleep(seconds)
        unnoticed = [one for one in runs if status_of(bridge, one.entry.name).state is State.READY]

        async def come(number: int) -> None:
            await asyncio.sleep(APART * number)
            one = runs[number]
            await one.come(stack)
            begun = time.perf_counter()
            if one not in unnoticed:
                await asyncio.wait_for(_until_ready(bridge, one.entry.name), 90)
            assert (await bridge.call(bridge.resolve(one.entry.name + "." + one.tool), one.given)).status is Status.OK
            back.append(round(time.perf_counter() - begun, 2))

        await asyncio.gather(*map(come, range(count)))
    return {
        "transport": kind,
        "away_s": seconds,
        "back_s": sorted(back),
        "not_noticed": len(unnoticed),
        "first_time_s": round(first, 2),
    }


async def _until_ready(bridge: Bridge, name: str) -> None:
    happened = asyncio.Event()
    unsubscribe = bridge.subscribe(lambda _: happened.set())
    while status_of(bridge, name).state is not State.READY:
        happened.clear()
        await happened.wait()
    unsubscribe()


class _OnPipes:
    """A server on pipes, which ends at its start while it is to be away."""

    tool, given = "echo", dict[str, Any]()

    def __init__(self, folder: Path, number: int) -> None:
        self._starts, self._away = folder / f"starts{number}", folder / f"away{number}"
        voice = VoiceOptions(confirm="never")
        self.entry = raw_entry(f"s{number}", voice=voice, starts=str(self._starts), away=str(self._away))

    async def begin(self, stack: contextlib.AsyncExitStack) -> None:
        """Nothing: the bridge starts it."""

    async def leave(self) -> None:
        self._away.touch()
        os.kill(int(lines_of(self._starts)[-1]), 9)

    async def come(self, stack: contextlib.AsyncExitStack) -> None:
        del stack
        self._away.unlink()


class _ByUrl:
    """A server by URL, at whose port nobody listens while it is away."""

    tool, given = "get_sum", {"a": 1, "b": 2}

    def __init__(self, kind: str, number: int) -> None:
        self._kind, self._port = kind, free_port()
        path = "mcp" if kind == "http" else "sse"
        transport: Any = kind
        self.entry = HttpEntry(f"s{number}", f"http://127.0.0.1:{self._port}/{path}", transport=transport)
        self._running = contextlib.AsyncExitStack()

    async def begin(self, stack: contextlib.AsyncExitStack) -> None:
        self._running = contextlib.AsyncExitStack()
        await self._running.enter_async_context(served(small_server(), self._kind, self._port))
        stack.push_async_callback(self._running.aclose)

    async def leave(self) -> None:
        await self._running.aclose()

    async def come(self, stack: contextlib.AsyncExitStack) -> None:
        await self.begin(stack)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=65.0, help="that they are away")
    parser.add_argument("--servers", type=int, default=6, help="of each transport")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    goal = 2 if args.seconds < 60 else 30
    for kind in ("stdio", "http", "sse"):
        row = asyncio.run(away(kind, args.servers, args.seconds))
        if args.json:
            print(json.dumps(row))
            continue
        print(
            f"{kind}: away for {args.seconds:g} s, back in use after {row['back_s']} s (goal {goal}), "
            f"{row['not_noticed']} not noticed; all for the first time in {row['first_time_s']} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
