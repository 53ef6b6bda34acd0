"""How the Task Manager answers, and what memory it takes, with 1,000,000 tasks of one person beside 1,000.

`python benchmarks/task_manager_scale.py [--json] [--tasks N] [--calls N] [--database DIR] [--server URL] [--fill]`

The tasks are written straight into the tables. A million have words, due times, tags and priorities as lists of
people have them, three in five done. Each call goes through the service, as the tools' calls do; the times are those
in the server. A file is read once before, so that the system has it in memory, as it has a file in use. Memory is that
of a process of its own, which makes the same calls on the full and on an empty list.
On a PostgreSQL server (`--server postgresql://user:password@host:port`, of somebody who may create databases) the
same is measured there, in databases named `scale_N` that are kept for another run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from benchmarks.made_up_tasks import ME, NOW, PEOPLE, TAGS, THINGS, VERBS, fill, fill_server, tasks
from mcp_servers.task_manager.database import database_at
from mcp_servers.task_manager.service import Query, TaskService

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

Call: TypeAlias = "Callable[[random.Random], Awaitable[object]]"
BASELINE = 1_000
SLOWEST = 10.0
"""Milliseconds at p99: the goal."""


def calls(service: TaskService, count: int) -> dict[str, Call]:
    """Each kind of call, with other arguments every time."""

    def listing(**fixed: Any) -> Call:
        def call(chance: random.Random) -> Awaitable[object]:
            asked: dict[str, Any] = {name: one(chance) if callable(one) else one for name, one in fixed.items()}
            return service.list(ME, Query(**asked))

        return call

    def one_of(*lists: Sequence[str]) -> Callable[[random.Random], str]:
        return lambda chance: " ".join(chance.choice(some) for some in lists)

    def misheard(chance: random.Random) -> str:
        return _misheard(chance.choice(THINGS), chance)

    def a_day(chance: random.Random) -> str:
        return (NOW + timedelta(days=chance.randrange(-400, 400))).date().isoformat()

    async def next_page(chance: random.Random) -> None:
        """The page after that of the last call."""
        words, cursor = pages.pop() if pages else (chance.choice(VERBS), None)
        listed = await service.list(ME, Query("all", words=words, limit=20, cursor=cursor))
        if listed.page.next_cursor:
            pages.append((words, listed.page.next_cursor))

    def known(chance: random.Random) -> str:
        return chance.choice(title_of)

    pages: list[tuple[str, str]] = []
    title_of = [task.title for task in tasks(count) if task.id % max(1, count // BASELINE) == 0]
    return {
        "list open": listing(status="open"),
        "list all, 200": listing(status="all", limit=200),
        "list done": listing(status="done"),
        "list today": listing(status="today"),
        "list overdue": listing(status="overdue"),
        "list upcoming": listing(status="upcoming"),
        "list a day": listing(due=a_day),
        "list done, due a day": listing(status="done", due=a_day),
        "list not due": listing(due="none"),
        "list high priority": listing(priority="high"),
        "list tag": listing(tag=one_of(TAGS)),
        "list rare tag": listing(status="all", tag="rare"),
        "list tag and word": listing(tag=one_of(TAGS), words=one_of(THINGS)),
        "list one word": listing(words=one_of(THINGS)),
        "list two words": listing(words=one_of(VERBS, THINGS)),
        "list three words": listing(status="all", words=one_of(VERBS, PEOPLE, THINGS)),
        "list word, a day": listing(words=one_of(THINGS), due=a_day),
        "list misheard word": listing(words=misheard),
        "list words of nothing": listing(words="quarterly zoo inspection"),
        "list next page of a word": next_page,
        "get by id": lambda chance: service.get(ME, str(chance.randrange(count) + 1)),
        "get by its words": lambda chance: service.get(ME, known(chance)),
        "get by misheard words": lambda c: _refused(service.get(ME, _slip(known(c), c))),
        "get by common words": lambda c: _refused(service.get(ME, f"{c.choice(VERBS)} {c.choice(PEOPLE)}")),
        "get nothing": lambda _: _refused(service.get(ME, "feed the zoo animals")),
    }


def _misheard(word: str, chance: random.Random) -> str:
    place = chance.randrange(1, len(word))
    return word[:place] + "e" + word[place:]


def _slip(words: str, chance: random.Random) -> str:
    first, *rest = words.split()
    long = [number for number, word in enumerate(rest) if word.isalpha() and len(word) > 5]
    if long:
        rest[long[0]] = _misheard(rest[long[0]], chance)
    return " ".join([first, *rest])


async def _refused(call: Awaitable[object]) -> None:
    from mcp_servers.task_manager.errors import TaskError

    try:
        await call
    except TaskError:
        return


async def measure(address: Path | str, count: int, rounds: int) -> dict[str, dict[str, float]]:
    database = database_at(address)
    service = TaskService(database, lambda: NOW.astimezone(UTC))
    found: dict[str, dict[str, float]] = {}
    together: dict[str, list[float]] = {"list": [], "get": []}
    for name, call in calls(service, count).items():
        chance = random.Random(name)  # noqa: S311 - made-up calls
        times: list[float] = []
        for number in range(rounds + 5):
            begin = time.perf_counter()
            await call(chance)
            if number >= 5:
                times.append((time.perf_counter() - begin) * 1000)
        together[name.split()[0]] += times
        found[name] = _summary(times)
    found |= {f"all calls of {tool}_task{'s' * (tool == 'list')}": _summary(times) for tool, times in together.items()}
    for name in ("create", "complete"):
        times = []
        for number in range(60):
            begin = time.perf_counter()
            await (
                service.create(ME, f"water plant {number}")
                if name == "create"
                else service.complete(ME, f"water plant {number}")
            )
            times.append((time.perf_counter() - begin) * 1000)
        times.sort()
        found[name] = {"p50": statistics.median(times), "p99": times[-1]}
    await database.close()
    return found


def _summary(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {"p50": statistics.median(ordered), "p99": ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]}


def _into_memory(path: Path) -> None:
    with path.open("rb") as file:
        while file.read(1 << 20):
            pass


async def resident(address: Path | str, count: int) -> float:
    """MB that this process has at most, after some of every call."""
    database = database_at(address)
    service = TaskService(database, lambda: NOW.astimezone(UTC))
    chance = random.Random(1)  # noqa: S311 - made-up calls
    for name in ("list open", "list all, 200", "list overdue", "list two words", "list misheard word", "get by id"):
        for _ in range(20):
            try:
                await calls(service, 1)[name](chance)
            except Exception as error:
                if count:
                    raise SystemExit(str(error)) from error
    await database.close()
    return _most_resident()


def _most_resident() -> float:
    """MB; Linux's `VmHWM`, for `ru_maxrss` counts what the parent had."""
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))) / 1024


def memory(address: Path | str, count: int) -> float:
    command = [sys.executable, "-m", "benchmarks.task_manager_scale", "--memory", str(address), "--tasks", str(count)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1])
    return float(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--tasks", type=int, default=1_000_000)
    parser.add_argument("--fill", action="store_true", help="only make the files in --database")
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--database", type=Path, help="a folder to keep the files in, for another run")
    parser.add_argument("--server", metavar="URL", help="a PostgreSQL server, to measure that instead of SQLite")
    parser.add_argument("--memory", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.memory:
        print(asyncio.run(resident(args.memory if "://" in args.memory else Path(args.memory), args.tasks)))
        return
    with tempfile.TemporaryDirectory() as made:
        folder = args.database or Path(made)
        folder.mkdir(exist_ok=True)
        begin = time.perf_counter()
        places = {count: _filled(args.server, folder, count) for count in (0, BASELINE, args.tasks)}
        filled = time.perf_counter() - begin
        if args.fill:
            return
        found = {count: asyncio.run(measure(places[count], count, args.calls)) for count in (BASELINE, args.tasks)}
        sizes = {count: memory(places[count], count) for count in (0, args.tasks)}
    report(args, found, sizes, filled)


def _filled(server: str | None, folder: Path, count: int) -> Path | str:
    """Where so many tasks are."""
    if server:
        return fill_server(server, count)
    path = folder / f"{count}.db"
    if not path.exists():
        fill(path, count)
    _into_memory(path)
    return path


def report(
    args: argparse.Namespace, found: dict[int, dict[str, dict[str, float]]], sizes: dict[int, float], filled: float
) -> None:
    many, few = found[args.tasks], found[BASELINE]
    ratio = sizes[args.tasks] / sizes[0]
    if args.json:
        print(json.dumps({"milliseconds": {str(count): rows for count, rows in found.items()}, "memory_ratio": ratio}))
        return
    print(f"{args.tasks:,} tasks (filled in {filled:.0f} s){'p50 ms':>18}{'p99 ms':>9}   beside {BASELINE:,}: p50, p99")
    for name, row in many.items():
        mark = "" if row["p99"] <= SLOWEST or name in ("create", "complete") else "   over the goal"
        print(f"  {name:40}{row['p50']:9.2f}{row['p99']:9.2f}{few[name]['p50']:18.2f}{few[name]['p99']:9.2f}{mark}")
    print(f"  resident memory, MB: {sizes[args.tasks]:.0f} beside {sizes[0]:.0f} with no task: {ratio:.2f} x")


if __name__ == "__main__":
    main()
