"""Reads what is typed or piped in, one turn per line, with bounds and without holding up the event loop."""

from __future__ import annotations

import asyncio
import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

LONGEST = 4_000
"""Bytes that one turn may have."""
_CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class TooLong:
    """A line that is no turn because it has more than `LONGEST` bytes."""

    number: int
    """Counted from 1."""
    size: int
    """Bytes."""


async def read_lines(descriptor: int) -> AsyncIterator[str | TooLong]:
    """Yield the lines of a file descriptor, without the blank ones, each only when it is asked for.

    A line that is too long is never held in memory. Bytes that are not UTF-8 are replaced.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[str | TooLong | None] = asyncio.Queue()
    wanted = threading.Semaphore(0)

    def read() -> None:
        # The descriptor itself: a thread that waits in a buffered reader breaks the end of the interpreter.
        try:
            for line in _lines(descriptor):
                wanted.acquire()
                loop.call_soon_threadsafe(queue.put_nowait, line)
            loop.call_soon_threadsafe(queue.put_nowait, None)
        except RuntimeError:
            return  # the loop is closed: nobody reads any more

    threading.Thread(target=read, name="lines", daemon=True).start()
    while True:
        wanted.release()
        line = await queue.get()
        if line is None:
            return
        yield line


def _lines(descriptor: int) -> Iterator[str | TooLong]:
    kept, size, number = b"", 0, 1
    while chunk := _read(descriptor):
        *complete, rest = chunk.split(b"\n")
        for part in complete:
            yield from _line(kept + part[: LONGEST + 1], size + len(part), number)
            kept, size, number = b"", 0, number + 1
        size += len(rest)
        kept = (kept + rest)[: LONGEST + 1]
    yield from _line(kept, size, number)


def _line(kept: bytes, size: int, number: int) -> Iterator[str | TooLong]:
    if size > LONGEST:
        yield TooLong(number, size)
    elif text := kept.decode("utf-8", "replace").strip():
        yield text


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _CHUNK)
    except OSError:
        return b""
