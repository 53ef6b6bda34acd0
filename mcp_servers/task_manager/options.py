"""What `task-manager-mcp` can be told: on the command line, else by environment variables, else the default.

Standard library only, so that `--help` answers at once.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, NoReturn

from mcp_servers.task_manager import __version__
from mcp_servers.task_manager.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PREFIX = "TASK_MANAGER_"
TRANSPORTS = ("stdio", "http")
DEFAULT_PORT = 8765


@dataclass(frozen=True, slots=True)
class Options:
    """Everything that can be told. None and empty: not told."""

    transport: str = "stdio"
    print_config: str | None = None
    database: str | None = None
    """An absolute path, or a PostgreSQL URL."""
    timezone: str | None = None
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    public_url: str | None = None
    allowed_host: tuple[str, ...] = ()
    allowed_origin: tuple[str, ...] = ()
    tokens: str | None = None
    jwks_url: str | None = None
    public_key: str | None = None
    issuer: str | None = None
    audience: str | None = None
    rate: float = 100.0
    max_concurrent: int = 64
    max_sessions: int = 1000
    max_connections: int = 1000
    max_body: int = 4 * 1024 * 1024
    drain: float = 10.0
    log_level: str = "info"
    until_closed: int | None = None

    @property
    def is_authenticated(self) -> bool:
        """Whether it asks for tokens."""
        return bool(self.tokens or self.jwks_url or self.public_key)


@dataclass(frozen=True, slots=True)
class Option:
    """One of them, as people meet it."""

    name: str
    """Of the field."""
    metavar: str
    help: str
    parse: Callable[[str], Any] = str
    group: str = "http"
    variable: str = ""
    choices: tuple[str, ...] = ()

    @property
    def flag(self) -> str:
        """As on the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def environment(self) -> str:
        """The variable that stands in for it."""
        return self.variable or PREFIX + self.name.upper()


def _number(least: float, most: float, kind: type[int | float]) -> Callable[[str], Any]:
    def parse(given: str) -> int | float:
        try:
            value = kind(given)
        except ValueError:
            value = None
        if value is None or not least <= value <= most:
            raise BadRequest(f"“{given}” is not a number from {least:g} to {most:g}.")
        return value

    return parse


def _database(given: str) -> str:
    from mcp_servers.task_manager.settings import database_address

    return str(database_address(given))


def _zone(given: str) -> str:
    from mcp_servers.task_manager.settings import time_zone

    return time_zone(given).key


def _listed(given: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in given.split(",") if part.strip())


OPTIONS = (
    Option(
        "database",
        "URL",
        "where the tasks are: an SQLite file, as a path or as sqlite:///path, or postgresql://user@host/name "
        "(default: tasks.db in the user's data folder)",
        _database,
        group="general",
        variable="TASK_MANAGER_DATABASE_URL",
    ),
    Option(
        "timezone",
        "TZ",
        "the time zone of people whose request does not name theirs, such as Europe/Berlin (default: the system's)",
        _zone,
        group="general",
    ),
    Option("host", "H", "address to listen on (default: 127.0.0.1); any but loopback needs tokens"),
    Option("port", "P", f"port to listen on (default: {DEFAULT_PORT}); 0 takes a free one", _number(0, 65535, int)),
    Option(
        "public_url", "URL", "how clients reach it where a proxy stands before it, such as https://tasks.example.com"
    ),
    Option(
        "allowed_host", "HOST", "a name that requests may use in their Host header, * for any; repeat for more", _listed
    ),
    Option(
        "allowed_origin",
        "ORIGIN",
        "a web page that browsers may call it from, such as https://app.example.com; repeat for more",
        _listed,
    ),
    Option(
        "tokens", "FILE", "people and their tokens, a line each: TOKEN SUBJECT SCOPES…; # begins a comment", group="who"
    ),
    Option("jwks_url", "URL", "where the issuer of JWTs publishes its keys", group="who"),
    Option("public_key", "FILE", "the public key of the issuer of JWTs, as PEM", group="who"),
    Option("issuer", "I", "the `iss` that a JWT must have", group="who"),
    Option("audience", "A", "the `aud` that a JWT must have (default: --public-url with /mcp at the end)", group="who"),
    Option(
        "rate",
        "N",
        "requests a second that one person may make, twice as many in a burst (default: 100); 0 for no limit",
        _number(0, 1e6, float),
        "limits",
    ),
    Option(
        "max_concurrent",
        "N",
        "requests of one person that may run at once (default: 64)",
        _number(1, 100_000, int),
        "limits",
    ),
    Option("max_sessions", "N", "sessions that may be open at once (default: 1000)", _number(1, 1e6, int), "limits"),
    Option(
        "max_connections", "N", "connections that may be open at once (default: 1000)", _number(1, 1e6, int), "limits"
    ),
    Option(
        "max_body", "BYTES", "size of the largest request (default: 4194304)", _number(1024, 1 << 30, int), "limits"
    ),
    Option(
        "drain",
        "SECONDS",
        "how long running calls may finish after SIGTERM (default: 10)",
        _number(0, 3600, float),
        "limits",
    ),
    Option(
        "log_level",
        "LEVEL",
        "least level of what is logged: debug, info, warning or error (default: info)",
        str.lower,
        "limits",
        choices=("debug", "info", "warning", "error"),
    ),
    Option(
        "until_closed",
        "FD",
        "end, as by SIGTERM, when this pipe is closed at its other end: by whoever started this, however they end",
        _number(0, 65535, int),
        "limits",
    ),
)

_GROUPS = {
    "general": "tasks",
    "http": "over HTTP",
    "who": "who may use it over HTTP (without these: everybody who can reach it, which only loopback allows)",
    "limits": "limits over HTTP",
}
_REPEATED = {"allowed_host", "allowed_origin"}
_EPILOG = """\
Every option can be given by an environment variable too: --jwks-url as TASK_MANAGER_JWKS_URL, --database as
TASK_MANAGER_DATABASE_URL, stdio or http as TASK_MANAGER_TRANSPORT; several hosts or origins with commas between.
A SCOPE is tasks:read or tasks:write. SIGHUP reads the token file again; SIGTERM ends it when running calls are done.

examples:
  task-manager-mcp                                     for one client, over standard input and output
  task-manager-mcp --print-config claude-desktop       what to paste into that client
  task-manager-mcp http                                for every client of this machine
  task-manager-mcp http --host 0.0.0.0 --tokens FILE   for several people
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message[:1].lower()}{message[1:]}\nTry: {self.prog} --help\n")


def read_options(argv: Sequence[str] | None, environment: Mapping[str, str] = os.environ) -> Options:
    """What was told; ends the program after --help and the like. Raises `BadRequest` for what cannot be used."""
    parser = _Parser(
        prog="task-manager-mcp",
        description="A task manager as an MCP server: over standard input and output, or as a service over HTTP.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("transport", nargs="?", choices=TRANSPORTS, metavar="stdio | http", help="default: stdio")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    groups = {key: parser.add_argument_group(title) for key, title in _GROUPS.items()}
    groups["general"].add_argument(
        "--print-config",
        metavar="CLIENT",
        help="print what to paste into an MCP client, such as claude-desktop or vscode, and end; "
        "a wrong name lists them all",
    )
    for option in OPTIONS:
        action = "append" if option.name in _REPEATED else "store"
        groups[option.group].add_argument(option.flag, metavar=option.metavar, help=option.help, action=action)
    given = vars(parser.parse_args(argv))
    transport = given["transport"] or environment.get(PREFIX + "TRANSPORT", "").strip() or "stdio"
    if transport not in TRANSPORTS:
        raise BadRequest(f"{PREFIX}TRANSPORT: “{transport}” is neither stdio nor http.")
    told = {option.name: value for option in OPTIONS if (value := _value(option, given, environment)) is not None}
    return Options(transport=transport, print_config=given["print_config"], **told)


def _value(option: Option, given: Mapping[str, Any], environment: Mapping[str, str]) -> Any:
    origin, text = option.flag, given[option.name]
    if isinstance(text, list):
        text = ",".join(str(part) for part in text)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - of argparse
    if text is None:
        origin, text = option.environment, environment.get(option.environment, "").strip() or None
    if text is None:
        return None
    try:
        value = option.parse(text)
    except BadRequest as error:
        sentence = str(error)
        raise BadRequest(f"{origin}: {sentence[:1].lower()}{sentence[1:]}") from None
    if option.choices and value not in option.choices:
        raise BadRequest(f"{origin}: “{text}” is none of {', '.join(option.choices)}.")
    return value


def arguments_of(options: Options) -> list[str]:
    """The command line over standard input and output that says the same again; without what is as by default."""
    unsaid = {field.name: field.default for field in fields(Options)}
    said: list[str] = []
    for option in OPTIONS:
        value = getattr(options, option.name)
        if option.group == "general" and value != unsaid[option.name]:
            said += [option.flag, str(value)]
    return said
