"""`voice-agent tools`: list the tools of all servers, find those for a request, or call one."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any, cast

from voice_agent.cli import find
from voice_agent.cli.attached import aligned, ask, attached, declare, is_sign_in, read_config, why_away
from voice_agent.errors import ConfigError, LoginNeeded

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from voice_agent.bridge.bridge import Bridge
    from voice_agent.bridge.types import Json, Result, Tool
    from voice_agent.config.load import Config

_DESCRIPTION = 70


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser(
        "list",
        help="list the tools of all servers",
        description="List the tools of all servers, and what is done before each is called: allow, confirm, deny.",
        epilog="Exit status: 0, or 1 if no server could be listed.",
    )
    calling = actions.add_parser(
        "call",
        help="call one tool",
        description="Call one tool. Where a tool needs a yes, you are asked; without a terminal, give it with --yes.",
        epilog="""Example: voice-agent tools call tasks.create_task '{"title": "buy milk"}'""",
    )
    calling.add_argument("tool", metavar="SERVER.TOOL", help="the tool; the server is the longest name that matches")
    calling.add_argument("arguments", metavar="JSON", nargs="?", default="{}", help="its arguments, a JSON object")
    calling.add_argument("--yes", action="store_true", help="say yes to a tool that needs it")
    for action in (listing, calling, find.configure(actions)):
        declare(action)


def run(args: argparse.Namespace) -> int:
    """List, find or call."""
    if args.action == "find":
        return find.run(args)
    if args.action == "list":
        return asyncio.run(_list(read_config(args), args))
    arguments = _arguments(args.arguments)
    return asyncio.run(_call(read_config(args), args, arguments))


async def _list(config: Config, args: argparse.Namespace) -> int:
    async with attached(config, args.wait) as bridge:
        rows = [_row(tool) for tool in bridge.catalog]
        away = [status for status in bridge.servers if status.state not in ("ready", "degraded", "disabled")]
        up = [status for status in bridge.servers if status.state in ("ready", "degraded")]
    for status in away:
        sys.stderr.write(f"{why_away(status)}\n")
    if args.json:
        _write(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        lines = [(_printable(f"{row['server']}.{row['tool']}"), _mark(row), _short(row)) for row in rows]
        for line in aligned([("TOOL", "BEFORE", "WHAT IT DOES"), *lines]) if lines else ["There are no tools."]:
            _write(line)
    return 1 if away and not up else 0


def _row(tool: Tool) -> dict[str, Any]:
    return {
        "server": tool.server,
        "tool": tool.name,
        "name": tool.key,
        "description": tool.description,
        "read_only": tool.hints.read_only,
        "destructive": tool.hints.destructive,
        "confirm": tool.decision.value,
        "state": "quarantined" if tool.broken else "held" if tool.held else "ready",
        "reason": tool.broken or tool.held,
        "input_schema": tool.input_schema,
    }


def _mark(row: dict[str, Any]) -> str:
    marks = {"quarantined": "cannot be used", "held": "has changed", "ready": row["confirm"]}
    return marks[row["state"]]


def _printable(text: str) -> str:
    """A server may put anything into the name of a tool."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def _short(row: dict[str, Any]) -> str:
    text = " ".join((row["reason"] or row["description"]).split())
    return text if len(text) <= _DESCRIPTION else text[: _DESCRIPTION - 1].rstrip() + "…"


async def _call(config: Config, args: argparse.Namespace, arguments: Json) -> int:
    from voice_agent.bridge.types import Status

    names = _servers_named(args.tool, [entry.name for entry in config.servers])
    for name in config.disabled:
        if names is None and args.tool.startswith(f"{name}."):
            raise ConfigError(f"The server “{name}” is switched off in its entry. Switch it on to call its tools.")
    async with attached(config, args.wait, names) as bridge:
        for status in bridge.servers:
            if names == [status.name] and is_sign_in(status):
                raise LoginNeeded(status.name, why_away(status))
        result = await _confirmed_call(bridge, bridge.resolve(args.tool), arguments, says_yes=args.yes)
    if args.json:
        _write(json.dumps(_shown(result), ensure_ascii=False, indent=2))
    else:
        (sys.stdout if result.status is Status.OK else sys.stderr).write(result.text + "\n")
    return 0 if result.status is Status.OK else 1


async def _confirmed_call(bridge: Bridge, tool: Tool, arguments: Json, *, says_yes: bool) -> Result:
    from voice_agent.bridge.types import Decision, Result, Status

    if tool.decision is Decision.CONFIRM and not says_yes:
        if not sys.stdin.isatty():
            return Result(Status.DENIED, f"{tool.server}.{tool.name} needs a yes; nothing was done. Say it with --yes.")
        what = f"{tool.server}.{tool.name} {json.dumps(arguments, ensure_ascii=False)}"
        if not await ask(f"Really call {what}?"):
            return Result(Status.DENIED, "Nothing was done.")
    return await bridge.call(tool, arguments, confirmed=True)


def _servers_named(tool: str, servers: Sequence[str]) -> list[str] | None:
    """Return the one server that `tool` names, so that no other need be started; None where it may be any."""
    named = [server for server in servers if tool.startswith(f"{server}.")]
    return [max(named, key=len)] if named else None


def _arguments(text: str) -> Json:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"The arguments are not JSON: {error}. Write an object, such as '{{\"id\": 3}}'.") from None
    if not isinstance(value, dict):
        raise ConfigError("The arguments must be a JSON object, such as '{\"id\": 3}'.")
    return cast("Json", value)


def _shown(result: Result) -> dict[str, Any]:
    media = [
        {"kind": item.kind, "mime_type": item.mime_type, "uri": item.uri, "bytes": len(item.data or b"")}
        for item in result.media
    ]
    shown = {"status": result.status.value, "text": result.text, "structured": result.structured, "media": media}
    return shown | ({"check": result.check} if result.check is not None else {})


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
