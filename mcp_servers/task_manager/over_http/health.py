"""Whether the server is alive (`/healthz`) and whether it can work (`/readyz`)."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from mcp_servers.task_manager.errors import TaskError
from mcp_servers.task_manager.over_http.answers import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcp_servers.task_manager.database import Database

_log = logging.getLogger(__name__)

ALIVE, READY = "/healthz", "/readyz"
WITHIN = 5.0
"""Seconds in which the database must answer."""
FRESH = 1.0
"""Seconds for which an answer is given again, so that nobody can keep the database busy by asking."""


class Health:
    """Answers both, to everybody: they tell nothing but yes and no."""

    paths = (ALIVE, READY)

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._looking = asyncio.Lock()
        self._looked = float("-inf")
        self._reason = ""
        self.is_draining = False

    async def answer(self, path: str) -> Answer:
        """200, or 503 with the reason."""
        if path == ALIVE:
            return Answer(200, content={"status": "ok"})
        if self.is_draining:
            return Answer(503, content={"status": "draining"})
        async with self._looking:
            if self._clock() - self._looked >= FRESH:
                self._reason = await self._look()
                self._looked = self._clock()
        if self._reason:
            return Answer(503, content={"status": "not ready", "reason": "the database does not answer"})
        return Answer(200, content={"status": "ready"})

    async def _look(self) -> str:
        """Open the database, which migrates it, and read; what was wrong goes to the log alone."""
        try:
            async with asyncio.timeout(WITHIN):
                await self._database.read(lambda connection: connection.exec_driver_sql("SELECT 1").scalar())
        except Exception as error:  # noqa: BLE001 - whatever it is, it is not ready
            reason = str(error) if isinstance(error, TaskError) else type(error).__name__
            _log.warning("not_ready", extra={"reason": reason})
            return reason
        return ""
