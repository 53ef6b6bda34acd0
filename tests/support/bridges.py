"""Bridges for tests: started, waited for within bounds, and always closed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voice_agent.bridge.bridge import Bridge
from voice_agent.bridge.supervisor import Pace
from voice_agent.config.types import StdioEntry, VoiceOptions

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from voice_agent.bridge.types import ServerStatus, State
    from voice_agent.config.types import ServerEntry

WITHIN = 15.0
"""Seconds after which something that must happen counts as not happening."""
RAW_SERVER = Path(__file__).parent / "raw_server.py"
QUICK = Pace(connect=WITHIN, first_retry=0.05, longest_retry=0.1, permanent_retry=0.1, settle_changes=0.0)


class NoJitter(random.Random):
    """Waits as long as it may."""

    def uniform(self, a: float, b: float) -> float:
        del a
        return b


def raw_entry(
    name: str = "raw", *, voice: VoiceOptions | None = None, env: dict[str, str] | None = None, **options: Any
) -> StdioEntry:
    """The entry of a `raw_server.py` with `options`."""
    return StdioEntry(
        name,
        sys.executable,
        ("-I", "-S", str(RAW_SERVER), json.dumps(options)),
        env=env or {},
        voice=voice or VoiceOptions(),
    )


@contextlib.asynccontextmanager
async def running(
    *entries: ServerEntry, settled: bool = True, pace: Pace = QUICK, **options: Any
) -> AsyncGenerator[Bridge, None]:
    """A started bridge; `settled`: no server is starting any more."""
    bridge = Bridge(entries, pace=pace, **options)
    bridge.start()
    try:
        if settled:
            assert await bridge.settle(WITHIN), [status.name for status in bridge.servers if status.state == "starting"]
        yield bridge
    finally:
        await bridge.aclose()


async def until(bridge: Bridge, is_so: Callable[[], bool]) -> None:
    """Wait, woken by the bridge's events, until `is_so`."""
    happened = asyncio.Event()
    unsubscribe = bridge.subscribe(lambda _event: happened.set())
    try:
        async with asyncio.timeout(WITHIN):
            while not is_so():
                happened.clear()
                await happened.wait()
    finally:
        unsubscribe()


def status_of(bridge: Bridge, name: str = "raw") -> ServerStatus:
    """How one server is."""
    return next(status for status in bridge.servers if status.name == name)


async def until_state(bridge: Bridge, state: State, name: str = "raw") -> ServerStatus:
    """Wait until a server is in `state`."""
    await until(bridge, lambda: status_of(bridge, name).state is state)
    return status_of(bridge, name)


def lines_of(path: Path) -> list[str]:
    """The lines of a file; none if it is not there."""
    return path.read_text().splitlines() if path.exists() else []
