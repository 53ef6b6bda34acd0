"""How much one person, and everybody together, may ask for; each limit has its own answer."""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcp_servers.task_manager.over_http.answers import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.types import Receive

BODY_WITHIN = 20.0
"""Seconds in which a whole request must have come."""
HEADERS_WITHIN = 10.0
"""Seconds in which its headers must have."""
LARGEST_HEADERS = 32 * 1024
MOST_REMEMBERED = 10_000
"""People whose last requests are remembered; who was forgotten begins with a full burst."""


class Refused(Exception):
    """A limit was reached."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.text)
        self.answer = answer


class ClientLeft(Exception):
    """There is nobody to answer any more."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled: float


class Rate:
    """A token bucket for each person: `per_second` requests, twice as many in a burst."""

    def __init__(self, per_second: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`per_second` of 0 is no limit."""
        self._rate = per_second
        self._burst = max(1.0, 2 * per_second)
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, owner: str) -> None:
        """Count one request. Raises `Refused` (429, Retry-After in seconds)."""
        if not self._rate:
            return
        now = self._clock()
        bucket = self._buckets.get(owner)
        if bucket is None:
            bucket = self._buckets[owner] = _Bucket(self._burst, now)
            if len(self._buckets) > MOST_REMEMBERED:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(owner)
        bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.filled) * self._rate)
        bucket.filled = now
        if bucket.tokens < 1:
            wait = math.ceil((1 - bucket.tokens) / self._rate)
            text = f"Too many requests: at most {self._rate:g} a second. Try again in {wait} s."
            raise Refused(Answer(429, text, headers={"Retry-After": str(wait)}))
        bucket.tokens -= 1


class Room:
    """How many requests of one person may run at once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._running: dict[str, int] = {}

    def enter(self, owner: str) -> None:
        """Raises `Refused` (503, Retry-After)."""
        running = self._running.get(owner, 0)
        if running >= self._most:
            text = f"Too many requests at once: at most {self._most}. Wait for the answer to one of them."
            raise Refused(Answer(503, text, headers={"Retry-After": "1"}))
        self._running[owner] = running + 1

    def leave(self, owner: str) -> None:
        """The end of what `enter` began."""
        running = self._running[owner] - 1
        if running:
            self._running[owner] = running
        else:
            del self._running[owner]


def check_headers(headers: Iterable[tuple[bytes, bytes]]) -> Answer | None:
    """431 (RFC 6585) for headers that are too large together."""
    if sum(len(name) + len(value) for name, value in headers) <= LARGEST_HEADERS:
        return None
    return Answer(431, f"The headers are too large: at most {LARGEST_HEADERS} bytes together.")


async def read_body(receive: Receive, most: int, declared: bytes | None, within: float = BODY_WITHIN) -> bytes:
    """The whole body. Raises `Refused` for one too large (413) or too slow (408), `ClientLeft` for half a one."""
    too_large = Answer(413, f"The request is too large: at most {most} bytes.", headers={"Connection": "close"})
    if declared is not None and declared.isdigit() and int(declared) > most:
        raise Refused(too_large)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(within):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientLeft
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > most:
                    raise Refused(too_large)
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError:
        text = f"The request did not come whole within {within:g} s."
        raise Refused(Answer(408, text, headers={"Connection": "close"})) from None
