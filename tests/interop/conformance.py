"""Runs client scenarios of the official conformance suite, the client being a coroutine of the test itself."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shlex
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from tests.support.program import PATIENCE, environment

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
CONFORMANCE = HERE / "node_modules" / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
GOOD = {"SUCCESS", "INFO", "SKIPPED"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the suite tells a client."""

    url: str
    scenario: str
    context: dict[str, Any]
    """What the scenario wants used: calls to make, credentials."""


Client: TypeAlias = Callable[[Asked], Awaitable[None]]


@dataclass(slots=True)
class Outcome:
    """What one scenario came to."""

    checks: dict[str, str] = field(default_factory=dict[str, str])
    """Status by id; the worst where an id comes more than once."""
    errors: list[str] = field(default_factory=list[str])
    """What the suite says of checks that are not good, and of the client."""

    @property
    def bad(self) -> dict[str, str]:
        """The checks that are neither passed nor skipped."""
        return {name: status for name, status in self.checks.items() if status not in GOOD}

    @property
    def passed(self) -> int:
        """How many checks were passed."""
        return sum(status == "SUCCESS" for status in self.checks.values())


async def run_scenario(folder: Path, scenario: str, version: str, client: Client) -> Outcome:
    """Run `client` against the server of a scenario, in the protocol version `version`; what it raises is noted."""
    return (await _run(folder, ("--scenario", scenario), version, client))[scenario]


async def run_suite(folder: Path, suite: str, version: str, client: Client) -> dict[str, Outcome]:
    """Run `client` against the servers of all scenarios of a suite at the same time, which is much quicker."""
    return await _run(folder, ("--suite", suite), version, client)


async def _run(folder: Path, which: tuple[str, str], version: str, client: Client) -> dict[str, Outcome]:
    outcomes: defaultdict[str, Outcome] = defaultdict(Outcome)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = Asked(**json.loads(await reader.readline()))
        try:
            await client(asked)
            writer.write(b"done")
        except Exception as error:  # noqa: BLE001 - some scenarios want the client to give up
            outcomes[asked.scenario].errors.append(f"client: {error!r}")
            writer.write(b"gave up")
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    command = shlex.join([sys.executable, "-I", "-S", str(HERE / "conformance_relay.py"), str(port)])
    results = folder / f"results-{which[1].replace('/', '-')}-{version}"
    asked = (*which, "--spec-version", version, "--timeout", "60000", "-o", str(results))
    try:
        process = await asyncio.create_subprocess_exec(
            *(str(BIN / "node"), str(CONFORMANCE), "client", "--command", command, *asked),
            env=environment(folder),
            cwd=folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    finally:
        server.close()
        await server.wait_closed()
    for file in results.rglob("checks.json"):
        # A folder is SCENARIO-TIME, and the name of a scenario may hold a slash.
        scenario = str(file.parent.relative_to(results)).rpartition("-20")[0]
        _read(file, outcomes[scenario])
    assert any(outcome.checks for outcome in outcomes.values()), out.decode("utf-8", "replace")[-2000:]
    return dict(outcomes)


def _read(file: Path, outcome: Outcome) -> None:
    for check in json.loads(file.read_text("utf-8")):
        name, status = check["id"], check["status"]
        if status not in GOOD:
            outcome.errors.append(f"{name}: {check.get('errorMessage')} {check.get('details')}")
        known = outcome.checks.get(name, "SKIPPED")
        if known in GOOD and (status not in GOOD or known != "SUCCESS"):
            outcome.checks[name] = status
