"""One server as a child process: its lines, its last words, and the moment it dies."""

from __future__ import annotations

import array
import asyncio
import contextlib
import os
import shutil
import signal
import sys
from collections import deque
from typing import TYPE_CHECKING, cast

from voice_agent.bridge.output import Output
from voice_agent.config.inherited import child_environment

if sys.platform == "linux":
    import fcntl
    import termios

if TYPE_CHECKING:
    from voice_agent.config.types import StdioEntry

MAX_UNSENT = 4 * 1024 * 1024
"""Bytes that a child may leave unread before it counts as stuck."""
_STDERR_LINES = 40
_STDERR_LINE = 400
_ERRORS_AT_ONCE, _ERRORS_PAUSE = 256 * 1024, 0.1
"""Bytes of standard error that are read before a pause, and its seconds."""
_LAST_OUTPUT = 0.05
"""Seconds that output already on its way gets after the child's death; a grandchild may hold the pipe for ever."""
_SECONDS_TO_LEAVE = 0.5
_SECONDS_AFTER_TERM = 1.0


class Child(asyncio.SubprocessProtocol):
    """A running child. Made by `start`, ended by `close`."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._out = Output()
        self._errors: deque[bytes] = deque(maxlen=_STDERR_LINES)
        self._error_rest = b""
        self._transport: asyncio.SubprocessTransport | None = None
        self._exited = asyncio.Event()
        self._eof: asyncio.TimerHandle | None = None
        self._errors_at_once = 0
        self._resume: asyncio.TimerHandle | None = None
        self._sent = 0

    @classmethod
    async def start(cls, entry: StdioEntry) -> Child:
        """Start the process of `entry` in a process group of its own.

        Raises:
            OSError: There is no such command or folder, or it may not be run.
            ValueError: A part of the command line holds a NUL character.
        """
        environment = child_environment(entry.env)
        command = entry.command
        if sys.platform == "win32":
            # Windows starts `npx.cmd` only by its full name.
            command = shutil.which(command, path=environment.get("PATH")) or command
        _, child = await asyncio.get_running_loop().subprocess_exec(
            cls,
            command,
            *entry.args,
            env=environment,
            cwd=entry.cwd,
            start_new_session=True,
        )
        return child

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Attach the pipes."""
        self._transport = cast("asyncio.SubprocessTransport", transport)
        if out := self._transport.get_pipe_transport(1):
            self._out.attach(cast("asyncio.ReadTransport", out))

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Take what the child wrote."""
        if fd == 1:
            self._out.feed(data)
            return
        self._slow_down(len(data))
        *lines, rest = (self._error_rest + data).split(b"\n")
        self._errors.extend(line[:_STDERR_LINE] for line in lines if line.strip())
        self._error_rest = rest[:_STDERR_LINE]

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """Note the end of the child's output."""
        del exc
        if fd == 1:
            self._out.end()

    def process_exited(self) -> None:
        """Note the child's death, and give its last output a moment."""
        self._exited.set()
        self._out.die()
        self._eof = self._loop.call_later(_LAST_OUTPUT, self._out.end)

    # What the bridge uses

    @property
    def status(self) -> int | None:
        """Exit status, negative for a signal; None while it runs."""
        return self._transport.get_returncode() if self._transport is not None else None

    @property
    def pid(self) -> int:
        """Its process id, which is also that of its session and group."""
        return self._transport.get_pid() if self._transport is not None else 0

    @property
    def is_mute(self) -> bool:
        """Its standard output has ended."""
        return self._out.has_ended

    @property
    def has_read(self) -> bool | None:
        """It has taken something of what was sent to it, so that it has started; None where that cannot be told."""
        pipe = cast("asyncio.WriteTransport | None", self._transport.get_pipe_transport(0) if self._transport else None)
        if pipe is None or pipe.is_closing() or sys.platform != "linux":
            return None
        left = array.array("i", [0])
        try:
            fcntl.ioctl(pipe.get_extra_info("pipe").fileno(), termios.FIONREAD, left)
        except OSError:
            return None
        return left[0] + pipe.get_write_buffer_size() < self._sent

    def kill(self) -> None:
        """End it and its group at once."""
        self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))

    @property
    def last_words(self) -> list[str]:
        """The last lines of its standard error, oldest first."""
        lines = [*self._errors, self._error_rest]
        return [text for line in lines if (text := line.decode("utf-8", "replace").strip())]

    async def exited(self, within: float) -> bool:
        """Wait at most `within` seconds for its death; False if it lives."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._exited.wait(), within)
        return self._exited.is_set()

    async def read_line(self) -> bytes | None:
        """Return the next line of its standard output, or None at the end.

        Raises:
            LineTooLong: The line was skipped.
        """
        return await self._out.read_line()

    def write(self, data: bytes) -> None:
        """Send `data` to its standard input.

        Raises:
            BrokenPipeError: It is dead, has closed its input, or does not read it.
        """
        pipe = cast("asyncio.WriteTransport | None", self._transport.get_pipe_transport(0) if self._transport else None)
        if pipe is None or pipe.is_closing() or self._exited.is_set():
            raise BrokenPipeError("the server's input is closed")
        if pipe.get_write_buffer_size() > MAX_UNSENT:
            raise BrokenPipeError("the server does not read its input")
        self._sent += len(data)
        pipe.write(data)

    async def close(self) -> None:
        """End it and all that it started: close its input, then SIGTERM, then SIGKILL. Bounded, about two seconds."""
        transport = self._transport
        if transport is None:
            return
        try:
            if pipe := transport.get_pipe_transport(0):
                pipe.close()
            if not await self.exited(_SECONDS_TO_LEAVE):
                self._signal(signal.SIGTERM)
                await self.exited(_SECONDS_AFTER_TERM)
        finally:
            # Also what it left behind in its group, and also when this very wait is cancelled.
            self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))
            for timer in (self._eof, self._resume):
                if timer is not None:
                    timer.cancel()
            self._out.end()
        await self.exited(_SECONDS_AFTER_TERM)
        with contextlib.suppress(OSError):
            transport.close()

    def _slow_down(self, length: int) -> None:
        """Read standard error in moderation: one that floods must not hold the event loop."""
        self._errors_at_once += length
        if self._errors_at_once < _ERRORS_AT_ONCE or self._transport is None:
            return
        self._errors_at_once = 0
        pipe = cast("asyncio.ReadTransport | None", self._transport.get_pipe_transport(2))
        if pipe is not None and not pipe.is_closing():
            pipe.pause_reading()
            self._resume = self._loop.call_later(_ERRORS_PAUSE, self._resume_reading, pipe)

    def _resume_reading(self, pipe: asyncio.ReadTransport) -> None:
        if not pipe.is_closing():
            pipe.resume_reading()

    def _signal(self, number: int) -> None:
        if self._transport is None:
            return
        with contextlib.suppress(OSError):
            if sys.platform == "win32":
                self._transport.terminate()
            else:
                os.killpg(self._transport.get_pid(), number)
