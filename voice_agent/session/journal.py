"""What happens in a conversation, one line after another, for scripts, for the terminal and for tests.

The lines are those of `voice-agent talk --json`; docs/talk.md describes them.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from voice_agent.bridge.types import Media

Line: TypeAlias = dict[str, Any]
"""`event`, `t` (seconds since start) and the fields of that event."""


_ATTACHED = 32 * 1024 * 1024
"""Bytes of what came with results, kept for whoever wants to see it; the oldest goes first."""


class Journal:
    """Hands each line to everyone who listens, in order."""

    def __init__(self, started: float | None = None) -> None:
        """Take the `time.monotonic()` that `t` counts from; now where None."""
        self._started = time.monotonic() if started is None else started
        self._listeners: list[Callable[[Line], None]] = []
        self._attached: OrderedDict[str, tuple[Media, ...]] = OrderedDict()

    def listen(self, listener: Callable[[Line], None]) -> None:
        """Call `listener` with every line from here on."""
        self._listeners.append(listener)

    def attach(self, call: str, media: Sequence[Media]) -> None:
        """Keep the images and sounds that came with the result of `call`, which are in no line, for a while."""
        self._attached[call] = tuple(media)
        while sum(map(_size, self._attached.values())) > _ATTACHED:
            self._attached.popitem(last=False)

    def attached(self, call: str) -> tuple[Media, ...]:
        """Return what came with the result of `call`, as long as it is kept."""
        return self._attached.get(call, ())

    def write(self, event: str, **fields: Any) -> None:
        """Write one line."""
        line: Line = {"event": event, "t": round(time.monotonic() - self._started, 3), **fields}
        for listener in self._listeners:
            listener(line)


def _size(media: Sequence[Media]) -> int:
    return sum(len(one.data or b"") for one in media)
