"""Real MCP servers, as their authors publish them, attached through the bridge and listed; no tool is called.

For each server of `servers.json` (69 from npm and PyPI): install exactly that version into a folder of its own, attach
it by its own command with dummy settings and a home of its own, list its tools, detach it, and look at what it has left
behind. Beside it, as baseline in the same run, what a plain `fastmcp.Client` makes of the same server.

    python benchmarks/public_servers.py [--data DIR] [--only NAME,NAME] [--at-once 2] [--json] [--write]

Needs npm, uv and the package registries; a server for Python 3.13 needs that Python. `--write`: docs/public-servers.md.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from voice_agent.bridge.bridge import Bridge
from voice_agent.bridge.opening import open_entry
from voice_agent.bridge.supervisor import Pace
from voice_agent.bridge.types import Decision, State
from voice_agent.config.inherited import child_environment
from voice_agent.config.types import StdioEntry

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from voice_agent.bridge.connection import Connection
    from voice_agent.bridge.opening import Opener, Sight
    from voice_agent.bridge.types import Json
    from voice_agent.config.types import ServerEntry

DATA = Path("../shared/data/servers")
DOC = Path(__file__).parents[1] / "docs" / "public-servers.md"
INSTALL_WITHIN, START_WITHIN = 600.0, 120.0
_MARK = "PUBLIC_SERVERS_RUN"
_BIN = Path(sys.executable).parent
_KEYS = {"installed": {"client_id": "x", "client_secret": "x", "redirect_uris": ["http://localhost"]}}


@dataclass
class Row:
    """What became of one server."""

    server: str
    package: str
    protocol: str | None = None
    state: str = "not installed"
    tools: int = 0
    expected: int = 0
    confirmed: int = 0
    """Tools that are asked about before they are called."""
    quarantined: dict[str, str] = field(default_factory=dict[str, str])
    """Tools that cannot be used, and why."""
    seconds: float | None = None
    """Until its tools were listed, the start of its process included."""
    closed: float | None = None
    """Seconds to detach it."""
    left: int = 0
    """Processes that were still there after it was detached."""
    trouble: str | None = None
    plain: str = "-"
    """What a plain `fastmcp.Client` lists."""


async def look_at(server: Json, folder: Path) -> Row:
    """Install, attach, list, detach; then the baseline."""
    row = Row(server["server"], f"{server['package']} {server['version']}", expected=server["tools"])
    try:
        path = await installed(server, folder)
    except RuntimeError as error:
        row.trouble = str(error)
        return row
    mark = uuid.uuid4().hex
    entry = entry_of(server, folder, path, mark)
    begun = time.perf_counter()
    bridge = Bridge([entry], pace=Pace(connect=START_WITHIN), opener=noting(row))
    bridge.start()
    try:
        await bridge.settle(START_WITHIN + 5)
        row.seconds = round(time.perf_counter() - begun, 2)
        status = bridge.servers[0]
        row.state, row.trouble = status.state.value, status.reason
        row.tools = status.tools
        row.confirmed = sum(tool.decision is Decision.CONFIRM for tool in bridge.tools)
        row.quarantined = {tool.name: tool.broken for tool in bridge.catalog if tool.broken}
    finally:
        begun = time.perf_counter()
        await bridge.aclose()
        row.closed = round(time.perf_counter() - begun, 2)
    row.left = await end_marked(mark)
    if row.state in (State.READY, State.DEGRADED):
        row.plain = await listed_plainly(entry)
        await end_marked(mark)
    return row


def noting(row: Row) -> Opener:
    """Return an opener that notes the protocol version."""

    @contextlib.asynccontextmanager
    async def opened(entry: ServerEntry, sight: Sight) -> AsyncGenerator[Connection, None]:
        async with open_entry(entry, sight) as connection:
            row.protocol = getattr(connection, "protocol_version", None)
            yield connection

    return opened


def entry_of(server: Json, folder: Path, path: str, mark: str) -> StdioEntry:
    """Return the entry that its README has, with a home and dummy files in `folder`."""
    keys = folder / "keys.json"
    keys.write_text(json.dumps(_KEYS))
    words: dict[str, str] = {"OAUTH_KEYS_FILE": str(keys), "ROOT_DIR": str(folder)}
    env = {name: words.get(str(value), str(value)) for name, value in server["env"].items()}
    args = tuple(words.get(str(word), str(word)) for word in server["args"])
    home = folder / "home"
    home.mkdir(exist_ok=True)
    own = {"HOME": str(home), "PATH": path, _MARK: mark, "npm_config_update_notifier": "false"}
    return StdioEntry(server["server"], server["command"], args, env={**own, **env}, cwd=folder)


async def installed(server: Json, folder: Path) -> str:
    """Install the package; returns the PATH with which its command is found.

    Raises:
        RuntimeError: That did not work; says why.
    """
    path = f"{_BIN}{os.pathsep}{os.environ['PATH']}"
    env = child_environment({"PATH": path, **server["env"]})
    if server["registry"] == "npm":
        what = f"{server['package']}@{server['version']}"
        quiet = ("--no-audit", "--no-fund", "--ignore-scripts", "--silent")
        await done(["npm", "install", *quiet, "--prefix", str(folder), what], env)
        return path
    venv = folder / "venv"
    await done(["uv", "venv", "-q", "--python", server["python"], str(venv)], env)
    await done(["uv", "pip", "install", "-q", "--python", str(venv / "bin" / "python"), *server["install"]], env)
    return f"{venv / 'bin'}{os.pathsep}{path}"


async def done(command: Sequence[str], env: dict[str, str]) -> None:
    """Run a command to its end."""
    process = await asyncio.create_subprocess_exec(
        *command, env=env, stdin=asyncio.subprocess.DEVNULL, stdout=-1, stderr=asyncio.subprocess.STDOUT
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(), INSTALL_WITHIN)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise RuntimeError(f"could not be installed within {INSTALL_WITHIN:g} s") from None
    if process.returncode:
        last = [line.strip() for line in out.decode("utf-8", "replace").splitlines() if line.strip()][-1:]
        raise RuntimeError(f"could not be installed: {' '.join(last)[:200]}")


async def listed_plainly(entry: StdioEntry) -> str:
    """Return how many tools a plain client lists, or that it refuses."""
    from fastmcp import Client
    from fastmcp.client.transports import StdioTransport

    env = child_environment(entry.env)
    quiet = Path(os.devnull)
    transport = StdioTransport(
        entry.command, list(entry.args), env=env, cwd=str(entry.cwd), keep_alive=False, log_file=quiet
    )
    try:
        async with asyncio.timeout(START_WITHIN), Client(transport) as client:
            return str(len(await client.list_tools()))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what a user of that client would meet
        return f"refuses ({type(error).__name__})"


async def end_marked(mark: str) -> int:
    """End the processes that a server started and nobody has ended; returns how many there were."""
    await asyncio.sleep(0.3)
    found = await asyncio.to_thread(marked, mark)
    for pid in found:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    return len(found)


def marked(mark: str) -> list[int]:
    """Return the ids of processes that were given the mark, wherever they have gone since."""
    found: list[int] = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"{_MARK}={mark}".encode() in (process / "environ").read_bytes():
                found.append(int(process.name))
    return found


@contextlib.asynccontextmanager
async def folder_of(server: Json) -> AsyncGenerator[Path, None]:
    """A folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix=f"server-{server['server']}-"))
    try:
        yield folder
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def look_at_all(servers: Sequence[Json], at_once: int) -> list[Row]:
    gate = asyncio.Semaphore(at_once)

    async def one(server: Json) -> Row:
        async with gate, folder_of(server) as folder:
            row = await look_at(server, folder)
            told = f"{row.tools} tools" if row.tools else row.trouble
            print(f"{row.server}: {row.state}, {told}, {row.seconds} s, left {row.left}", file=sys.stderr, flush=True)
            return row

    return list(await asyncio.gather(*(one(server) for server in servers)))


def table(rows: Sequence[Row]) -> list[str]:
    head = ["server", "package", "protocol", "state", "tools", "asked about", "cannot be used, and why"]
    head += ["s to list", "processes left", "fastmcp.Client lists"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for row in rows:
        why = "; ".join(f"`{name}`: {reason}" for name, reason in row.quarantined.items()) or row.trouble or "none"
        cells = [row.server, row.package, row.protocol or "-", row.state, _tools(row), str(row.confirmed)]
        cells += [why, str(row.seconds or "-"), str(row.left), row.plain]
        lines.append("| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |")
    return lines


def _tools(row: Row) -> str:
    return str(row.tools) if row.tools == row.expected else f"{row.tools} (of {row.expected} when first listed)"


def summary(rows: Sequence[Row]) -> list[str]:
    up = [row for row in rows if row.state in (State.READY, State.DEGRADED)]
    tools, bad = sum(row.tools for row in up), sum(len(row.quarantined) for row in rows)
    plain = sum(int(row.plain) for row in up if row.plain.isdigit())
    left = [row.server for row in rows if row.left]
    return [
        f"{len(up)} of {len(rows)} servers attached, {tools} tools; {bad} cannot be used.",
        f"A plain `fastmcp.Client` on the same {len(up)}: {sum(row.plain.isdigit() for row in up)} servers, "
        f"{plain} tools ({plain / tools:.3f} of ours)."
        if tools
        else "",
        f"Left a process behind: {', '.join(left) or 'none'}.",
    ]


def document(rows: Sequence[Row]) -> str:
    intro = [
        "# Public servers",
        "",
        "Servers as their authors publish them, from npm and PyPI, attached through the bridge with dummy settings and",
        "listed; no tool was called. Written by `python benchmarks/public_servers.py --write`, which installs",
        "each of them first.",
        "",
    ]
    return "\n".join([*intro, *summary(rows), "", *table(rows), ""])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help="the folder of servers.json")
    parser.add_argument("--only", default="", help="names, with commas between")
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help=f"write {DOC.name}")
    args = parser.parse_args()
    file = args.data / "servers.json"
    if not file.is_file():
        print(f"There is no {file}; give the folder that holds servers.json with --data.", file=sys.stderr)
        return 2
    servers: list[Any] = json.loads(file.read_text("utf-8"))
    only: str = args.only
    names = {name for name in only.split(",") if name}
    rows = asyncio.run(look_at_all([one for one in servers if not names or one["server"] in names], args.at_once))
    if args.write:
        DOC.write_text(document(rows), "utf-8")
    print(
        json.dumps([asdict(row) for row in rows], indent=2) if args.json else "\n".join([*summary(rows), *table(rows)])
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
