"""What the user's tools were when they were first seen, kept in a file for each entry, so that a change is noticed.

A file holds the pin (SHA-256) of each tool and the little that is needed to say later what changed. It lies in the
user's home as `pins/NAME-FINGERPRINT.json`; the fingerprint is of what the entry starts or reaches, so that editing the
entry begins anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import re
import tempfile
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from voice_agent.bridge.changes import changes, told
from voice_agent.bridge.redaction import Redactor, shown_url
from voice_agent.config.types import StdioEntry

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from voice_agent.bridge.types import Json, Tool
    from voice_agent.config.types import ServerEntry

logger = logging.getLogger(__name__)

_LARGEST = 8 * 1024 * 1024
_MOST_FILES = 256
_MOST_TOOLS = 20_000
_SLUG = re.compile(r"[^A-Za-z0-9_-]+")
_Signature: TypeAlias = tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class Change:
    """One tool that is not what it was."""

    tool: str
    """As its server spells it."""
    changes: tuple[str, ...]
    """What changed, in words: “it takes “to” as well”."""


class Pins:
    """The pins of one entry; several processes and threads may use them at the same time."""

    def __init__(self, folder: Path, entry: ServerEntry) -> None:
        """Prepare; `folder` need not exist."""
        slug = _SLUG.sub("-", entry.name).strip("-")[:40]
        self._file = folder / f"{slug}-{fingerprint(entry)}.json"
        self._server = entry.name
        self._known: dict[str, Json] = {}
        self._held: dict[str, Json] = {}
        self._seen: _Signature = None
        self._is_read_only = False
        self._lock = threading.RLock()

    @property
    def held(self) -> tuple[Change, ...]:
        """What is held back, as far as any process has seen it."""
        found: list[Change] = []
        with self._lock:
            self._read()
            for name, new in self._held.items():
                old = self._known.get(name)
                if old is not None and old["pin"] != new["pin"]:
                    found.append(Change(name, tuple(changes(old["told"], new["told"]))))
        return tuple(found)

    @property
    def has_changed(self) -> bool:
        """Whether another process has written the file."""
        return self._signature() != self._seen

    def judge(self, tools: Iterable[Tool]) -> Mapping[str, str]:
        """Return which of `tools` are held back, by name, and what changed about each; pins what is new."""
        with self._lock:
            return self._judge(tools)

    def _judge(self, tools: Iterable[Tool]) -> Mapping[str, str]:
        self._read()
        is_new = False
        held: dict[str, str] = {}
        for tool in tools:
            known = self._known.get(tool.name)
            if known is None:
                if len(self._known) < _MOST_TOOLS:
                    self._known[tool.name] = {"pin": tool.pin, "told": told(tool)}
                    is_new = True
            elif known["pin"] != tool.pin:
                new: Json = {"pin": tool.pin, "told": told(tool)}
                is_new = is_new or self._held.get(tool.name) != new
                self._held[tool.name] = new
                held[tool.name] = "; ".join(changes(known["told"], new["told"]))
            elif self._held.pop(tool.name, None) is not None:
                is_new = True
        if is_new:
            self._write()
        return held

    def approve(self, shown: Collection[Change] | None = None) -> tuple[Change, ...]:
        """Accept what is held back, exactly as it was seen; returns what that was.

        `shown`: what the user has been shown, where that is all that may be accepted.
        """
        with self._lock:
            approved = tuple(change for change in self.held if shown is None or change in shown)
            for change in approved:
                self._known[change.tool] = self._held.pop(change.tool)
            if approved:
                self._write()
        return approved

    def _signature(self) -> _Signature:
        try:
            status = self._file.stat()
        except OSError:
            return None
        return (status.st_ino, status.st_mtime_ns, status.st_size)

    def _read(self) -> None:
        """Take in what another process has written since."""
        signature = self._signature()
        if signature is None or signature == self._seen:
            return
        try:
            with self._file.open("rb") as file:
                found: Any = json.loads(file.read(_LARGEST + 1))
            self._known, self._held = _checked(found["tools"]), _checked(found["held"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            logger.warning("the pins of “%s” cannot be read and begin anew: %s", self._server, self._file.name)
        self._seen = signature

    def _write(self) -> None:
        data = self._dumped()
        folder = self._file.parent
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _drop_old(folder)
            handle, name = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                os.replace(name, self._file)  # noqa: PTH105 - from a name, not a Path
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(name)  # noqa: PTH108 - as above
                raise
        except OSError as error:
            if not self._is_read_only:
                logger.warning("the pins of “%s” cannot be kept: %s", self._server, error.strerror)
            self._is_read_only = True
        self._seen = self._signature()

    def _dumped(self) -> bytes:
        whole = {"server": self._server, "tools": self._known, "held": self._held}
        data = json.dumps(whole, separators=(",", ":")).encode()
        if len(data) > _LARGEST:
            # Thousands of tools: that they change is then noticed, but not told in detail.
            bare: Json = {name: {"pin": pin["pin"], "told": {}} for name, pin in self._known.items()}
            data = json.dumps({**whole, "tools": bare, "held": {}}, separators=(",", ":")).encode()
        return data


def _checked(found: Any) -> dict[str, Json]:
    pins = cast("dict[str, Json]", found).items()
    return {name: pin for name, pin in pins if isinstance(pin["pin"], str) and isinstance(pin["told"], dict)}


def fingerprint(entry: ServerEntry) -> str:
    """Return what tells an entry from those that start or reach something else; it gives no secret away."""
    if isinstance(entry, StdioEntry):
        redact = Redactor(entry)
        # Not the environment: secrets in it change more often than what is started.
        what = [entry.name, entry.command, *map(redact, entry.args), str(entry.cwd)]
    else:
        what = [entry.name, shown_url(entry.url)]
    return hashlib.sha256("\0".join(what).encode("utf-8", "replace")).hexdigest()[:12]


def _drop_old(folder: Path) -> None:
    """Keep the folder bounded: entries that are edited often leave a file each time."""
    files = list(folder.glob("*.json"))
    if len(files) < _MOST_FILES:
        return
    aged = sorted(files, key=lambda file: file.stat().st_mtime)
    for file in aged[: len(files) - _MOST_FILES + 1]:
        file.unlink(missing_ok=True)
