"""The tools: what a model sees, and what is said when they are done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastmcp.tools import Tool, ToolResult
from mcp_types import TextContent, ToolAnnotations
from pydantic import BeforeValidator, Field
from pydantic.json_schema import SkipJsonSchema

from mcp_servers.task_manager import shapes, spoken
from mcp_servers.task_manager.overview import overview
from mcp_servers.task_manager.service import MOST_AT_ONCE, Query

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcp_servers.task_manager.models import Person, Task
    from mcp_servers.task_manager.service import TaskService


def _text(value: Any) -> Any:
    """Models send ids as numbers too."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _word(value: Any) -> Any:
    return value.strip().casefold() if isinstance(value, str) else value


def _labels(value: Any) -> Any:
    """Models send one tag, or several with commas, as text too."""
    return [part for part in value.split(",") if part.strip()] if isinstance(value, str) else value


TaskWords = Annotated[
    str,
    BeforeValidator(_text),
    Field(description="The task: its id, or the words of its title as the person says them, such as “the dentist”."),
]
Title = Annotated[str, Field(description="What is to be done, short and without the due time: “buy milk”.")]
NewTitle = Annotated[str | SkipJsonSchema[None], Field(description="The new title.")]
Due = Annotated[
    str | SkipJsonSchema[None],
    Field(
        description="When it is due, as the person says it (“tomorrow”, “Friday at three”, “in two weeks”) "
        "or as ISO 8601. Leave out if no time was said."
    ),
]
NewDue = Annotated[
    str | SkipJsonSchema[None],
    Field(
        description="The new due time, as the person says it or as ISO 8601. A day alone (“Friday”) keeps the time of "
        "day, a time alone the day. “by two days”, “an hour later” and “earlier by a week” count from the present due "
        "time, “in two days” from now. “none” removes it."
    ),
]
DueSpan = Annotated[
    str | SkipJsonSchema[None],
    Field(
        description="Only tasks due on that day or in that span, as people say it: “tomorrow”, “this week”, “in May”."
    ),
]
Notes = Annotated[str | SkipJsonSchema[None], Field(description="More about the task.")]
NewNotes = Annotated[str | SkipJsonSchema[None], Field(description="The new notes; “none” removes them.")]
PriorityWord = Literal["low", "normal", "high"]
Priority = Annotated[
    PriorityWord,
    BeforeValidator(_word),
    Field(description="How much it matters: high for what is urgent or important."),
]
NewPriority = Annotated[
    PriorityWord | SkipJsonSchema[None], BeforeValidator(_word), Field(description="The new priority.")
]
Tags = Annotated[
    list[str] | SkipJsonSchema[None],
    BeforeValidator(_labels),
    Field(description="Labels to group tasks by, such as “work”."),
]
NewTags = Annotated[
    list[str] | SkipJsonSchema[None],
    BeforeValidator(_labels),
    Field(description="All its labels from now on; empty for none."),
]
Status = Annotated[
    Literal["open", "done", "all", "today", "overdue", "upcoming"],
    BeforeValidator(_word),
    Field(
        description="Which tasks: open (to be done), done, all; or of the open ones those due today, "
        "overdue (their time has passed), upcoming (their time is still to come)."
    ),
]
ClearStatus = Annotated[
    Literal["done", "open", "overdue", "all"],
    BeforeValidator(_word),
    Field(description="Which tasks to delete: done (finished), open (unfinished), overdue, or all."),
]
Words = Annotated[
    str | SkipJsonSchema[None], Field(description="Only tasks with these words in the title, in any form.")
]
OneTag = Annotated[str | SkipJsonSchema[None], Field(description="Only tasks with this tag.")]
Limit = Annotated[int, Field(description="How many tasks to return at most.", ge=1, le=MOST_AT_ONCE)]
Cursor = Annotated[
    str | SkipJsonSchema[None], Field(description="next_cursor of the page before, for the page after it.")
]


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
        title: Title,
        due: Due = None,
        notes: Notes = None,
        priority: Priority = "normal",
        tags: Tags = None,
    ) -> ToolResult:
        person = self.person()
        task = await self.service.create(person, title, due=due, notes=notes, priority=priority, tags=tags or ())
        return self._one(spoken.added(task, self.service.now(person)), task)

    async def _list_tasks(  # noqa: PLR0917 - the parameters of the tool
        self,
        status: Status = "open",
        due: DueSpan = None,
        query: Words = None,
        tag: OneTag = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> ToolResult:
        person = self.person()
        asked = Query(status, due, query, tag, limit, cursor)
        listed = await self.service.list(person, asked)
        text = overview(asked, listed, self.service.now(person))
        page = listed.page
        content = {
            "tasks": [task.as_json() for task in page.tasks],
            "total": page.total,
            "next_cursor": page.next_cursor,
        }
        return _result(text, content)

    async def _get_task(self, task: TaskWords) -> ToolResult:
        person = self.person()
        found = await self.service.get(person, task)
        return self._one(spoken.details(found, self.service.now(person)), found)

    async def _complete_task(self, task: TaskWords) -> ToolResult:
        found, changed = await self.service.set_status(self.person(), task, "done")
        name = spoken.quoted(found.title)
        return self._one(f"Marked {name} as done." if changed else f"{name} was already done.", found)

    async def _reopen_task(self, task: TaskWords) -> ToolResult:
        found, changed = await self.service.set_status(self.person(), task, "open")
        name = spoken.quoted(found.title)
        return self._one(f"{name} is open again." if changed else f"{name} is still open.", found)

    async def _update_task(  # noqa: PLR0917 - the parameters of the tool
        self,
        task: TaskWords,
        title: NewTitle = None,
        due: NewDue = None,
        notes: NewNotes = None,
        priority: NewPriority = None,
        tags: NewTags = None,
    ) -> ToolResult:
        person = self.person()
        before, after = await self.service.update(
            person, task, title=title, due=due, notes=notes, priority=priority, tags=tags
        )
        return self._one(spoken.changed(before, after, self.service.now(person)), after)

    async def _delete_task(self, task: TaskWords) -> ToolResult:
        found = await self.service.delete(self.person(), task)
        return self._one(f"Deleted {spoken.quoted(found.title)}.", found)

    async def _clear_tasks(self, status: ClearStatus) -> ToolResult:
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
