"""Which one task is meant, by its id or its words. Several: the choices are named; none: close misses are."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mcp_servers.task_manager import matching, spoken
from mcp_servers.task_manager.errors import BadRequest, SeveralTasks, TaskNotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcp_servers.task_manager.models import Status, Task
    from mcp_servers.task_manager.store import TaskTable

JUST_NOW = timedelta(minutes=2)
"""A task changed this short while ago is still what its words mean, so that repeating a call does no harm."""
NAMED = 5
"""How many choices are named."""
OFFERED = 20
"""How many tasks can be chosen from."""


async def resolve(
    table: TaskTable, words: str | int, now: datetime, *, prefer: Status, repeatable: bool = False
) -> Task:
    """The task meant, among those of status `prefer` before the others; a number is an id and nothing else.

    `repeatable`: a task already in the other status that fits better and was changed just now is what is meant.
    Raises `BadRequest`, `SeveralTasks`, `TaskNotFound`.
    """
    if isinstance(words, int):
        if task := await table.get(words):
            return task
        raise TaskNotFound("That task is not there any more.")
    if not words.strip():
        raise BadRequest("Say which task, by its words or its id.")
    number = re.fullmatch(r"\s*(?:(?:task|number|id)\s+)*#?(\d{1,18})\s*", words, re.IGNORECASE)
    if number and (task := await table.get(int(number[1]))):
        return task
    rows = await table.titles()
    titles = {row[0]: row[1] for row in rows}
    found = matching.find(words, {row[0]: row[1] for row in rows if row[2] == prefer})
    other = matching.find(words, {row[0]: row[1] for row in rows if row[2] != prefer})
    if found.ids and repeatable and other.rank < found.rank:
        fresh = tuple(row[0] for row in rows if row[0] in other.ids and now - row[3] <= JUST_NOW)
        found = replace(other, ids=fresh) if fresh else found
    if not found.ids:
        found = replace(other, close=(*found.close, *other.close)[:3])
    if not found.ids:
        raise TaskNotFound(_none_like(words, [titles[one] for one in found.close]))
    if len(found.ids) == 1:
        return await table.required(found.ids[0])
    raise _several([await table.required(one) for one in found.ids[:OFFERED]], len(found.ids), now)


def _several(choices: Sequence[Task], count: int, now: datetime) -> SeveralTasks:
    """Ids are named only where the words cannot tell the tasks apart."""
    titles = [choice.title.casefold() for choice in choices]
    clauses: list[str] = []
    for choice in choices:
        due = f", {spoken.due_clause(choice.due, now)}" if choice.due else ""
        twin = f" (id {choice.id})" if titles.count(choice.title.casefold()) > 1 else ""
        clauses.append(due + twin)
    named = [spoken.quoted(choice.title) + clause for choice, clause in zip(choices, clauses, strict=True)][:NAMED]
    if count > len(named):
        named.append(f"{spoken.number(count - len(named))} more")
    offered = {choice.id: choice.title + clause for choice, clause in zip(choices, clauses, strict=True)}
    return SeveralTasks(
        f"There are {spoken.number(count)}: {spoken.listed(named)}. Which one?", offered if count <= OFFERED else {}
    )


def _none_like(words: str, close: Sequence[str]) -> str:
    meant = spoken.listed([spoken.quoted(title) for title in dict.fromkeys(close)], "or")
    return f"There is no task like {spoken.quoted(words.strip())}." + (f" Did you mean {meant}?" if meant else "")
