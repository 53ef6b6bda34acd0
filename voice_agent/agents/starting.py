"""Lets a model wait for servers that are still starting, and nobody else."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, cast

from livekit.agents import RunContext  # noqa: TC002 - LiveKit looks for it at run time
from livekit.agents.llm import RawFunctionTool, function_tool

from voice_agent.agents.speech import Kind
from voice_agent.bridge.find.text import stem, words
from voice_agent.bridge.types import State

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from livekit.agents import AgentSession

    from voice_agent.agents.sentences import Sentences
    from voice_agent.agents.speech import Speech
    from voice_agent.bridge.bridge import Bridge
    from voice_agent.bridge.types import Json, ServerStatus

NAME = "wait_for_servers"
_NAME_LETTERS = 4
"""Letters that a word of a server's name must have to be recognised in what the user says."""
_OF_ANY = frozenset({"server"})
"""Words of names that tell nothing."""
_UNNOTICED = 0.4
"""Seconds that a person is kept waiting without a word."""


class Starting:
    """Offers `wait_for_servers` while servers are starting, for so long after the conversation began."""

    def __init__(self, bridge: Bridge, *, limit: float, speech: Speech, sentences: Sentences) -> None:
        """Take the servers; `limit`: seconds from `begin` in which anybody waits, for a server may hang."""
        self._bridge = bridge
        self._limit = limit
        self._speech = speech
        self._sentences = sentences
        self._begun_at = 0.0
        self._made: dict[tuple[str, ...], RawFunctionTool[..., Any]] = {}

    def begin(self) -> None:
        """Count the time from now on."""
        self._begun_at = time.monotonic()

    @property
    def tools(self) -> list[RawFunctionTool[..., Any]]:
        """`wait_for_servers`, the same object while the same servers are starting; nothing once none is."""
        if self._left <= 0 or not self._starting:
            return []
        names = tuple(server.name for server in self._starting)
        if names not in self._made:
            self._made = {names: function_tool(self._run, raw_schema=_schema(names))}
        return [self._made[names]]

    async def wait(self, session: AgentSession[Any], names: AbstractSet[str] | None = None) -> bool:
        """Wait for the servers called so, all where None, with a word to the user; True if there was a wait."""
        if self._left <= 0 or await self._bridge.settle(0, names):
            return False
        if not await self._bridge.settle(min(_UNNOTICED, self._left), names):
            self._speech.say(session, self._sentences("starting"), Kind.FILLER, remember=False)
            await self._bridge.settle(self._left, names)
        await self._bridge.library.settle(min(_UNNOTICED, max(self._left, 0.0)))
        return True

    async def wait_for_named(self, session: AgentSession[Any], text: str) -> bool:
        """Wait for those servers that `text` names; True if there was a wait."""
        said = {stem(word) for word in words(text)}
        named = {server.name for server in self._starting if said & _names(server)}
        return bool(named) and await self.wait(session, named)

    @property
    def _left(self) -> float:
        return self._begun_at + self._limit - time.monotonic()

    @property
    def _starting(self) -> list[ServerStatus]:
        return [server for server in self._bridge.servers if server.state is State.STARTING]

    async def _run(self, raw_arguments: dict[str, object], ctx: RunContext[Any]) -> str:
        wanted = raw_arguments.get("servers")
        named = {str(name) for name in cast("list[object]", wanted)} if isinstance(wanted, list) else set[str]()
        await self.wait(ctx.session, named & {server.name for server in self._starting} or None)
        late = ", ".join(server.name for server in self._starting)
        return f"Still not there: {late}. All others are." if late else "All are there now."


def _names(server: ServerStatus) -> set[str]:
    return {stem(word) for word in words(f"{server.name} {server.say}") if len(word) >= _NAME_LETTERS} - _OF_ANY


def _schema(names: Sequence[str]) -> Json:
    which = {"type": "array", "items": {"type": "string", "enum": list(names)}, "description": "All if left out"}
    return {
        "name": NAME,
        "description": "The tools of these servers are not there yet. If what the user wants may need them, call this"
        " first. Never say that something cannot be done before you have.",
        "parameters": {"type": "object", "properties": {"servers": which}},
    }
