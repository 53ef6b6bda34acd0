"""Notices a child that takes more memory or processes than a server should, and ends it (Linux; elsewhere nothing)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from voice_agent.bridge.child import Child
    from voice_agent.bridge.opening import Sight

_GIGABYTE = 1024**3
_PROCESSES = Path("/proc")
_MEMORY_OF_GROUP = Path("/sys/fs/cgroup/memory.max")
_RESIDENT = 1
"""Place in `/proc/PID/statm` (proc(5))."""


def _half_of_memory() -> int:
    """Return half of what this machine or container has, in bytes, but at least a gigabyte."""
    found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 8 * _GIGABYTE
    with contextlib.suppress(OSError, ValueError):
        found = min(found, int(_MEMORY_OF_GROUP.read_text()))
    return max(found // 2, _GIGABYTE)


@dataclass(frozen=True, slots=True)
class Appetite:
    """What one server and all that it starts may take."""

    memory: int
    """Bytes."""
    processes: int = 256
    every: float = 2.0
    """Seconds between two looks."""

    @classmethod
    def usual(cls) -> Appetite:
        """Return what is allowed where nobody says otherwise: half of the memory."""
        return cls(_half_of_memory())


@contextlib.asynccontextmanager
async def bounded(child: Child, sight: Sight, appetite: Appetite) -> AsyncGenerator[None, None]:
    """End `child` when it takes too much, and say so in `sight`, for as long as this context lasts."""
    if not sys.platform.startswith("linux"):
        yield
        return
    watch = asyncio.create_task(_watch(child, sight, appetite), name="appetite of a server")
    try:
        yield
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)


async def _watch(child: Child, sight: Sight, appetite: Appetite) -> None:
    while True:
        await asyncio.sleep(appetite.every)
        memory, processes = _taken(child.pid)
        if memory > appetite.memory:
            sight.excess = f"took more than {_readable(appetite.memory)} of memory and was ended"
        elif processes > appetite.processes:
            sight.excess = f"started more than {appetite.processes} processes and was ended"
        else:
            continue
        child.kill()
        return


def _taken(session: int) -> tuple[int, int]:
    """Return bytes of memory and number of processes of a session, which each child has for itself.

    Two microseconds for each process of the machine: files are read of those alone that are in it.
    """
    memory = processes = 0
    page = os.sysconf("SC_PAGE_SIZE")
    for name in os.listdir(_PROCESSES):  # noqa: PTH208 - the names are all that is wanted
        if name.isdecimal():
            with contextlib.suppress(OSError, IndexError, ValueError):
                if os.getsid(int(name)) == session:
                    fields = (_PROCESSES / name / "statm").read_text().split()
                    memory, processes = memory + int(fields[_RESIDENT]) * page, processes + 1
    return memory, processes


def _readable(size: int) -> str:
    return f"{size / _GIGABYTE:.2g} GB" if size >= _GIGABYTE else f"{size // 1024**2} MB"
