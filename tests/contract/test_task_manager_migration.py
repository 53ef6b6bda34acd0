"""Bringing a task file to the layout of this program: copied first, whole or not at all, by one process at a time."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from mcp_servers.task_manager.errors import StoreUnavailable
from mcp_servers.task_manager.migrate import SCRIPTS, migrate
from mcp_servers.task_manager.models import Person
from mcp_servers.task_manager.service import Query, TaskService
from mcp_servers.task_manager.sqlite_file import SqliteDatabase as Database
from mcp_servers.task_manager.tables import metadata

if TYPE_CHECKING:
    import logging
    from collections.abc import AsyncGenerator
    from pathlib import Path


pytestmark = pytest.mark.contract

ME = Person("local", ZoneInfo("Europe/Berlin"))
LATEST = max(script.name for script in (SCRIPTS / "versions").glob("[0-9]*.py"))[:4]
NEXT = f"{int(LATEST) + 1:04}"
SECOND = f"""
from alembic import op
import sqlalchemy as sa
revision = "{NEXT}"
down_revision = "{LATEST}"
def upgrade() -> None:
    op.add_column("tasks", sa.Column("colour", sa.Text))
"""
BROKEN = SECOND + '    op.drop_table("nowhere")\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tasks.db"


@pytest.fixture
async def database(path: Path) -> AsyncGenerator[Database]:
    database = Database(path)
    yield database
    await database.close()


@pytest.fixture
def service(database: Database) -> TaskService:
    return TaskService(database)


def newer_scripts(folder: Path, text: str) -> Path:
    scripts = folder / "migrations"
    shutil.copytree(SCRIPTS, scripts)
    (scripts / "versions" / f"{NEXT}_colour.py").write_text(text)
    return scripts


def backups(folder: Path, names: str = "tasks.db.backup-*") -> list[Path]:
    return list(folder.glob(names))


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def test_migrations_end_at_the_tables_that_the_program_uses(path: Path) -> None:
    migrate(path)
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata) == []
    engine.dispose()


async def test_an_old_file_is_copied_before_it_is_migrated_and_keeps_its_tasks(
    service: TaskService, database: Database, path: Path, tmp_path: Path
) -> None:
    await service.create(ME, "buy milk")
    await database.close()
    migrate(path, newer_scripts(tmp_path, SECOND))
    assert rows(path, "SELECT title, colour FROM tasks") == [("buy milk", None)]
    (copy,) = backups(tmp_path)
    assert copy.name.startswith(f"tasks.db.backup-{LATEST}-")
    assert rows(copy, "SELECT title FROM tasks") == [("buy milk",)]
    assert rows(copy, "SELECT version_num FROM alembic_version") == [(LATEST,)]
    migrate(path, tmp_path / "migrations")
    assert len(backups(tmp_path)) == 1


async def test_the_index_of_a_file_of_the_second_layout_is_signed(
    service: TaskService, database: Database, path: Path, tmp_path: Path
) -> None:
    for title, tags in (("pay the rent", ["home"]), ("pay Anna", []), ("call Anna about the rent", ["work", "home"])):
        await service.create(ME, title, tags=tags, priority="high")
    await service.complete(ME, "pay Anna")
    await database.close()
    scripts = newer_scripts(tmp_path, "")
    for script in (scripts / "versions").glob("[0-9]*.py"):
        if script.name > "0003":
            script.unlink()
    old = tmp_path / "old.db"
    migrate(old, scripts)
    with closing(sqlite3.connect(old)) as connection, connection:
        connection.execute("ATTACH ? AS new", (str(path),))
        for table, columns in (("owners", "*"), ("tasks", "*"), ("terms", "owner_id, term, status, place, task_id")):
            connection.execute(f"INSERT INTO {table} SELECT {columns} FROM new.{table}")  # noqa: S608 - no input
    migrate(old)
    assert len(backups(tmp_path, "old.db.backup-0002-*")) == 1
    signed = rows(path, "SELECT * FROM terms")
    assert len(signed) > 12
    assert rows(old, "SELECT * FROM terms") == signed
    found = await TaskService(Database(old)).list(ME, Query(words="Anna rent", tag="home"))
    assert [task.title for task in found.page.tasks] == ["call Anna about the rent"]


async def test_a_migration_that_fails_changes_nothing(
    service: TaskService, database: Database, path: Path, tmp_path: Path
) -> None:
    await service.create(ME, "buy milk")
    await database.close()
    with pytest.raises(Exception, match="nowhere"):
        migrate(path, newer_scripts(tmp_path, BROKEN))
    assert [task.title for task in (await service.list(ME, Query())).page.tasks] == ["buy milk"]
    assert "colour" not in {row[1] for row in rows(path, "PRAGMA table_info(tasks)")}


def test_a_process_that_finds_another_migrating_says_so_and_waits(
    path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    migrate(path)
    told = threading.Event()

    def tell(_record: logging.LogRecord) -> bool:
        told.set()
        return True

    caplog.handler.addFilter(tell)
    with ThreadPoolExecutor(1) as pool, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with caplog.at_level("WARNING", "mcp_servers.task_manager"):
            waiting = pool.submit(migrate, path, newer_scripts(tmp_path, SECOND))
            assert told.wait(30)
            assert not waiting.done()
            other.execute("COMMIT")
            waiting.result(30)
    assert rows(path, "SELECT version_num FROM alembic_version") == [(NEXT,)]
    assert [(record.getMessage().split(",")[0], record.__dict__["place"]) for record in caplog.records] == [
        ("waiting for another process", str(path))
    ]


def test_it_gives_up_where_the_other_one_does_nothing(path: Path, tmp_path: Path) -> None:
    migrate(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Exception, match="locked"):
            migrate(path, newer_scripts(tmp_path, SECOND), patience=0.1)


async def test_a_file_of_a_newer_version_is_left_alone(service: TaskService, path: Path, tmp_path: Path) -> None:
    migrate(path, newer_scripts(tmp_path, SECOND))
    with pytest.raises(StoreUnavailable, match=r"tasks\.db was made by a newer version .* Update"):
        await service.create(ME, "buy milk")
    assert rows(path, "SELECT count(*) FROM tasks") == [(0,)]


def test_many_that_create_one_file_at_once_all_succeed(tmp_path: Path) -> None:
    for number in range(5):
        together = threading.Barrier(6)

        def start(path: Path, together: threading.Barrier) -> None:
            together.wait(10)
            migrate(path)

        with ThreadPoolExecutor(6) as pool:
            for one in [pool.submit(start, tmp_path / f"{number}.db", together) for _ in range(6)]:
                one.result(30)
        assert rows(tmp_path / f"{number}.db", "SELECT version_num FROM alembic_version") == [(LATEST,)]
