"""Opens a connection to what an entry describes, and keeps what was seen in case it fails."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import sys
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

from voice_agent.bridge.appetite import Appetite, bounded
from voice_agent.bridge.child import Child
from voice_agent.bridge.eras import Eras
from voice_agent.bridge.reasons import BROKEN_OFF
from voice_agent.config.types import HttpEntry

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    import httpx2

    from voice_agent.bridge.connection import ClientConnection, Connection
    from voice_agent.bridge.eras import Era
    from voice_agent.config.types import ServerEntry, StdioEntry

_LIBRARY = "voice_agent.bridge.connection"
_LAST_BREATH = 0.2
"""Seconds that a child gets to end by itself when its connection is over."""
_AFTER_OUTPUT = 1.0
"""The same for one whose output has ended: the pipe is often seen to close first, on a busy machine half a second."""


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
    was_silent: bool = False
    """It has started to read, as far as that can be told, and has not answered."""
    is_other_era: bool = False
    """It may not have borne the question of the newer era: the next connection asks otherwise, and is due at once."""


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
    era: Era | None = None,
    eras: Eras | None = None,
) -> AsyncGenerator[Connection, None]:
    """Start or reach the server of `entry`; at the end, disconnect and end its process.

    Args:
        entry: A process or a URL.
        sight: Gets what is seen.
        auth: Vouches for requests to a URL, in place of the entry's own token.
        appetite: What the process may take.
        asks: There is a user, whom the server is told that it can ask.
        era: What is spoken; None: as `eras` says.
        eras: What is known of the servers; takes notice of how this one does.

    Raises:
        Exception: Whatever went wrong; `reasons.explain` puts it into words.
    """
    eras = eras or Eras()
    chosen: Era = era or eras.of(entry)
    has_agreed = False
    if isinstance(entry, HttpEntry):
        opened = _at_url(entry, sight, auth, asks=asks, era=chosen)
    else:
        opened = _child(entry, sight, appetite or Appetite.usual(), asks=asks, era=chosen)
    try:
        async with opened as connection:
            has_agreed = True
            was_silent = chosen == "auto" and connection.was_silent and not connection.is_modern
            eras.worked(entry, chosen, was_silent=was_silent)
            yield connection
    finally:
        if not has_agreed and _is_in_doubt(sight):
            is_first = eras.failed(entry, chosen, was_silent=sight.was_silent)
            # What is reached by URL and has ended is not started by us, and needs its time.
            sight.is_other_era = is_first and (sight.was_silent or sight.exit_status is not None)


def _is_in_doubt(sight: Sight) -> bool:
    """Tell whether another first question could have had another answer."""
    if sight.excess is not None or sight.http_status is not None:
        return False
    broke_off = type(sight.network_error).__name__ in BROKEN_OFF
    return sight.was_silent or sight.exit_status is not None or broke_off


@contextlib.asynccontextmanager
async def _at_url(
    entry: HttpEntry, sight: Sight, auth: httpx2.Auth | None, *, asks: bool, era: Era
) -> AsyncGenerator[ClientConnection, None]:
    library = await load_library()
    has_agreed = False

    def heard(what: int | Exception) -> None:
        sight.was_silent = False
        if not isinstance(what, int):
            # What comes after is of a server that has gone: that it broke off says more than that nobody is there now.
            sight.network_error = sight.network_error or what
        elif (
            has_agreed
            or (sight.http_status or 0) < HTTPStatus.INTERNAL_SERVER_ERROR
            or what >= HTTPStatus.MULTIPLE_CHOICES
        ):
            # An error of the server's own is not made good by its not knowing the older question either.
            sight.http_status, sight.network_error = what, None

    sight.was_silent = True
    async with library.open_url(entry, heard, auth, asks=asks, era=era) as connection:
        has_agreed = True
        yield connection


@contextlib.asynccontextmanager
async def _child(
    entry: StdioEntry, sight: Sight, appetite: Appetite, *, asks: bool, era: Era
) -> AsyncGenerator[ClientConnection, None]:
    child = await Child.start(entry)
    try:
        # The child gets going while our own side is being imported.
        library = await load_library()
        async with (
            bounded(child, sight, appetite),
            library.open_child(entry, child, asks=asks, era=era) as connection,
        ):
            yield connection
        await _last_breath(child)
    except Exception:
        await _last_breath(child)
        raise
    finally:
        sight.exit_status, sight.last_words = child.status, child.last_words
        sight.was_silent = child.status is None and child.has_read is not False
        await child.close()


async def _last_breath(child: Child) -> None:
    """Let it end by itself, so that what it has died of can be told."""
    await child.exited(_AFTER_OUTPUT if child.is_mute else _LAST_BREATH)


def open_with(make_transport: Callable[[ServerEntry], Any], *, asks: bool = False, era: Era = "auto") -> Opener:
    """Return an opener that takes its transports from `make_transport` (`fastmcp` transports)."""

    @contextlib.asynccontextmanager
    async def open_made(entry: ServerEntry, sight: Sight) -> AsyncGenerator[Connection, None]:
        del sight
        library = await load_library()
        async with library.open_transport(entry, make_transport(entry), asks=asks, era=era) as connection:
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
