"""A LiveKit server, stand-in providers, our hub and worker, and a plain LiveKit worker, each a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from benchmarks.rooms import bare
from tests.fakes.server import KEY
from voice_agent.session.dispatch import AGENT

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from voice_agent.cli.livekit_server import Address

OURS = AGENT
BARE = bare.AGENT
_BIN = Path(sys.executable).parent
_ROOT = Path(__file__).parents[2]
_SMALL = (
    "import sys; from fastmcp import FastMCP; m = FastMCP('small');"
    " m.tool(lambda text: text, name=sys.argv[1], annotations={'readOnlyHint': True}); m.run(show_banner=False)"
)
SERVERS: dict[str, Any] = {
    "tasks": {"command": sys.executable, "args": ["-m", "mcp_servers.task_manager"]},
    "time": {"command": str(_BIN / "mcp-server-time"), "args": []},
    "git": {"command": str(_BIN / "mcp-server-git"), "args": []},
    "one": {"command": sys.executable, "args": ["-c", _SMALL, "get_one"]},
    "two": {"command": sys.executable, "args": ["-c", _SMALL, "get_two"]},
}
_TOKEN = "benchmark"  # noqa: S105 - of a hub that lives for some minutes


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two that are compared."""

    agent: str
    worker: psutil.Process
    hub: psutil.Process | None
    port: int
    """Of the LiveKit server."""

    def tree(self) -> list[psutil.Process]:
        """Everything that belongs to it."""
        roots = [self.worker, *([self.hub] if self.hub is not None else [])]
        return [*roots, *(child for root in roots for child in root.children(recursive=True))]

    def jobs(self) -> list[psutil.Process]:
        """The processes that hold a conversation: they have a connection to the LiveKit server."""
        found: list[psutil.Process] = []
        for one in self.worker.children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if any(link.raddr and link.raddr.port == self.port for link in one.net_connections("tcp")):
                    found.append(one)
        return found

    def processor_seconds(self) -> float:
        """What all of it has used."""
        total = 0.0
        for one in self.tree():
            with contextlib.suppress(psutil.Error):
                used = one.cpu_times()
                total += used.user + used.system
        return total


@dataclass(frozen=True, slots=True)
class Web:
    """Our web part."""

    process: psutil.Process
    page: str


@dataclass(frozen=True, slots=True)
class Ground:
    """Where conversations are held."""

    livekit: Address
    sides: Mapping[str, Side]
    web: Web | None
    folder: Path
    """Where ours write how many tasks they have (`counted.py`): a file named as the part."""


@contextlib.contextmanager
def ground(
    *sides: str,
    delays: str = "none",
    with_tool: bool = False,
    servers: Mapping[str, Any] = SERVERS,
    bare_servers: Mapping[str, Any] = SERVERS,
    with_web: bool = False,
) -> Generator[Ground]:
    """Start everything, and end it with the block.

    Args:
        sides: `OURS`, `BARE` or both.
        delays: Of the stand-in providers, a key of `DELAYS`.
        with_tool: The model calls a tool in each turn.
        servers: What is configured for ours; none: there is no hub either.
        bare_servers: What is configured for the plain agent.
        with_web: Our web part too.
    """
    from tests.support.livekit import a_livekit

    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        livekit = stack.enter_context(a_livekit(folder)).address
        words = ["-m", "benchmarks.rooms.stand_ins", delays, "tool" if with_tool else "none"]
        _, providers = stack.enter_context(_child(words, {}))
        env = _environment(livekit, providers, folder)
        made = {one: stack.enter_context(_bare(livekit, env, bare_servers)) for one in sides if one == BARE}
        if OURS in sides:
            made[OURS] = stack.enter_context(_ours(livekit, env, servers, folder))
        web = stack.enter_context(_web(env, folder)) if with_web else None
        yield Ground(livekit, made, web, folder)


@contextlib.contextmanager
def _bare(livekit: Address, env: Mapping[str, str], servers: Mapping[str, Any]) -> Generator[Side]:
    # Not its main module: its functions must be found by name in the processes of jobs.
    words = ["-c", "import json, sys; from benchmarks.rooms import bare; bare.serve(*map(json.loads, sys.argv[1:]))"]
    with _child([*words, json.dumps("quality"), json.dumps(servers)], env) as (worker, _):
        yield Side(BARE, worker, None, _port(livekit))


@contextlib.contextmanager
def _ours(livekit: Address, env: Mapping[str, str], servers: Mapping[str, Any], folder: Path) -> Generator[Side]:
    config = folder / "mcp.json"
    config.write_text(json.dumps({"mcpServers": servers or {"tasks": {"disabled": True}}}))
    with contextlib.ExitStack() as stack:
        hub = None
        if servers:
            env = {**env, "VOICE_AGENT_HUB__TOKEN": _TOKEN, "VOICE_AGENT_HUB__ADDRESS": f"unix:{folder}/hub.sock"}
            hub, _ = stack.enter_context(_child(_part("hub", folder, "--config", str(config)), env))
        words = _part("worker", folder, "--config", str(config), "--profile", "quality")
        worker, _ = stack.enter_context(_child(words, env))
        yield Side(OURS, worker, hub, _port(livekit))


@contextlib.contextmanager
def _web(env: Mapping[str, str], folder: Path) -> Generator[Web]:
    with _child(_part("web", folder), env) as (process, told):
        yield Web(process, told["page"])


def _part(name: str, folder: Path, *options: str) -> list[str]:
    return ["-m", "benchmarks.rooms.counted", str(folder / name), name, "--json", *options]


def _port(livekit: Address) -> int:
    return int(livekit.url.rpartition(":")[2])


def _environment(livekit: Address, providers: Mapping[str, str], home: Path) -> dict[str, str]:
    return {
        "LIVEKIT_URL": livekit.url,
        "LIVEKIT_API_KEY": livekit.api_key,
        "LIVEKIT_API_SECRET": livekit.api_secret,
        "DEEPGRAM_API_KEY": KEY,
        "OPENAI_API_KEY": KEY,
        "CARTESIA_API_KEY": KEY,
        "VOICE_AGENT_STT__BASE_URL": providers["ears"],
        "VOICE_AGENT_LLM__BASE_URL": providers["model"],
        "VOICE_AGENT_TTS__BASE_URL": providers["voice"],
        # What the turn detector makes of a made voice is not what is measured: it does not wait for more.
        "VOICE_AGENT_TURN__MAX_DELAY": "0.3",
        "VOICE_AGENT_HOME": str(home),
        "VOICE_AGENT_ROOMS__BUSY": "100",
        "VOICE_AGENT_ROOMS__CAPACITY": "100",
        "VOICE_AGENT_ROOMS__DRAIN": "0",
        "VOICE_AGENT_ROOMS__GRACE": "0",
        "XDG_DATA_HOME": str(home),
    }


@contextlib.contextmanager
def _child(words: list[str], env: Mapping[str, str]) -> Generator[tuple[psutil.Process, dict[str, str]]]:
    """A process of ours, and what it told when it was ready."""
    quiet = None if os.environ.get("BENCH_VERBOSE") else subprocess.DEVNULL
    with subprocess.Popen(
        [sys.executable, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=quiet,
        env={**os.environ, **env},
        cwd=_ROOT,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            line = child.stdout.readline()
            assert line, f"{words} ended while it was starting"
            yield psutil.Process(child.pid), json.loads(line)
        finally:
            child.stdin.close()
            child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(20)
            child.kill()
