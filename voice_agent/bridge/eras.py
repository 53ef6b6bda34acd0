"""Which era of the protocol each server is asked for first.

A server of the older era may hang, or end, when the first thing that it is asked is `server/discover`, which it does
not know. It is then connected to anew and asked to `initialize`; that this worked is kept, so that the next start is
quick.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import time
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from voice_agent.bridge.pins import fingerprint

if TYPE_CHECKING:
    from pathlib import Path

    from voice_agent.config.types import ServerEntry

logger = logging.getLogger(__name__)

Era: TypeAlias = Literal["auto", "legacy"]
"""`auto`: the newest that the server knows; `legacy`: up to 2025-11-25, without asking for more."""

ERAS = "eras.json"
"""The file in the user's home."""
_KEPT = 7 * 86_400.0
"""Seconds after which a server is asked for the newest again: it may have been brought up to date."""
_MOST = 500
_LARGEST = 256 * 1024


class Eras:
    """What is known of the eras of servers, by what their entries start or reach."""

    def __init__(self, file: Path | None = None) -> None:
        """Prepare; `file`: where it is kept from one start to the next, if it is."""
        self._file = file
        self._older: set[str] | None = None
        self._tried: set[str] = set()
        """Those whose other era has been tried since they last worked."""
        self._silent: set[str] = set()
        """Those that were silent when they were asked for the newest, which costs more to find out than an end."""

    def of(self, entry: ServerEntry) -> Era:
        """Return the era in which a connection is opened."""
        return "legacy" if fingerprint(entry) in self._known() else "auto"

    def failed(self, entry: ServerEntry, era: Era, *, was_silent: bool) -> bool:
        """Take notice that a server ended or was silent before it had agreed to a version.

        The next connection is opened in the other era; True: it should be at once.
        """
        key = fingerprint(entry)
        if era == "legacy":
            self._known().discard(key)
            return False
        self._known().add(key)
        if was_silent:
            self._silent.add(key)
        is_first = key not in self._tried
        self._tried.add(key)
        return is_first

    def worked(self, entry: ServerEntry, era: Era, *, was_silent: bool) -> None:
        """Take notice that a server has agreed to a version, but `was_silent` when it was asked for the newest."""
        key = fingerprint(entry)
        self._tried.discard(key)
        if was_silent:
            self._known().add(key)
        if was_silent or (era == "legacy" and key in self._silent):
            self._keep(key, is_older=True)
        elif era == "auto":
            self._keep(key, is_older=False)

    def _known(self) -> set[str]:
        if self._older is None:
            self._older = {key for key, since in self._read().items() if 0 <= time.time() - since < _KEPT}
        return self._older

    def _read(self) -> dict[str, float]:
        if self._file is None:
            return {}
        with contextlib.suppress(OSError, ValueError, RecursionError), self._file.open("rb") as file:
            found: Any = json.loads(file.read(_LARGEST))
            if isinstance(found, dict):
                known = cast("dict[str, Any]", found).items()
                return {key: float(since) for key, since in known if isinstance(since, int | float)}
        return {}

    def _keep(self, key: str, *, is_older: bool) -> None:
        kept = self._read()
        if self._file is None or is_older == (key in kept):
            return
        kept.pop(key, None)
        if is_older:
            kept[key] = time.time()
        newest = dict(sorted(kept.items(), key=lambda item: item[1])[-_MOST:])
        beside = self._file.with_suffix(f".{os.getpid()}.tmp")
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            beside.write_text(json.dumps(newest), "utf-8")
            beside.replace(self._file)
        except OSError as error:
            logger.debug("the eras of servers cannot be kept: %s", error.strerror)
