"""Which one task is meant, by its id or its words. Several: the choices are named; none: close misses are.

A word that is a slip of ear or pen away from that of a task: to read, the task is taken, and named in the answer; to
change anything it is only suggested, for "Hanna" may be somebody else than "Anna".
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mcp_servers.task_manager import spoken
from mcp_servers.task_manager.errors import BadRequest, SeveralTasks, TaskNotFound
from mcp_servers.task_manager.texts import words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcp_servers.task_manager.finding import Hits
    from mcp_servers.task_manager.models import Status, Task
    from mcp_servers.task_manager.store import TaskTable

JUST_NOW = timedelta(minutes=2)
"""A task changed this short while ago is still what its words mean, so that repeating a call does no harm."""
NAMED = 5
"""How many choices are named."""
OFFERED = 20
"""How many tasks can be chosen from."""


def resolve(
    table: TaskTable, words: str | int, now: datetime, *, prefer: Status, repeatable: bool = False, reads: bool = False
) -> Task:
    """The task meant, among those of status `prefer` before the others; a number is an id and nothing else.

    `repeatable`: a task already in the other status that fits better and was changed just now is what is meant.
    `reads`: nothing is changed, so a task that the words mean if misheard is taken.
    Raises `BadRequest`, `SeveralTasks`, `TaskNotFound`.
    """
    if isinstance(words, int):
        if task := table.get(words):
            return task
        raise TaskNotFound("That task is not there any more.")
    said = words_of(words)
    if not said:
        raise BadRequest("Say which task, by its words or its id.")
    number = re.fullmatch(r"(?:(?:task|number|id)\s+)*#?(\d{1,9})", said, re.IGNORECASE)
    if number and (task := table.get(int(number[1]))):
        return task
    hits = _by_words(table, said, now, prefer, repeatable=repeatable)
    if hits.tasks:
        return _only(hits, None, now)
    return _only(_misheard(table, said, prefer), None if reads else said, now)


def _by_words(table: TaskTable, said: str, now: datetime, prefer: Status, *, repeatable: bool) -> Hits:
    from mcp_servers.task_manager.finding import Finder, Hits

    finder = Finder(table)
    other_status: Status = "open" if prefer == "done" else "done"
    hits = finder.find(said, prefer)
    if repeatable or not hits.tasks:
        other = finder.find(said, other_status)
        if not hits.tasks:
            hits = other
        elif other.rank < hits.rank:
            fresh = tuple(one for one in other.tasks if now - table.changed_at(one) <= JUST_NOW)
            hits = Hits(other.rank, fresh, other.is_all) if fresh else hits
    return hits


def _misheard(table: TaskTable, said: str, prefer: Status) -> Hits:
    """Raises `TaskNotFound`, with what was perhaps meant."""
    from mcp_servers.task_manager.finding import Finder

    finder = Finder(table)
    other_status: Status = "open" if prefer == "done" else "done"
    fewest_slips_first = sorted((prefer, other_status), key=lambda status: finder.missing(said, status))
    for status in fewest_slips_first:
        if (hits := finder.misheard(said, status)).tasks:
            return hits
    raise TaskNotFound(_none_like(said, [one.title for one in finder.close(said, (prefer, other_status))]))


def _only(hits: Hits, misheard: str | None, now: datetime) -> Task:
    """The one task found; `misheard`: what was said, where it may not mean it. Raises `SeveralTasks`."""
    if len(hits.tasks) == 1 and misheard is None:
        return hits.tasks[0]
    raise _several(hits.tasks[:OFFERED], len(hits.tasks) if hits.is_all else None, now, misheard)


def _several(choices: Sequence[Task], count: int | None, now: datetime, misheard: str | None) -> SeveralTasks:
    """`count`: how many match; None for very many. Ids are named only where the words cannot tell the tasks apart."""
    titles = [choice.title.casefold() for choice in choices]
    clauses: list[str] = []
    for choice in choices:
        due = f", {spoken.due_clause(choice.due, now)}" if choice.due else ""
        twin = f" (id {choice.id})" if titles.count(choice.title.casefold()) > 1 else ""
        clauses.append(due + twin)
    named = [spoken.quoted(choice.title) + clause for choice, clause in zip(choices, clauses, strict=True)][:NAMED]
    if count is None:
        named.append("many more")
    elif count > len(named):
        named.append(f"{spoken.number(count - len(named))} more")
    offered = {choice.id: choice.title + clause for choice, clause in zip(choices, clauses, strict=True)}
    how_many = "many" if count is None else spoken.number(count)
    is_few = count is not None and count <= OFFERED
    asked = f"There are {how_many}: {spoken.listed(named)}. Which one?"
    if misheard is not None:
        asked = f"There is no task like {spoken.quoted(misheard)}. Did you mean {spoken.listed(named, 'or')}?"
    return SeveralTasks(asked, offered if is_few else {})


def _none_like(words: str, close: Sequence[str]) -> str:
    meant = spoken.listed([spoken.quoted(title) for title in dict.fromkeys(close)], "or")
    return f"There is no task like {spoken.quoted(words.strip())}." + (f" Did you mean {meant}?" if meant else "")
