"""Tools from a file in place of live servers: one a line, as servers list them, each with its server's name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from voice_agent.bridge.catalog import Catalog
from voice_agent.config.types import StdioEntry
from voice_agent.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from voice_agent.bridge.types import Json, Tool


def read_catalog(file: Path, tell: Callable[[str], object] | None = None) -> tuple[Tool, ...]:
    """Return the tools of a `tools.jsonl`: objects with `server`, and what MCP's `tools/list` says of a tool.

    `tell`: is told of each line that is no such object, and the others are used.

    Raises:
        ConfigError: The file cannot be read, or, with nobody to tell, one of its lines is no such object.
    """
    try:
        # Not `splitlines`: what stands in a text of JSON may be such an end of a line.
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise ConfigError(f"The catalog {file} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"The catalog {file} is not text in UTF-8.") from None
    listed: dict[str, list[Json]] = {}
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                server, raw = _tool(line, f"Line {number} of the catalog {file}")
            except ConfigError as error:
                if tell is None:
                    raise
                tell(str(error))
            else:
                listed.setdefault(server, []).append(raw)
    catalog = Catalog(tuple(listed))
    for server, raws in listed.items():
        catalog.update(StdioEntry(name=server, command=""), raws)
    return catalog.tools


def _tool(line: str, where: str) -> tuple[str, Json]:
    try:
        value: Any = json.loads(line)
    except (ValueError, RecursionError):
        raise ConfigError(f"{where} is not JSON.") from None
    raw = cast("Json", value) if isinstance(value, dict) else {}
    server, name = raw.get("server"), raw.get("name")
    if not isinstance(server, str) or not isinstance(name, str):
        raise ConfigError(f"{where} is no tool: it needs a “server” and a “name”.")
    return server, raw
