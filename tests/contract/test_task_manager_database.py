"""The SQLite file itself: layout, backups, damage, a full disk, and being replaced under a running server."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, event

from mcp_servers.task_manager.errors import StoreUnavailable
from mcp_servers.task_manager.migrate import SCRIPTS, migrate
from mcp_servers.task_manager.models import Person, Task
from mcp_servers.task_manager.service import Query, TaskService
from mcp_servers.task_manager.sqlite_file import SqliteDatabase as Database
from mcp_servers.task_manager.tables import metadata
from mcp_servers.task_manager.trouble import told_plainly

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from sqlalchemy import Connection

pytestmark = pytest.mark.contract

ME = Person("local", ZoneInfo("Europe/Berlin"))
SECOND = """
from alembic import op
import sqlalchemy as sa
revision = "0004"
down_revision = "0003"
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
    (scripts / "versions" / "0004_colour.py").write_text(text)
    return scripts


def backups(folder: Path, names: str = "tasks.db.backup-*") -> list[Path]:
    return list(folder.glob(names))


def content_of(path: Path) -> bytes:
    return path.read_bytes()


def overwrite(path: Path, place: int, content: bytes) -> None:
    path.touch()
    with path.open("r+b") as file:
        file.seek(place)
        file.write(content)


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def test_migrations_end_at_the_tables_that_the_program_uses(path: Path) -> None:
    migrate(path)
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata) == []
    engine.dispose()


async def test_the_file_is_written_ahead_in_full_sync_with_foreign_keys(database: Database) -> None:
    def pragmas(connection: Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names]

    found = await database.write(pragmas)
    assert found == ["wal", 2, 1, 10_000]


async def test_an_old_file_is_copied_before_it_is_migrated_and_keeps_its_tasks(
    service: TaskService, database: Database, path: Path, tmp_path: Path
) -> None:
    await service.create(ME, "buy milk")
    await database.close()
    migrate(path, newer_scripts(tmp_path, SECOND))
    assert rows(path, "SELECT title, colour FROM tasks") == [("buy milk", None)]
    (copy,) = backups(tmp_path)
    assert copy.name.startswith("tasks.db.backup-0003-")
    assert rows(copy, "SELECT title FROM tasks") == [("buy milk",)]
    assert rows(copy, "SELECT version_num FROM alembic_version") == [("0003",)]
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
    for script in ("0003_signatures.py", "0004_colour.py"):
        (scripts / "versions" / script).unlink()
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


async def test_a_file_of_a_newer_version_is_left_alone(service: TaskService, path: Path, tmp_path: Path) -> None:
    migrate(path, newer_scripts(tmp_path, SECOND))
    with pytest.raises(StoreUnavailable, match=r"tasks\.db was made by a newer version .* Update"):
        await service.create(ME, "buy milk")
    assert rows(path, "SELECT count(*) FROM tasks") == [(0,)]


async def test_a_database_of_another_program_is_left_alone(service: TaskService, path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE songs (title)")
    with pytest.raises(StoreUnavailable, match="database of another program"):
        await service.create(ME, "buy milk")
    assert rows(path, "SELECT name FROM sqlite_master") == [("songs",)]


async def test_a_file_that_is_no_database_is_left_alone(service: TaskService, path: Path) -> None:
    before = b"my shopping list, not a database " * 100
    overwrite(path, 0, before)
    with pytest.raises(
        StoreUnavailable, match=r"tasks\.db is not a task database, and was left as it is\. Move it away"
    ):
        await service.list(ME, Query())
    assert content_of(path) == before


async def test_a_damaged_file_is_said_to_be_damaged(service: TaskService, database: Database, path: Path) -> None:
    for number in range(200):
        await service.create(ME, f"task {number} " + "x" * 200)
    await database.close()
    overwrite(path, 8192, b"\xa5" * (len(content_of(path)) - 12_288))
    with pytest.raises(StoreUnavailable, match=r"tasks\.db is damaged, and was left as it is\. Restore it"):
        await service.list(ME, Query(limit=200))


async def test_a_full_disk_is_said_and_nothing_is_half_saved(service: TaskService, database: Database) -> None:
    kept = await service.create(ME, "buy milk")
    engine = await database.open()

    def limit(connection: sqlite3.Connection, _record: object) -> None:
        pages = connection.execute("PRAGMA page_count")
        connection.execute(f"PRAGMA max_page_count = {pages.fetchone()[0]}").close()
        pages.close()

    event.listen(engine, "connect", limit)
    engine.dispose()
    with pytest.raises(StoreUnavailable, match=r"is full, so nothing was saved\. Free some space"):
        await service.create(ME, "write a book", notes="x" * 19_000, tags=["a", "b"])
    assert [task.id for task in (await service.list(ME, Query())).page.tasks] == [kept.id]
    assert (await service.complete(ME, "milk")).changed


async def test_a_locked_file_is_said_to_be_in_use(path: Path) -> None:
    database = Database(path, busy_seconds=0.1)
    service = TaskService(database)
    await database.open()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match=r"is in use by another program\. Try again"):
            await service.create(ME, "buy milk")
        other.execute("ROLLBACK")
    assert (await service.create(ME, "buy milk")).id == 1
    await database.close()


async def test_a_write_locks_before_it_reads_so_that_it_never_acts_on_a_stale_match(path: Path) -> None:
    one, other = Database(path), Database(path, busy_seconds=0.1)
    locked, enough = threading.Event(), threading.Event()

    def hold(_connection: Connection) -> None:
        locked.set()
        assert enough.wait(30)

    holding = asyncio.create_task(one.write(hold, long=True))
    assert await asyncio.to_thread(locked.wait, 30)
    with pytest.raises(StoreUnavailable, match="is in use"):
        await TaskService(other).create(ME, "buy milk")
    enough.set()
    await holding
    await one.close()
    await other.close()


async def test_while_writes_wait_for_another_process_reads_go_on_and_then_all_are_written(path: Path) -> None:
    one, other = Database(path), Database(path)
    service = TaskService(other)
    await service.create(ME, "buy milk")
    locked, enough = threading.Event(), threading.Event()

    def hold(_connection: Connection) -> None:
        locked.set()
        assert enough.wait(30)

    holding = asyncio.create_task(one.write(hold, long=True))
    assert await asyncio.to_thread(locked.wait, 30)
    waiting = [asyncio.create_task(service.create(ME, f"task {number}")) for number in range(40)]
    for _ in range(20):
        assert len((await service.list(ME, Query())).page.tasks) == 1
    waiting[5].cancel()
    enough.set()
    await holding
    written = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(written[5], asyncio.CancelledError)
    assert len({task.id for task in written if isinstance(task, Task)}) == 39
    await one.close()
    await other.close()


def test_many_that_create_one_file_at_once_all_succeed(tmp_path: Path) -> None:
    for number in range(5):
        together = threading.Barrier(6)

        def start(path: Path, together: threading.Barrier) -> None:
            together.wait(10)
            migrate(path)

        with ThreadPoolExecutor(6) as pool:
            for one in [pool.submit(start, tmp_path / f"{number}.db", together) for _ in range(6)]:
                one.result(30)
        assert rows(tmp_path / f"{number}.db", "SELECT version_num FROM alembic_version") == [("0003",)]


async def test_a_folder_that_cannot_be_made_is_named_and_tried_again(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    database = Database(tmp_path / "data" / "tasks.db")
    service = TaskService(database)
    with pytest.raises(StoreUnavailable, match=r"The folder of the task file .*tasks\.db cannot be used: .*--database"):
        await service.create(ME, "buy milk")
    (tmp_path / "data").unlink()
    assert (await service.create(ME, "buy milk")).title == "buy milk"
    await database.close()


@contextmanager
def nothing_can_be_written() -> Generator[None]:
    """As on a full disk, no file can grow."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_list_that_cannot_be_written_can_still_be_read_and_is_written_again_when_it_can(
    service: TaskService, database: Database
) -> None:
    await service.create(ME, "buy milk")
    await database.close()
    with nothing_can_be_written():
        assert [task.title for task in (await service.list(ME, Query())).page.tasks] == ["buy milk"]
        assert (await service.get(ME, "milk")).title == "buy milk"
        with pytest.raises(StoreUnavailable, match=r"tasks\.db cannot be used just now"):
            await service.create(ME, "call mom")
    await service.create(ME, "call mom")
    assert (await service.list(ME, Query())).page.total == 2


async def test_a_list_with_a_log_that_cannot_be_written_is_read_with_it(service: TaskService, path: Path) -> None:
    await service.create(ME, "buy milk")  # still only in the log
    copy = path.parent / "elsewhere" / "tasks.db"
    (copy.parent / "tasks.db-shm").mkdir(parents=True)
    for name in ("tasks.db", "tasks.db-wal"):
        shutil.copy(path.parent / name, copy.parent / name)
    listed = await TaskService(Database(copy)).list(ME, Query())
    assert [task.title for task in listed.page.tasks] == ["buy milk"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
def test_a_full_disk_is_told_as_such_whatever_the_system_calls_it(path: Path) -> None:
    with (
        pytest.raises(StoreUnavailable, match=r"The disk that holds .*tasks\.db is full, so nothing was saved"),
        told_plainly(path),
        Path("/dev/full").open("w") as disk,
    ):
        disk.write("x")


def test_a_read_only_file_is_named(path: Path) -> None:
    migrate(path)
    with (
        closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection,
        pytest.raises(StoreUnavailable, match=r"tasks\.db is read-only, so nothing was saved\. Make it"),
        told_plainly(path),
    ):
        connection.execute("DELETE FROM tasks")


async def test_a_file_that_was_removed_is_made_anew(service: TaskService, path: Path) -> None:
    await service.create(ME, "buy milk")
    for file in path.parent.glob("tasks.db*"):
        file.unlink()
    await service.create(ME, "call mom")
    assert rows(path, "SELECT title FROM tasks") == [("call mom",)]


async def test_many_writers_in_one_process_all_get_through(service: TaskService) -> None:
    made = await asyncio.gather(*(service.create(ME, f"task {number}") for number in range(40)))
    assert {task.id for task in made} == set(range(1, 41))
    assert (await service.list(ME, Query())).page.total == 40


async def test_nobody_reaches_the_tasks_of_another(service: TaskService) -> None:
    other = Person("somebody else", ME.zone)
    mine = await service.create(ME, "buy milk", tags=["home"], due="yesterday")
    assert (await service.list(other, Query("all"))).page.total == 0
    assert (await service.list(other, Query("all", words="milk", tag="home"))).close == ()
    for words in (str(mine.id), "buy milk"):
        with pytest.raises(Exception, match="There is no task like"):
            await service.get(other, words)
        with pytest.raises(Exception, match="There is no task like"):
            await service.delete(other, words)
    assert await service.clear(other, "all") == 0
    assert await service.get(ME, "milk") == mine


async def test_today_is_where_the_person_is(database: Database) -> None:
    late = datetime(2026, 11, 21, 11, 30, tzinfo=UTC)
    at_noon = TaskService(database, lambda: late)
    await at_noon.create(Person("a", ZoneInfo("Pacific/Auckland")), "buy milk", due="today")
    await at_noon.create(Person("b", ZoneInfo("America/New_York")), "buy milk", due="today")
    dues = [(await at_noon.get(Person(owner, ME.zone), "milk")).due for owner in "ab"]
    assert dues == [date(2026, 11, 22), date(2026, 11, 21)]
