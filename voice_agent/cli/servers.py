"""`voice-agent servers`: every MCP server and how it is."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

from voice_agent.bridge.types import ServerStatus, State
from voice_agent.cli.attached import aligned, attached, by_hand, declare, is_sign_in, read_config

if TYPE_CHECKING:
    import argparse

    from voice_agent.config.load import Config
    from voice_agent.config.types import ServerEntry


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = (
        "Start or reach every MCP server, and show how each one is. With “approve NAME”: show what has changed about "
        "the tools of that server since they were first seen, and accept it. With “login NAME”: sign in there, with a "
        "link to open in a browser; “logout NAME” forgets that."
    )
    parser.epilog = "Exit status: 0 if all are ready, 1 if one is not, 2 if the configuration is wrong."
    actions = ["approve", "login", "logout"]
    parser.add_argument(
        "action", nargs="?", choices=actions, help="accept the changed tools of a server; sign in there"
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="the server")
    parser.add_argument("--yes", action="store_true", help="with approve: do not ask")
    declare(parser)


def run(args: argparse.Namespace) -> int:
    """Start all, wait, show; or approve."""
    if args.action == "approve":
        from voice_agent.cli.approve import approve

        return approve(read_config(args), args)
    if args.action is not None:
        from voice_agent.cli.login import login, logout

        return (login if args.action == "login" else logout)(read_config(args), args)
    config = read_config(args, tell_left_out=False)
    rows = asyncio.run(_rows(config, args.wait))
    if args.json:
        import json

        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
    else:
        head = ("SERVER", "STATE", "TOOLS", "REASON")
        lines = [(row["name"], row["state"], str(row["tools"]), row["reason"] or "") for row in rows]
        for line in aligned([head, *lines]) if lines else ["No server is configured."]:
            sys.stdout.write(line + "\n")
    return 0 if all(row["state"] in ("ready", "disabled") for row in rows) else 1


async def _rows(config: Config, seconds: float) -> list[dict[str, Any]]:
    async with attached(config, seconds) as bridge:
        entries = {entry.name: entry for entry in config.servers}
        rows = [_row(status, entries.get(status.name), seconds) for status in bridge.servers]
    known = {row["name"] for row in rows}
    for problem in config.problems:
        # An entry that had to be skipped is a server that its user expects to see.
        if problem.server is not None and problem.server not in known:
            known.add(problem.server)
            why = f"{problem.message} {problem.remedy}"
            skipped = ServerStatus(problem.server, problem.server, State.FAILED, why, None, 0)
            rows.append(_row(skipped, None, seconds) | {"origin": problem.where})
    return rows


def _row(status: ServerStatus, entry: ServerEntry | None, seconds: float) -> dict[str, Any]:
    late = f"has not answered within {seconds:g} s" if status.state is State.STARTING else None
    reason = status.reason or late
    if reason and status.state is State.FAILED and (more := by_hand(entry, reason)):
        reason = f"{reason}. {more}"
    if status.state is State.NEEDS_LOGIN and is_sign_in(status):
        reason = f"{reason}. Run: voice-agent servers login {status.name}"
    return {
        "name": status.name,
        "say": status.say,
        "state": status.state.value,
        "reason": reason,
        "tools": status.tools,
        "origin": entry.origin if entry else None,
    }
