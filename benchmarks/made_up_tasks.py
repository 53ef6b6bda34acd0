"""Made-up tasks of one person, as many as wanted, written straight into the tables of SQLite or PostgreSQL."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias
from zoneinfo import ZoneInfo

from mcp_servers.task_manager.database import database_at
from mcp_servers.task_manager.matching import stems
from mcp_servers.task_manager.migrate import migrate
from mcp_servers.task_manager.models import LOCAL_OWNER, Person, Priority, Task
from mcp_servers.task_manager.places import RANKS, end_of, place_of_done, place_of_open
from mcp_servers.task_manager.tables import ticks
from mcp_servers.task_manager.terms import mistakable_words, signature_of, terms_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ZONE = ZoneInfo("Europe/Berlin")
ME = Person(LOCAL_OWNER, ZONE)
NOW = datetime(2026, 11, 21, 10, tzinfo=ZONE)
VERBS = [
    "call",
    "buy",
    "pay",
    "email",
    "clean",
    "fix",
    "write",
    "read",
    "book",
    "renew",
    "send",
    "order",
    "check",
    "plan",
    "prepare",
    "return",
    "cancel",
    "visit",
]
THINGS = [
    "dentist",
    "milk",
    "rent",
    "report",
    "garage",
    "passport",
    "invoice",
    "kitchen",
    "tickets",
    "slides",
    "groceries",
    "insurance",
    "car",
    "bike",
    "garden",
    "taxes",
    "birthday",
    "present",
    "contract",
    "laundry",
    "window",
    "heating",
    "printer",
    "phone",
    "backup",
    "newsletter",
    "budget",
    "recipe",
    "sofa",
    "lamp",
]
PEOPLE = [
    "Anna",
    "Ben",
    "Carla",
    "David",
    "Emma",
    "Felix",
    "Greta",
    "Henry",
    "Ida",
    "Jonas",
    "Karla",
    "Leo",
    "Mia",
    "Noah",
    "Olga",
    "Paul",
    "Rosa",
    "Simon",
]
WHERE = ["at home", "for work", "in town", "before lunch", "after the meeting", "for school", "in the office", ""]
TAGS = ["home", "work", "errands", "family", "money", "health"]


def title(number: int, chance: random.Random) -> str:
    """Such as "call Anna about the rent for work 4711"; one in a hundred has a rare word."""
    words = [chance.choice(VERBS), chance.choice(PEOPLE), "about the", chance.choice(THINGS), chance.choice(WHERE)]
    rare = _rare(number // 100) if number % 100 == 0 else str(number)
    return " ".join([*(word for word in words if word), rare])


def _rare(number: int) -> str:
    """A word of letters, another for every number."""
    syllables = [first + second for first in "bdfgklmnprstvz" for second in "aeiou"]
    found = ""
    for _ in range(3):
        number, rest = divmod(number, len(syllables))
        found += syllables[rest]
    return found


def tasks(count: int) -> Iterator[Task]:
    chance = random.Random(7)  # noqa: S311 - made-up tasks
    priorities: list[Priority] = ["normal", "normal", "normal", "normal", "high", "low"]
    for number in range(1, count + 1):
        done = number % 5 < 3
        created = NOW - timedelta(minutes=chance.randrange(1_500_000))
        moment = (NOW + timedelta(minutes=chance.randrange(-700_000, 700_000))).replace(second=0)
        due = None if number % 4 == 0 else moment if number % 4 == 1 else moment.date()
        tags = tuple(chance.sample(TAGS, 1)) if number % 3 == 0 else ()
        tags += ("rare",) if number % 20_000 == 1 else ()
        finished = created + timedelta(hours=1, microseconds=number) if done else None
        yield Task(
            *(number, title(number, chance), "done" if done else "open", due, None),
            *(chance.choice(priorities), tags, None, created, finished),
        )


Rows: TypeAlias = "list[tuple[Any, ...]]"
OWNER = ("owners", ("id", "subject", "version", "open_count", "done_count"))
TASKS = (
    "tasks",
    (
        "id",
        "owner_id",
        "status",
        "place",
        "title",
        "priority",
        "tags",
        "due_day",
        "due_at",
        "created_at",
        "changed_at",
        "completed_at",
    ),
)
TERMS = ("terms", ("owner_id", "term", "status", "place", "task_id", "signature"))
WORDS = ("words", ("owner_id", "length", "word"))


def rows_of(count: int) -> list[tuple[tuple[str, tuple[str, ...]], Rows]]:
    """What the store would write: a table with its columns, and the rows."""
    rows: Rows = []
    terms: Rows = []
    known: set[str] = set()
    done = 0
    for task in tasks(count):
        is_done = task.completed is not None
        done += is_done
        place = place_of_done(task.completed) if task.completed else place_of_open(task.due, task.priority, ZONE)
        day = task.due.isoformat() if task.due and not isinstance(task.due, datetime) else None
        at = ticks(end_of(task.due, ZONE)) if task.due else None
        created = ticks(task.created)
        finished = ticks(task.completed) if task.completed else None
        rows.append(
            (
                *(task.id, 1, int(is_done), place, task.title, RANKS[task.priority], json.dumps(task.tags), day, at),
                *(created, created, finished),
            )
        )
        own = terms_of(task.title, task.tags, task.priority)
        signature = signature_of(own)
        terms += [(1, term, int(is_done), place, task.id, signature) for term in own]
        known |= mistakable_words(stems(task.title))
    terms.sort()
    words: Rows = [(1, len(word), word) for word in known]
    return [(OWNER, [(1, ME.owner, 1, count - done, done)]), (TASKS, rows), (TERMS, terms), (WORDS, words)]


def fill(path: Path, count: int) -> None:
    """Write the tasks as the store would, but all at once."""
    migrate(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA cache_size = -400000")
        for (table, columns), rows in rows_of(count):
            marks = ", ".join("?" * len(columns))
            connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)  # noqa: S608 - named above


def fill_server(server: str, count: int) -> str:
    """The same in a database on a PostgreSQL server; its URL. One that is there already is left as it is."""
    import psycopg

    name, url = f"scale_{count}", f"{server.rstrip('/')}/scale_{count}"
    with psycopg.connect(f"{server.rstrip('/')}/postgres", autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return url
        connection.execute(f"CREATE DATABASE {name}".encode())
    asyncio.run(_open_and_close(url))
    with psycopg.connect(url) as connection:
        for (table, columns), rows in rows_of(count):
            with connection.cursor().copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN".encode()) as copy:
                for row in rows:
                    copy.write_row(row)
        for table in ("owners", "tasks"):
            connection.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}".encode())  # noqa: S608 - named here
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return url


async def _open_and_close(address: Path | str) -> None:
    database = database_at(address)
    await database.open()
    await database.close()
