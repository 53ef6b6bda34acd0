"""The tasks as resources: JSON in the shapes that the tools return.

A resource holds the first `MOST_SHOWN` tasks; `total` says how many there are, and `next_cursor` goes on in
`list_tasks` with the same status.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fastmcp.resources import Resource, ResourceContent, ResourceResult, ResourceTemplate

from mcp_servers.task_manager.plain import PlainReads
from mcp_servers.task_manager.service import Query
from mcp_servers.task_manager.shapes import of_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcp_servers.task_manager.models import Person
    from mcp_servers.task_manager.server import Parts
    from mcp_servers.task_manager.service import Listing, TaskService

OPEN: Final = "tasks://open"
TODAY: Final = "tasks://today"
ONE: Final = "tasks://{id}"
MOST_SHOWN = 100
"""Tasks in one resource."""
MIME = "application/json"


def add_resources(parts: Parts) -> None:
    """Add every resource to the server, and what tells plainly why one cannot be read."""
    parts.mcp.add_middleware(PlainReads())
    TaskResources(parts.service, parts.person).add_to(parts)


@dataclass(frozen=True, slots=True)
class TaskResources:
    """The resources over one service; `person` says who is reading."""

    service: TaskService
    person: Callable[[], Person]

    def add_to(self, parts: Parts) -> None:
        """Add every resource to the server. The functions have no docstrings, as those of the tools."""

        async def open_tasks() -> ResourceResult:
            return await self._listed("open")

        async def todays_tasks() -> ResourceResult:
            return await self._listed("today")

        async def one_task(id: str) -> ResourceResult:  # noqa: A002 - the name in the URI
            return _json({"task": (await self.service.get(self.person(), id)).as_json()})

        parts.mcp.add_resource(
            Resource.from_function(
                open_tasks,
                OPEN,
                name="open",
                title="Open tasks",
                description=f"What is to be done, by due time: the first {MOST_SHOWN}, and how many there are.",
                mime_type=MIME,
            )
        )
        parts.mcp.add_resource(
            Resource.from_function(
                todays_tasks,
                TODAY,
                name="today",
                title="Tasks of today",
                description=f"The open tasks due today: the first {MOST_SHOWN}, and how many there are.",
                mime_type=MIME,
            )
        )
        parts.mcp.add_template(
            ResourceTemplate.from_function(
                one_task,
                ONE,
                name="task",
                title="A task",
                description="Everything about one task, by its id or the words of its title.",
                mime_type=MIME,
                security=None,  # the words are looked up among titles and never used as a path
            )
        )

    async def _listed(self, status: Listing) -> ResourceResult:
        listed = await self.service.list(self.person(), Query(status, limit=MOST_SHOWN))
        return _json(of_page(listed.page))


def _json(content: dict[str, Any]) -> ResourceResult:
    return ResourceResult([ResourceContent(json.dumps(content, ensure_ascii=False), MIME)])
