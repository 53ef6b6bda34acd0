"""Logs as JSON, a line each, on standard error: what was asked for, by whom, how it ended. Never what tasks say.

The people are named by a hash. Of what libraries log only the place is kept, for their sentences may quote a request.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fastmcp.exceptions import FastMCPError, NotFoundError, ToolError
from fastmcp.server.dependencies import fastmcp_request_ctx
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError as PydanticValidationError

from mcp_servers.task_manager.caller import current_principal
from mcp_servers.task_manager.errors import TaskError
from mcp_servers.task_manager.faults import fault_of

if TYPE_CHECKING:
    from collections.abc import Container

_log = logging.getLogger(__name__)

OURS = "mcp_servers.task_manager"
REQUEST_KEY = "task_manager.request"
"""Where an HTTP request's ASGI scope keeps its id."""
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
_REFUSALS = (TaskError, FastMCPError, NotFoundError, MCPError, PydanticValidationError)
"""What is raised when it is the request that cannot be met."""


class JsonLines(logging.Formatter):
    """One JSON object a record: `time`, `level`, `event`, and the fields given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {"time": moment.replace("+00:00", "Z"), "level": record.levelname.lower()}
        if record.name.startswith(OURS):
            line["event"] = record.getMessage()
            line |= {name: value for name, value in vars(record).items() if name not in _USUAL}
        else:
            line |= {"event": "library", "where": f"{record.name}:{record.funcName}:{record.lineno}"}
        if record.exc_info and record.exc_info[1]:
            line |= fault_of(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def log_as_json(level: str) -> None:
    """Send every record from `level` up to standard error; of libraries only warnings and worse."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(OURS).setLevel(level.upper())
    for name in ("fastmcp", "uvicorn", "uvicorn.error", "uvicorn.access"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
        library.setLevel(logging.CRITICAL if name == "fastmcp" else logging.WARNING)


def subject_hash(owner: str) -> str:
    """Tells people apart without naming them."""
    return hashlib.blake2b(owner.encode("utf-8", "surrogateescape"), digest_size=6).hexdigest()


class CallLog(Middleware):
    """A line for every request: its id, whose, which tool or method, how it ended, how long it took (ms)."""

    def __init__(self, tools: Container[str]) -> None:
        """`tools`: names that may be logged; any other was made up by the client."""
        self._tools = tools

    async def __call__(self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]) -> Any:
        """Answer, then log. Hooks would say the same and take longer than all else here."""
        if context.type != "request":
            return await call_next(context)
        begin = time.perf_counter()
        outcome = "fault"
        try:
            answer = await call_next(context)
            outcome = "ok"
        except ToolError as error:
            outcome = "refused" if isinstance(error.__cause__, (*_REFUSALS, type(None))) else "fault"
            raise
        except _REFUSALS:
            outcome = "refused"
            raise
        else:
            return answer
        finally:
            self._write(context, outcome, time.perf_counter() - begin)

    def _write(self, context: MiddlewareContext[Any], outcome: str, seconds: float) -> None:
        if not _log.isEnabledFor(logging.INFO):
            return
        principal = current_principal()
        asked = fastmcp_request_ctx.get()
        fields: dict[str, Any] = {
            "request": asked.request.scope.get(REQUEST_KEY) if asked and asked.request else None,
            "subject": subject_hash(principal.owner) if principal else None,
            "method": context.method,
            "outcome": outcome,
            "ms": round(seconds * 1000, 1),
        }
        if context.method == "tools/call":
            name = str(getattr(context.message, "name", None))
            fields["tool"] = name if name in self._tools else "unknown"
        _log.info("call", extra=fields)
