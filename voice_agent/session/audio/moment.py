"""One instant on both clocks."""

from __future__ import annotations

import time
from typing import NamedTuple


class Moment(NamedTuple):
    """One instant on both clocks, in seconds."""

    wall: float
    """`time.time()`."""
    counter: float
    """`time.perf_counter()`: for differences."""

    @classmethod
    def now(cls, offset: float = 0.0) -> Moment:
        """This instant, or the one `offset` seconds from it."""
        return cls(time.time() + offset, time.perf_counter() + offset)
