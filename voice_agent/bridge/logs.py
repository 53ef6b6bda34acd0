"""What a server logs, handed to whoever made the call in which it logs.

A log message names no call. Where it arrives in the context of one (streamable HTTP) it is that call's; else it goes to
the one listener that has calls under way. Where several have, nobody gets it: what is one's is never shown to another.
"""

from __future__ import annotations

import contextlib
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from mcp_types import LOG_LEVEL_META_KEY, LoggingLevel

from voice_agent.bridge.cleaning import clean, clean_json

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator

    import mcp_types

    from voice_agent.bridge.types import Json

_NAME = 120
LEVELS: tuple[LoggingLevel, ...] = get_args(LoggingLevel)
"""From what matters least to what matters most (RFC 5424)."""


@dataclass(frozen=True, slots=True)
class LogListener:
    """Takes what is logged in the calls of one client."""

    client: object
    """Whose calls these are: compared by identity."""
    level: LoggingLevel
    """The least that it wants."""
    tell: Callable[[LoggingLevel, Any, str | None], None]
    """Takes a message's level, its data, and the name of its logger."""

    def wants(self, level: LoggingLevel) -> bool:
        """Tell whether a message of this level is for it."""
        return LEVELS.index(level) >= LEVELS.index(self.level)


LISTENER: ContextVar[LogListener | None] = ContextVar("voice_agent_log_listener", default=None)
"""Who hears what is logged in the calls that are made in this context; None: nobody."""
_HEARING: ContextVar[LogListener | None] = ContextVar("voice_agent_hearing_logs", default=None)


class Logs:
    """The log messages of one connection."""

    def __init__(self) -> None:
        """Begin with no call under way."""
        self._open: list[LogListener] = []
        self._asked: LoggingLevel | None = None

    @contextlib.asynccontextmanager
    async def during(self, set_level: Callable[[LoggingLevel], Awaitable[object]] | None) -> AsyncGenerator[None]:
        """Let what is logged while this block runs reach the listener of this context.

        `set_level`: asks a server of the handshake era, for the whole connection, for the least that anybody wants.
        """
        listener = LISTENER.get()
        if listener is None:
            yield
            return
        if set_level is not None and (self._asked is None or not _is_at_least(listener.level, self._asked)):
            self._asked = listener.level
            with contextlib.suppress(Exception):
                await set_level(listener.level)
        with self._opened(listener):
            yield

    @contextlib.contextmanager
    def _opened(self, listener: LogListener) -> Generator[None]:
        mark = _HEARING.set(listener)
        self._open.append(listener)
        try:
            yield
        finally:
            self._open.remove(listener)
            _HEARING.reset(mark)

    async def take(self, message: mcp_types.LoggingMessageNotificationParams) -> None:
        """Hand a message on."""
        listener = _HEARING.get()
        if listener is None or not any(one is listener for one in self._open):
            clients = {id(one.client) for one in self._open}
            listener = self._open[-1] if len(clients) == 1 else None
        if listener is not None and listener.wants(message.level):
            logger = clean(message.logger, _NAME, one_line=True) if message.logger else None
            listener.tell(message.level, clean_json(message.data), logger)


def with_level(meta: Json | None) -> Json | None:
    """Return the `_meta` of a request with the level that the listener of this context wants (MCP 2026-07-28)."""
    listener = LISTENER.get()
    return meta if listener is None else {**(meta or {}), LOG_LEVEL_META_KEY: listener.level}


def _is_at_least(level: LoggingLevel, other: LoggingLevel) -> bool:
    return LEVELS.index(level) >= LEVELS.index(other)
