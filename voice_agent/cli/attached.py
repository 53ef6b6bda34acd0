"""The servers of a configuration, attached for as long as one command runs."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Iterable, Sequence

    from voice_agent.bridge.bridge import Bridge
    from voice_agent.bridge.types import ServerStatus
    from voice_agent.config.load import Config
    from voice_agent.config.types import ServerEntry

PATIENCE = 20.0
"""Seconds that a command waits for servers; `npx` and `uvx` may be fetching packages."""


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments that every command about servers has."""
    parser.add_argument("--config", metavar="F", type=Path, help="the mcp.json or voice-agent.toml to read")
    parser.add_argument(
        "--server", metavar="URL|COMMAND", action="append", default=[], help="attach this server too; repeatable"
    )
    parser.add_argument(
        "--wait",
        metavar="SECONDS",
        type=_seconds,
        default=PATIENCE,
        help=f"how long to wait for the servers (default: {PATIENCE:g})",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def read_config(args: argparse.Namespace, *, tell_left_out: bool = True) -> Config:
    """Load what the arguments name, and say on standard error what is wrong with it.

    Not `tell_left_out`: the caller says itself why a server is left out.
    """
    from voice_agent.config.load import load

    config = load(config=args.config, servers=args.server)
    for problem in config.problems:
        if problem.server is not None and not tell_left_out:
            continue
        sys.stderr.write(f"{problem}\n")
    return config


@contextlib.asynccontextmanager
async def attached(config: Config, seconds: float, names: Sequence[str] | None = None) -> AsyncGenerator[Bridge, None]:
    """Attach the servers (called `names`) and wait at most `seconds` for them; detach them at the end."""
    from voice_agent.bridge.bridge import Bridge

    bridge = Bridge.of(config, names)
    bridge.start()
    try:
        with _progress(bridge):
            await bridge.settle(seconds)
        yield bridge
    finally:
        await bridge.aclose()


def aligned(rows: Iterable[Sequence[str]]) -> Iterable[str]:
    """Yield `rows` as lines, all columns but the last padded."""
    table = [list(row) for row in rows]
    widths = [max(len(row[place]) for row in table) for place in range(len(table[0]) - 1)] if table else []
    for row in table:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        yield "  ".join([*cells, row[-1]]).rstrip()


def by_hand(entry: ServerEntry | None, reason: str | None = None) -> str:
    """What to run in order to see more than `reason` tells; empty where nothing was started."""
    import shlex

    from voice_agent.config.shown import shown_server
    from voice_agent.config.types import StdioEntry

    if not isinstance(entry, StdioEntry) or (reason is not None and "ended" not in reason):
        return ""
    shown = shown_server(entry)
    words = shlex.join([shown["command"], *shown["args"]])
    return f"Run it by hand: {''.join(c if c.isprintable() else '�' for c in words)}."


def is_sign_in(status: ServerStatus) -> bool:
    """Tell whether a server only waits for its user to sign in."""
    from voice_agent.bridge.credentials.refusal import NEEDED

    return status.reason == NEEDED


def why_away(status: ServerStatus) -> str:
    """Return why a server is not there, as a sentence, and what whoever sits at the terminal can do."""
    sentence = f"{status.name} {status.reason or 'has not answered yet'}."
    return f"{sentence} Run: voice-agent servers login {status.name}" if is_sign_in(status) else sentence


@contextlib.contextmanager
def _progress(bridge: Bridge) -> Generator[None, None, None]:
    """Say on a terminal which servers are still awaited."""
    if not sys.stderr.isatty():
        yield
        return

    def show(_event: object = None) -> None:
        from voice_agent.bridge.types import State

        waiting = [status.name for status in bridge.servers if status.state is State.STARTING]
        sys.stderr.write(f"\r\x1b[KStarting {', '.join(waiting)} …" if waiting else "\r\x1b[K")
        sys.stderr.flush()

    unsubscribe = bridge.subscribe(show)
    try:
        show()
        yield
    finally:
        unsubscribe()
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 3600:  # noqa: PLR2004 - an hour
        raise argparse.ArgumentTypeError(f"“{text}” is not a number of seconds between 0 and 3600")
    return value


async def ask(question: str) -> bool:
    """Ask at the terminal; only “y” and “yes” are a yes."""
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    answer = await asyncio.to_thread(sys.stdin.readline)
    return answer.strip().lower() in ("y", "yes")
