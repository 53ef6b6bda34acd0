"""`voice-agent inspect`: whether a server is fit to be spoken to, with reasons and fixes."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import shutil
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

from voice_agent.errors import ConfigError

if TYPE_CHECKING:
    import argparse

    from voice_agent.bridge.types import Json
    from voice_agent.config.load import Config
    from voice_agent.config.types import ServerEntry
    from voice_agent.inspect.report import Report

_WAIT = 60.0
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    from voice_agent.cli.attached import declare

    parser.usage = "voice-agent inspect [options] NAME|URL|-- COMMAND ..."
    parser.description = (
        "Look at an MCP server from all sides and say whether it is fit to be spoken to, with a score, reasons and "
        "fixes. Only tools that read are called, and only with arguments that are safe; others by --call alone."
    )
    parser.epilog = (
        "Exit status: 0, 1 if the server does not come up, 2 if it is not named right. "
        "Example: voice-agent inspect -- uvx mcp-server-time"
    )
    parser.add_argument(
        "target", metavar="NAME|URL|COMMAND", nargs="+", help="a configured server, a URL, or a command"
    )
    parser.add_argument(
        "--call",
        metavar="TOOL[=JSON]",
        action="append",
        default=[],
        help="call this tool too, though it could change something; repeatable",
    )
    parser.add_argument("--spoken", action="store_true", help="speak a request for each tool, and see where it arrives")
    declare(parser)
    parser.set_defaults(wait=_WAIT)


def run(args: argparse.Namespace) -> int:
    """Inspect, and show what was found."""
    from voice_agent.cli.attached import read_config

    asked = dict(_asked(one) for one in cast("list[str]", args.call))
    words = cast("list[str]", args.target)
    args.server = [*args.server, *_as_argument(words)]
    config = read_config(args)
    report = asyncio.run(_inspect(_entry(config, words), args, asked, config))
    if args.json:
        sys.stdout.write(json.dumps(_shown(report), ensure_ascii=False, indent=2) + "\n")
    else:
        from voice_agent.inspect.report import told

        sys.stdout.write("\n".join(told(report)) + "\n")
    return 0


async def _inspect(
    entry: ServerEntry, args: argparse.Namespace, asked: dict[str, Json | None], config: Config
) -> Report:
    from voice_agent.inspect.look import inspect

    try:
        return await inspect(entry, within=args.wait, call=asked, home=config.home, spoken=args.spoken, tell=_tell)
    finally:
        _tell("")


def _as_argument(words: list[str]) -> list[str]:
    """Return what `--server` would be given for a URL or a command; nothing for a name."""
    if len(words) > 1:
        return [shlex.join(words)]
    is_command = shutil.which(words[0]) is not None and "/" in words[0]
    return words if _URL.match(words[0]) or is_command else []


def _entry(config: Config, words: list[str]) -> ServerEntry:
    """Return the entry that was meant.

    Raises:
        ConfigError: There is none of that name.
    """
    if _as_argument(words):
        return config.servers[-1]
    for entry in config.servers:
        if entry.name == words[0]:
            return entry
    if words[0] in config.disabled:
        raise ConfigError(f"The server “{words[0]}” is switched off in its entry.")
    names = ", ".join(entry.name for entry in config.servers) or "none"
    raise ConfigError(f"No server is called “{words[0]}”. Configured: {names}. Or give a URL, or a command after “--”.")


def _asked(text: str) -> tuple[str, Json | None]:
    name, equals, rest = text.partition("=")
    if not equals:
        return name, None
    try:
        value = json.loads(rest)
    except ValueError as error:
        raise ConfigError(f"--call {name}: the arguments are not JSON: {error}.") from None
    if not isinstance(value, dict):
        raise ConfigError(f"--call {name}: the arguments must be a JSON object, such as '{name}={{\"id\": 3}}'.")
    return name, cast("Json", value)


def _tell(what: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{what} …" if what else "\r\x1b[K")
        sys.stderr.flush()


def _shown(report: Report) -> dict[str, Any]:
    areas = {area.value: round(score, 3) for area, score in report.scores.items()}
    shown = asdict(report)
    shown["unmeasured"] = sorted(report.unmeasured)
    for reasons in shown["providers"].values():
        reasons["refused"] = reasons.pop("", 0)
    return {"score": report.score, "areas": areas, **shown}
