"""What a token allows.

Tools that only read need `tasks:read`, all others `tasks:write`; whatever else shows tasks needs `tasks:read`. Tools
that a token does not allow are not listed either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastmcp.exceptions import ToolError
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_REQUEST

from mcp_servers.task_manager.caller import READ, WRITE, current_principal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fastmcp.tools import Tool

_READING = {
    "completion/complete",
    "prompts/get",
    "resources/read",
    "resources/subscribe",
    "subscriptions/listen",
}


class Scopes(Middleware):
    """Holds every request to what its token allows, whatever way it came."""

    def __init__(self) -> None:
        self.tools: dict[str, str] = {}
        """Which scope each tool needs."""

    def learn(self, tools: Iterable[Tool]) -> None:
        """Take note of which tools only read."""
        self.tools.update({tool.name: READ if _only_reads(tool) else WRITE for tool in tools})

    def needed(self, method: object, name: object) -> str | None:
        """The scope that a request needs; None for what every token allows."""
        if method == "tools/call":
            return self.tools.get(name, WRITE) if isinstance(name, str) else None
        return READ if isinstance(method, str) and method in _READING else None

    async def __call__(self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]) -> Any:
        """Refuse what the token does not allow, and list what it does."""
        if context.method == "tools/list":
            tools: Sequence[Tool] = await call_next(context)
            return [tool for tool in tools if _lacks(self.needed("tools/call", tool.name)) is None]
        lacking = _lacks(self.needed(context.method, getattr(context.message, "name", None)))
        if lacking is None:
            return await call_next(context)
        sentence = f"The token does not allow this: it needs the scope {lacking}."
        if context.method == "tools/call":
            raise ToolError(sentence)
        raise MCPError(code=INVALID_REQUEST, message=sentence)


def _lacks(scope: str | None) -> str | None:
    if scope is None:
        return None
    principal = current_principal()
    return scope if principal and scope not in principal.scopes else None


def _only_reads(tool: Tool) -> bool:
    return bool(tool.annotations and tool.annotations.read_only_hint)
