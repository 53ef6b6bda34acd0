"""Calls that a text client proposes and only the user may agree to: put to them in a conversation that is open.

The hub hands the call to the conversation, as `elicitation/create` with everything in `_meta`; the conversation reads
it back, makes it after the user's own yes as any call of its own, and returns how it ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import mcp_types
from mcp import MCPError

from voice_agent.bridge.cleaning import clean
from voice_agent.bridge.hub.words import read_result, result_json
from voice_agent.bridge.types import Result, Status

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeAlias

    from mcp.server.session import ServerSession

    from voice_agent.bridge.types import Json, Tool

PROPOSAL = "voice-agent/proposal"
_LONGEST_NAME = 40
_NOBODY = "“{title}” needs the user's own yes, and no conversation is open in which to ask. Nothing was done."
_REFUSED = "The user did not agree to “{title}”. Nothing was done."
_LOST = "The conversation ended meanwhile; it is not known what became of the call."
_SCHEMA: dict[str, object] = {"type": "object", "properties": {}}


@dataclass(frozen=True, slots=True)
class Proposal:
    """A call that another agent of the user wants made."""

    client: str
    """What it calls itself; cleaned, and not to be believed."""
    key: str
    """Of the tool, as the hub lists it."""
    pin: str
    arguments: Json


if TYPE_CHECKING:
    Proposed: TypeAlias = Callable[[Proposal], Awaitable[Result | None]]
    """Puts a proposal to the user; returns how the call ended, None where they did not agree."""


@dataclass
class Conversations:
    """The conversations that are open, by whose they are."""

    hold: float = 0.0
    """Seconds that a proposal waits for one to be opened."""
    _open: dict[str | None, list[ServerSession]] = field(default_factory=dict[str | None, "list[ServerSession]"])
    _opened: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, subject: str | None, session: ServerSession) -> Callable[[], None]:
        """Take one in; returns what takes it out."""
        sessions = self._open.setdefault(subject, [])
        sessions.append(session)
        self._opened.set()
        self._opened = asyncio.Event()
        return lambda: sessions.remove(session)

    async def put(self, subject: str | None, client: str, tool: Tool, arguments: Json) -> Result:
        """Have the user asked in the conversation that was opened last, and the call made; never raises."""
        session = await self._newest(subject)
        if session is None:
            return Result(Status.DENIED, _NOBODY.format(title=tool.title))
        about: Json = {"client": client, "key": tool.key, "pin": tool.pin, "arguments": arguments}
        params = mcp_types.ElicitRequestFormParams(
            message="Another agent asks.",
            requested_schema=cast("Any", _SCHEMA),
            _meta=cast("Any", {PROPOSAL: about}),
        )
        try:
            answer = await session.send_request(mcp_types.ElicitRequest(params=params), mcp_types.ElicitResult)
            made = json.loads(str((answer.content or {})["result"])) if answer.action == "accept" else None
        except (MCPError, ValueError, KeyError, RuntimeError):
            return Result(Status.UNKNOWN, _LOST)
        if made is None:
            return Result(Status.DENIED, _REFUSED.format(title=tool.title))
        return read_result(made) or Result(Status.UNKNOWN, _LOST)

    async def _newest(self, subject: str | None) -> ServerSession | None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.hold):
                while not self._open.get(subject):
                    await self._opened.wait()
        sessions = self._open.get(subject)
        return sessions[-1] if sessions else None


def client_name(params: mcp_types.InitializeRequestParams | None) -> str:
    """Return what a client calls itself, fit to be said."""
    info = params.client_info if params is not None else None
    name = (info.title or info.name) if info is not None else ""
    return clean(name.replace("-", " ").replace("_", " "), _LONGEST_NAME, one_line=True) or "Another program"


def read_proposal(meta: object) -> Proposal | None:
    """Return the proposal that `elicitation/create` of the hub carries; None where it carries none."""
    about: Any = cast("Json", meta).get(PROPOSAL) if isinstance(meta, dict) else None
    return Proposal(**cast("Json", about)) if isinstance(about, dict) else None


async def answer(proposal: Proposal, proposed: Proposed) -> mcp_types.ElicitResult:
    """Return what the hub is answered."""
    result = await proposed(proposal)
    if result is None:
        return mcp_types.ElicitResult(action="decline")
    return mcp_types.ElicitResult(action="accept", content={"result": json.dumps(result_json(result))})
