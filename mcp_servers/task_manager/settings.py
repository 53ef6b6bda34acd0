"""Where the tasks are and what time it is there: as it was told, else as the system has it."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from mcp_servers.task_manager.errors import BadRequest


def database_address(given: str | None) -> Path | str:
    """The path of an SQLite file, or a PostgreSQL URL as it was given; by default a file in the user's data folder.

    Raises `BadRequest` for anything else, without quoting what was given, for that may hold a password.
    """
    if given is None:
        from platformdirs import user_data_path

        return user_data_path("voice-agent", appauthor=False) / "tasks.db"
    scheme, mark, rest = given.strip().partition("://")
    if mark and scheme.partition("+")[0] in {"postgresql", "postgres"}:
        return given.strip()
    if mark and scheme not in {"sqlite", "sqlite+aiosqlite"}:
        raise BadRequest(
            "Give an SQLite file, such as tasks.db or sqlite:///tasks.db, "
            "or a PostgreSQL database, such as postgresql://user@host/name."
        )
    path = rest.partition("?")[0].removeprefix("/") if mark else scheme
    if not path or path == ":memory:" or (mark and not rest.startswith("/")):
        raise BadRequest("Name a file, such as sqlite:///tasks.db (relative) or sqlite:////home/me/tasks.db.")
    found = Path(path).expanduser().absolute()
    if found.is_dir():
        raise BadRequest(f"{found} is a folder. Name a file in it, such as {found / 'tasks.db'}.")
    return found


def time_zone(given: str | None) -> ZoneInfo:
    """The time zone of that name; by default the system's (which honours TZ). Raises `BadRequest`."""
    if given is None:
        import tzlocal

        try:
            return tzlocal.get_localzone()
        except Exception as error:
            raise BadRequest(
                "The system's time zone is not known. Set TZ or --timezone to a name such as Europe/Berlin."
            ) from error
    try:
        return ZoneInfo(given)
    except (ValueError, OSError, LookupError):
        raise BadRequest(f"There is no time zone “{given}”. Give a name such as Europe/Berlin.") from None
