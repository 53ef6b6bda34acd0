"""`voice-agent config`: what is configured, and where each value comes from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    show = actions.add_parser(
        "show",
        help="show every value with its origin, secrets masked, then the mistakes",
        description="Show every value with its origin, all servers, and the mistakes. Secrets are shown as •••.",
    )
    path = actions.add_parser(
        "path",
        help="show which files are read, and where they are looked for",
        description="Show which files are read, and where they are looked for.",
    )
    for action in (show, path):
        action.add_argument("--config", metavar="F", type=Path, help="the mcp.json or voice-agent.toml to read")
    show.add_argument(
        "--server", metavar="URL|COMMAND", action="append", default=[], help="attach this server too; repeatable"
    )
    show.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Show it."""
    from voice_agent.config.load import load

    if args.action == "path":
        config = load(config=args.config)
        _write(_aligned([("servers", config.mcp_file), ("settings", config.settings_file), ("home", config.home)]))
        return 0
    from voice_agent.config.shown import shown_config

    shown = shown_config(load(config=args.config, servers=args.server))
    if args.json:
        import json

        _write([json.dumps(shown, ensure_ascii=False, indent=2)])
    else:
        _write(_report(shown))
    return 0


def _report(shown: dict[str, Any]) -> Iterator[str]:
    yield "Settings"
    settings = cast("dict[str, dict[str, Any]]", shown["settings"])
    yield from _aligned([(name, said["value"], said["origin"]) for name, said in settings.items()], indent=2)
    yield "\nServers"
    for server in shown["servers"]:
        yield f"  {server['name']}  ({server['origin']})"
        yield from _aligned(_server_rows(server), indent=4)
    if shown["disabled"]:
        yield "\nSwitched off: " + ", ".join(shown["disabled"])
    yield "\nFiles"
    yield from _aligned(
        [("servers", shown["mcp_file"]), ("settings", shown["settings_file"]), ("home", shown["home"])], indent=2
    )
    if shown["problems"]:
        yield "\nProblems"
        for problem in shown["problems"]:
            yield f"  {problem['where']}: {problem['message']}"
            yield f"    {problem['remedy']}"


def _server_rows(server: dict[str, Any]) -> Iterator[tuple[str, object]]:
    import shlex

    if "command" in server:
        yield "command", shlex.join([server["command"], *server["args"]]).replace("'•••'", "•••")
        yield from (("env", f"{name}={value}") for name, value in server["env"].items())
        if server["cwd"]:
            yield "cwd", server["cwd"]
    else:
        yield "url", server["url"]
        yield from (("header", f"{name}: {value}") for name, value in server["headers"].items())
        if server["auth"]:
            yield "auth", server["auth"]
    from dataclasses import asdict

    from voice_agent.config.types import VoiceOptions

    usual = asdict(VoiceOptions())
    said = {key: value for key, value in server["voice"].items() if value != usual[key]}
    if said:
        yield "voice", " · ".join(f"{key}: {_plain(value)}" for key, value in said.items())


def _aligned(rows: Iterable[Sequence[object]], *, indent: int = 0) -> Iterator[str]:
    texts = [[_plain(cell) for cell in row] for row in rows]
    widths = [min(32, max(map(len, column))) for column in zip(*texts, strict=True)]
    for row in texts:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield " " * indent + "  ".join(cells).rstrip()


def _plain(value: object) -> str:
    if value is None:
        return "–"  # noqa: RUF001 - a dash, as in a table
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, cast("Sequence[object]", value)))
    # What stands in a file must not steer the terminal.
    return "".join(c if c.isprintable() else "�" for c in " ".join(str(value).split()))


def _write(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(line + "\n")
