"""One page of a list: what was asked for as filters, read from where the last page ended."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from mcp_servers.task_manager.desk import CLEAR
from mcp_servers.task_manager.errors import BadRequest
from mcp_servers.task_manager.finding import Finder
from mcp_servers.task_manager.models import Page, Person, Status, Task
from mcp_servers.task_manager.selecting import Dues, Filter, ahead, before
from mcp_servers.task_manager.service import MOST_AT_ONCE, Listed, Listing, Query
from mcp_servers.task_manager.terms import priority_term, tag_term
from mcp_servers.task_manager.texts import tag_of, words_of

if TYPE_CHECKING:
    from mcp_servers.task_manager.store import TaskTable

MOST_COUNTED = 500
"""Up to how many tasks are counted where there is no counter."""
_STATUSES: dict[Listing, tuple[Status, ...]] = {"done": ("done",), "all": ("open", "done")}


class Lister:
    """What one call to `list` asks for."""

    def __init__(self, person: Person, query: Query, now: datetime) -> None:
        """Understands the words. Raises `BadRequest`, `DateNotUnderstood`."""
        self._query = query
        self._now = now
        self._words = words_of(query.words) if query.words else ""
        asked = (person.owner, query.status, query.due, self._words, query.tag, query.priority, query.finished)
        self._digest = hashlib.blake2b(repr(asked).encode("utf-8", "backslashreplace"), digest_size=6).hexdigest()
        undue = query.status == "undated" or (query.due or "").strip().casefold() == CLEAR
        said = "today" if query.status == "today" and not query.due else query.due
        self._span = None if (query.due or "").strip().casefold() == CLEAR else self._understood(said)
        dues: list[Dues] = [within(*self._span)] if self._span else []
        if query.status == "today" and query.due:
            dues.append(Dues(now.date(), now.date(), _midnight(now), _midnight(now) + timedelta(days=1)))
        elif query.status in ("overdue", "upcoming"):
            dues.append(before(now) if query.status == "overdue" else ahead(now))
        terms = [tag_term(tag_of(query.tag))] if query.tag else []
        terms += [priority_term(query.priority)] if query.priority else []
        base = Filter("open", tuple(dues), undue, self._understood(query.finished), tuple(terms))
        statuses = ("done",) if query.finished else _STATUSES.get(query.status, ("open",))
        self._sections = [replace(base, status=status) for status in statuses]

    def read(self, table: TaskTable) -> Listed:
        """The page. Raises `BadRequest` for a cursor that is not of this list."""
        query, limit = self._query, max(1, min(self._query.limit, MOST_AT_ONCE))
        finder, close = Finder(table), ()
        required = finder.required_terms(self._words)
        sections = [replace(one, terms=(*one.terms, *required)) for one in self._sections]
        page = self._page(table, sections, limit) if required or not self._words else None
        if page is None or (self._words and not page.tasks):
            ids = self._otherwise(finder)
            sections = [replace(one, ids=ids, terms=()) for one in self._sections]
            page = self._page(table, sections, limit)
            if not ids:
                close = tuple(task.title for task in finder.close(self._words, [one.status for one in sections]))
        alone = query.status == "today" and query == Query("today", limit=query.limit)
        overdue = table.count(Filter("open", (before(_midnight(self._now)),)), MOST_COUNTED) if alone else 0
        return Listed(page, close, self._span, overdue)

    def _understood(self, words: str | None) -> tuple[datetime, datetime] | None:
        if not words:
            return None
        from mcp_servers.task_manager.times.dates import parse_span

        return parse_span(words, self._now)

    def _otherwise(self, finder: Finder) -> frozenset[int]:
        """Where no task has all the words: those of the best other kind of match."""
        statuses: list[Status] = [one.status for one in self._sections]
        hits = [finder.find(self._words, status) for status in statuses]
        if not any(hit.tasks for hit in hits):
            hits = [finder.misheard(self._words, status) for status in statuses]
        best = min(hit.rank for hit in hits)
        return frozenset(task.id for hit in hits if hit.rank == best for task in hit.tasks if self._is_asked(task))

    def _is_asked(self, task: Task) -> bool:
        """Whether its tag and priority are those asked for."""
        query = self._query
        return (not query.tag or tag_of(query.tag) in task.tags) and query.priority in (None, task.priority)

    def _page(self, table: TaskTable, sections: list[Filter], limit: int) -> Page:
        index, after = self._decode(self._query.cursor) if self._query.cursor else (0, None)
        if index >= len(sections):
            raise _bad_cursor()
        found: list[Task] = []
        next_cursor: str | None = None
        last: tuple[int, int, int] | None = None
        while index < len(sections):
            wanted = limit - len(found)
            rows = table.select(sections[index], wanted + 1, after)
            kept = rows[:wanted]
            found += [task for task, _ in kept]
            if kept:
                last = (index, kept[-1][1], kept[-1][0].id)
            if len(rows) > wanted:
                next_cursor = self._encode(last)
                break
            index, after = index + 1, None
        total: int | None = len(found)
        if self._query.cursor or next_cursor:
            total = self._total(table, sections)
        return Page(tuple(found), total, next_cursor)

    def _total(self, table: TaskTable, sections: list[Filter]) -> int | None:
        """Counted where there is a counter, or where each row that is counted is one that matches."""
        if any(len(one.terms) > 1 for one in sections):
            return None
        counts = [table.count(one, MOST_COUNTED) for one in sections]
        return None if None in counts else sum(count or 0 for count in counts)

    def _encode(self, last: tuple[int, int, int] | None) -> str:
        text = json.dumps([self._digest, *(last or ())], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def _decode(self, cursor: str) -> tuple[int, tuple[int, int]]:
        try:
            digest, index, place, number = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        except (ValueError, TypeError, binascii.Error, RecursionError):
            raise _bad_cursor() from None
        numbers = (index, place, number)
        if digest != self._digest or not all(type(one) is int and abs(one) < 1 << 62 for one in numbers) or index < 0:
            raise _bad_cursor()
        return index, (place, number)


def within(start: datetime, end: datetime) -> Dues:
    """Due from `start` until before `end`; a whole day counts where it overlaps them."""
    is_midnight = end.time() == time.min
    last = end.date() - timedelta(days=is_midnight and end.date() > date.min)
    return Dues(start.date(), last, start, end)


def _midnight(now: datetime) -> datetime:
    return datetime.combine(now.date(), time.min, now.tzinfo)


def _bad_cursor() -> BadRequest:
    return BadRequest("That cursor is not from this list. Ask for the list again without a cursor.")
