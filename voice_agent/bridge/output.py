"""The lines of a child's standard output, read no further ahead than they are used."""

from __future__ import annotations

import asyncio
from collections import deque

MAX_LINE = 8 * 1024 * 1024
"""Bytes of the longest message that is read."""
_AHEAD = 256 * 1024
"""Bytes of lines that wait to be used before no more is read."""
_LONG, _BREATH = 256 * 1024, 0.003
"""Bytes after which there is a pause in reading a line that is as long, and its seconds."""
_EDGE = 512
"""Bytes that are kept of the begin and of the end of a line that is too long."""


class LineTooLong(Exception):
    """A line of the child was longer than `MAX_LINE`; it has been skipped."""

    def __init__(self, head: bytes, tail: bytes) -> None:
        super().__init__("line too long")
        self.head, self.tail = head, tail


class Output:
    """What a child writes, in lines. Fed by its pipe, read by one reader."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._pipe: asyncio.ReadTransport | None = None
        self._lines: deque[tuple[int, bytes | LineTooLong]] = deque()
        self._waiting = 0
        """Bytes in `_lines`."""
        self._parts: list[bytes] = []
        """Of the line that has not ended yet, unless it is too long."""
        self._length = 0
        self._head = self._tail = b""
        self._since_breath = 0
        self._breath: asyncio.TimerHandle | None = None
        self._arrived = asyncio.Event()
        self._is_dead = self._has_ended = False

    def attach(self, pipe: asyncio.ReadTransport) -> None:
        """Take the pipe, which is paused now and then."""
        self._pipe = pipe

    def feed(self, data: bytes) -> None:
        """Take what the child wrote."""
        if self._has_ended:
            return
        *ended, rest = data.split(b"\n")
        for part in ended:
            self._add(part)
            self._end_line(b"\n")
        self._add(rest)
        self._since_breath += len(data)
        if self._waiting > _AHEAD:
            self._pause()
        elif self._length > _LONG and self._since_breath > _LONG:
            self._since_breath = 0
            self._pause()
            self._breath = self._breath or self._loop.call_later(_BREATH, self._breathed)

    @property
    def has_ended(self) -> bool:
        """Nothing more comes."""
        return self._has_ended

    def die(self) -> None:
        """Take notice that the child is dead: what is left in its pipe is read at once, for that may be closed soon."""
        self._is_dead = True
        self._resume()

    def end(self) -> None:
        """Take notice that nothing more comes."""
        if not self._has_ended:
            self._has_ended = True
            if self._breath is not None:
                self._breath.cancel()
            if self._length:
                self._end_line(b"")
            self._arrived.set()

    async def read_line(self) -> bytes | None:
        """Return the next line, with its end, or None where there is none; the last one may have no end.

        Raises:
            LineTooLong: The line was skipped.
        """
        while not self._lines:
            if self._has_ended:
                return None
            self._arrived.clear()
            await self._arrived.wait()
        length, line = self._lines.popleft()
        self._waiting -= length
        if self._waiting <= _AHEAD and self._breath is None:
            self._resume()
        if isinstance(line, LineTooLong):
            raise line
        return line

    def _add(self, part: bytes) -> None:
        self._length += len(part)
        if len(self._head) < _EDGE:
            self._head = (self._head + part[:_EDGE])[:_EDGE]
        if self._length > MAX_LINE:
            self._parts.clear()
            self._tail = (self._tail + part[-_EDGE:])[-_EDGE:]
        else:
            self._parts.append(part)

    def _end_line(self, end: bytes) -> None:
        is_long = self._length > MAX_LINE
        line = LineTooLong(self._head, self._tail) if is_long else b"".join((*self._parts, end))
        # Empty lines weigh something too.
        length = _EDGE + (0 if is_long else self._length)
        self._lines.append((length, line))
        self._waiting += length
        self._parts, self._length, self._head, self._tail = [], 0, b"", b""
        self._arrived.set()

    def _breathed(self) -> None:
        self._breath = None
        if self._waiting <= _AHEAD:
            self._resume()

    def _pause(self) -> None:
        if self._pipe is not None and not self._is_dead and not self._pipe.is_closing():
            self._pipe.pause_reading()

    def _resume(self) -> None:
        if self._pipe is not None and not self._pipe.is_closing():
            self._pipe.resume_reading()
