"""What “never mind” came to: whether a call was stopped in time, as far as that can be known."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from voice_agent.bridge.failures import way_to_check
from voice_agent.bridge.policy import is_read
from voice_agent.bridge.types import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voice_agent.agents.checks import Checks
    from voice_agent.agents.confirm import Call
    from voice_agent.agents.sentences import Sentences
    from voice_agent.bridge.types import Result, ServerStatus, Tool

_JUST = 6.0
"""Seconds after which something done is not what “never mind” is about, until the user begins to say so."""


@dataclass(slots=True)
class Stopping:
    """What was stopped, and what was done a moment ago, in one conversation."""

    sentences: Sentences
    checks: Checks
    _stopped: list[tuple[float, Call]] = field(default_factory=list["tuple[float, Call]"])
    _done: tuple[float, Call, str] | None = None

    def note_stop(self, call: Call) -> None:
        """Take notice of a call that was under way and was cancelled at its server."""
        self._stopped.append((time.monotonic(), call))

    def note_end(self, call: Call, result: Result) -> None:
        """Take notice of how a call ended."""
        if result.status is Status.OK and not _only_reads(call.tool):
            self._done = time.monotonic(), call, result.text.split("\n", 1)[0]

    def tell(self, tools: Sequence[Tool], servers: Sequence[ServerStatus], ago: float = 0.0) -> str:
        """Return what is said to “never mind”; asked again at once, as for a guess of the user's words, the same.

        `ago`: seconds since the user began to say it, for ears may be slow.
        """
        now = time.monotonic() - ago
        done = self._done if self._done is not None and now - self._done[0] <= _JUST else None
        since = now - _JUST if done is None else done[0]
        self._stopped = [one for one in self._stopped if one[0] >= since]
        stopped = [call for _, call in self._stopped]
        changing = [call for call in stopped if not _only_reads(call.tool)]
        if changing:
            call = changing[-1]
            say = next((one.say for one in servers if one.name == call.tool.server), call.tool.server)
            check = way_to_check(call.tool, call.arguments, tools, trusted=False)
            told = self.sentences("stopped_unknown", server=say, what=call.said)
            self.checks.offer(check, call.arguments, is_asked=True)
            return f"{told} {self.sentences('check')}" if check is not None else told
        if stopped:
            return self.sentences("stopped_in_time")
        if done is not None:
            told = done[2] if done[2] and done[2][0] not in "[{" else f"{done[1].said}."
            return self.sentences("stopped_late", what=told[:1].upper() + told[1:])
        return self.sentences("stop")


def _only_reads(tool: Tool) -> bool:
    return is_read(tool.name, tool.hints, trusted=False)
