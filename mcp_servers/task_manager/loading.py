"""What takes long to import: by one thread at a time, and before anything is done with it. Standard library only.

SQLAlchemy asks whatever of its parts is there already, half imported or not, about each value of a statement: one that
is built while another thread imports `sqlalchemy.orm` (as Alembic and its asyncio part do) fails now and then.
"""

from __future__ import annotations

import asyncio
import importlib
import threading

NEEDED_LATER = (
    "sqlalchemy",
    "rapidfuzz.process",
    "mcp_servers.task_manager.listing",
    "mcp_servers.task_manager.reminders",
    "mcp_servers.task_manager.suggesting",
    "mcp_servers.task_manager.store",
    "mcp_servers.task_manager.times.dates",
)
"""What the first call needs and listing the tools does not."""
importing = threading.RLock()
"""To be held while anything of SQLAlchemy or Alembic is imported that is not in `NEEDED_LATER`."""
_is_loaded = threading.Event()


def load() -> None:
    """Import it all."""
    with importing:
        for name in NEEDED_LATER:
            importlib.import_module(name)
        _is_loaded.set()


async def loaded() -> None:
    """Wait until it is imported, in a thread."""
    if not _is_loaded.is_set():
        await asyncio.to_thread(load)
