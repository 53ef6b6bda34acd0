"""The Task Manager that comes with this program, and how to recognise it in somebody's file."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from voice_agent.config.types import ServerEntry, StdioEntry, VoiceOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "tasks"
MODULE = "mcp_servers.task_manager"
PROGRAM = "task-manager-mcp"
_PYTHON_RUNNERS = {"uvx", "uv", "pipx"}


def voice_options(defaults: VoiceOptions) -> VoiceOptions:
    """What is believed of the Task Manager, wherever it is configured."""
    return replace(
        defaults,
        trust=True,
        required=True,
        say="Task Manager",
        vocabulary=("list_tasks",),
        announce=("tasks://reminders",),
    )


def task_manager(environ: Mapping[str, str], time_zone: str | None, defaults: VoiceOptions) -> StdioEntry:
    """The bundled server, started as a child as any other."""
    own = {name: value for name, value in environ.items() if name.startswith("TASK_MANAGER_") or name == "PYTHONPATH"}
    zone = ("--timezone", time_zone) if time_zone else ()
    return StdioEntry(
        NAME,
        sys.executable,
        # -P: a folder that the user happens to be in cannot stand in for any module.
        ("-P", "-m", MODULE, *zone),
        env=own,
        voice=voice_options(defaults),
    )


def is_task_manager(command: str, args: tuple[str, ...]) -> bool:
    """Whether a command line starts our Task Manager, and not another package of the same name."""
    program = PurePath(command.replace("\\", "/")).name.removesuffix(".exe")
    if program == PROGRAM or ("-m", MODULE) in pairwise(args):
        return True
    return program in _PYTHON_RUNNERS and PROGRAM in args and any(word.startswith("voice-agent") for word in args)


def database(entry: StdioEntry, environ: Mapping[str, str]) -> Path | None:
    """The file that a Task Manager started by `entry` keeps its tasks in; None for what it will refuse by itself."""
    given = next((after for word, after in pairwise(entry.args) if word == "--database"), None)
    given = given or next((word[11:] for word in entry.args if word.startswith("--database=")), None)
    given = given or entry.env.get("TASK_MANAGER_DATABASE_URL", "").strip()
    if not given:
        from platformdirs import user_data_path

        # As in the child, whose XDG_DATA_HOME and HOME are ours unless its entry says otherwise.
        base = entry.env.get("XDG_DATA_HOME") or environ.get("XDG_DATA_HOME")
        folder = Path(base) / "voice-agent" if base else user_data_path("voice-agent", appauthor=False)
        return folder / "tasks.db"
    scheme, mark, rest = given.partition("://")
    if mark and (scheme not in ("sqlite", "sqlite+aiosqlite") or not rest.startswith("/")):
        return None
    path = Path(rest.partition("?")[0].removeprefix("/") if mark else given).expanduser()
    return None if path.name in ("", ":memory:") else (entry.cwd or Path()).absolute() / path


def runs(entry: ServerEntry) -> bool:
    """Whether an entry starts the Task Manager."""
    return isinstance(entry, StdioEntry) and is_task_manager(entry.command, entry.args)
