"""`voice-agent web`: serves the page and gives tokens for its rooms."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = "Serve the page, and tokens for rooms of the LiveKit server at LIVEKIT_URL."
    parser.epilog = (
        "On loopback whoever opens the page is the owner of this machine. Any other address needs a login: web.secret, "
        "or web.subject_header and a proxy that people log in to (docs/hub.md)."
    )
    parser.add_argument("--host", metavar="H", default="127.0.0.1", help="the address to serve at (default: 127.0.0.1)")
    parser.add_argument("--port", metavar="N", type=int, default=0, help="(default: any free one)")
    parser.add_argument("--profile", metavar="P", help="that conversations are held with (default: the worker's)")
    parser.add_argument("--config", metavar="F", type=Path, help="a voice-agent.toml")
    parser.add_argument("--json", action="store_true", help="print one JSON line when ready")


def run(args: argparse.Namespace) -> int:
    """Serve until a signal."""
    import asyncio

    from voice_agent.cli.needed import need_voice
    from voice_agent.config.load import load

    need_voice("The web part")
    config = load(config=args.config)
    for problem in config.problems:
        sys.stderr.write(f"{problem}\n")
    from voice_agent.web.serve import serve

    def tell(page: str, port: int) -> None:
        line = {"part": "web", "page": page, "port": port}
        sys.stdout.write((json.dumps(line) if args.json else f"Open {page}") + "\n")
        sys.stdout.flush()

    asyncio.run(serve(config, host=args.host, port=args.port, profile=args.profile, on_ready=tell))
    return 0
