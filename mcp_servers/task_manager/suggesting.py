"""Titles and tags that go on from what is typed so far, over the index of terms; nothing here reads every task."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from sqlalchemy import select

from mcp_servers.task_manager.matching import plain, stems
from mcp_servers.task_manager.selecting import STATUSES, Filter
from mcp_servers.task_manager.tables import terms
from mcp_servers.task_manager.terms import tag_term
from mcp_servers.task_manager.texts import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mcp_servers.task_manager.store import TaskTable

_CERTAIN = 3
"""Letters of a word that its stem begins with too, mostly: "buyin" goes on from "buy"."""
_MOST_STEMS = 200
_MOST_READ = 200
_LONGEST = 200
_AFTER_ALL = "\U0010ffff"


def tags(table: TaskTable, typed: str, limit: int) -> list[str]:
    """Tags that begin so, in alphabetical order."""
    start = tag_term(one_line(typed[:_LONGEST]).lstrip("# ").casefold())
    found: list[str] = []
    for term in _terms_from(table, start):
        found.append(term.removeprefix(tag_term("")))
        if len(found) == limit:
            break
    return found


def titles(table: TaskTable, typed: str, limit: int) -> list[str]:
    """Titles of open tasks with a word for each that was typed which begins so."""
    words = plain(one_line(typed[:_LONGEST])).split()
    if not words:
        tasks = [task for task, _ in table.select(Filter("open"), limit)]
    else:
        rarest = max(stems(" ".join(words)), key=len, default="")
        found = list(islice(_terms_from(table, rarest[:_CERTAIN]), _MOST_STEMS)) if rarest else []
        ids = table.index.ids([found], STATUSES["open"], _MOST_READ) if found else []
        tasks = table.many(ids)
    fitting = [task.title for task in tasks if _goes_on(task.title, words)]
    return list(dict.fromkeys(fitting))[:limit]


def _goes_on(title: str, words: list[str]) -> bool:
    known = plain(title).split()
    return all(any(one.strip("\"'“”‘’(").startswith(word) for one in known) for word in words)  # noqa: RUF001 - as people type


def _terms_from(table: TaskTable, start: str) -> Iterator[str]:
    """The different terms that begin so, in order: each found by one step through the index."""
    column, last = terms.c.term, None
    while True:
        query = select(column).where(terms.c.owner_id == table.owner.id, column < start + _AFTER_ALL)
        query = query.where(column >= start if last is None else column > last).order_by(column).limit(1)
        last = table.connection.execute(query).scalar_one_or_none()
        if last is None:
            return
        yield last
