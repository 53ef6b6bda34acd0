"""A voice assistant whose abilities are MCP servers.

`toolset` brings the servers into anybody's LiveKit agent:

    AgentSession(tools=[voice_agent.toolset("mcp.json")], ...)
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

    from voice_agent.agents.toolset import BridgeToolset

__all__ = ["toolset"]


def toolset(config: str | PathLike[str] | None = None, *, servers: Sequence[str] = ()) -> BridgeToolset:
    """Return a LiveKit toolset with the tools of all configured MCP servers, live.

    The servers start when the session does, which does not wait for them; they are closed with it. Calls that need the
    user's yes are read back by the session's own voice.

    Args:
        config: The `mcpServers` file of any client; None: found as `voice-agent` finds it.
        servers: More servers, each a URL or a command line.

    Raises:
        ConfigError: The file does not exist or cannot be read. A mistake in one entry is logged, and only that entry
            is left out.
        ExtraMissing: The extra `voice` is not installed.
    """
    import importlib
    from pathlib import Path

    from voice_agent.bridge.bridge import Bridge
    from voice_agent.config.load import load
    from voice_agent.errors import ExtraMissing

    try:
        from voice_agent.agents.toolset import BridgeToolset
    except ImportError as error:
        raise ExtraMissing("voice", "A LiveKit toolset") from error
    # Takes most of a second, which the start of the session would otherwise be slowed down by.
    importlib.import_module("voice_agent.bridge.connection")
    read = load(config=None if config is None else Path(config), servers=servers)
    for problem in read.problems:
        logging.getLogger(__name__).warning("%s", problem)
    return BridgeToolset(Bridge.of(read), filler_after=read.settings.limits.filler_after)
