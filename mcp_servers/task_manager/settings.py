"""Where the tasks are and what time it is there: from the command line, the environment, else the system."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from mcp_servers.task_manager.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "TASK_MANAGER_DATABASE_URL"


def database_address(option: str | None, environment: Mapping[str, str] = os.environ) -> Path | str:
    """`--database`, else TASK_MANAGER_DATABASE_URL, else a file in the user's data folder.

    The path of an SQLite file, or a PostgreSQL URL as it was given. Raises `BadRequest` for anything else.
    """
    given, origin = (option, "--database") if option is not None else (environment.get(VARIABLE), VARIABLE)
    if given is None or (option is None and not given.strip()):
        from platformdirs import user_data_path

        return user_data_path("voice-agent", appauthor=False) / "tasks.db"
    return _address_of(given.strip(), origin)


def _address_of(given: str, origin: str) -> Path | str:
    """Never quotes what was given, which may hold a password."""
    scheme, mark, rest = given.partition("://")
    if mark and scheme.partition("+")[0] in {"postgresql", "postgres"}:
        return given
    if mark and scheme not in {"sqlite", "sqlite+aiosqlite"}:
        raise BadRequest(
            f"{origin}: give an SQLite file, such as tasks.db or sqlite:///tasks.db, "
            "or a PostgreSQL database, such as postgresql://user@host/name."
        )
    path = rest.partition("?")[0].removeprefix("/") if mark else given
    if not path or path == ":memory:" or (mark and not rest.startswith("/")):
        raise BadRequest(
            f"{origin}: name a file, such as sqlite:///tasks.db (relative) or sqlite:////home/me/tasks.db."
        )
    found = Path(path).expanduser().absolute()
    if found.is_dir():
        raise BadRequest(f"{origin}: {found} is a folder. Name a file in it, such as {found / 'tasks.db'}.")
    return found


def time_zone(option: str | None) -> ZoneInfo:
    """`--timezone`, else the system's (which honours TZ). Raises `BadRequest` for a name that is none."""
    if option is None:
        import tzlocal

        try:
            return tzlocal.get_localzone()
        except Exception as error:
            raise BadRequest(
                "The system's time zone is not known. Set TZ or --timezone to a name such as Europe/Berlin."
            ) from error
    try:
        return ZoneInfo(option)
    except (ValueError, OSError, LookupError):
        raise BadRequest(f"--timezone: there is no time zone “{option}”. Give a name such as Europe/Berlin.") from None
