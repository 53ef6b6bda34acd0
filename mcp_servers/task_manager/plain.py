"""What a client of resources, prompts and completion is told when something goes wrong, in plain words."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from fastmcp.exceptions import PromptError, ResourceError
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, INVALID_PARAMS

from mcp_servers.task_manager.errors import StoreUnavailable, TaskError, TaskNotFound
from mcp_servers.task_manager.faults import fault_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_log = logging.getLogger(__name__)


class PlainReads(Middleware):
    """Every resource that cannot be read and every prompt that cannot be written answers with a sentence."""

    async def on_read_resource(self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]) -> Any:
        """Translate what a resource raised; the address is told too (MCP, "Resources", error handling)."""
        try:
            return await call_next(context)
        except ResourceError as error:
            raise as_told(error, {"uri": str(context.message.uri)}) from None

    async def on_get_prompt(self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]) -> Any:
        """Translate what a prompt raised."""
        try:
            return await call_next(context)
        except PromptError as error:
            raise as_told(error, {}) from None


def as_told(error: Exception, about: Mapping[str, str]) -> MCPError:
    """The protocol's error for `error`, or for what it was raised from."""
    cause = error if isinstance(error, TaskError) else error.__cause__
    if isinstance(cause, TaskError):
        code = INTERNAL_ERROR if isinstance(cause, StoreUnavailable) else INVALID_PARAMS
        return MCPError(code, str(cause), dict(about) if isinstance(cause, TaskNotFound) else None)
    if cause is not None:
        _log.error("fault", extra=fault_of(cause))
    return MCPError(INTERNAL_ERROR, "That failed by a fault of the Task Manager. Try again.")
