"""One call of a client of the hub: its progress, what is logged in it, and the questions that come up in it.

Up to 2025-11-25 a question is put by a request of the hub's own, while the call is under way. From 2026-07-28 on the
client is answered `input_required`, and makes its call again with the answers; the server's own goes on meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import mcp_types
from mcp import MCPError
from mcp.shared.message import ServerMessageMetadata

from voice_agent.bridge.forms import Reply
from voice_agent.bridge.hub.offering import log_level
from voice_agent.bridge.hub.peers import complete, connection_of, is_modern, peer_of
from voice_agent.bridge.hub.words import question_meta
from voice_agent.bridge.logs import LISTENER, LogListener

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator

    from mcp.server.context import ServerRequestContext
    from mcp.server.session import ServerSession

    from voice_agent.bridge.forms import Asker, Question
    from voice_agent.bridge.hub.words import Asked
    from voice_agent.bridge.types import Json, Progress

_ASKABLE = mcp_types.ClientCapabilities(elicitation=mcp_types.ElicitationCapability())
_ANSWER = "answer"
"""The name under which a client is asked, and answers."""
_MOST_WAITING = 256
"""Calls that may wait for their clients' answers."""
_KEPT = 60.0
"""Seconds for which a call that has ended can still be asked after."""
_GONE = "The question that this answers is no longer open; its call has ended. Make the call anew."


@contextlib.asynccontextmanager
async def reporting(ctx: ServerRequestContext[Any]) -> AsyncGenerator[Reports, None]:
    """Yield what takes progress and log messages for one request; all of it has been sent when the block ends."""
    reports = Reports(ctx.session, ctx.request_id)
    try:
        yield reports
        await reports.flush()
    finally:
        await reports.aclose()


class Reports:
    """What is told to a client while its call is under way, in order."""

    def __init__(self, session: ServerSession, request: mcp_types.RequestId | None) -> None:
        """Take the request that it belongs to."""
        self._session, self._request = session, request
        self._waiting: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue()
        self._sending: asyncio.Task[None] | None = None

    def progress(self, progress: Progress) -> None:
        """Tell of progress."""
        self._put(lambda: self._session.report_progress(progress.done, progress.total, progress.message))

    def log(self, level: mcp_types.LoggingLevel, data: Any, logger: str | None) -> None:
        """Tell what a server has logged."""
        params = mcp_types.LoggingMessageNotificationParams(level=level, data=data, logger=logger)
        message = mcp_types.LoggingMessageNotification(params=params)
        self._put(lambda: self._session.send_notification(message, self._request))

    async def flush(self) -> None:
        """Wait until everything has been sent."""
        if self._sending is not None:
            sent = asyncio.ensure_future(self._waiting.join())
            await asyncio.wait({self._sending, sent}, return_when=asyncio.FIRST_COMPLETED)
            sent.cancel()

    async def aclose(self) -> None:
        """Send nothing more."""
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.wait({self._sending})

    def _put(self, tell: Callable[[], Awaitable[None]]) -> None:
        self._waiting.put_nowait(tell)
        self._sending = self._sending or asyncio.create_task(self._send(), name="hub progress")

    async def _send(self) -> None:
        while True:
            tell = await self._waiting.get()
            try:
                await tell()
            finally:
                self._waiting.task_done()


@contextlib.contextmanager
def heard(ctx: ServerRequestContext[Any], reports: Callable[[], Reports]) -> Generator[None]:
    """Have what is logged in the calls that are made in this block told to the client, as far as it wants it."""
    level = log_level(ctx)
    if level is None:
        yield
        return

    def tell(level: mcp_types.LoggingLevel, data: Any, logger: str | None) -> None:
        reports().log(level, data, logger)

    mark = LISTENER.set(LogListener(_client_of(ctx), level, tell))
    try:
        yield
    finally:
        LISTENER.reset(mark)


def asker_of(ctx: ServerRequestContext[Any], asked: Asked) -> Asker | None:
    """Return what puts questions on the connection of a call; None where that is not the way, or nobody is asked."""
    can = asked.asks if asked.is_job else ctx.session.check_client_capability(_ASKABLE)
    if not can or not ctx.session.can_send_request:
        return None
    return _Asker(ctx.session, _client_of(ctx), ctx.request_id, asked)


def is_asked_in_turns(ctx: ServerRequestContext[Any]) -> bool:
    """Tell whether a client is asked by the result of its call."""
    return is_modern(ctx) and ctx.session.check_client_capability(_ASKABLE)


def _client_of(ctx: ServerRequestContext[Any]) -> object:
    """Return what is the same for all calls of one client; in the newer era nothing tells that but the call itself."""
    return connection_of(ctx)


def _question(asked: Asked, question: Question) -> mcp_types.ElicitRequestParams:
    meta = cast("Any", question_meta(asked.call, question)) if asked.is_job else None
    text = question.text if asked.is_job else f"{question.say} asks: {question.text}"
    if question.url is not None:
        identity = secrets.token_hex(8)
        return mcp_types.ElicitRequestURLParams(message=text, url=question.url, elicitation_id=identity, _meta=meta)
    return mcp_types.ElicitRequestFormParams(message=text, requested_schema=question.schema, _meta=meta)


@dataclass(frozen=True, slots=True)
class _Asker:
    """Puts questions to whoever made a call; the connection is the person."""

    session: ServerSession
    person: object
    request: mcp_types.RequestId | None
    asked: Asked

    async def __call__(self, question: Question) -> Reply:
        """Return what the client says (MCP, client/elicitation)."""
        related = ServerMessageMetadata(related_request_id=self.request)
        request = mcp_types.ElicitRequest(params=_question(self.asked, question))
        try:
            result = await self.session.send_request(request, mcp_types.ElicitResult, metadata=related)
        except (MCPError, ValueError):
            return Reply("cancel")
        return Reply(result.action, cast("Json | None", result.content))


@dataclass(eq=False)
class _Turn:
    """A call that is made in several requests; it is the one who asks, too (`forms.Asker`)."""

    subject: str | None
    name: str
    arguments: Json
    asked: Asked
    reports: Reports
    """Of the request that waits for it now, or was the last one."""
    task: asyncio.Task[Json] | None = None
    _question: asyncio.Future[Question] = field(init=False)
    _reply: asyncio.Future[Reply] | None = None

    def __post_init__(self) -> None:
        """Begin with no question open."""
        self._question = asyncio.get_running_loop().create_future()

    @property
    def person(self) -> object:
        """Whose call it is."""
        return self

    async def __call__(self, question: Question) -> Reply:
        """Put a question, and wait for the request that answers it."""
        self._reply = asyncio.get_running_loop().create_future()
        if self._question.done():
            self._question = asyncio.get_running_loop().create_future()
        self._question.set_result(question)
        try:
            return await self._reply
        finally:
            self._reply = None

    def note(self, progress: Progress) -> None:
        """Tell the request that waits of progress."""
        self.reports.progress(progress)

    def take(self, reply: Reply) -> None:
        """Answer the question that is open, if it still is."""
        self._question = asyncio.get_running_loop().create_future()
        if self._reply is not None and not self._reply.done():
            self._reply.set_result(reply)

    async def next(self) -> Json | Question:
        """Return how the call ended, or what is asked before; being cancelled ends the call."""
        assert self.task is not None
        try:
            await asyncio.wait({self.task, self._question}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            self.task.cancel()
            await asyncio.wait({self.task})
            raise
        return self.task.result() if self.task.done() else self._question.result()


@dataclass
class Turns:
    """The calls whose clients are asked by their results."""

    _waiting: dict[str, _Turn] = field(default_factory=dict[str, _Turn])
    """By the state that the client returns with its answer."""

    async def call(
        self,
        ctx: ServerRequestContext[Any],
        params: mcp_types.CallToolRequestParams,
        asked: Asked,
        make: Callable[[Asker, Callable[[Progress], None]], Coroutine[Any, Any, Json]],
    ) -> Json:
        """Return a call's result, or what is asked of the client first.

        `make` makes the call, with what asks and what takes its progress.
        """
        subject, arguments = peer_of(ctx).subject, params.arguments or {}
        async with reporting(ctx) as reports:
            if params.request_state is None:
                turn = _Turn(subject, params.name, arguments, asked, reports)
                with heard(ctx, lambda: turn.reports):
                    turn.task = asyncio.create_task(make(turn, turn.note), name="hub call")
            else:
                turn = self._taken(subject, params)
                turn.reports = reports
                turn.take(_reply(params))
            came = await turn.next()
        return complete(ctx, came) if isinstance(came, dict) else self._ask(turn, came)

    def _taken(self, subject: str | None, params: mcp_types.CallToolRequestParams) -> _Turn:
        """Return the call that a request goes on with: the same one, of the same person."""
        turn = self._waiting.get(params.request_state or "")
        if turn is None or (turn.subject, turn.name, turn.arguments) != (subject, params.name, params.arguments or {}):
            raise MCPError(code=mcp_types.INVALID_PARAMS, message=_GONE)
        return self._waiting.pop(params.request_state or "")

    def _ask(self, turn: _Turn, question: Question) -> Json:
        if len(self._waiting) >= _MOST_WAITING:
            # The oldest has waited longest.
            self._waiting.pop(next(iter(self._waiting))).take(Reply("cancel"))
        state = secrets.token_urlsafe(24)
        self._waiting[state] = turn
        assert turn.task is not None
        turn.task.add_done_callback(lambda _: _later(_KEPT, lambda: self._waiting.pop(state, None)))
        request = mcp_types.ElicitRequest(params=_question(turn.asked, question))
        asked = request.model_dump(by_alias=True, mode="json", exclude_none=True)
        return {"resultType": "input_required", "inputRequests": {_ANSWER: asked}, "requestState": state}

    async def aclose(self) -> None:
        """End the calls that wait."""
        tasks = [turn.task for turn in self._waiting.values() if turn.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _reply(params: mcp_types.CallToolRequestParams) -> Reply:
    given: Any = (params.input_responses or {}).get(_ANSWER)
    if not isinstance(given, mcp_types.ElicitResult):
        return Reply("cancel")
    return Reply(given.action, cast("Json | None", given.content))


def _later(seconds: float, do: Callable[[], object]) -> None:
    with contextlib.suppress(RuntimeError):
        asyncio.get_running_loop().call_later(seconds, do)
