"""Reads the configuration again while the program runs: what is broken now stays as it was."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from voice_agent.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from voice_agent.config.load import Config
    from voice_agent.config.types import Problem, ServerEntry

_NAMES = ("mcp.json", ".mcp.json")
_NOT_USED = "The file is not used."

Signature: TypeAlias = tuple[tuple[str, int, int, int], ...]
"""Path, inode, time and size of each file that is there."""


@dataclass(frozen=True, slots=True)
class Edited:
    """What an edit of `mcp.json` comes to."""

    servers: tuple[ServerEntry, ...]
    disabled: tuple[str, ...]
    complaints: tuple[str, ...]
    """What is wrong with the edit, a sentence each; the part that each names is as before."""
    config: Config | None
    """The whole, where the files could be read."""


def watched(config: Config) -> tuple[Path, ...]:
    """Return the files whose edit changes what is attached; where there was none, those that would be found."""
    if config.mcp_file is not None:
        return (config.mcp_file,)
    return tuple(folder / name for folder in (Path.cwd(), config.home) for name in _NAMES)


def signature(files: tuple[Path, ...]) -> Signature:
    """Return what tells one state of `files` from another."""
    found: list[tuple[str, int, int, int]] = []
    for file in files:
        try:
            status = file.stat()
        except OSError:
            continue
        found.append((str(file), status.st_ino, status.st_mtime_ns, status.st_size))
    return tuple(found)


class Watch:
    """Looks whether the files of a configuration have been edited since they were read."""

    def __init__(self, config: Config) -> None:
        """Begin with `config`, which has been read already."""
        self._files = watched(config)
        self._used = self._seen = signature(self._files)

    def is_edited(self) -> bool:
        """Look again; True, once, where they shall be read: the same at two looks, for editors write in steps."""
        before, self._seen = self._seen, signature(self._files)
        if self._seen == self._used or self._seen != before:
            return False
        self._used = self._seen
        return True

    def follow(self, config: Config) -> None:
        """Look at the files of `config` from now on; what was edited while it was read is seen at the next look."""
        if (files := watched(config)) != self._files:
            self._files, self._used = files, ()


def read_again(before: Config, read: Callable[[], Config]) -> Edited:
    """Read the configuration with `read`, and keep of `before` what is now broken."""
    try:
        now = read()
    except ConfigError as error:
        return Edited(before.servers, before.disabled, (str(error),), None)
    fresh = tuple(problem for problem in now.problems if _key(problem) not in {_key(old) for old in before.problems})
    complaints = tuple(str(problem) for problem in fresh)
    if any(problem.server is None and problem.message.endswith(_NOT_USED) for problem in fresh):
        return Edited(before.servers, before.disabled, complaints, None)
    broken = {problem.server for problem in now.problems} - {entry.name for entry in now.servers}
    kept = tuple(entry for entry in before.servers if entry.name in broken)
    return Edited((*now.servers, *kept), now.disabled, complaints, replace(now, servers=(*now.servers, *kept)))


def _key(problem: Problem) -> tuple[str, str | None]:
    """Return a mistake without the line that it is in."""
    return problem.message, problem.server
