"""How busy a worker is, and what the LiveKit server is told of it."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Generator

    from livekit.agents import AgentServer

_IDLE = 0.5
"""The most that a worker without a job is said to be loaded."""
_SMOOTHING = 0.1
"""The share of the newest look: about five seconds are seen together."""
_FULL = 0.99
_LEAST = 0.31
"""The weight of a worker that can take one more: the LiveKit server asks none whose load is above 0.7."""
_DECADES = 30.0
"""Powers of ten between that and the weight of an idle one, as many as single precision holds with room to spare."""


def told(share: float) -> float:
    """Return the load that the LiveKit server is told, for a worker of which `share` (0 to 1) is in use.

    It chooses at random among the workers, weighted by 1 - load, and asks none when all are above 0.7 (`target_load`;
    livekit-server, pkg/service/agentservice.go). Told a load from 0 to 1 it would hardly prefer an idle worker to one
    that holds a few conversations. Told one far below zero, which it takes, the least loaded is as good as certain:
    with a capacity of 10, one conversation less weighs a thousand times as much.
    """
    return 1.0 if share >= _FULL else 1.0 - _LEAST * 10 ** (_DECADES * (1 - share))


class Load:
    """Jobs against the capacity, or the processors, whichever is the fuller; 1.0 is full."""

    def __init__(self, capacity: int, busy: float) -> None:
        """`capacity`: conversations that may be held at once; `busy`: share of the processors that is full."""
        self._capacity = capacity
        self._busy_at = busy
        self._busy = 0.0
        self._coming = 0
        self._lock = threading.Lock()
        psutil.cpu_percent()
        self._read_at = time.monotonic()

    def __call__(self, server: AgentServer) -> float:
        """Return what the LiveKit server is told; asked for twice a second, from LiveKit's threads."""
        return told(self._share(len(server.active_jobs) + self._coming))

    def is_full(self, jobs: int) -> bool:
        """Tell whether a worker that holds so many jobs takes no other."""
        return self._share(jobs + self._coming) >= _FULL

    @contextlib.contextmanager
    def one_more(self) -> Generator[None]:
        """Count a job that has been accepted and is not held yet."""
        self._coming += 1
        try:
            yield
        finally:
            self._coming -= 1

    def _share(self, jobs: int) -> float:
        """Return how much is in use; a worker without a job is never full: what keeps it busy is not its own."""
        processors = self._processors() / self._busy_at
        return max(jobs / self._capacity, processors if jobs else min(processors, _IDLE))

    def _processors(self) -> float:
        with self._lock:
            if time.monotonic() - self._read_at >= 0.25:  # noqa: PLR2004 - a shorter look says nothing
                self._read_at = time.monotonic()
                self._busy += _SMOOTHING * (psutil.cpu_percent() / 100 - self._busy)
            return self._busy
