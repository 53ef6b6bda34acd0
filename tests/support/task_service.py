"""The Task Manager over HTTP: as a process, or as an application in the process of the test."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import httpx

from mcp_servers.task_manager.options import Options
from mcp_servers.task_manager.over_http.serving import application, authenticator_for
from tests.support.program import PATIENCE, environment

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator
    from pathlib import Path

    from mcp_servers.task_manager.over_http.app import App

BERLIN = ZoneInfo("Europe/Berlin")
MODERN, HANDSHAKE = "2026-07-28", "2025-11-25"
ALICE, BOB = "alice-secret-token-0001", "bob-secret-token-0002"
READER, WRITER = "reader-secret-token-0003", "writer-secret-token-0004"
TOKENS = f"""\
# who may come in

{ALICE} alice tasks:read tasks:write
{BOB}\tbob   tasks:read tasks:write
{READER} alice tasks:read
  {WRITER} alice tasks:write
"""


@dataclass
class Service:
    """A running `task-manager-mcp http`."""

    process: subprocess.Popen[str]
    url: str
    lines: list[str] = field(default_factory=list[str])
    """What it wrote to standard error after the first line."""
    reader: threading.Thread | None = None

    @property
    def base(self) -> str:
        return self.url.removesuffix("/mcp")

    def ended(self) -> int:
        """Wait for the end; the status."""
        status = self.process.wait(PATIENCE)
        if self.reader:
            self.reader.join(PATIENCE)
        return status

    def logged(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]


@contextlib.contextmanager
def serving(home: Path, *arguments: str, **variables: str) -> Generator[Service]:
    """Run the program on a free port, as its user does."""
    command = [sys.executable, "-m", "mcp_servers.task_manager", "http", "--port", "0", *arguments]
    given = environment(home, **variables)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=given) as process:
        assert process.stderr
        first = process.stderr.readline().rstrip("\n")
        readers: list[threading.Thread] = []
        try:
            assert first.startswith("listening on http://"), first + process.stderr.read()
            service = Service(process, first.removeprefix("listening on "))
            service.reader = threading.Thread(target=lambda: service.lines.extend(process.stderr or ()))
            service.reader.start()
            readers.append(service.reader)
            yield service
        finally:
            process.kill()
            for reader in readers:
                reader.join(PATIENCE)


def write_tokens(folder: Path, text: str = TOKENS) -> Path:
    """A token file that only its owner may read."""
    file = folder / "tokens.txt"
    file.write_text(text)
    file.chmod(0o600)
    return file


def options(**given: Any) -> Options:
    """Those of a service without a limit on the rate, unless one is given."""
    unlimited: dict[str, Any] = {"rate": 0.0}
    return Options(transport="http", **(unlimited | given))


@contextlib.asynccontextmanager
async def application_on(database: Path, **given: Any) -> AsyncGenerator[tuple[App, httpx.AsyncClient]]:
    """The application, and somebody who calls it."""
    wanted = options(**given)
    app = application(wanted, database, BERLIN, authenticator_for(wanted))
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with app.run(), httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8765") as client:
        yield app, client


def call(tool: str, arguments: dict[str, Any] | None = None, **meta: Any) -> dict[str, Any]:
    """What a client of 2026-07-28 posts to call a tool."""
    return request("tools/call", {"name": tool, "arguments": arguments or {}}, **meta)


def request(method: str, params: dict[str, Any] | None = None, **meta: Any) -> dict[str, Any]:
    """What a client of 2026-07-28 posts."""
    whole = {
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        **meta,
    }
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**(params or {}), "_meta": whole}}


def headers(message: dict[str, Any], token: str | None = None) -> dict[str, str]:
    """The headers that go with such a post."""
    name = message["params"].get("name") or message["params"].get("uri")
    named = {"Mcp-Name": name} if name else {}
    authorization = {"Authorization": f"Bearer {token}"} if token else {}
    return {
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": MODERN,
        "Mcp-Method": message["method"],
        **named,
        **authorization,
    }


async def post(
    client: httpx.AsyncClient, message: dict[str, Any], token: str | None = None, **more: str
) -> httpx.Response:
    """Post it as a client of 2026-07-28 does."""
    return await client.post("/mcp", json=message, headers={**headers(message, token), **more})


def said(response: httpx.Response) -> str:
    """The sentence of an answer: the tool's text, or the error."""
    content = response.json()
    if "error" in content:
        return content["error"]["message"]
    return content["result"]["content"][0]["text"]
