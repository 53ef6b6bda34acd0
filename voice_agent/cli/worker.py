"""`voice-agent worker`: holds conversations in rooms of a LiveKit server."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = "Hold conversations in rooms of the LiveKit server at LIVEKIT_URL."
    parser.epilog = "SIGTERM takes no new conversations and lets running ones end; Ctrl-C ends them."
    parser.add_argument("--profile", metavar="P", help="offline, quality, budget or auto (the default)")
    parser.add_argument("--config", metavar="F", type=Path, help="the mcpServers file to use")
    parser.add_argument("--health-port", metavar="N", type=int, default=0, help="of the health check (default: any)")
    parser.add_argument("--json", action="store_true", help="print a JSON line each time the worker is registered")
    parser.add_argument("--verbose", action="store_true", help="print the libraries' own log on standard error")


def run(args: argparse.Namespace) -> int:
    """Take jobs until a signal."""
    import asyncio

    from voice_agent.cli.logs import set_up_logs
    from voice_agent.cli.needed import need_voice
    from voice_agent.config.load import load
    from voice_agent.config.processes import set_unless_set

    need_voice("A worker")
    # LiveKit would wake each process, also one that waits for a job, a hundred times a second to see whether its event
    # loop is held up: a tenth of what a conversation costs.
    set_unless_set(LIVEKIT_AGENTS_LOOP_BLOCK_WARN_MS="0")
    read = partial(load, config=args.config, overrides={} if args.profile is None else {"profile": args.profile})
    config = read()
    set_up_logs(config.settings, is_verbose=args.verbose)
    for problem in config.problems:
        sys.stderr.write(f"{problem}\n")
    from voice_agent.worker.forks import begin_to_import

    begin_to_import()
    from voice_agent.worker.serve import serve

    def tell(worker: str) -> None:
        url = config.settings.livekit.url
        line = json.dumps({"part": "worker", "id": worker}) if args.json else f"Ready for conversations at {url}."
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    asyncio.run(serve(config, on_registered=tell, read=read, port=args.health_port))
    return 0
