"""Child processes of one command: each in a group of its own, watched, and ended with everything it started."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from voice_agent.errors import PartFailed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

_READY_WITHIN = 90.0
"""Seconds; a first start compiles and loads a lot."""
_ENDS_WITHIN = 20.0
_LEAVES_WITHIN = 5.0
"""Seconds that what a part has started may outlive it, where nobody has ended it."""


@dataclass
class Child:
    """One part."""

    title: str
    """As it is called in messages."""
    command: list[str]
    environment: Mapping[str, str] = field(repr=False)
    process: asyncio.subprocess.Process | None = None
    _told: asyncio.StreamReader | None = None
    _pipe: asyncio.ReadTransport | None = None
    _reading: asyncio.Task[None] | None = None

    async def start(self, *, tells: bool = True) -> None:
        """Start it; `tells`: it prints JSON lines on standard output, for `ready`.

        Raises:
            PartFailed: It cannot be started at all.
        """
        # A pipe of asyncio's own would keep `wait` waiting for whatever the part has started and still holds it.
        read, write = os.pipe() if tells else (None, os.open(os.devnull, os.O_WRONLY))
        try:
            if read is not None:
                await self._listen(read)
            # A group of its own: Ctrl-C at the terminal reaches us alone, and we end the parts in order.
            self.process = await asyncio.create_subprocess_exec(
                *self.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=write,
                env=dict(self.environment),
                start_new_session=True,
            )
        except OSError as error:
            raise PartFailed(f"{self.title} cannot be started: {error.strerror}.") from error
        finally:
            os.close(write)

    async def _listen(self, pipe: int) -> None:
        self._told = told = asyncio.StreamReader()
        self._pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(told), os.fdopen(pipe, "rb", 0)
        )

    async def ready(self, on_line: Callable[[dict[str, Any]], None] | None = None) -> dict[str, Any]:
        """Wait for the first line; later ones go to `on_line`.

        Raises:
            PartFailed: It ended first, or told nothing in time.
        """
        assert self.process is not None
        assert self._told is not None
        line = asyncio.ensure_future(self._told.readline())
        await _first(line, self.process.wait(), within=_READY_WITHIN)
        if not line.done() and self.process.returncode is None:
            raise PartFailed(f"{self.title} was not ready within {_READY_WITHIN:g} seconds.")
        if not line.done() or not line.result():
            raise PartFailed(f"{self.title} ended while it was starting.")
        self._reading = asyncio.create_task(_read(self._told, on_line))
        return cast("dict[str, Any]", json.loads(line.result()))

    async def wait(self) -> int:
        """Wait until it has ended; return its exit status."""
        assert self.process is not None
        return await self.process.wait()

    async def stop(self, hurrying: asyncio.Event | None = None) -> None:
        """End it and whatever it started; by force where it takes too long, and once `hurrying` is set."""
        if self.process is not None:
            await self._end(self.process, hurrying or asyncio.Event())
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait({self._reading})
        if self._pipe is not None:
            self._pipe.close()

    async def _end(self, process: asyncio.subprocess.Process, hurrying: asyncio.Event) -> None:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                # Not SIGINT, which LiveKit's worker ignores whenever it starts a process.
                process.terminate()
            await _first(process.wait(), hurrying.wait(), within=_ENDS_WITHIN)
        elif self._reading is not None:
            # It died: what it has started may still have something to do, as jobs that leave their rooms.
            await _first(asyncio.wait({self._reading}), hurrying.wait(), within=_LEAVES_WITHIN)
        # The group outlives its leader where something in it hangs.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _first(*waits: Awaitable[object], within: float) -> None:
    """Wait until one of these is over, for so many seconds at most; the others are cancelled."""
    tasks = [asyncio.ensure_future(one) for one in waits]
    try:
        await asyncio.wait(tasks, timeout=within, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


async def _read(stream: asyncio.StreamReader, on_line: Callable[[dict[str, Any]], None] | None) -> None:
    while line := await stream.readline():
        with contextlib.suppress(ValueError):
            found: Any = json.loads(line)
            if on_line is not None and isinstance(found, dict):
                on_line(cast("dict[str, Any]", found))
