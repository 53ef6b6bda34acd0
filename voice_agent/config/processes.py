"""What the processes of this program itself see of its environment: all of it, and what their starter adds."""

from __future__ import annotations

import os


def own_environment(**more: str) -> dict[str, str]:
    """This process's environment with `more` in it; for our own parts, never for MCP servers."""
    return {**os.environ, **more}


def set_unless_set(**defaults: str) -> None:
    """Set variables of this process, and so of those that it starts, which are for libraries to read."""
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
