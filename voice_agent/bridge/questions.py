"""Hands the questions of one server, in both protocol eras, to whoever made the call in which they come up.

Up to 2025-11-25 a question is a request of the server's own (`elicitation/create`); from 2026-07-28 on a call ends with
`input_required` and is made again with the answers and the server's state, which the SDK does (SEP-2322).

A question names no call. Where it arrives in the context of one (2026-07-28, and streamable HTTP), it is that call's;
else it is of the one call that is under way. Where several are, of several people, it waits until those that are not
its own have ended, and from then on the calls of this connection are made one after the other: what is meant for one
is never put to another.
"""

from __future__ import annotations

import asyncio
import contextlib
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import mcp_types
from mcp import MCPError

from voice_agent.bridge.forms import Reply, form, link

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from mcp.client.context import ClientRequestContext

    from voice_agent.bridge.forms import Asker, Question

PATIENCE = 300.0
"""Seconds after which a question that nobody has answered is withdrawn."""
MOST = 10
"""Questions that one call may ask."""
_TOLD_WITHIN = 10.0
"""Seconds in which it must turn out whose a question is."""
_BUSY = "It is answering somebody else, one at a time. Nothing was done; try again in a moment."

_CALL: ContextVar[_OpenCall | None] = ContextVar("voice_agent_asking_call", default=None)


PATIENCE_WITH_PROGRESS = 10
"""How many times its time a call may take that keeps telling how far it is."""


class _OpenCall:
    """One call, its person, and its time: it stands still while they are thinking, and begins anew with progress."""

    def __init__(self, asker: Asker | None, within: float) -> None:
        self.asker, self.asked = asker, 0
        self.timeout: asyncio.Timeout | None = None
        self._within, self._left, self._pauses = within, within, 0
        self._end = asyncio.get_running_loop().time() + PATIENCE_WITH_PROGRESS * within

    def note_progress(self) -> None:
        """Take notice that the server is at work."""
        if self.timeout is not None and not self._pauses and not self.timeout.expired():
            self.timeout.reschedule(min(asyncio.get_running_loop().time() + self._within, self._end))

    @property
    def person(self) -> int:
        """Whose call it is; one that nobody can be asked about is like nobody else's."""
        return id(self.asker.person if self.asker is not None else self)

    def pause(self) -> None:
        self._pauses += 1
        if self._pauses == 1 and self.timeout is not None and (when := self.timeout.when()) is not None:
            self._left = when - asyncio.get_running_loop().time()
            self.timeout.reschedule(None)

    def resume(self) -> None:
        self._pauses -= 1
        if not self._pauses and self.timeout is not None and not self.timeout.expired():
            self.timeout.reschedule(asyncio.get_running_loop().time() + self._left)


class Questions:
    """The questions of one connection."""

    def __init__(self, server: str, say: str, *, is_ours: bool) -> None:
        """Take the server's name, its spoken name, and whether it comes with this program."""
        self._server, self._say, self._is_ours = server, say, is_ours
        self._open: list[_OpenCall] = []
        self._has_asked = False
        """Has asked a question that named no call."""
        self._held = 0
        """Questions of which it is not known yet whose they are."""
        self._moved = asyncio.Event()
        self._turns = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def during(self, asker: Asker | None, within: float) -> AsyncGenerator[Callable[[], None], None]:
        """Let the call in this block ask; it may take `within` seconds, those not counted in which the user is asked.

        They begin anew whenever what this yields is called: the server has told of progress.

        Raises:
            MCPError: It took longer, or did not get its turn in that time.
        """
        async with contextlib.AsyncExitStack() as stack:
            if self._has_asked:
                await self._take_turn(stack, within)
            yield await stack.enter_async_context(self._opened(asker, within))

    @contextlib.asynccontextmanager
    async def _opened(self, asker: Asker | None, within: float) -> AsyncGenerator[Callable[[], None], None]:
        call = _OpenCall(asker, within)
        mark = _CALL.set(call)
        self._open.append(call)
        try:
            async with asyncio.timeout(within) as call.timeout:
                yield call.note_progress
        except TimeoutError:
            if call.timeout is None or not call.timeout.expired():
                raise
            message = "Request 'tools/call' timed out"
            raise MCPError(code=mcp_types.REQUEST_TIMEOUT, message=message) from None
        finally:
            self._open.remove(call)
            self._tell_moved()
            _CALL.reset(mark)

    async def _take_turn(self, stack: contextlib.AsyncExitStack, within: float) -> None:
        """Wait until no other call is under way."""
        try:
            async with asyncio.timeout(within):
                await stack.enter_async_context(self._turns)
                while self._open:
                    await self._moved.wait()
        except TimeoutError:
            raise MCPError(code=mcp_types.INTERNAL_ERROR, message=_BUSY) from None

    async def answer(
        self, context: ClientRequestContext, params: mcp_types.ElicitRequestParams
    ) -> mcp_types.ElicitResult | mcp_types.ErrorData:
        """Answer `elicitation/create`, or the same within `input_required`; never raises but `CancelledError`."""
        del context
        reply = await self._put(self._question(params))
        # An accepted link has no content; a form that was not accepted neither.
        content: Any = reply.content if reply.action == "accept" else None
        return mcp_types.ElicitResult(action=reply.action, content=content)

    async def open_links(self, error: MCPError) -> bool:
        """Put the links of a “URL elicitation required” (2025-11-25, -32042); True if all may be opened.

        The call can be made again then.
        """
        data: Any = error.data
        try:
            wanted = mcp_types.ElicitationRequiredErrorData.model_validate(data).elicitations
        except ValueError:
            return False
        for params in wanted[:MOST]:
            if (await self._put(self._question(params, is_waited_for=True))).action != "accept":
                return False
        return bool(wanted)

    def _question(self, params: mcp_types.ElicitRequestParams, *, is_waited_for: bool = False) -> Question:
        name, say, is_ours = self._server, self._say, self._is_ours
        if isinstance(params, mcp_types.ElicitRequestURLParams):
            return link(name, say, params.message, params.url, is_ours=is_ours, is_waited_for=is_waited_for)
        return form(name, say, params.message, params.requested_schema, is_ours=is_ours)

    async def _put(self, question: Question) -> Reply:
        call = await self._whose()
        if call is None or call.asker is None or call.asked >= MOST:
            return Reply("cancel")
        call.asked += 1
        call.pause()
        try:
            async with asyncio.timeout(PATIENCE):
                return await call.asker(question)
        except TimeoutError:
            return Reply("cancel")
        finally:
            call.resume()

    async def _whose(self) -> _OpenCall | None:
        """Return the call that a question which arrives in this context belongs to; None where that cannot be told."""
        if (call := _CALL.get()) is not None and call in self._open:
            return call
        self._has_asked = True
        self._held += 1
        self._tell_moved()
        try:
            async with asyncio.timeout(_TOLD_WITHIN):
                # A call that asks does not end before it is answered, so those that end are others.
                while len({call.person for call in self._open}) > 1:
                    if self._held >= len(self._open):
                        return None
                    await self._moved.wait()
        except TimeoutError:
            return None
        finally:
            self._held -= 1
        # Of one person's calls it matters little which one it is: the answer goes back by its own request.
        return min(self._open, key=lambda call: call.asked, default=None)

    def _tell_moved(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()
