"""What happens in a conversation, one line after another, for scripts, for the terminal and for tests.

The lines are those of `voice-agent talk --json`; docs/talk.md describes them.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

Line: TypeAlias = dict[str, Any]
"""`event`, `t` (seconds since start) and the fields of that event."""


class Journal:
    """Hands each line to everyone who listens, in order."""

    def __init__(self, started: float | None = None) -> None:
        """Take the `time.monotonic()` that `t` counts from; now where None."""
        self._started = time.monotonic() if started is None else started
        self._listeners: list[Callable[[Line], None]] = []

    def listen(self, listener: Callable[[Line], None]) -> None:
        """Call `listener` with every line from here on."""
        self._listeners.append(listener)

    def write(self, event: str, **fields: Any) -> None:
        """Write one line."""
        line: Line = {"event": event, "t": round(time.monotonic() - self._started, 3), **fields}
        for listener in self._listeners:
            listener(line)
