"""What the processes of this program itself see of its environment: all of it, and what their starter adds."""

from __future__ import annotations

import os


def own_environment(**more: str) -> dict[str, str]:
    """This process's environment with `more` in it; for our own parts, never for MCP servers."""
    return {**os.environ, **more}
