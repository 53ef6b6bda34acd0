"""The tasks as resources: JSON in the shapes that the tools return.

A resource holds the first `MOST_SHOWN` tasks; `total` says how many there are, and `next_cursor` goes on in
`list_tasks` with the same status.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from fastmcp.resources import Resource, ResourceContent, ResourceResult, ResourceTemplate

from mcp_servers.task_manager.errors import TaskNotFound
from mcp_servers.task_manager.plain import PlainReads
from mcp_servers.task_manager.service import Query
from mcp_servers.task_manager.shapes import of_many, of_one, of_page

if TYPE_CHECKING:
    from mcp_servers.task_manager.models import Person
    from mcp_servers.task_manager.server import Parts
    from mcp_servers.task_manager.service import Listing, TaskService

SCHEME: Final = "tasks://"
OPEN: Final = f"{SCHEME}open"
TODAY: Final = f"{SCHEME}today"
REMINDERS: Final = f"{SCHEME}reminders"
ONE: Final = f"{SCHEME}{{id}}"
MOST_SHOWN = 100
"""Tasks in one resource."""
MIME = "application/json"
LISTS: Final = {
    OPEN: (
        "open",
        "Open tasks",
        f"What is to be done, by due time: the first {MOST_SHOWN}, and how many there are.",
    ),
    TODAY: (
        "today",
        "Tasks of today",
        f"The open tasks due today: the first {MOST_SHOWN}, and how many there are.",
    ),
    REMINDERS: (
        "reminders",
        "Reminders",
        f"Open tasks whose reminder has come, the latest first, {MOST_SHOWN} at most. Subscribe to be told when.",
    ),
}
"""The resources that are lists: name, title and description by address."""


def add_resources(parts: Parts) -> None:
    """Add every resource to the server, and what tells plainly why one cannot be read."""
    parts.mcp.add_middleware(PlainReads())
    resources = TaskResources(parts.service)

    async def listed(address: str) -> ResourceResult:
        return _json(await resources.read(parts.person(), address))

    async def one_task(id: str) -> ResourceResult:  # noqa: A002 - the name in the URI
        return _json(of_one(await parts.service.get(parts.person(), id)))

    for address, (name, title, description) in LISTS.items():
        parts.mcp.add_resource(
            Resource.from_function(
                partial(listed, address), address, name=name, title=title, description=description, mime_type=MIME
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


@dataclass(frozen=True, slots=True)
class TaskResources:
    """What the resources hold, for whom it is asked."""

    service: TaskService

    async def read(self, person: Person, address: str) -> dict[str, Any]:
        """What is at an address of `LISTS`, or at `tasks://` and an id. Raises `TaskError`."""
        if address == REMINDERS:
            reminded = await self.service.reminded(person, MOST_SHOWN)
            return of_many(reminded, None)
        statuses: dict[str, Listing] = {OPEN: "open", TODAY: "today"}
        if address in statuses:
            listed = await self.service.list(person, Query(statuses[address], limit=MOST_SHOWN))
            return of_page(listed.page)
        return of_one(await self.service.get(person, int(address.removeprefix(SCHEME))))

    async def address_of(self, person: Person, uri: str) -> str:
        """The address that is meant, where it is there: that of a task has its id. Raises `TaskError`."""
        if uri in LISTS:
            return uri
        words = unquote(uri.removeprefix(SCHEME))
        if not uri.startswith(SCHEME) or not words:
            raise TaskNotFound("There is no such resource.")
        return f"{SCHEME}{(await self.service.get(person, words)).id}"


def _json(content: dict[str, Any]) -> ResourceResult:
    return ResourceResult([ResourceContent(json.dumps(content, ensure_ascii=False), MIME)])
