"""The `task-manager-mcp` command: serves the tasks over standard input and output."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from mcp_servers.task_manager import __version__
from mcp_servers.task_manager.errors import TaskError

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until standard input ends; 2 for wrong usage."""
    parser = argparse.ArgumentParser(
        prog="task-manager-mcp",
        description="A task manager as an MCP server, over standard input and output.",
        epilog="Without --database the file is TASK_MANAGER_DATABASE_URL, else tasks.db in the user's data folder.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    parser.add_argument("--database", metavar="URL", help="the SQLite file, as a path or as sqlite:///path")
    parser.add_argument("--timezone", metavar="TZ", help="the person's time zone, such as Europe/Berlin")
    args = parser.parse_args(argv)
    from mcp_servers.task_manager.settings import database_path, time_zone

    try:
        path, zone = database_path(args.database), time_zone(args.timezone)
    except TaskError as error:
        parser.exit(2, f"{parser.prog}: {error}\n")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)

    gc.disable()  # what is imported stays: looking through it for garbage takes a sixth of the start
    import fastmcp

    fastmcp.settings.check_for_updates = "off"
    from mcp_servers.task_manager.server import build_server

    logging.getLogger("fastmcp").setLevel(logging.CRITICAL)
    server = build_server(path, zone)
    gc.freeze()
    gc.enable()
    server.run("stdio", show_banner=False)
    return 0


def _leave(number: int, _frame: object) -> NoReturn:
    """What was acknowledged is on the disk, so there is nothing to wait for, least of all a line from the client."""
    os._exit(0 if number == signal.SIGTERM else 130)


def run() -> NoReturn:
    """Entry point."""
    sys.exit(main())


if __name__ == "__main__":
    run()
