"""Names, of tools or prompts, by which things of all servers are told apart (pure)."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

KEY_LIMIT = 64
"""Characters of a tool's name that every model provider takes."""
_HASH = 6
_FORBIDDEN = re.compile(r"[^A-Za-z0-9_-]")


class Keys:
    """Gives out keys, `SERVER_NAME`, with a hash behind where that would not be plain and of one thing alone."""

    def __init__(self, servers: Collection[str]) -> None:
        """`servers`: all configured names, for a key must not depend on who happens to be up."""
        self.servers = tuple(servers)
        self._used: dict[str, tuple[str, str]] = {}

    def key(self, server: str, name: str, *, crowded: bool = False) -> str:
        """Return the key of `name` of `server`, for good; `crowded`: its server has several that are spelled so."""
        plain = f"{server}_{name}"
        key = _FORBIDDEN.sub("_", plain)
        owner = max((other for other in self.servers if plain.startswith(f"{other}_")), key=len, default=server)
        if (
            crowded
            or key != plain
            or not name
            or owner != server
            or len(key) > KEY_LIMIT
            or self._taken(key, server, name)
        ):
            mark = hashlib.sha256(f"{server}\0{name}".encode("utf-8", "replace")).hexdigest()
            length = _HASH
            while True:
                head = key[: KEY_LIMIT - length - 1].rstrip("_-")
                candidate = f"{head}_{mark[:length]}" if head else mark[:length]
                if not self._taken(candidate, server, name):
                    break
                length += 2
            key = candidate
        self._used[key.casefold()] = (server, name)
        return key

    def _taken(self, key: str, server: str, name: str) -> bool:
        """Tell whether a key has ever been another thing's: a model may still have it in mind."""
        return self._used.get(key.casefold(), (server, name)) != (server, name)
