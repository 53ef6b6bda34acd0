from __future__ import annotations

from pathlib import Path

import pytest

from mcp_servers.task_manager.errors import BadRequest
from mcp_servers.task_manager.options import OPTIONS, Options, read_options
from mcp_servers.task_manager.settings import database_address, time_zone

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "given",
    ["sqlite+aiosqlite:////data/my.db", "sqlite:////data/my.db", "/data/my.db", "sqlite:////data/my.db?timeout=5"],
)
def test_a_file_is_named_by_url_or_by_path(given: str) -> None:
    assert database_address(given) == Path("/data/my.db")


def test_a_relative_path_is_relative_to_the_current_folder() -> None:
    assert database_address("sqlite:///my.db") == database_address("my.db") == Path.cwd() / "my.db"


def test_the_option_comes_before_the_variable_and_that_before_the_data_folder() -> None:
    environment = {"TASK_MANAGER_DATABASE_URL": "/variable.db"}
    assert read_options(["--database", "/option.db"], environment).database == "/option.db"
    assert read_options([], environment).database == "/variable.db"
    assert read_options([], {"TASK_MANAGER_DATABASE_URL": " "}).database is None
    assert Path(database_address(None)).parts[-2:] == ("voice-agent", "tasks.db")


@pytest.mark.parametrize(
    "given", ["", ":memory:", "sqlite://", "sqlite:///", "mysql://user:secret@host/db", "mysql://h", "/"]
)
def test_what_is_no_database_is_refused_and_not_quoted(given: str) -> None:
    with pytest.raises(BadRequest, match=r"^--database: ") as refused:
        read_options(["--database", given], {})
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("given", ["postgresql://me@host/db", "postgres://host/db", "postgresql+psycopg://host/db"])
def test_a_postgresql_database_is_named_by_its_url(given: str) -> None:
    assert database_address(given) == given


def test_a_wrong_variable_is_named() -> None:
    with pytest.raises(BadRequest, match=r"^TASK_MANAGER_DATABASE_URL: give an SQLite file"):
        read_options([], {"TASK_MANAGER_DATABASE_URL": "mysql://user:secret@host/db"})
    with pytest.raises(BadRequest, match=r"^TASK_MANAGER_TIMEZONE: there is no time zone “Mars/Olympus”"):
        read_options([], {"TASK_MANAGER_TIMEZONE": "Mars/Olympus"})


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "x" * 300, "\0"])
def test_a_zone_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(BadRequest, match="There is no time zone"):
        time_zone(name)


def test_a_zone_is_taken_by_its_name() -> None:
    assert time_zone("Asia/Kolkata").key == "Asia/Kolkata"


GIVEN = {
    "database": "/my.db",
    "timezone": "Asia/Tokyo",
    "port": "9000",
    "rate": "2.5",
    "max_concurrent": "3",
    "max_sessions": "4",
    "max_connections": "5",
    "max_body": "2048",
    "drain": "1.5",
    "until_closed": "7",
    "log_level": "warning",
}


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_option_is_a_flag_and_a_variable_that_say_the_same(option: object) -> None:
    name = getattr(option, "name", "")
    value = GIVEN.get(name, "https://example.com")
    by_flag = read_options([getattr(option, "flag", ""), value], {})
    assert by_flag == read_options([], {getattr(option, "environment", ""): value})
    assert getattr(by_flag, name) != getattr(Options(), name)
