"""Fixtures for tests that hold for both kinds of database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mcp_servers.task_manager.database import Database, database_at
from mcp_servers.task_manager.service import TaskService
from tests.support import postgres
from tests.support.task_manager import FakeClock

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator
    from pathlib import Path


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """The URL of a PostgreSQL server, shared by all workers."""
    own = tmp_path_factory.getbasetemp()
    with postgres.server(own.parent if own.name.startswith("popen-") else own) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Path | str]:
    """The address of an empty database, of each kind."""
    if request.param == "sqlite":
        yield tmp_path / "tasks.db"
    else:
        with postgres.database(request.getfixturevalue("postgres_server")) as url:
            yield url


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def store(where: Path | str) -> AsyncGenerator[Database]:
    database = database_at(where)
    yield database
    await database.close()


@pytest.fixture
def service(store: Database, clock: FakeClock) -> TaskService:
    return TaskService(store, clock)
