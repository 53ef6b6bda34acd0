"""The SQLite file itself: layout, backups, damage, a full disk, and being replaced under a running server."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event

from mcp_servers.task_manager.errors import StoreUnavailable
from mcp_servers.task_manager.migrate import migrate
from mcp_servers.task_manager.models import Person, Task
from mcp_servers.task_manager.service import Query, TaskService
from mcp_servers.task_manager.sqlite_file import SqliteDatabase as Database
from mcp_servers.task_manager.trouble import told_plainly

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from sqlalchemy import Connection

pytestmark = pytest.mark.contract

ME = Person("local", ZoneInfo("Europe/Berlin"))


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


async def test_the_file_is_written_ahead_in_full_sync_with_foreign_keys(database: Database) -> None:
    def pragmas(connection: Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names]

    found = await database.write(pragmas)
    assert found == ["wal", 2, 1, 10_000]


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
