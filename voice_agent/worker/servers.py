"""Which servers a job attaches itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voice_agent.config.load import Config
    from voice_agent.config.types import ServerEntry


def entries_of_job(config: Config) -> tuple[ServerEntry, ...]:
    """Return the servers that one job attaches: all of the configuration, each job its own."""
    return config.servers
