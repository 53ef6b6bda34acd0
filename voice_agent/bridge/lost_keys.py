"""Idempotency keys of calls whose answer was lost, kept for when the user has the same call tried again."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voice_agent.bridge.types import Json, Tool

_MOST = 64
_LIVES = 900.0
"""Seconds in which the same call, tried again after its answer was lost, has the same idempotency key."""


class LostKeys:
    """The keys of one server's, or one conversation's, lost calls; the first try may have taken effect."""

    def __init__(self) -> None:
        self._keys: dict[str, tuple[str, float]] = {}

    def key_for(self, tool: Tool, given: Json) -> str:
        """Return the key that the call goes with: that of the same call, where it was lost, else a new one."""
        key, until = self._keys.get(_identity(tool, given), ("", 0.0))
        return key if asyncio.get_running_loop().time() < until else str(uuid.uuid4())

    def keep(self, tool: Tool, given: Json, key: str) -> None:
        """Keep the key of a call whose answer was lost."""
        while len(self._keys) >= _MOST:
            del self._keys[next(iter(self._keys))]
        self._keys[_identity(tool, given)] = (key, asyncio.get_running_loop().time() + _LIVES)

    def forget(self, tool: Tool, given: Json) -> None:
        """Forget the key of a call that was answered."""
        self._keys.pop(_identity(tool, given), None)


def _identity(tool: Tool, given: Json) -> str:
    """Return what makes two calls the same."""
    return f"{tool.pin} {json.dumps(given, sort_keys=True, default=str)}"
