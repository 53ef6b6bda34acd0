"""`voice-agent up`: everything for talking on a page, on one machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = (
        "Start a LiveKit server (unless LIVEKIT_URL names one), a hub, a worker and the page, on loopback."
    )
    parser.epilog = "Open the address that it prints, press Talk, and speak. Ctrl-C ends everything."
    parser.add_argument("--profile", metavar="P", help="offline, quality, budget or auto (the default)")
    parser.add_argument("--config", metavar="F", type=Path, help="the mcpServers file to use")
    parser.add_argument("--port", metavar="N", type=int, default=0, help="of the page (default: any free one)")
    parser.add_argument(
        "--clients-port", metavar="N", type=int, help="let text clients use the hub too, by HTTP (0: any free one)"
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON line when all is ready: page, livekit, worker, hub"
    )
    parser.add_argument("--verbose", action="store_true", help="print the worker's log on standard error")


def run(args: argparse.Namespace) -> int:
    """Start everything, and end it at a signal."""
    import asyncio

    from voice_agent.cli.needed import need_voice
    from voice_agent.config.load import load

    need_voice("Talking on a page")
    config = load(config=args.config, overrides={} if args.profile is None else {"profile": args.profile})
    for problem in config.problems:
        sys.stderr.write(f"{problem}\n")
    from voice_agent.cli.whole import Options, Whole

    options = Options(
        args.profile, args.config, args.port, args.clients_port, is_json=args.json, is_verbose=args.verbose
    )
    return asyncio.run(Whole(config, options).run())
