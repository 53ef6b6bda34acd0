"""One tool call, from permission to result: checked, sent, and sent again only where nothing can happen twice."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4
from weakref import WeakKeyDictionary

from voice_agent.bridge.arguments import Arguments
from voice_agent.bridge.catalog import IDEMPOTENCY_KEY, has_idempotency_key
from voice_agent.bridge.cleaning import clean
from voice_agent.bridge.credentials.asking import ask_to_sign_in
from voice_agent.bridge.failures import CallFailed, Failure, Trace, doubt, failure, way_to_check
from voice_agent.bridge.lost_keys import LostKeys
from voice_agent.bridge.policy import is_read, is_repeatable
from voice_agent.bridge.results import ERROR_LIMIT, is_big, shape
from voice_agent.bridge.steps import Steps
from voice_agent.bridge.types import Decision, Progress, Result, State, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mcp_types import CallToolResult

    from voice_agent.bridge.connection import Connection
    from voice_agent.bridge.credentials.refusal import Challenge
    from voice_agent.bridge.forms import Asker
    from voice_agent.bridge.supervisor import Supervisor
    from voice_agent.bridge.types import Json, Tool

PATIENCE = 4.0
"""Seconds that a call waits for a server that is starting or being reconnected."""
_SIGN_INS = 2
"""In one call: who has signed in again may have to agree to more next."""
_PROGRESS_LIMIT = 200
_CHECKS: WeakKeyDictionary[Tool, Arguments] = WeakKeyDictionary()
"""For each tool that is there and has been called."""


def check_of(tool: Tool) -> Arguments:
    """Return what checks the arguments of a tool."""
    if (check := _CHECKS.get(tool)) is None:
        check = _CHECKS[tool] = Arguments(tool.original_schema)
    return check


def wrong_in(tool: Tool, arguments: Json) -> str | None:
    """Return what a model is told of arguments with which a call would not be made; None where it would."""
    arguments = check_of(tool).mended(arguments)
    filled = {IDEMPOTENCY_KEY: str(uuid4())} if has_idempotency_key(tool) else {}
    return _problem(tool, {**filled, **arguments})


def _problem(tool: Tool, arguments: Json) -> str | None:
    problem = check_of(tool).problem(arguments)
    return None if problem is None else f"The call was not made. {clean(problem, ERROR_LIMIT)}"


class _Send(Protocol):
    """Sends one call, as often as it is called."""

    async def __call__(self, connection: Connection, *, seconds: float) -> Result | Failure:
        """Return how it ended."""
        ...


class Caller:
    """Calls tools of one server."""

    def __init__(self, supervisor: Supervisor, say: str, seconds: float, tools: Callable[[], Sequence[Tool]]) -> None:
        """Take what all calls of the server share.

        `say`: the server's spoken name; `seconds`: what one call may take, a second try included; `tools`: what the
        server offers now.
        """
        self.supervisor, self._say, self._seconds, self._tools = supervisor, say, seconds, tools
        self._lost_keys = LostKeys()

    async def call(
        self,
        tool: Tool,
        arguments: Json,
        *,
        confirmed: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
        on_answer: Callable[[CallToolResult], None] | None = None,
        on_question: Asker | None = None,
        meta: Json | None = None,
    ) -> Result:
        """Return how the call ended; raises nothing but `CancelledError`, which cancels it at the server too.

        `on_answer`: told of the server's own answer, where there is one; `on_question`: puts what the server asks;
        `meta`: the `_meta` of the request.
        """
        if (refusal := self._refusal(tool, confirmed=confirmed)) is not None:
            return refusal
        arguments = check_of(tool).mended(arguments)
        given, loop = arguments, asyncio.get_running_loop()
        if has_idempotency_key(tool):
            arguments = {IDEMPOTENCY_KEY: self._lost_keys.key_for(tool, given), **given}
        if (problem := _problem(tool, arguments)) is not None:
            return Result(Status.ERROR, problem)
        deadline = loop.time() + self._seconds
        connection = await self._connection(on_question)
        if connection is None:
            return Result(Status.ERROR, self._not_ready())
        send = partial(
            self._send, tool=tool, arguments=arguments, told=(on_progress, on_answer), asker=on_question, meta=meta
        )
        outcome = await send(connection, seconds=self._seconds)
        for _ in range(_SIGN_INS):
            if not isinstance(outcome, Failure) or outcome.challenge is None:
                break
            connection, after = await self._after_sign_in(send, connection, outcome, tool, on_question)
            deadline = loop.time() + self._seconds
            if after is outcome:
                break
            outcome = after
        if isinstance(outcome, Failure) and outcome.is_dropped:
            outcome = await self._second_try(send, connection, outcome, tool, deadline)
        if isinstance(outcome, Result):
            self._lost_keys.forget(tool, given)
            return outcome
        return self._given_up(tool, arguments, given, outcome)

    def _refusal(self, tool: Tool, *, confirmed: bool) -> Result | None:
        title = tool.title or tool.name
        if tool.decision is Decision.DENY:
            return Result(Status.DENIED, f"“{title}” may not be used: the configuration does not allow it.")
        if tool.broken is not None:
            return Result(Status.ERROR, f"“{title}” cannot be used: {tool.broken}.")
        if tool.held is not None:
            return Result(Status.DENIED, f"“{title}” has changed and is held back until it is approved: {tool.held}.")
        if tool.decision is Decision.CONFIRM and not confirmed:
            return Result(Status.DENIED, f"“{title}” needs the user's own yes first; nothing was done.")
        return None

    async def _second_try(
        self, send: _Send, connection: Connection, failed: Failure, tool: Tool, deadline: float
    ) -> Result | Failure:
        """Send a call again whose connection was lost, where nothing can happen twice."""
        # The supervisor learns of it here where the transport could not tell.
        connection.ended.set()
        if not failed.was_refused and (failed.was_answered or not self._repeatable(tool)):
            return failed
        now = asyncio.get_running_loop().time
        again = await self.supervisor.wait_ready(min(PATIENCE, deadline - now()), other_than=connection)
        if again is None or not self._offers(tool):
            return failed
        second = await send(again, seconds=max(deadline - now(), 1.0))
        # What the first try may have done, the second does not undo by being refused.
        is_in_doubt = isinstance(second, Failure) and second.was_refused and not failed.was_refused
        return replace(second, was_refused=False) if is_in_doubt else second

    async def _after_sign_in(
        self, send: _Send, connection: Connection, failed: Failure, tool: Tool, asker: Asker | None
    ) -> tuple[Connection, Result | Failure]:
        """Send a call again that was refused for want of a sign-in, and so was not taken, when the user has done it."""
        if failed.is_dropped:
            connection.ended.set()
        if not await self._sign_in(asker, failed.challenge):
            return connection, failed
        gone = connection if failed.is_dropped else None
        again = await self.supervisor.wait_ready(PATIENCE, other_than=gone)
        if again is None or not self._offers(tool):
            return connection, failed
        return again, await send(again, seconds=self._seconds)

    async def _connection(self, asker: Asker | None) -> Connection | None:
        """Return the connection, where there is one soon, or when its user has signed in."""
        patience = min(PATIENCE, self._seconds)
        connection = await self.supervisor.wait_ready(patience)
        if connection is None and self.supervisor.is_callable and await self._sign_in(asker):
            connection = await self.supervisor.wait_ready(patience)
        return connection

    async def _sign_in(self, asker: Asker | None, challenge: Challenge | None = None) -> bool:
        """Have the user sign in; tell whether they have."""
        sign_in = self.supervisor.sign_in
        return sign_in is not None and await ask_to_sign_in(sign_in, asker, self._say, challenge)

    def _offers(self, tool: Tool) -> bool:
        return any(same.name == tool.name and same.pin == tool.pin for same in self._tools())

    def _repeatable(self, tool: Tool) -> bool:
        trusted = self.supervisor.entry.voice.trust
        return has_idempotency_key(tool) or is_repeatable(tool.name, tool.hints, trusted=trusted)

    async def _send(
        self,
        connection: Connection,
        *,
        tool: Tool,
        arguments: Json,
        seconds: float,
        told: tuple[Callable[[Progress], None] | None, Callable[[CallToolResult], None] | None],
        asker: Asker | None,
        meta: Json | None,
    ) -> Result | Failure:
        on_progress, on_answer = told

        def report(progress: Progress) -> None:
            if on_progress is not None:
                message = clean(progress.message, _PROGRESS_LIMIT, one_line=True) if progress.message else None
                on_progress(Progress(progress.done, progress.total, message))

        steps = Steps(report)
        try:
            answer = await connection.call(tool.name, arguments, seconds, steps.note, meta=meta, asker=asker)
        except CallFailed as failed:
            return self._failure(failed.error, failed.trace, connection, seconds)
        except Exception as error:  # noqa: BLE001 - whatever a server does becomes a sentence
            return self._failure(error, Trace(), connection, seconds)
        finally:
            steps.close()
        if on_answer is not None:
            on_answer(answer)
        redact = self.supervisor.redact
        return await asyncio.to_thread(shape, answer, redact) if is_big(answer) else shape(answer, redact)

    def _failure(self, error: Exception, trace: Trace, connection: Connection, seconds: float) -> Failure:
        found = failure(error, trace, say=self._say, seconds=seconds, has_ended=connection.ended.is_set())
        return replace(found, sentence=self.supervisor.redact(found.sentence))

    def _given_up(self, tool: Tool, arguments: Json, given: Json, failed: Failure) -> Result:
        sentence = failed.sentence
        if failed.is_dropped and self.supervisor.connection is None and self.supervisor.reason:
            sentence = f"{sentence} It {self.supervisor.reason}."
        trusted = self.supervisor.entry.voice.trust
        if failed.was_answered:
            return Result(Status.ERROR, failed.sentence)
        if failed.was_refused or is_read(tool.name, tool.hints, trusted=trusted):
            return Result(Status.ERROR, sentence if not failed.was_refused else f"{sentence} Nothing was done.")
        is_safe = self._repeatable(tool)
        if IDEMPOTENCY_KEY in arguments:
            self._lost_keys.keep(tool, given, arguments[IDEMPOTENCY_KEY])
        check = way_to_check(tool, given, self._tools(), trusted=trusted)
        text = doubt(failed.sentence, self._say, check, is_safe=is_safe, redact=self.supervisor.redact)
        return Result(Status.UNKNOWN, text, check=check.key if check is not None else None)

    def _not_ready(self) -> str:
        state, reason = self.supervisor.state, self.supervisor.reason
        if state is State.STARTING:
            return f"{self._say} is still starting. Nothing was done."
        return f"{self._say} is not ready{f': it {reason}' if reason else ''}. Nothing was done."
