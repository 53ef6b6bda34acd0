"""Runs client scenarios of the official conformance suite, the client being a coroutine of the test itself."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.program import PATIENCE, environment

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

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


async def run_scenario(
    folder: Path, scenario: str, version: str, client: Callable[[Asked], Awaitable[None]]
) -> Outcome:
    """Run `client` against the server of a scenario, in the protocol version `version`; what it raises is noted."""
    outcome = Outcome()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told = json.loads(await reader.readline())
        try:
            await client(Asked(**told))
            writer.write(b"done")
        except Exception as error:  # noqa: BLE001 - some scenarios want the client to give up
            outcome.errors.append(f"client: {error!r}")
            writer.write(b"gave up")
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    command = shlex.join([sys.executable, "-I", "-S", str(HERE / "conformance_relay.py"), str(port)])
    results = folder / f"{scenario.replace('/', '-')}-{version}"
    asked = ("--scenario", scenario, "--spec-version", version, "-o", str(results))
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
    _read(results, outcome)
    assert outcome.checks, out.decode("utf-8", "replace")[-2000:]
    return outcome


def _read(results: Path, outcome: Outcome) -> None:
    for file in results.rglob("checks.json"):
        for check in json.loads(file.read_text("utf-8")):
            name, status = check["id"], check["status"]
            if status not in GOOD:
                outcome.errors.append(f"{name}: {check.get('errorMessage')} {check.get('details')}")
            known = outcome.checks.get(name, "SKIPPED")
            if known in GOOD and (status not in GOOD or known != "SUCCESS"):
                outcome.checks[name] = status
