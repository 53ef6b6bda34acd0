"""What is held back of each server for having changed, and the user's word that it may be used.

Works on the files of the pins alone, which whatever bridge holds the connection watches, that of a hub too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from voice_agent.bridge.cleaning import clean
from voice_agent.bridge.pins import Pins
from voice_agent.config.types import BUILT_IN

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from voice_agent.bridge.pins import Change
    from voice_agent.bridge.types import Json
    from voice_agent.config.types import ServerEntry


class Approvals:
    """The changed tools of the servers of one conversation."""

    def __init__(self, folder: Path, entries: Sequence[ServerEntry]) -> None:
        """`folder`: of the pins; `entries`: the servers."""
        self._pins = {entry.name: Pins(folder, entry) for entry in entries if entry.origin != BUILT_IN}

    def held(self, server: str) -> list[Json]:
        """Return what is held back of `server`, as it is shown: `tool`, and `changes` in words."""
        pins = self._pins.get(server)
        return [] if pins is None else [{"tool": _name(one), "changes": list(one.changes)} for one in pins.held]

    def approve(self, server: str, shown: Sequence[Any]) -> bool:
        """Accept the changes of `server` that the user has been `shown`, and no others; False if there are none."""
        pins = self._pins.get(server)
        seen = {place for one in shown if (place := _read(one)) is not None}
        return pins is not None and bool(pins.approve([one for one in pins.held if (_name(one), one.changes) in seen]))


def _name(change: Change) -> str:
    """Return the name of a changed tool as it is shown."""
    return clean(change.tool, one_line=True)


def _read(shown: Any) -> tuple[str, tuple[str, ...]] | None:
    """Return the tool and the changes that were shown; None for what is none."""
    if not isinstance(shown, dict):
        return None
    found = cast("Json", shown)
    tool, changes = found.get("tool"), found.get("changes")
    if not isinstance(tool, str) or not isinstance(changes, list):
        return None
    return tool, tuple(map(str, cast("list[Any]", changes)))
