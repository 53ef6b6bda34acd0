"""One tool call, from permission to result: checked, sent, and sent again only where nothing can happen twice."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from voice_agent.bridge.arguments import Arguments
from voice_agent.bridge.catalog import IDEMPOTENCY_KEY, has_idempotency_key
from voice_agent.bridge.cleaning import clean
from voice_agent.bridge.policy import is_repeatable
from voice_agent.bridge.results import ERROR_LIMIT, is_big, shape
from voice_agent.bridge.types import Decision, Progress, Result, State, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from voice_agent.bridge.connection import Connection
    from voice_agent.bridge.supervisor import Supervisor
    from voice_agent.bridge.types import Json, Tool

PATIENCE = 4.0
"""Seconds that a call waits for a server that is starting or being reconnected."""
_TIMED_OUT, _CLOSED, _TOO_LONG = -32001, -32000, -32090
_SESSION_GONE = "Session terminated"
_CHECKS = 512
_PROGRESS_LIMIT = 200


@dataclass(frozen=True, slots=True)
class _Failure:
    """A call that was not answered as it should be."""

    sentence: str
    """What is said where it certainly changed nothing, or only reads."""
    is_dropped: bool = False
    """The connection is gone."""
    was_refused: bool = False
    """The server did not even take the request, so that it can be sent again whatever it does."""
    was_answered: bool = False
    """The server itself said no."""


class Caller:
    """Calls tools of one server."""

    def __init__(self, supervisor: Supervisor, say: str, seconds: float) -> None:
        """`say`: the server's spoken name; `seconds`: what one call may take, a second try included."""
        self._supervisor, self._say, self._seconds = supervisor, say, seconds
        self._checks: dict[str, Arguments] = {}

    async def call(
        self, tool: Tool, arguments: Json, *, confirmed: bool, on_progress: Callable[[Progress], None] | None
    ) -> Result:
        """Return how the call ended; raises nothing but `CancelledError`, which cancels it at the server too."""
        if (refusal := self._refusal(tool, confirmed=confirmed)) is not None:
            return refusal
        if has_idempotency_key(tool):
            arguments = {IDEMPOTENCY_KEY: str(uuid.uuid4()), **arguments}
        if (problem := self._check(tool).problem(arguments)) is not None:
            return Result(Status.ERROR, f"The call was not made. {clean(problem, ERROR_LIMIT)}")
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._seconds
        connection = await self._supervisor.wait_ready(min(PATIENCE, self._seconds))
        if connection is None:
            return Result(Status.ERROR, self._not_ready())
        outcome = await self._send(connection, tool, arguments, self._seconds, on_progress)
        if isinstance(outcome, Result):
            return outcome
        if outcome.is_dropped or outcome.was_refused:
            # The supervisor learns of it here where the transport could not tell.
            connection.ended.set()
            if outcome.was_refused or self._repeatable(tool):
                again = await self._supervisor.wait_ready(min(PATIENCE, deadline - loop.time()), other_than=connection)
                if again is None:
                    return Result(Status.ERROR, f"The connection to {self._say} was lost. {self._not_ready()}")
                outcome = await self._send(again, tool, arguments, max(deadline - loop.time(), 1.0), on_progress)
        return outcome if isinstance(outcome, Result) else self._given_up(tool, outcome)

    def _refusal(self, tool: Tool, *, confirmed: bool) -> Result | None:
        title = tool.title or tool.name
        if tool.decision is Decision.DENY:
            return Result(Status.DENIED, f"“{title}” may not be used: the configuration does not allow it.")
        if tool.broken is not None:
            return Result(Status.ERROR, f"“{title}” cannot be used: {tool.broken}.")
        if tool.decision is Decision.CONFIRM and not confirmed:
            return Result(Status.DENIED, f"“{title}” needs the user's own yes first; nothing was done.")
        return None

    def _check(self, tool: Tool) -> Arguments:
        check = self._checks.get(tool.pin)
        if check is None:
            if len(self._checks) >= _CHECKS:
                self._checks.clear()
            check = self._checks[tool.pin] = Arguments(tool.original_schema)
        return check

    def _repeatable(self, tool: Tool) -> bool:
        trusted = self._supervisor.entry.voice.trust
        return has_idempotency_key(tool) or is_repeatable(tool.name, tool.hints, trusted=trusted)

    async def _send(
        self,
        connection: Connection,
        tool: Tool,
        arguments: Json,
        seconds: float,
        on_progress: Callable[[Progress], None] | None,
    ) -> Result | _Failure:
        def report(progress: Progress) -> None:
            if on_progress is not None:
                message = clean(progress.message, _PROGRESS_LIMIT, one_line=True) if progress.message else None
                on_progress(Progress(progress.done, progress.total, message))

        try:
            answer = await connection.call(tool.name, arguments, seconds, report)
        except Exception as error:  # noqa: BLE001 - whatever a server does becomes a sentence
            return self._failure(error, connection, seconds)
        redact = self._supervisor.redact
        return await asyncio.to_thread(shape, answer, redact) if is_big(answer) else shape(answer, redact)

    def _failure(self, error: Exception, connection: Connection, seconds: float) -> _Failure:
        code: Any = getattr(error, "code", None)
        message = str(getattr(error, "message", "") or "")
        if code == _TIMED_OUT and message.startswith("Request"):
            return _Failure(f"{self._say} did not answer within {seconds:g} seconds.")
        if code == _TOO_LONG:
            return _Failure(f"{self._say} answered with more than can be read at once; ask for less.")
        if message == _SESSION_GONE:
            return _Failure(f"{self._say} has forgotten this conversation.", was_refused=True)
        if code is None and type(error).__name__ == "ValidationError":
            return _Failure(f"{self._say} answered in a way that cannot be read.")
        if (
            code is None
            or connection.ended.is_set()
            or (code == _CLOSED and ("stream" in message or "closed" in message))
        ):
            return _Failure(f"The connection to {self._say} was lost.", is_dropped=True)
        advice = self._supervisor.redact(clean(message, ERROR_LIMIT))
        return _Failure(advice or f"{self._say} refused the call.", was_answered=True)

    def _given_up(self, tool: Tool, failure: _Failure) -> Result:
        if failure.was_answered or failure.was_refused or self._repeatable(tool):
            return Result(Status.ERROR, failure.sentence)
        return Result(Status.UNKNOWN, f"{failure.sentence} I don't know whether it went through.")

    def _not_ready(self) -> str:
        state, reason = self._supervisor.state, self._supervisor.reason
        if state is State.STARTING:
            return f"{self._say} is still starting. Nothing was done."
        return f"{self._say} is not ready{f': it {reason}' if reason else ''}. Nothing was done."
