"""Opens a connection to what an entry describes, and keeps what was seen in case it fails."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from voice_agent.bridge.appetite import Appetite, bounded
from voice_agent.bridge.child import Child
from voice_agent.config.types import HttpEntry

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    import httpx2

    from voice_agent.bridge.connection import Connection
    from voice_agent.config.types import ServerEntry

Era: TypeAlias = Literal["auto", "legacy"]

_LIBRARY = "voice_agent.bridge.connection"
_LAST_BREATH = 0.2
"""Seconds that a child which has closed its output gets to end; the pipe is often seen to close first."""


@dataclass(slots=True)
class Sight:
    """What was seen of a server during one connection."""

    http_status: int | None = None
    """Of the last HTTP answer to a message."""
    network_error: Exception | None = None
    """What went wrong below HTTP, where nothing has been answered since."""
    exit_status: int | None = None
    """Of the child, where it has ended by itself; negative for a signal."""
    last_words: Sequence[str] = ()
    """Last lines of the child's standard error."""
    excess: str | None = None
    """What the child took too much of, after which it was ended."""


class Opener(Protocol):
    """Opens one connection; what it sees on the way goes into the `Sight`."""

    def __call__(self, entry: ServerEntry, sight: Sight, /) -> AbstractAsyncContextManager[Connection]:
        """Return a context in which the connection lives."""
        ...


@contextlib.asynccontextmanager
async def open_entry(
    entry: ServerEntry,
    sight: Sight,
    auth: httpx2.Auth | None = None,
    *,
    appetite: Appetite | None = None,
    asks: bool = False,
    era: Era = "auto",
) -> AsyncGenerator[Connection, None]:
    """Start or reach the server of `entry`; at the end, disconnect and end its process.

    Args:
        entry: A process or a URL.
        sight: Gets what is seen.
        auth: Vouches for requests to a URL, in place of the entry's own token.
        appetite: What the process may take.
        asks: There is a user, whom the server is told that it can ask.
        era: What is spoken; `auto`: the newest that the server knows, `legacy`: up to 2025-11-25.

    Raises:
        Exception: Whatever went wrong; `reasons.explain` puts it into words.
    """
    if isinstance(entry, HttpEntry):
        library = await load_library()

        def heard(what: int | Exception) -> None:
            if isinstance(what, int):
                sight.http_status, sight.network_error = what, None
            else:
                sight.network_error = what

        async with library.open_url(entry, heard, auth, asks=asks, era=era) as connection:
            yield connection
        return
    child = await Child.start(entry)
    try:
        # The child gets going while our own side is being imported.
        library = await load_library()
        async with (
            bounded(child, sight, appetite or Appetite.usual()),
            library.open_child(entry, child, asks=asks, era=era) as connection,
        ):
            yield connection
        await child.exited(_LAST_BREATH)
    except Exception:
        await child.exited(_LAST_BREATH)
        raise
    finally:
        sight.exit_status, sight.last_words = child.status, child.last_words
        await child.close()


def open_with(make_transport: Callable[[ServerEntry], Any], *, asks: bool = False) -> Opener:
    """Return an opener that takes its transports from `make_transport` (`fastmcp` transports)."""

    @contextlib.asynccontextmanager
    async def open_made(entry: ServerEntry, sight: Sight) -> AsyncGenerator[Connection, None]:
        del sight
        library = await load_library()
        async with library.open_transport(entry, make_transport(entry), asks=asks) as connection:
            yield connection

    return open_made


async def load_library() -> Any:
    """Import what speaks MCP, which takes about a second the first time, without holding the event loop."""
    if (module := sys.modules.get(_LIBRARY)) is not None and hasattr(module, "open_transport"):
        return module
    return await asyncio.to_thread(importlib.import_module, _LIBRARY)


def is_same(one: ServerEntry | None, other: ServerEntry | None) -> bool:
    """Tell whether two entries start or reach the same thing in the same way."""
    if one is None or other is None:
        return False
    return replace(one, voice=other.voice, origin=other.origin) == other
