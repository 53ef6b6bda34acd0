"""The tools: what each does, and what is said when it is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastmcp.tools import Tool, ToolResult  # noqa: TC002 - FastMCP reads the annotations

from mcp_servers.task_manager import parameters as given
from mcp_servers.task_manager import shapes, spoken
from mcp_servers.task_manager.answers import DELETES, READS, WRITES, Answer, Said, answer, tool_of
from mcp_servers.task_manager.asking import with_one
from mcp_servers.task_manager.overview import overview
from mcp_servers.task_manager.service import Query

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mcp_servers.task_manager.desk import Desk
    from mcp_servers.task_manager.models import Person
    from mcp_servers.task_manager.service import TaskService

_SOON = "in the next 7 days"
_MOST_RESTORED = 50
"""How many of the tasks that came back are returned."""


@dataclass(frozen=True, slots=True)
class TaskTools:
    """The tools over one service; `person` says who is calling.

    What is said is made within the transaction, so that a call repeated with its key is answered as the first time.
    """

    service: TaskService
    person: Callable[[], Person]

    async def _create_task(  # noqa: PLR0917 - the parameters of the tool
        self,
        title: given.Title,
        due: given.Due = None,
        notes: given.Notes = None,
        priority: given.Priority = "normal",
        tags: given.Tags = None,
        repeat: given.Repeat = None,
        remind: given.Remind = None,
        idempotency_key: given.Key = None,
    ) -> ToolResult:
        values = {"due": due, "notes": notes, "priority": priority, "repeat": repeat, "remind": remind}

        def act(desk: Desk) -> Said:
            task = desk.create(title, tags=tags or (), **values)  # type: ignore[arg-type] - of their types above
            return spoken.added(task, desk.now), shapes.of_one(task)

        return await self._once("create_task", idempotency_key, {"title": title, "tags": tags, **values}, act)

    async def _list_tasks(  # noqa: PLR0917 - the parameters of the tool
        self,
        status: given.Status = "open",
        due: given.DueSpan = None,
        query: given.Words = None,
        tag: given.OneTag = None,
        priority: given.OnePriority = None,
        limit: given.Limit = 50,
        cursor: given.Cursor = None,
    ) -> ToolResult:
        return await self._listed(Query(status, due, query, tag, limit, cursor, priority))

    async def _get_task(self, task: given.TaskWords) -> Answer:
        person = self.person()

        async def act(words: str | int) -> ToolResult:
            found = await self.service.get(person, words)
            return answer((spoken.details(found, self.service.now(person)), shapes.of_one(found)))

        return await with_one(task, act)

    async def _complete_task(self, task: given.TaskWords, idempotency_key: given.Key = None) -> Answer:
        def act(desk: Desk, words: str | int) -> Said:
            done = desk.complete(words)
            return spoken.completed(done, desk.now), shapes.of_one(done.task)

        return await self._once_with("complete_task", idempotency_key, task, {}, act)

    async def _reopen_task(self, task: given.TaskWords, idempotency_key: given.Key = None) -> Answer:
        def act(desk: Desk, words: str | int) -> Said:
            done = desk.reopen(words)
            name = spoken.quoted(done.task.title)
            return f"{name} is {'open again' if done.changed else 'still open'}.", shapes.of_one(done.task)

        return await self._once_with("reopen_task", idempotency_key, task, {}, act)

    async def _update_task(  # noqa: PLR0917 - the parameters of the tool
        self,
        task: given.TaskWords,
        title: given.NewTitle = None,
        due: given.NewDue = None,
        notes: given.NewNotes = None,
        priority: given.NewPriority = None,
        tags: given.NewTags = None,
        repeat: given.NewRepeat = None,
        remind: given.NewRemind = None,
        idempotency_key: given.Key = None,
    ) -> Answer:
        values: dict[str, Any] = {"title": title, "due": due, "notes": notes, "priority": priority, "tags": tags}
        values |= {"repeat": repeat, "remind": remind}

        def act(desk: Desk, words: str | int) -> Said:
            before, after = desk.update(words, **values)
            return spoken.changed(before, after, desk.now), shapes.of_one(after)

        return await self._once_with("update_task", idempotency_key, task, values, act)

    async def _delete_task(self, task: given.TaskWords, idempotency_key: given.Key = None) -> Answer:
        def act(desk: Desk, words: str | int) -> Said:
            found = desk.delete(words)
            return f"Deleted {spoken.quoted(found.title)}.", shapes.of_one(found)

        return await self._once_with("delete_task", idempotency_key, task, {}, act)

    async def _clear_tasks(self, status: given.ClearStatus, idempotency_key: given.Key = None) -> ToolResult:
        def act(desk: Desk) -> Said:
            count = desk.clear(status)
            return spoken.cleared(status, count), {"deleted": count}

        return await self._once("clear_tasks", idempotency_key, {"status": status}, act, long=True)

    async def _upcoming_deadlines(
        self, within: given.Within = _SOON, limit: given.Limit = 50, cursor: given.Cursor = None
    ) -> ToolResult:
        return await self._listed(Query("upcoming", due=within, limit=limit, cursor=cursor))

    async def _undo_last_change(self, idempotency_key: given.Key = None) -> ToolResult:
        def act(desk: Desk) -> Said:
            undone = desk.undo()
            total = undone.count if len(undone.tasks) > _MOST_RESTORED else len(undone.tasks)
            return spoken.undone(undone), shapes.of_many(undone.tasks[:_MOST_RESTORED], total)

        return await self._once("undo_last_change", idempotency_key, {}, act, long=True)

    def all(self) -> list[Tool]:
        """Every tool that works on single tasks and lists, with its title, description, schemas and annotations.

        Undoing counts as no deletion: it takes back what the person has just done, and nothing else.
        """
        return [
            tool_of(self._create_task, "Add a task", shapes.ONE, WRITES),
            tool_of(self._list_tasks, "List tasks", shapes.MANY, READS),
            tool_of(self._get_task, "Show a task", shapes.ONE, READS),
            tool_of(self._complete_task, "Complete a task", shapes.ONE, WRITES),
            tool_of(self._reopen_task, "Reopen a task", shapes.ONE, WRITES),
            tool_of(self._update_task, "Change a task", shapes.ONE, WRITES),
            tool_of(self._delete_task, "Delete a task", shapes.ONE, DELETES),
            tool_of(self._clear_tasks, "Delete many tasks", shapes.DELETED, DELETES | {"idempotent_hint": True}),
            tool_of(self._upcoming_deadlines, "Upcoming deadlines", shapes.MANY, READS),
            tool_of(self._undo_last_change, "Undo the last change", shapes.MANY, WRITES),
        ]

    async def _listed(self, asked: Query) -> ToolResult:
        person = self.person()
        listed = await self.service.list(person, asked)
        return answer((overview(asked, listed, self.service.now(person)), shapes.of_page(listed.page)))

    async def _once(
        self,
        tool: str,
        key: str | None,
        arguments: Mapping[str, Any],
        act: Callable[[Desk], Said],
        *,
        long: bool = False,
    ) -> ToolResult:
        """Act, or answer as the first call with that key was answered."""
        text, content = await self.service.once(self.person(), key, tool, arguments, act, long=long)
        return answer((text, content))

    async def _once_with(
        self,
        tool: str,
        key: str | None,
        task: str,
        values: Mapping[str, Any],
        act: Callable[[Desk, str | int], Said],
    ) -> Answer:
        """As `_once`, on the one task that is meant."""
        arguments = {"task": task, **values}
        return await with_one(task, lambda words: self._once(tool, key, arguments, lambda desk: act(desk, words)))
