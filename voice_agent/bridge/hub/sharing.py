"""Which servers are shared with people who log in (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voice_agent.config import bundled
from voice_agent.config.types import HttpEntry

if TYPE_CHECKING:
    from voice_agent.config.types import ServerEntry

ONE_PERSONS = "is started as a command and holds one person's data"
OTHERS_LOGIN = "is reached with the login in its entry, which is not this person's"


def is_shared(entry: ServerEntry) -> bool:
    """Whether everybody uses the same connection."""
    is_open = isinstance(entry, HttpEntry) and not entry.auth and not entry.headers
    return entry.voice.scope == "shared" or (entry.voice.scope is None and is_open)


def why_kept(entry: ServerEntry) -> str | None:
    """Return why people who log in are not offered a server, as a clause after its name; None where they are."""
    if entry.voice.scope == "session" or is_shared(entry) or bundled.runs(entry):
        return None
    return OTHERS_LOGIN if isinstance(entry, HttpEntry) else ONE_PERSONS
