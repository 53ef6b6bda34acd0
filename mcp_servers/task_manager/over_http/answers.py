"""Answers that are not MCP's: refusals, each in one sentence, and the little that is asked beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import Send

_INVALID_REQUEST = -32600
_INTERNAL_ERROR = -32603


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer that is decided before MCP is asked."""

    status: int
    text: str = ""
    """What was wrong, for people."""
    headers: dict[str, str] = field(default_factory=dict[str, str])
    content: Any = None
    """To be sent instead of the error."""

    def body(self) -> bytes:
        """A JSON-RPC error, for clients show its sentence to people."""
        content = self.content
        if content is None and self.text:
            code = _INVALID_REQUEST if self.status < 500 else _INTERNAL_ERROR  # noqa: PLR2004 - the server's own faults
            content = {"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": self.text}}
        return b"" if content is None else json.dumps(content, ensure_ascii=False).encode()

    async def send(self, send: Send) -> None:
        """Send it."""
        body = self.body()
        headers = {"content-length": str(len(body)), "cache-control": "no-store", **self.headers}
        if body:
            headers["content-type"] = "application/json"
        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": raw})
        await send({"type": "http.response.body", "body": body})
