"""What becomes of acknowledged writes when the Task Manager is killed (SIGKILL) while it writes, again and again.

`python benchmarks/task_manager_kill.py [--json] [--kills N] [--writers N] [--database URL]`

Two servers share one database; half of the writers call each, over HTTP: create a task that repeats, complete it,
change the one that follows, and delete what is done. One server after the other is killed at a random moment and
started again, while the other goes on. A call that was not answered is made again with the same idempotency key. At
the end the database must hold what the answered calls
say and nothing else, and its index and counters must agree with its tasks. The baseline is the same work
without a kill, on SQLite.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from sqlalchemy import select

from mcp_servers.task_manager.database import database_at
from mcp_servers.task_manager.places import PRIORITIES
from mcp_servers.task_manager.tables import owners, tasks, terms
from mcp_servers.task_manager.terms import signature_of, terms_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

SERVERS = 2
ANSWERED = (4, 24)
"""How many answers a server gives before it is killed, at random between these, and at random within `SOON` seconds."""
SOON = 0.03
_META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "kill", "version": "1"},
}


@dataclass
class Server:
    """A server process that is started anew after each kill."""

    database: str
    up: asyncio.Event = field(default_factory=asyncio.Event)
    answered: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    url: str = ""
    process: asyncio.subprocess.Process | None = None
    logged: list[str] = field(default_factory=list[str])
    """What every process of it wrote to standard error: faults, for nothing else is logged."""
    reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Until it listens, on another port each time."""
        arguments = ("-m", "mcp_servers.task_manager", "http", "--port", "0", "--rate", "0", "--log-level", "error")
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, *arguments, "--database", self.database), stderr=asyncio.subprocess.PIPE
        )
        assert self.process.stderr
        line = (await self.process.stderr.readline()).decode()
        if not line.startswith("listening on "):
            raise SystemExit(line + (await self.process.stderr.read()).decode())
        self.url = line.removeprefix("listening on ").strip()
        self.reading = asyncio.create_task(self._read(self.process.stderr))
        self.up.set()

    async def kill(self) -> None:
        """In the midst of whatever it does."""
        assert self.process
        self.up.clear()
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()
        if self.reading:
            await self.reading

    async def _read(self, stream: asyncio.StreamReader) -> None:
        async for line in stream:
            self.logged.append(line.decode(errors="replace"))


@dataclass
class Writer:
    """One client: what it was told, and so what must be there."""

    name: str
    server: Server
    expected: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    """Title and status by id."""
    gone: set[str] = field(default_factory=set[str])
    calls: int = 0
    repeated: int = 0
    done: bool = False

    async def run(self) -> None:
        """Write until told to be done, and end with an answer to every call."""
        async with httpx.AsyncClient(timeout=30) as client:
            number = 0
            while not self.done:
                number += 1
                await self._round(client, f"water plant {self.name} {number}")

    async def _round(self, client: httpx.AsyncClient, title: str) -> None:
        new = await self._call(client, "create_task", title=title, due="2026-11-27", repeat="daily", tags=["a", "b"])
        made = new["task"]["id"]
        self.expected[made] = (title, "open")
        if self.done:
            return
        await self._call(client, "complete_task", task=made)
        self.expected[made] = (title, "done")
        found = await self._call(client, "list_tasks", query=title)
        (following,) = (task["id"] for task in found["tasks"] if task["title"] == title)
        self.expected[following] = (title, "open")
        if self.done:
            return
        await self._call(client, "update_task", task=following, title=f"{title} again", priority="high")
        self.expected[following] = (f"{title} again", "open")
        if self.done:
            return
        await self._call(client, "delete_task", task=made)
        del self.expected[made]
        self.gone.add(made)

    async def _call(self, client: httpx.AsyncClient, tool: str, **arguments: Any) -> dict[str, Any]:
        """The answer; the same call again until there is one."""
        self.calls += 1
        if tool != "list_tasks":
            arguments["idempotency_key"] = f"{self.name}-{self.calls}"
        params = {"name": tool, "arguments": arguments, "_meta": _META}
        message = {"jsonrpc": "2.0", "id": self.calls, "method": "tools/call", "params": params}
        headers = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2026-07-28"}
        headers |= {"Mcp-Method": "tools/call", "Mcp-Name": tool}
        while True:
            await self.server.up.wait()
            try:
                answer = await client.post(self.server.url, json=message, headers=headers)
            except httpx.HTTPError:
                self.repeated += 1
                await asyncio.sleep(0.01)
                continue
            text = next((line[6:] for line in answer.text.splitlines() if line.startswith("data: {")), answer.text)
            result = json.loads(text).get("result")
            if not result or result.get("isError"):
                await asyncio.sleep(1)  # for the server's log to arrive
                raise SystemExit(f"{tool} {arguments}: {answer.text}\n{''.join(self.server.logged)}")
            self.server.answered.release()
            return result["structuredContent"]


async def kill_again_and_again(database: str, kills: int, count: int) -> tuple[list[Writer], float]:
    """Kill all servers so many times while the writers write."""
    chance = random.Random()  # noqa: S311 - moments of kills
    servers = [Server(database) for _ in range(SERVERS)]
    writers = [Writer(f"w{number}", servers[number % SERVERS]) for number in range(count)]
    begin = time.perf_counter()
    await asyncio.gather(*(server.start() for server in servers))
    async with asyncio.TaskGroup() as group:
        for writer in writers:
            group.create_task(writer.run())
        for number in range(kills):
            server = servers[number % SERVERS]
            await _answers(server, chance.randint(*ANSWERED))
            await asyncio.sleep(chance.uniform(0, SOON))
            await server.kill()
            await server.start()
        for server in servers:
            await _answers(server, ANSWERED[1])
        for writer in writers:
            writer.done = True
    for server in servers:
        await server.kill()
    return writers, time.perf_counter() - begin


async def _answers(server: Server, count: int) -> None:
    """Wait for so many from now on."""
    server.answered = asyncio.Semaphore(0)
    for _ in range(count):
        await server.answered.acquire()


async def faults(database: str, writers: Sequence[Writer]) -> dict[str, int]:
    """What is not as the writers were told, and what does not agree with itself."""
    store = database_at(database if "://" in database else Path(database))
    found = await store.read(lambda connection: _faults(connection, writers))
    await store.close()
    return found


def _faults(connection: Connection, writers: Sequence[Writer]) -> dict[str, int]:
    there = {str(row["id"]): row for row in connection.execute(select(tasks)).mappings()}
    expected = {number: task for writer in writers for number, task in writer.expected.items()}
    gone = {number for writer in writers for number in writer.gone}
    titles = Counter((row["title"], row["status"]) for row in there.values())
    wanted = {(number, title, int(status == "done")) for number, (title, status) in expected.items()}
    actual = {(number, row["title"], row["status"]) for number, row in there.items()}
    indexed: dict[str, set[tuple[str, int, int, int]]] = {}
    for row in connection.execute(select(terms)).mappings():
        entry = (row["term"], row["status"], row["place"], row["signature"])
        indexed.setdefault(str(row["task_id"]), set()).add(entry)
    halves = sum(indexed.get(number) != _entries(row) for number, row in there.items())
    halves += len(set(indexed) - set(there))
    counted = Counter((row["owner_id"], row["status"]) for row in there.values())
    for owner in connection.execute(select(owners)).mappings():
        halves += counted[owner["id"], 0] != owner["open_count"]
        halves += counted[owner["id"], 1] != owner["done_count"]
    return {
        "tasks": len(there),
        "lost": len(wanted - actual) + len(gone & set(there)),
        "doubled": sum(count - 1 for count in titles.values()) + len(set(there) - set(expected)),
        "half done": halves,
    }


def _entries(row: Any) -> set[tuple[str, int, int, int]]:
    own = terms_of(row["title"], json.loads(row["tags"]), PRIORITIES[row["priority"]])
    return {(term, row["status"], row["place"], signature_of(own)) for term in own}


async def measure(args: argparse.Namespace, folder: Path) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for name, kills in (("not killed", 0), (f"killed {args.kills} times", args.kills)):
        database = args.database if args.database and kills else str(folder / f"{kills}.db")
        writers, seconds = await kill_again_and_again(database, kills, args.writers)
        calls = {"calls": sum(one.calls for one in writers), "repeated": sum(one.repeated for one in writers)}
        found[name] = {**calls, **await faults(database, writers), "seconds": round(seconds, 1)}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument(
        "--database",
        help="the URL of an empty PostgreSQL database; else SQLite",
    )
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(args, Path(folder)))
    if args.json:
        print(json.dumps(found))
        return
    columns = list(next(iter(found.values())))
    print(f"{'':18}" + "".join(f"{column:>11}" for column in columns))
    for name, row in found.items():
        print(f"{name:18}" + "".join(f"{row[column]:>11}" for column in columns))
    if any(row[fault] for row in found.values() for fault in ("lost", "doubled", "half done")):
        sys.exit(1)


if __name__ == "__main__":
    main()
