"""Brings a database to the layout of this program, or refuses and leaves it untouched.

Safe when several processes start on one new file at once: the layout is checked again under SQLite's write lock, and
the change is one transaction. A file that has tasks is copied beside itself first. A process that finds another at it
waits as long as that one gets on, however many tasks there are; one that dies gives its lock back.
"""

from __future__ import annotations

import contextlib
import glob
import logging
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mcp_servers.task_manager.errors import ELSEWHERE, StoreUnavailable

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection

SCRIPTS = Path(__file__).parent / "migrations"
_LOCK = 7_305_141_320
"""The advisory lock under which PostgreSQL databases are migrated."""
KEPT = 3
"""Backups."""
LOCK_SECONDS = 30.0
"""How long one process waits for another that holds the file and does nothing with it."""
_log = logging.getLogger(__name__)


def migrate(path: Path, scripts: Path = SCRIPTS, *, patience: float = LOCK_SECONDS) -> None:
    """Create the file and its folder, or upgrade it; `patience` as `LOCK_SECONDS`.

    Raises `StoreUnavailable` for a file of another program or of a newer version, else `OSError` or `sqlite3.Error`.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    known = _layouts(scripts)
    with closing(sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None)) as connection:
        _use_wal(connection)
        if _version(connection, path, known) != known[-1]:
            _upgrade(path, scripts, known, patience)


def migrate_server(url: URL, arguments: dict[str, Any], place: str, scripts: Path = SCRIPTS) -> None:
    """Create or upgrade the tables of a PostgreSQL database, one process at a time, in one transaction.

    Raises `StoreUnavailable` for one of a newer version, else what SQLAlchemy raises.
    """
    from sqlalchemy import NullPool, create_engine, inspect, text

    known = _layouts(scripts)

    def version(connection: Connection) -> str | None:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        if found is not None and found not in known:
            raise StoreUnavailable(
                f"The database {place} was made by a newer version of this program, or by another, and was left as "
                "it is. Update this one, or name another database in TASK_MANAGER_DATABASE_URL."
            )
        return found

    engine = create_engine(url, poolclass=NullPool, connect_args=arguments)
    with engine.begin() as connection:
        if version(connection) == known[-1]:
            return
        for limit in ("statement_timeout = 0", "lock_timeout = 0", "idle_in_transaction_session_timeout = '60s'"):
            connection.execute(text(f"SET LOCAL {limit}"))
        if not connection.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _LOCK}).scalar():
            _tell_of_waiting(place)
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if version(connection) != known[-1]:
            _run_scripts(connection, scripts)


def address_for_reading(path: Path) -> str | None:
    """An SQLite URI by which a file that cannot be written can still be read; None if there is no such way.

    SQLite reads a write-ahead log only where its index beside it exists or can be made; a file without a log can be
    read as one that nobody changes (sqlite.org/wal.html, "Read-Only Databases").
    """
    log = path.with_name(path.name + "-wal")
    ways = ["mode=ro"] if log.exists() and log.stat().st_size else ["mode=ro", "immutable=1"]
    for way in ways:
        address = f"{path.as_uri()}?{way}"
        try:
            with closing(sqlite3.connect(address, uri=True)) as connection:
                known = _layouts(SCRIPTS)
                return address if _version(connection, path, known) == known[-1] else None
        except sqlite3.Error:
            continue
    return None


def _layouts(scripts: Path) -> list[str]:
    return sorted(script.name.split("_")[0] for script in (scripts / "versions").glob("[0-9]*.py"))


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switching the mode does not wait for locks as other statements do, so waiting is done here."""
    end = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] == "wal":
                return
            raise StoreUnavailable("The task file is on a disk that cannot share it safely; choose another folder.")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.02)


def _version(connection: sqlite3.Connection, path: Path, known: list[str]) -> str | None:
    """The layout of the file; None for an empty one."""
    names = {str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "alembic_version" not in names:
        if names:
            raise StoreUnavailable(
                f"The file {path} is the database of another program, and was left as it is. "
                f"To keep the tasks elsewhere, {ELSEWHERE}."
            )
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    version = str(row[0]) if row else None
    if version is not None and version not in known:
        raise StoreUnavailable(
            f"The task file {path} was made by a newer version of this program, and was left as it is. "
            f"Update this one, or {ELSEWHERE}."
        )
    return version


def _upgrade(path: Path, scripts: Path, known: list[str], patience: float) -> None:
    from sqlalchemy import NullPool, create_engine, event, make_url

    engine = create_engine(
        make_url("sqlite://").set(database=str(path)),
        poolclass=NullPool,
        connect_args={"timeout": min(1.0, patience), "isolation_level": None},
    )

    def begin(connection: Connection) -> None:
        _lock(connection, path, patience)

    event.listen(engine, "begin", begin)
    with engine.begin() as connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        version = _version(raw, path, known)  # another process may have been first
        if version == known[-1]:
            return
        if version is not None:
            _back_up(path, version)
        _run_scripts(connection, scripts)


def _run_scripts(connection: Connection, scripts: Path) -> None:
    from mcp_servers.task_manager.loading import importing

    with importing:
        from alembic import command
        from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _lock(connection: Connection, path: Path, patience: float) -> None:
    """Begin to write, when nobody else does any more. Raises `OperationalError` where nothing moves for too long."""
    from sqlalchemy.exc import OperationalError

    seen, moved = _sizes(path), time.monotonic()
    is_told = False
    while True:
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except OperationalError as error:
            code: int = getattr(error.orig, "sqlite_errorcode", 0)
            if code & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > moved + patience:
                raise
        else:
            return
        if not is_told:
            _tell_of_waiting(str(path))
            is_told = True
        now = _sizes(path)
        if now != seen:
            seen, moved = now, time.monotonic()


def _sizes(path: Path) -> dict[str, tuple[int, int]]:
    """Size and time of the file, of its log and of its backups: what changes while another process migrates it."""
    found: dict[str, tuple[int, int]] = {}
    for one in path.parent.glob(f"{glob.escape(path.name)}*"):
        with contextlib.suppress(OSError):
            found[one.name] = (one.stat().st_size, one.stat().st_mtime_ns)
    return found


def _tell_of_waiting(place: str) -> None:
    _log.warning("waiting for another process, which is bringing the tasks up to date", extra={"place": place})


def _back_up(path: Path, version: str) -> None:
    """Copy the file beside itself; reading is allowed while the migration holds the write lock."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    copy = path.with_name(f"{path.name}.backup-{version}-{stamp}")
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    for old in sorted(
        path.parent.glob(f"{glob.escape(path.name)}.backup-*"), key=lambda one: one.name.rpartition("-")[2]
    )[:-KEPT]:
        with contextlib.suppress(OSError):
            old.unlink()
