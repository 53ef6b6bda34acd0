"""The MCP server: the tools, warmed up in time, with errors in plain words."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastmcp import FastMCP
from fastmcp.exceptions import ToolError, ValidationError
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from pydantic import ValidationError as PydanticValidationError

from mcp_servers.task_manager import __version__
from mcp_servers.task_manager.caller import Caller
from mcp_servers.task_manager.completion import add_completion
from mcp_servers.task_manager.database import Database, database_at
from mcp_servers.task_manager.errors import TaskError
from mcp_servers.task_manager.faults import fault_of
from mcp_servers.task_manager.loading import loaded
from mcp_servers.task_manager.models import LOCAL_OWNER, Person
from mcp_servers.task_manager.prompts import add_prompts
from mcp_servers.task_manager.resources import add_resources
from mcp_servers.task_manager.service import Query, TaskService
from mcp_servers.task_manager.subscriptions import add_subscriptions
from mcp_servers.task_manager.tools import TaskTools
from mcp_servers.task_manager.transfer_tools import add_transfer
from mcp_servers.task_manager.wording import arguments_sentence

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from datetime import datetime, tzinfo
    from pathlib import Path

_log = logging.getLogger(__name__)

INSTRUCTIONS = (
    "The person's to-do list. Tasks are named by id or by the words of their title. "
    "Pass times on as they were said; they are understood in the person's time zone."
)
WARM_UP_DELAY = 0.05
"""Seconds between the first answer and the warm-up, so that the answer is not slowed down by it."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The server and what it is made of, for what is added to it."""

    mcp: FastMCP[None]
    service: TaskService
    database: Database
    person: Callable[[], Person]
    """Who is calling: ask it in every tool, resource, prompt and subscription, for nothing else says whose tasks."""


ADDITIONS: tuple[Callable[[Parts], None], ...] = (
    add_transfer,
    add_resources,
    add_prompts,
    add_completion,
    add_subscriptions,
)
"""What adds resources, prompts, completion and the like; each is called once, before the server starts."""


def build_server(path: Path | str, zone: tzinfo, *, clock: Callable[[], datetime] | None = None) -> FastMCP[None]:
    """The server alone; see `build`."""
    return build(path, zone, clock=clock).mcp


def build(
    path: Path | str,
    zone: tzinfo,
    *,
    clock: Callable[[], datetime] | None = None,
    middleware: Sequence[Middleware] = (),
) -> Parts:
    """A server over the SQLite file or the PostgreSQL URL, for whom each request is from; untouched until it is used.

    `zone`: of people whose request does not name theirs. `middleware` sees every request before the tools do.
    """
    database = database_at(path)
    service = TaskService(database, clock) if clock else TaskService(database)
    person = Caller(zone)
    warmer = WarmUp(service, Person(LOCAL_OWNER, zone))

    @asynccontextmanager
    async def lifespan(_server: FastMCP[None]) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            await warmer.stop()
            await database.close()

    mcp = FastMCP(
        "Task Manager",
        instructions=INSTRUCTIONS,
        version=__version__,
        tools=TaskTools(service, person).all(),
        middleware=[PlainErrors(), *middleware, warmer],
        lifespan=lifespan,
        mask_error_details=True,
    )
    parts = Parts(mcp, service, database, person)
    for add in ADDITIONS:
        add(parts)
    return parts


class PlainErrors(Middleware):
    """Every failed call answers with sentences that a model can act on and a person can hear."""

    async def on_call_tool(self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]) -> Any:
        """Translate what a tool raised."""
        try:
            return await call_next(context)
        except (ValidationError, PydanticValidationError) as error:
            cause = error if isinstance(error, PydanticValidationError) else error.__cause__
            if not isinstance(cause, PydanticValidationError):
                raise
            raise ToolError(arguments_sentence(context.message.name, cause)) from None
        except ToolError as error:
            cause = error.__cause__
            if isinstance(cause, TaskError):
                raise ToolError(str(cause)) from None
            if cause is None:
                raise
            tool = context.message.name
            _log.error("fault", extra={"tool": tool, **fault_of(cause)})
            raise ToolError(
                f"{tool} failed by a fault of the Task Manager. List the tasks before trying again."
            ) from None


class WarmUp(Middleware):
    """Once a client is there, does ahead of time what its first call would wait for."""

    def __init__(self, service: TaskService, person: Person) -> None:
        self._service = service
        self._person = person
        self._task: asyncio.Task[None] | None = None

    async def on_list_tools(self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]) -> Any:
        """Answer, then warm up."""
        answer = await call_next(context)
        if self._task is None:
            self._task = asyncio.create_task(self._warm_up())
        return answer

    async def stop(self) -> None:
        """Wait for what is under way."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await self._task

    async def _warm_up(self) -> None:
        await asyncio.sleep(WARM_UP_DELAY)
        await loaded()
        with contextlib.suppress(TaskError):  # the call that needs the store will say it
            await self._service.list(self._person, Query(due="tomorrow", words="milk", limit=1))
