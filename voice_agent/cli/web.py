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
    parser.description = "Serve the page on loopback, and tokens for rooms of the LiveKit server at LIVEKIT_URL."
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
    from voice_agent.web.serve import serve

    def tell(page: str) -> None:
        sys.stdout.write((json.dumps({"part": "web", "page": page}) if args.json else f"Open {page}") + "\n")
        sys.stdout.flush()

    asyncio.run(serve(config, port=args.port, profile=args.profile, on_ready=tell))
    return 0
