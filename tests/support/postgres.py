"""A PostgreSQL server of the tests' own: Debian's binaries, a folder and a port of its own, gone when they end.

One for all workers of pytest-xdist: the first that needs it starts it, the last to leave stops it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

ENDS = 30
"""Seconds that a command may take."""
TRIES = 3
"""Ports that are tried: another process can be given one between its being found free and its being used."""
HOW = "install Debian's package postgresql, or run the tests with: make test"


def binaries() -> Path | None:
    """The folder with `initdb` and `pg_ctl`: beside what is on the path, else the newest of Debian's."""
    on_path = [Path(found).resolve().parent for name in ("initdb", "pg_ctl") if (found := shutil.which(name))]
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: one.parent.name, reverse=True)
    return next((one for one in (*on_path, *debian) if (one / "initdb").exists() and (one / "pg_ctl").exists()), None)


@contextmanager
def server(shared: Path) -> Generator[str]:
    """The URL of a server, without a database's name; `shared`: a folder that all workers of one run see."""
    found = binaries()
    if found is None:
        pytest.skip(f"there is no PostgreSQL: {HOW}")
    record = shared / "postgres.json"
    with _locked(shared):
        state: dict[str, Any] = json.loads(record.read_text()) if record.exists() else _start(found)
        state["users"] = state.get("users", 0) + 1
        record.write_text(json.dumps(state))
    try:
        yield state["url"]
    finally:
        with _locked(shared):
            state = json.loads(record.read_text())
            state["users"] -= 1
            record.write_text(json.dumps(state))
            if not state["users"]:
                record.unlink()
                _stop(found, Path(state["folder"]))


@contextmanager
def database(url: str) -> Generator[str]:
    """The URL of an empty database on that server."""
    import psycopg

    name = f"tasks_{secrets.token_hex(6)}"
    with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            yield f"{url}/{name}"
        finally:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


@contextmanager
def _locked(folder: Path) -> Generator[None]:
    with (folder / "postgres.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _start(found: Path) -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(prefix="tasks-pg-"))
    password = secrets.token_hex(12)
    (folder / "password").write_text(password)
    user = _unprivileged()
    if user:
        shutil.chown(folder, user.pw_uid, user.pw_gid)
        shutil.chown(folder / "password", user.pw_uid, user.pw_gid)
    words = ["-U", "tests", "--auth=scram-sha-256", f"--pwfile={folder / 'password'}", "-E", "UTF8", "-N"]
    _run(user, folder, str(found / "initdb"), "-D", str(folder / "data"), *words)
    port = 0
    for tries_left in reversed(range(TRIES)):
        port = _free_port()
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories='' -c max_connections=200"
        try:
            _run(user, folder, *_pg_ctl(found, folder), "-l", str(folder / "log"), "-w", "-o", options, "start")
            break
        except RuntimeError:
            if not tries_left:
                raise
    return {"url": f"postgresql://tests:{password}@127.0.0.1:{port}", "folder": str(folder)}


def _stop(found: Path, folder: Path) -> None:
    _run(_unprivileged(), folder, *_pg_ctl(found, folder), "-m", "immediate", "stop")
    shutil.rmtree(folder, ignore_errors=True)


def _pg_ctl(found: Path, folder: Path) -> list[str]:
    return [str(found / "pg_ctl"), "-D", str(folder / "data"), "-t", str(ENDS)]


def _run(user: pwd.struct_passwd | None, folder: Path, *command: str) -> None:
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    with (folder / "commands").open("ab") as log:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            timeout=2 * ENDS,
            check=False,
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=[] if user else None,
        )
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name} failed: {(folder / 'commands').read_text()[-2000:]}")


def _unprivileged() -> pwd.struct_passwd | None:
    """Whom PostgreSQL runs as where root starts it, which it refuses to be."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("root needs another user to run PostgreSQL as, such as postgres")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
