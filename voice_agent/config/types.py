"""What the rest of the program is given once all files and variables have been read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from voice_agent.config.mistake import plain

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Confirm: TypeAlias = tuple[str, ...] | Literal["always", "never"] | None
"""Globs of tools that are confirmed, all, none, or (None) what the policy makes of annotations and names."""


BUILT_IN = "built in"
"""The origin of servers that come with this program, and change with it."""


@dataclass(frozen=True, slots=True)
class VoiceOptions:
    """Our own keys of one server, under `"voice"` in its entry."""

    allow: tuple[str, ...] = ("*",)
    """Globs of tools that may be used at all."""
    deny: tuple[str, ...] = ()
    """Globs of tools that may not; stronger than `allow`."""
    confirm: Confirm = None
    trust: bool = False
    """Believe the server's annotations."""
    timeout: float = 30.0
    """Seconds one call may take without a word from the server; ten times as long with word of its progress."""
    scope: Literal["shared", "session"] | None = None
    """None: shared, but a server on standard input and output only among conversations of one person."""
    required: bool = False
    """Say so when this server is missing, whatever is asked."""
    say: str | None = None
    """Spoken name of the server; its configured name where None."""
    vocabulary: tuple[str, ...] = ()
    """Read-only tools without required arguments whose answers hold words that people will say (task titles)."""
    announce: tuple[str, ...] = ()
    """URIs (globs) of resources whose changes the server may speak up about."""
    standing_yes: bool = False
    """“Yes, and don't ask again” holds for the rest of the conversation."""


@dataclass(frozen=True, slots=True)
class StdioEntry:
    """A server that is started as a child process."""

    name: str
    command: str
    args: tuple[str, ...] = field(default=(), repr=False)
    """May hold secrets."""
    env: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """Added to what every child inherits (`config.inherited`); may hold secrets."""
    cwd: Path | None = None
    voice: VoiceOptions = VoiceOptions()
    origin: str = BUILT_IN
    """Where the entry was read: `FILE:LINE`, `--server`, or `built in`."""
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    """Values of placeholders that stood for secrets, wherever they went in this entry; never shown."""


@dataclass(frozen=True, slots=True)
class OAuth:
    """What is said about signing in at a server; without any of it the client finds out and registers itself."""

    client_id: str | None = None
    """Of a client that is registered there already."""
    client_secret: str | None = field(default=None, repr=False)
    scopes: tuple[str, ...] = ()
    """What is asked for; empty: what the server says is needed."""
    client_metadata_url: str | None = None
    """Where a document about this client is to be read, which then is its id (SEP-991)."""
    callback_port: int | None = None
    """Where the browser comes back to on this machine; None: any free port."""
    grant: Literal["code", "client_credentials"] = "code"
    """A person signs in, or the client itself does with its secret."""


@dataclass(frozen=True, slots=True)
class HttpEntry:
    """A server that is reached by URL."""

    name: str
    url: str = field(repr=False)
    """May hold secrets."""
    transport: Literal["http", "sse"] | None = None
    """Streamable HTTP or SSE; None: the first, and the second where that is refused."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """May hold secrets."""
    auth: str | None = field(default=None, repr=False)
    """`"oauth"`, or a bearer token."""
    oauth: OAuth | None = field(default=None, repr=False)
    """How one signs in, where `auth` is `"oauth"`."""
    voice: VoiceOptions = VoiceOptions()
    origin: str = BUILT_IN
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    """Values of placeholders that stood for secrets, wherever they went in this entry; never shown."""


ServerEntry: TypeAlias = StdioEntry | HttpEntry


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in what the user wrote; only the part that it names is left out."""

    where: str
    """`FILE:LINE`, `FILE: key.path`, or the variable's name."""
    message: str
    """What is wrong, in one sentence, without any secret value."""
    remedy: str
    """What to do about it, in one sentence."""
    server: str | None = None
    """The entry that was skipped, where it is one."""

    def __post_init__(self) -> None:
        for name in ("where", "message", "remedy"):
            object.__setattr__(self, name, plain(getattr(self, name)))

    def __str__(self) -> str:
        return f"{self.where}: {self.message} {self.remedy}"
