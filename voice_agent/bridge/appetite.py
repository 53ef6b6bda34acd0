"""Notices a child that takes more memory or processes than a server should, and ends it (Linux; elsewhere nothing)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from voice_agent.bridge.child import Child
    from voice_agent.bridge.opening import Sight

_GIGABYTE = 1024**3
_PROCESSES = "/proc"
_MEMORY_OF_GROUP = Path("/sys/fs/cgroup/memory.max")
_SESSION, _RESIDENT = 3, 21
"""Places in `/proc/PID/stat` behind the name (proc(5))."""
_LONGEST = 1024
"""Bytes of it that are read; it has about 300."""


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
        memory, processes = (await _usage(appetite.every)).get(child.pid, (0, 0))
        if memory > appetite.memory:
            sight.excess = f"took more than {_readable(appetite.memory)} of memory and was ended"
        elif processes > appetite.processes:
            sight.excess = f"started more than {appetite.processes} processes and was ended"
        else:
            continue
        child.kill()
        return


class _Last:
    """The last look, shared by all servers of this process."""

    at = 0.0
    usage: dict[int, tuple[int, int]] = {}  # noqa: RUF012 - replaced as a whole


async def _usage(every: float) -> dict[int, tuple[int, int]]:
    """Return bytes of memory and number of processes by session, which each child has for itself.

    One look at all processes serves every server until the next is due.
    """
    now = time.monotonic()
    if now - _Last.at >= every / 2:
        # Before the look: the other servers, which are due at the same moment, do not take one of their own.
        _Last.at = now
        _Last.usage = await asyncio.to_thread(_look)
    return _Last.usage


def _look() -> dict[int, tuple[int, int]]:
    page = os.sysconf("SC_PAGE_SIZE")
    usage: dict[int, tuple[int, int]] = {}
    for name in os.listdir(_PROCESSES):  # noqa: PTH208 - the names are all that is wanted
        if name.isdecimal():
            with contextlib.suppress(OSError, IndexError, ValueError):
                fields = _read(f"{_PROCESSES}/{name}/stat").rpartition(b")")[2].split()
                session = int(fields[_SESSION])
                memory, processes = usage.get(session, (0, 0))
                usage[session] = (memory + int(fields[_RESIDENT]) * page, processes + 1)
    return usage


def _read(path: str) -> bytes:
    """Read a file of one piece; a file object would cost three times as much, for each process of the machine."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, _LONGEST)
    finally:
        os.close(descriptor)


def _readable(size: int) -> str:
    return f"{size / _GIGABYTE:.2g} GB" if size >= _GIGABYTE else f"{size // 1024**2} MB"
