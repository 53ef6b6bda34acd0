"""The `task-manager-mcp` command: serves the tasks over standard input and output, or over HTTP."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from mcp_servers.task_manager.errors import BadRequest, TaskError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcp_servers.task_manager.options import Options

PROGRAM = "task-manager-mcp"
USAGE, FAILURE = 2, 1
GARBAGE = (20_000, 20, 50)
"""How rarely a service looks for garbage: each call makes thousands of objects that are gone when it is answered."""


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until standard input or a signal ends it; 2 for wrong usage, 1 for a start that failed."""
    from mcp_servers.task_manager.options import read_options

    try:
        options = read_options(argv)
        if options.print_config is not None:
            return _print_config(options)
        return _serve(options)
    except TaskError as error:
        sys.stderr.write(f"{PROGRAM}: {error}\n")
        return USAGE if isinstance(error, BadRequest) else FAILURE
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - whatever it is, a traceback helps nobody who reads it here
        from mcp_servers.task_manager.faults import places

        where = (places(error.__traceback__) or ["nowhere"])[-1]
        sys.stderr.write(
            f"{PROGRAM}: stopped by a fault of its own ({type(error).__name__}, {where}). Please report it.\n"
        )
        return FAILURE


def _print_config(options: Options) -> int:
    from mcp_servers.task_manager.snippets import snippet

    text, place = snippet(options.print_config or "", options)
    sys.stdout.write(f"{text}\n")
    sys.stderr.write(f"Put this into {place}.\n")
    return 0


def _serve(options: Options) -> int:
    from mcp_servers.task_manager.settings import database_address, time_zone

    address, zone = database_address(options.database), time_zone(options.timezone)
    over_http = options.transport == "http"
    if not over_http:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _leave)

    gc.disable()  # what is imported stays: looking through it for garbage takes a sixth of the start
    import fastmcp

    fastmcp.settings.check_for_updates = "off"
    logging.getLogger("fastmcp").setLevel(logging.CRITICAL)
    if over_http:
        from mcp_servers.task_manager.over_http.serving import serve

        gc.freeze()
        gc.enable()
        gc.set_threshold(*GARBAGE)
        return serve(options, address, zone)
    from mcp_servers.task_manager.logs import log_as_json
    from mcp_servers.task_manager.server import build_server

    log_as_json("warning")
    server = build_server(address, zone)
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
