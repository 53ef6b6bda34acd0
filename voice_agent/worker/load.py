"""How busy a worker is."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from livekit.agents import AgentServer

_IDLE = 0.5
"""The most that a worker without a job is said to be loaded."""
_SMOOTHING = 0.1
"""The share of the newest look: about five seconds are seen together."""


class Load:
    """Jobs against the capacity, or the processors, whichever is the fuller; 1.0 is full."""

    def __init__(self, capacity: int, busy: float) -> None:
        """`capacity`: conversations that may be held at once; `busy`: share of the processors that is full."""
        self._capacity = capacity
        self._busy_at = busy
        self._busy = 0.0
        self._lock = threading.Lock()
        psutil.cpu_percent()
        self._read_at = time.monotonic()

    def __call__(self, server: AgentServer) -> float:
        """Return the load of `server`; LiveKit asks twice a second, and before each job, from its threads.

        A worker without a job is never full: what keeps the processors busy is not its own.
        """
        jobs, processors = len(server.active_jobs), self._processors() / self._busy_at
        return max(jobs / self._capacity, processors if jobs else min(processors, _IDLE))

    def _processors(self) -> float:
        with self._lock:
            if time.monotonic() - self._read_at >= 0.25:  # noqa: PLR2004 - a shorter look says nothing
                self._read_at = time.monotonic()
                self._busy += _SMOOTHING * (psutil.cpu_percent() / 100 - self._busy)
            return self._busy
