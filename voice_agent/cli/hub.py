"""`voice-agent hub`: all MCP servers behind one endpoint."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from voice_agent.errors import ConfigError

if TYPE_CHECKING:
    import argparse

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = "Keep all MCP servers connected, and offer their tools to the jobs of workers."
    parser.epilog = (
        "Workers find it by VOICE_AGENT_HUB__ADDRESS. With --http a text client can use it too: all your servers at "
        "one URL, with the token as “Authorization: Bearer …”; calls that need the user's own yes are refused there."
    )
    parser.add_argument("--http", action="store_true", help="let text clients in, by streamable HTTP")
    parser.add_argument("--host", metavar="H", default="127.0.0.1", help="for --http: an address of this machine alone")
    parser.add_argument("--port", metavar="N", type=int, default=0, help="for --http (default: any free one)")
    parser.add_argument("--config", metavar="F", type=Path, help="the mcpServers file to use")
    parser.add_argument("--alone", action="store_true", help="nobody logs in: all who come act for you")
    parser.add_argument("--json", action="store_true", help="print one JSON line when ready")


def run(args: argparse.Namespace) -> int:
    """Serve until a signal."""
    import asyncio
    from functools import partial

    from voice_agent.cli.logs import set_up_logs
    from voice_agent.config.load import load

    if args.http and args.host not in _LOOPBACK:
        raise ConfigError(
            f"--host: {args.host} can be reached by others, and the hub speaks HTTP without TLS. Use 127.0.0.1."
        )
    read = partial(load, config=args.config)
    config = read()
    set_up_logs(config.settings, is_verbose=False)
    for problem in config.problems:
        sys.stderr.write(f"{problem}\n")
    from voice_agent.bridge.hub.serving import Doors, serve, tokens_of

    tokens = tokens_of(config)

    def tell(doors: Doors) -> None:
        if args.json:
            line = json.dumps({"part": "hub", "address": str(doors.address), "url": doors.url})
        elif doors.url is None:
            line = f"Workers attach it with VOICE_AGENT_HUB__ADDRESS={doors.address}"
        else:
            place = f"in {tokens.file}" if tokens.file is not None else "that is set as hub.token"
            line = f"Text clients reach it at {doors.url} with the token {place}"
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    def complain(text: str) -> None:
        sys.stderr.write(f"{text}\n")

    http = (args.host, args.port) if args.http else None
    alone = args.alone or config.settings.hub.permit_key is None
    asyncio.run(serve(config, tokens=tokens, read=read, http=http, alone=alone, on_ready=tell, on_complaint=complain))
    return 0
