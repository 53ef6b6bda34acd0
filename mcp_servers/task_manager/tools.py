"""The tools: what a model sees, and what is said when they are done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from fastmcp.tools import Tool, ToolResult
from mcp_types import InputRequiredResult, TextContent, ToolAnnotations

from mcp_servers.task_manager import parameters as given
from mcp_servers.task_manager import shapes, spoken
from mcp_servers.task_manager.asking import with_one
from mcp_servers.task_manager.overview import overview
from mcp_servers.task_manager.service import Query

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcp_servers.task_manager.models import Person, Task
    from mcp_servers.task_manager.service import TaskService


DESCRIPTIONS = {
    "create_task": "Add a task or reminder to the person's to-do list: “add buy milk”, “remind me to call mom”.",
    "list_tasks": "Say what is on the to-do list, or a part of it: “what must I do tomorrow”, “is the dentist on it”.",
    "get_task": "Tell everything about one task: when it is due, its notes, priority and tags.",
    "complete_task": "Mark a task as done: “I've bought the milk”, “check off the dentist”. It stays, among the done.",
    "reopen_task": "Mark a done task as not done after all, back onto the list of open tasks.",
    "update_task": "Change a task: move it to another time, rename it, set notes, priority or tags. The rest stays.",
    "delete_task": "Delete one task for good, done or not. To finish a task, complete it instead.",
    "clear_tasks": "Delete many tasks for good at once: all finished, all open or all overdue ones, or the whole list.",
}
"""What a model chooses by."""


Answer: TypeAlias = ToolResult | InputRequiredResult


def _result(text: str, content: dict[str, Any]) -> ToolResult:
    return ToolResult(content=[TextContent(type="text", text=text)], structured_content=content)


@dataclass(frozen=True, slots=True)
class TaskTools:
    """The tools over one service; `person` says who is calling."""

    service: TaskService
    person: Callable[[], Person]

    def _one(self, text: str, task: Task) -> ToolResult:
        return _result(text, {"task": task.as_json()})

    async def _create_task(
        self,
        title: given.Title,
        due: given.Due = None,
        notes: given.Notes = None,
        priority: given.Priority = "normal",
        tags: given.Tags = None,
    ) -> ToolResult:
        person = self.person()
        task = await self.service.create(person, title, due=due, notes=notes, priority=priority, tags=tags or ())
        return self._one(spoken.added(task, self.service.now(person)), task)

    async def _list_tasks(  # noqa: PLR0917 - the parameters of the tool
        self,
        status: given.Status = "open",
        due: given.DueSpan = None,
        query: given.Words = None,
        tag: given.OneTag = None,
        limit: given.Limit = 50,
        cursor: given.Cursor = None,
    ) -> ToolResult:
        person = self.person()
        asked = Query(status, due, query, tag, limit, cursor)
        listed = await self.service.list(person, asked)
        text = overview(asked, listed, self.service.now(person))
        return _result(text, shapes.of_page(listed.page))

    async def _get_task(self, task: given.TaskWords) -> Answer:
        person = self.person()

        async def act(words: str | int) -> ToolResult:
            found = await self.service.get(person, words)
            return self._one(spoken.details(found, self.service.now(person)), found)

        return await with_one(task, act)

    async def _complete_task(self, task: given.TaskWords) -> Answer:
        async def act(words: str | int) -> ToolResult:
            found, changed = await self.service.set_status(self.person(), words, "done")
            name = spoken.quoted(found.title)
            return self._one(f"Marked {name} as done." if changed else f"{name} was already done.", found)

        return await with_one(task, act)

    async def _reopen_task(self, task: given.TaskWords) -> Answer:
        async def act(words: str | int) -> ToolResult:
            found, changed = await self.service.set_status(self.person(), words, "open")
            name = spoken.quoted(found.title)
            return self._one(f"{name} is open again." if changed else f"{name} is still open.", found)

        return await with_one(task, act)

    async def _update_task(  # noqa: PLR0917 - the parameters of the tool
        self,
        task: given.TaskWords,
        title: given.NewTitle = None,
        due: given.NewDue = None,
        notes: given.NewNotes = None,
        priority: given.NewPriority = None,
        tags: given.NewTags = None,
    ) -> Answer:
        person = self.person()

        async def act(words: str | int) -> ToolResult:
            before, after = await self.service.update(
                person, words, title=title, due=due, notes=notes, priority=priority, tags=tags
            )
            return self._one(spoken.changed(before, after, self.service.now(person)), after)

        return await with_one(task, act)

    async def _delete_task(self, task: given.TaskWords) -> Answer:
        async def act(words: str | int) -> ToolResult:
            found = await self.service.delete(self.person(), words)
            return self._one(f"Deleted {spoken.quoted(found.title)}.", found)

        return await with_one(task, act)

    async def _clear_tasks(self, status: given.ClearStatus) -> ToolResult:
        count = await self.service.clear(self.person(), status)
        return _result(spoken.cleared(status, count), {"deleted": count})

    def all(self) -> list[Tool]:
        """Every tool, with its title, description, schemas and annotations.

        `complete_task` and `reopen_task` do no more when repeated (see `resolve`). `update_task` and `delete_task` may:
        after a new title or a deletion the same words can mean another task.
        """
        reads = {"read_only_hint": True, "destructive_hint": False, "idempotent_hint": True}
        adds = {"read_only_hint": False, "destructive_hint": False, "idempotent_hint": False}
        sets = adds | {"idempotent_hint": True}
        destroys = adds | {"destructive_hint": True}
        return [
            _tool(self._create_task, "Add a task", shapes.ONE, adds),
            _tool(self._list_tasks, "List tasks", shapes.MANY, reads),
            _tool(self._get_task, "Show a task", shapes.ONE, reads),
            _tool(self._complete_task, "Complete a task", shapes.ONE, sets),
            _tool(self._reopen_task, "Reopen a task", shapes.ONE, sets),
            _tool(self._update_task, "Change a task", shapes.ONE, adds),
            _tool(self._delete_task, "Delete a task", shapes.ONE, destroys),
            _tool(self._clear_tasks, "Delete many tasks", shapes.DELETED, destroys | {"idempotent_hint": True}),
        ]


def _tool(function: Callable[..., Any], title: str, schema: dict[str, Any], hints: dict[str, bool]) -> Tool:
    """What may be left out has no default in the schema: small models would fill in the null.

    The functions have no docstrings, for FastMCP imports a parser (85 ms) where there is one.
    """
    name = function.__name__.removeprefix("_")
    tool = Tool.from_function(
        function,
        name=name,
        title=title,
        description=DESCRIPTIONS[name],
        output_schema=schema,
        annotations=ToolAnnotations(title=title, open_world_hint=False, **hints),
    )
    for parameter in tool.parameters["properties"].values():
        if parameter.get("default", "") is None:
            del parameter["default"]
    return tool
