"""The `voice-agent` command: a table of sub-commands, each imported only when it runs."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
from typing import TYPE_CHECKING, Protocol, cast

from voice_agent.errors import VoiceAgentError

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "talk": "talk to the assistant, by voice or by typing",
    "up": "start everything for talking on a page: LiveKit server, worker and web",
    "worker": "hold conversations in rooms of a LiveKit server",
    "web": "serve the page, and the tokens for its rooms",
    "hub": "offer all MCP servers behind one endpoint, to workers and to text clients",
    "servers": "show the MCP servers and how they are",
    "tools": "list the tools of all servers, find those for a request, or call one",
    "inspect": "say whether a server is fit to be spoken to, with reasons and fixes",
    "config": "show what is configured, and where each value comes from",
    "doctor": "check this machine and say what to do about what is wrong",
}


class Command(Protocol):
    """What each module of a sub-command offers."""

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        ...

    def run(self, args: argparse.Namespace) -> int:
        """Do it; the exit status is 0 fine, 1 failed, 2 wrong usage or config. May raise `VoiceAgentError`."""
        ...


def main(argv: Sequence[str] | None = None) -> int:
    """Run one sub-command and return its exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(
        prog="voice-agent",
        description="A voice assistant whose abilities are MCP servers.",
        epilog="Start with: voice-agent talk",
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    chosen: Command | None = None
    for name, summary in COMMANDS.items():
        sub = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
        if name in words[:1]:
            chosen = cast("Command", importlib.import_module(f"voice_agent.cli.{name}"))
            chosen.configure(sub)
    args = parser.parse_args(words)
    if args.version:
        from importlib.metadata import version

        print(version("voice-agent"))  # noqa: T201 - the answer of the command
        return 0
    if chosen is None:
        parser.print_help()
        return 0
    return guarded(chosen, args)


def guarded(command: Command, args: argparse.Namespace) -> int:
    """Run `command`; what goes wrong becomes one sentence on standard error and an exit status."""
    try:
        return command.run(args)
    except VoiceAgentError as error:
        print(error, file=sys.stderr)  # noqa: T201 - errors are for the person at the keyboard
        return error.exit_status
    except KeyboardInterrupt:
        # To end a conversation so is no failure.
        return 0 if args.command == "talk" else 128 + signal.SIGINT
    except BrokenPipeError:
        # The reader of our output has left; point the descriptor elsewhere so that the exit does not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def run() -> None:
    """Entry point."""
    sys.exit(main())
