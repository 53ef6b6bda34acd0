"""A clock that jumps to the next timer whenever there is nothing to do, for all that asks what time it is.

To be imported before whatever takes `time.time` for a default: from `begin` on, Python's clocks tell the time of a
loop, but for `datetime`.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop with that clock; threads are done without, for time must not pass beside it.

    Sockets on loopback work: what one end has sent is there for the other before the clock jumps.
    """

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._inner: Any = self
        """Itself, for its queues have no public name."""

    def time(self) -> float:
        """Return seconds since the day began."""
        return self._now

    def _run_once(self) -> None:
        inner = self._inner
        if not inner._ready and inner._scheduled:  # noqa: SLF001 - there is no other seam
            inner._process_events(inner._selector.select(0))  # noqa: SLF001 - see above
            if not inner._ready:  # noqa: SLF001 - see above
                self._now = max(self._now, inner._scheduled[0].when())  # noqa: SLF001 - see above
        cast("Any", super())._run_once()  # noqa: SLF001 - see above

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> asyncio.Future[Any]:
        """Do it at once."""
        del executor
        done: asyncio.Future[Any] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - it belongs to whoever waits
            done.set_exception(error)
        return done


_CLOCKS = ("time", "monotonic", "perf_counter")
_loop: VirtualLoop | None = None
_begun: dict[str, float] = {}


def begin(loop: VirtualLoop) -> None:
    """Let the clocks stand still from now on, but for the time of `loop`."""
    global _loop  # noqa: PLW0603 - there is one time
    _begun.update({name: getattr(time, name)() for name in _CLOCKS})
    _loop = loop


def _clock(name: str, real: Callable[[], float]) -> Callable[[], float]:
    return lambda: real() if _loop is None else _begun[name] + _loop.time()


for _name in _CLOCKS:
    setattr(time, _name, _clock(_name, getattr(time, _name)))
