"""How many calls a second the Task Manager answers over HTTP, beside a FastMCP server of empty tools in the same run.

`python benchmarks/task_manager_http.py [--json] [--rounds N] [--seconds S] [--clients N] [--people]`

Every client creates a task, lists the open ones and completes its own, over and over, on a connection of its own that
it keeps. The client is a few lines on a socket, so that the server is what is measured; both servers get the same
requests. There are rates for each protocol era; `--people` gives every client a token and a list of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

EMPTY = """
import socket, sys
from fastmcp import FastMCP
server = FastMCP('empty')
@server.tool
async def create_task(title: str) -> None: ...
@server.tool
async def list_tasks() -> None: ...
@server.tool
async def complete_task(task: str) -> None: ...
with socket.socket() as free:
    free.bind(('127.0.0.1', 0))
    port = free.getsockname()[1]
print(f'listening on http://127.0.0.1:{port}/mcp', file=sys.stderr, flush=True)
quiet = {'log_level': 'error', 'uvicorn_config': {'access_log': False}}
server.run('http', host='127.0.0.1', port=port, show_banner=False, **quiet)
"""
MODERN, HANDSHAKE = "2026-07-28", "2025-11-25"
WARM_UP = 1.0
"""Seconds of calls that are not counted."""


@asynccontextmanager
async def server(arguments: Sequence[str], folder: Path) -> AsyncGenerator[str]:
    """A server process; its address."""
    environment = {**os.environ, "XDG_DATA_HOME": str(folder), "FASTMCP_CHECK_FOR_UPDATES": "off"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, env=environment
    )
    assert process.stderr
    line = (await process.stderr.readline()).decode()
    drain = asyncio.create_task(_discard(process.stderr))
    try:
        assert line.startswith("listening on "), line
        yield line.removeprefix("listening on ").strip()
    finally:
        process.terminate()
        await process.wait()
        await drain


async def _discard(stream: asyncio.StreamReader) -> None:
    while await stream.read(65536):
        pass


@dataclass
class Caller:
    """One client of one server."""

    url: str
    era: str
    token: str | None = None
    calls: int = 0
    session: str | None = None

    async def run(self, until: float, number: int) -> list[float]:
        """Seconds of each call, until that time."""
        parts = urlsplit(self.url)
        assert parts.hostname
        for _ in range(100):
            try:
                reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
                break
            except OSError:
                await asyncio.sleep(0.1)
        else:
            raise RuntimeError("the server does not answer")
        times: list[float] = []
        if self.era == HANDSHAKE:
            await self._open(reader, writer)
        while time.perf_counter() < until:
            made = await self._call(reader, writer, times, "create_task", {"title": f"task {number} {self.calls}"})
            await self._call(reader, writer, times, "list_tasks", {})
            content: Any = made.get("structuredContent")  # the empty tools have none
            task = content["task"]["id"] if content and "task" in content else "1"
            await self._call(reader, writer, times, "complete_task", {"task": task})
        writer.close()
        return times

    async def _open(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        params = {"protocolVersion": self.era, "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}
        await self._send(reader, writer, {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params}, "")
        await self._send(reader, writer, {"jsonrpc": "2.0", "method": "notifications/initialized"}, "")

    async def _call(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        times: list[float],
        tool: str,
        arguments: dict[str, Any],
    ) -> dict[str, Any]:
        self.calls += 1
        params: dict[str, Any] = {"name": tool, "arguments": arguments}
        if self.era == MODERN:
            params["_meta"] = {
                "io.modelcontextprotocol/protocolVersion": MODERN,
                "io.modelcontextprotocol/clientCapabilities": {},
                "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
            }
        begin = time.perf_counter()
        message = {"jsonrpc": "2.0", "id": self.calls, "method": "tools/call", "params": params}
        answer = await self._send(reader, writer, message, tool)
        times.append(time.perf_counter() - begin)
        result = answer["result"]
        assert not result.get("isError"), result
        return result

    async def _send(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, message: dict[str, Any], tool: str
    ) -> dict[str, Any]:
        body = json.dumps(message).encode()
        head = f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
        head += "Content-Type: application/json\r\n"
        head += f"Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: {self.era}\r\n"
        if self.era == MODERN:
            head += f"Mcp-Method: {message['method']}\r\nMcp-Name: {tool}\r\n"
        if self.session:
            head += f"Mcp-Session-Id: {self.session}\r\n"
        if self.token:
            head += f"Authorization: Bearer {self.token}\r\n"
        writer.write(head.encode() + b"\r\n" + body)
        text = await self._read(reader)
        if text.startswith("event:"):
            text = next(line for line in text.splitlines() if line.startswith("data: {")).removeprefix("data: ")
        return json.loads(text) if text else {}

    async def _read(self, reader: asyncio.StreamReader) -> str:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        assert head.startswith("http/1.1 20"), head
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        self.session = fields.get("mcp-session-id", self.session)
        if "content-length" in fields:
            return (await reader.readexactly(int(fields["content-length"]))).decode()
        parts: list[bytes] = []
        while size := int(await reader.readline(), 16) if fields.get("transfer-encoding") == "chunked" else 0:
            parts.append(await reader.readexactly(size))
            await reader.readexactly(2)
        if fields.get("transfer-encoding") == "chunked":
            await reader.readexactly(2)
        return b"".join(parts).decode()


async def rate(url: str, era: str, seconds: float, tokens: Sequence[str | None]) -> tuple[float, float]:
    """Calls a second of all clients together, and the 99th percentile of a call in seconds."""
    warm = [Caller(url, era, token) for token in tokens]
    await asyncio.gather(*(one.run(time.perf_counter() + WARM_UP, index) for index, one in enumerate(warm)))
    begin = time.perf_counter()
    callers = [Caller(url, era, token) for token in tokens]
    times = await asyncio.gather(*(one.run(begin + seconds, index) for index, one in enumerate(callers)))
    took = time.perf_counter() - begin
    every = sorted(second for each in times for second in each)
    return len(every) / took, every[int(len(every) * 0.99)]


async def measure(args: argparse.Namespace, folder: Path) -> dict[str, list[float]]:
    tokens: list[str | None] = [f"token-of-client-{number}" if args.people else None for number in range(args.clients)]
    command = ["-m", "mcp_servers.task_manager", "http", "--port", "0", "--rate", "0", "--log-level", args.log_level]
    if args.people:
        file = folder / "tokens"
        lines = [f"{token} person{number} tasks:read tasks:write\n" for number, token in enumerate(tokens)]
        file.write_text("".join(lines))
        file.chmod(0o600)
        command += ["--tokens", str(file)]
    found: dict[str, list[float]] = {}
    for number in range(args.rounds):
        ours = [*command, "--database", str(folder / f"tasks{number}.db")]
        for name, arguments in (("empty", ["-c", EMPTY]), ("ours", ours)):
            async with server(arguments, folder) as url:
                for era in args.era:
                    calls, slowest = await rate(url, era, args.seconds, tokens)
                    found.setdefault(f"{era} {name}", []).append(calls)
                    found.setdefault(f"{era} {name} p99", []).append(slowest)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--people", action="store_true")
    parser.add_argument("--era", action="append", choices=[MODERN, HANDSHAKE])
    parser.add_argument("--log-level", default="info")
    args = parser.parse_args()
    args.era = args.era or [MODERN, HANDSHAKE]
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(args, Path(folder)))
    ratios = {
        era: [mine / empty for mine, empty in zip(found[f"{era} ours"], found[f"{era} empty"], strict=True)]
        for era in args.era
    }
    if args.json:
        print(json.dumps({"measured": found, "ratios": ratios}))
        return
    for era in args.era:
        for name, label in (("empty", "FastMCP server of empty tools"), ("ours", "Task Manager")):
            calls, slowest = found[f"{era} {name}"], found[f"{era} {name} p99"]
            spread = f"({min(calls):.0f} to {max(calls):.0f})"
            p99 = statistics.median(slowest) * 1000
            print(f"{era}  {label:30} {statistics.median(calls):7.0f} calls/s {spread:>16}   p99 {p99:6.0f} ms")
        mine = ratios[era]
        print(f"{era}  {'ratio':30} {statistics.median(mine):7.2f} x       ({min(mine):.2f} to {max(mine):.2f})")


if __name__ == "__main__":
    main()
