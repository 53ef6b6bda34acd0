"""`voice-agent tools find`: which tools a conversation would offer the model for a request."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voice_agent.cli.attached import aligned, attached, read_config, why_away

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from voice_agent.bridge.find.finder import Finder, Found
    from voice_agent.bridge.types import Tool
    from voice_agent.config.load import Config

LIMIT = 20
_MOST = 1_000
_DESCRIPTION = 70


def configure(actions: Any) -> argparse.ArgumentParser:
    """Declare the arguments; returns the parser, for those that every command about servers has."""
    parser: argparse.ArgumentParser = actions.add_parser(
        "find",
        help="find the tools for a request in your own words",
        description="Find the tools for a request, as a conversation does when all of them are too many for a model.",
        epilog="Exit status: 0, or 1 if there are no tools to look among. "
        "Example: voice-agent tools find “put milk on my list”",
    )
    parser.add_argument("text", metavar="TEXT", nargs="?", help="the request; without it, one a line is read")
    parser.add_argument(
        "--catalog", metavar="FILE", type=Path, help="look among the tools of this tools.jsonl, not of your servers"
    )
    parser.add_argument(
        "--limit", metavar="N", type=_limit, default=LIMIT, help=f"how many tools at most (default: {LIMIT})"
    )
    return parser


def run(args: argparse.Namespace) -> int:
    """Find the tools for one request, or for each line of standard input."""
    from voice_agent.bridge.find.finder import Finder

    config = read_config(args)
    tools = _catalog(args.catalog) if args.catalog is not None else asyncio.run(_live(config, args))
    finder = Finder(config.home)
    finder.update(tools)
    if not tools:
        sys.stderr.write("There are no tools to look among.\n")
        return 1
    if not finder.learn():
        sys.stderr.write("Looking by words alone: pip install 'voice-agent[search]' also goes by meaning.\n")
    requests: Iterable[str] = _lines() if args.text is None else [args.text]
    for text in requests:
        _show(finder, text, args)
    return 0


def _catalog(file: Path) -> Sequence[Tool]:
    from voice_agent.bridge.find.catalog_file import read_catalog

    return read_catalog(file, lambda problem: sys.stderr.write(f"{problem}\n"))


async def _live(config: Config, args: argparse.Namespace) -> Sequence[Tool]:
    async with attached(config, args.wait) as bridge:
        away = [status for status in bridge.servers if status.state not in ("ready", "degraded", "disabled")]
        tools = bridge.tools
    for status in away:
        sys.stderr.write(f"{why_away(status)}\n")
    return tools


def _lines() -> Iterator[str]:
    """Yield what is typed or piped in, line by line; blank lines ask for nothing."""
    # Bytes: what is not UTF-8 must not end the run.
    for line in sys.stdin.buffer:
        if text := line.decode("utf-8", "replace").strip():
            yield text


def _show(finder: Finder, text: str, args: argparse.Namespace) -> None:
    found = finder.find(text, args.limit)
    names = [f"{tool.server}.{tool.name}" for tool in found.tools]
    if args.json:
        lines = [json.dumps({"text": text, "tools": names, "fits": found.fits}, ensure_ascii=False)]
    else:
        lines = [*([f"{text}:"] if args.text is None else []), *_told(found)]
    sys.stdout.write("\n".join(lines) + "\n")
    # Whoever asks by pipe waits for each answer.
    sys.stdout.flush()


def _told(found: Found) -> Iterator[str]:
    if not found.fits:
        yield "Nothing seems to fit." if not found.tools else "Nothing seems to fit. The nearest are:"
    yield from aligned([(f"{tool.server}.{tool.shown}", _short(tool)) for tool in found.tools])


def _short(tool: Tool) -> str:
    text = " ".join(tool.description.split())
    return text if len(text) <= _DESCRIPTION else text[: _DESCRIPTION - 1].rstrip() + "…"


def _limit(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if not 1 <= value <= _MOST:
        raise argparse.ArgumentTypeError(f"“{text}” is not a number between 1 and {_MOST}")
    return value
