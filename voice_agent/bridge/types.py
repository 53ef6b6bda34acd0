"""The words of the bridge. Nothing here knows MCP's wire or LiveKit."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from voice_agent.bridge.cleaning import clean

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_SHOWN = 120
Json: TypeAlias = dict[str, Any]
"""A JSON object."""


class State(StrEnum):
    """The one state that a connection is in."""

    STARTING = "starting"
    READY = "ready"
    DEGRADED = "degraded"
    RECONNECTING = "reconnecting"
    NEEDS_LOGIN = "needs_login"
    QUARANTINED = "quarantined"
    DISABLED = "disabled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """How one server is."""

    name: str
    say: str
    """The name as it is spoken."""
    state: State
    reason: str | None
    """Why, in words that a person understands; None when all is well."""
    next_try: datetime | None
    """When a connection will be tried again (aware, UTC)."""
    tools: int
    """How many of its tools can be called."""
    link: str | None = None
    """Where its user signs in, while that is waited for."""
    withheld: tuple[tuple[str, str], ...] = ()
    """Tools that are there and cannot be called, by their names in words, and why."""


class Decision(StrEnum):
    """What the policy says of a tool."""

    ALLOW = "allow"
    SPOKEN = "spoken"
    """Called where the user's own words account for the call; else the user is asked first."""
    CONFIRM = "confirm"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Hints:
    """A tool's annotations (MCP 2025-06-18, server/tools#annotations); None where the server is silent."""

    read_only: bool | None = None
    destructive: bool | None = None
    idempotent: bool | None = None
    open_world: bool | None = None


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Tool:
    """One tool of one server. Compared by identity: an unchanged tool stays the same object over a re-list.

    A server may change its tools every minute: what is learnt of one is kept by a weak reference, and goes with it.
    """

    server: str
    name: str
    """As the server spells it."""
    key: str
    """As the model sees it: `server_tool` in `[A-Za-z0-9_-]{1,64}`, unique in the catalog."""
    title: str
    """For people."""
    description: str
    """Cleaned and capped; the server's words."""
    input_schema: Json
    """JSON Schema that every provider accepts."""
    original_schema: Json
    """JSON Schema as the server sent it; arguments are validated against it."""
    output_schema: Json | None
    hints: Hints
    decision: Decision
    pin: str
    """SHA-256 over name, title, description, schema and annotations as sent, in hex."""
    broken: str | None = None
    """Why this tool is quarantined; None when it can be called."""
    may_stand: bool = False
    """A yes to it may hold for the rest of the conversation."""
    held: str | None = None
    """What changed about this tool since the user has known it, in words; it is held back until approved."""

    @property
    def shown(self) -> str:
        """The name as its server spells it, without what cannot be seen."""
        return clean(self.name, _SHOWN, one_line=True)


class Status(StrEnum):
    """How a call ended."""

    OK = "ok"
    ERROR = "error"
    DENIED = "denied"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    """A write whose answer was lost."""


@dataclass(frozen=True, slots=True)
class Media:
    """An image, a sound or another resource that a result carried; for the page, never for the model."""

    kind: Literal["image", "audio", "resource", "link"]
    mime_type: str | None
    uri: str | None
    data: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Result:
    """What a call came back with."""

    status: Status
    text: str
    """Bounded, cleaned, for the model: the server's prose, then structured content as compact JSON on a last line."""
    structured: Json | None = None
    """The structured content, whole."""
    media: tuple[Media, ...] = ()
    check: str | None = None
    """Of an unknown outcome: the key of the tool that can show whether the call went through."""


@dataclass(frozen=True, slots=True)
class ServerChanged:
    """A server's state, reason or number of tools changed."""

    status: ServerStatus


@dataclass(frozen=True, slots=True)
class CatalogChanged:
    """Tools were added, removed or changed."""

    added: tuple[str, ...]
    """Keys."""
    removed: tuple[str, ...]


BridgeEvent: TypeAlias = ServerChanged | CatalogChanged


@dataclass(frozen=True, slots=True)
class Progress:
    """One progress notification of a running call (MCP, basic/utilities/progress)."""

    done: float
    total: float | None
    message: str | None
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Resource:
    """Something that a server holds and lets be read (MCP, server/resources); all texts cleaned and capped."""

    server: str
    uri: str
    """Of a template: RFC 6570, with the `parameters` in braces."""
    name: str
    title: str
    """For people."""
    description: str = ""
    mime_type: str | None = None
    parameters: tuple[str, ...] = ()
    """What a template must be told; empty of a plain resource."""


@dataclass(frozen=True, slots=True)
class PromptArgument:
    """One argument of a prompt; always text."""

    name: str
    description: str
    is_required: bool


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request that a server has written for people to pick (MCP, server/prompts); texts cleaned and capped."""

    server: str
    name: str
    title: str
    """For people."""
    description: str = ""
    arguments: tuple[PromptArgument, ...] = ()


@dataclass(frozen=True, slots=True)
class Contents:
    """What one server has beside its tools."""

    server: str
    say: str
    """The name as it is spoken."""
    instructions: str = ""
    """What the server says about its use, cleaned and capped: its words, not ours."""
    resources: tuple[Resource, ...] = ()
    prompts: tuple[Prompt, ...] = ()


@dataclass(frozen=True, slots=True)
class News:
    """A resource that is announced is another one than it was."""

    say: str
    """The server's name as it is spoken."""
    resource: Resource
    before: Result | None
    """What it held when it was last read; None where it could not be read."""
    after: Result
