"""The tools that bring tasks in and out as the text of a file."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastmcp.server.dependencies import get_context
from fastmcp.tools import Tool, ToolResult  # noqa: TC002 - FastMCP reads the annotations
from mcp_types import EmbeddedResource, TextResourceContents

from mcp_servers.task_manager import parameters as given
from mcp_servers.task_manager import shapes, spoken
from mcp_servers.task_manager.answers import READS, WRITES, Said, answer, tool_of
from mcp_servers.task_manager.formats import MIME_TYPES, NAMES, Format
from mcp_servers.task_manager.progress import Progress
from mcp_servers.task_manager.service import MOST_AT_ONCE, Query

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcp_servers.task_manager.desk import Desk
    from mcp_servers.task_manager.models import Page, Person
    from mcp_servers.task_manager.server import Parts
    from mcp_servers.task_manager.service import Listing, TaskService

LONGEST_FILE = 300_000
"""Bytes of an export; more tasks come in the next one. Clients take answers of 1 MiB, and it is in them twice."""


def add_transfer(parts: Parts) -> None:
    """Add both tools to the server."""
    for tool in TransferTools(parts.service, parts.person).all():
        parts.mcp.add_tool(tool)


@dataclass(frozen=True, slots=True)
class TransferTools:
    """Both tools over one service; `person` says who is calling. They touch no file."""

    service: TaskService
    person: Callable[[], Person]

    async def _import_tasks(
        self,
        format: given.FileFormat,  # noqa: A002 - the word that people know
        text: given.FileText,
        idempotency_key: given.Key = None,
    ) -> ToolResult:
        from mcp_servers.task_manager import transfer

        person, context = self.person(), get_context()
        news = await asyncio.to_thread(transfer.read, text, format, self.service.now(person))
        total = len(news)
        done = Progress(lambda count: context.report_progress(count, total, spoken.progress(count, total)))

        def act(desk: Desk) -> Said:
            desk.add_all(news, done.reach)
            return spoken.imported(total), {"imported": total}

        arguments = {"format": format, "text": text}
        async with done:
            said = await self.service.once(person, idempotency_key, "import_tasks", arguments, act, long=True)
        return answer((said[0], said[1]))

    async def _export_tasks(
        self,
        format: given.FileFormat = "json",  # noqa: A002 - as above
        status: given.AllStatus = "all",
        cursor: given.Cursor = None,
    ) -> ToolResult:
        page, text = await self._file(format, status, cursor)
        more = page.next_cursor is not None
        content = {"format": format, "text": text, "count": len(page.tasks), "next_cursor": page.next_cursor}
        file = TextResourceContents(uri=f"tasks://export.{format}", mime_type=MIME_TYPES[format], text=text)
        said = spoken.exported(len(page.tasks), NAMES[format], more=more)
        return answer((said, content), EmbeddedResource(type="resource", resource=file))

    async def _file(self, kind: Format, status: Listing, cursor: str | None) -> tuple[Page, str]:
        """As many tasks as fit."""
        from mcp_servers.task_manager import transfer

        limit = MOST_AT_ONCE
        while True:
            listed = await self.service.list(self.person(), Query(status, limit=limit, cursor=cursor))
            text = await asyncio.to_thread(transfer.write, listed.page.tasks, kind)
            size = len(text.encode())
            if size <= LONGEST_FILE or limit == 1:
                return listed.page, text
            limit = max(1, min(limit - 1, limit * LONGEST_FILE // size))

    def all(self) -> list[Tool]:
        """Both, with title, description, schemas and annotations."""
        return [
            tool_of(self._import_tasks, "Import tasks", shapes.IMPORTED, WRITES),
            tool_of(self._export_tasks, "Export tasks", shapes.EXPORTED, READS),
        ]
