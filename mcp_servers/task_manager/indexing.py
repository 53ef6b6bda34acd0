"""The index of what tasks can be found by: the tables `terms` and `words` of one owner, within one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Integer, bindparam, delete, exists, func, insert, literal, select, union_all
from sqlalchemy.dialects import postgresql, sqlite

from mcp_servers.task_manager.matching import stems
from mcp_servers.task_manager.tables import tasks, terms, words
from mcp_servers.task_manager.terms import mistakable, terms_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement, Connection, Select

    from mcp_servers.task_manager.models import Task

PROBED = (200, 4_000)
"""Up to how many tasks of a term are counted to see which of several is the rarest: first few, then more."""
MOST_COMPARED = 6_000
"""How many words a misheard one is compared with at most."""
_REACH = 3
"""By how many letters a word that is meant can be longer or shorter."""

_ADD = insert(terms)
_REMOVE = delete(terms).where(
    terms.c.owner_id == bindparam("mine"),
    terms.c.term == bindparam("word"),
    terms.c.status == select(tasks.c.status).where(tasks.c.id == bindparam("number")).scalar_subquery(),
    terms.c.place == select(tasks.c.place).where(tasks.c.id == bindparam("number")).scalar_subquery(),
    terms.c.task_id == bindparam("number"),
)
_KNOW = {
    "sqlite": sqlite.insert(words).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(words).on_conflict_do_nothing(),
}


class TermIndex:
    """The terms of one owner's tasks."""

    def __init__(self, connection: Connection, owner: int) -> None:
        self._connection = connection
        self._owner = owner

    def add(self, placed: Iterable[tuple[int, int, int, Task]]) -> None:
        """Add tasks: id, status, place and what to index."""
        rows: list[dict[str, object]] = []
        known: set[str] = set()
        for number, status, place, task in placed:
            known |= mistakable(stems(task.title))
            key: dict[str, object] = {"owner_id": self._owner, "status": status, "place": place, "task_id": number}
            rows += [key | {"term": term} for term in sorted(terms_of(task.title, task.tags, task.priority))]
        if rows:
            self._connection.execute(_ADD, rows)
        if known:
            values = [{"owner_id": self._owner, "length": len(word), "word": word} for word in sorted(known)]
            self._connection.execute(_KNOW[self._connection.dialect.name], values)

    def remove(self, gone: Sequence[Task]) -> None:
        """Remove tasks, which are still in their table."""
        rows = [
            {"mine": self._owner, "number": task.id, "word": term}
            for task in gone
            for term in terms_of(task.title, task.tags, task.priority)
        ]
        self._connection.execute(_REMOVE, rows)

    def remove_all(self, status: int) -> None:
        """Remove all of that status."""
        self._connection.execute(delete(terms).where(terms.c.owner_id == self._owner, terms.c.status == status))
        self._forget(None)

    def forget(self, gone: Sequence[Task]) -> None:
        """Forget the words that no task has any more."""
        known = {word for task in gone for word in mistakable(stems(task.title))}
        if known:
            self._forget(known)

    def _forget(self, known: set[str] | None) -> None:
        used = exists().where(terms.c.owner_id == self._owner, terms.c.term == words.c.word)
        query = delete(words).where(words.c.owner_id == self._owner, ~used)
        if known is not None:
            query = query.where(words.c.length.in_({len(word) for word in known}), words.c.word.in_(known))
        self._connection.execute(query)

    def has(self, term: str | Sequence[str]) -> ColumnElement[bool]:
        """Whether the task of the row of `terms` that drives the query has this term too, or one of these."""
        other = terms.alias()
        fits = other.c.term == term if isinstance(term, str) else other.c.term.in_(term)
        return exists().where(
            other.c.owner_id == terms.c.owner_id,
            fits,
            other.c.status == terms.c.status,
            other.c.place == terms.c.place,
            other.c.task_id == terms.c.task_id,
        )

    def counts(self, wanted: Sequence[str], status: int, most: int) -> dict[str, int]:
        """How many tasks of that status have each term, counted up to `most`."""
        parts: list[Select[int, int]] = []
        for number, term in enumerate(wanted):
            mine = (terms.c.owner_id == self._owner, terms.c.term == term, terms.c.status == status)
            some = select(terms.c.task_id).where(*mine).limit(most).subquery()
            parts.append(select(literal(number, Integer), func.count()).select_from(some))
        return {wanted[number]: count for number, count in self._connection.execute(union_all(*parts)).all()}

    def ids(self, wanted: Sequence[str | Sequence[str]], status: int, limit: int) -> list[int]:
        """Tasks of that status that have every term, or one of every group.

        In the order of lists where the first is a single term.
        """
        first, *others = wanted
        fits = terms.c.term == first if isinstance(first, str) else terms.c.term.in_(first)
        query = select(terms.c.task_id).where(terms.c.owner_id == self._owner, fits, terms.c.status == status)
        query = query.where(*(self.has(term) for term in others)).limit(limit)
        if isinstance(first, str):
            query = query.order_by(terms.c.place, terms.c.task_id)
        return list(dict.fromkeys(self._connection.execute(query).scalars()))

    def rarest_first(self, groups: Sequence[Sequence[str]], status: int) -> list[Sequence[str]]:
        """Groups of terms, that with the fewest tasks first; how common the common ones are is only estimated."""
        if len(groups) == 1:
            return list(groups)
        known = list(dict.fromkeys(term for group in groups for term in group))
        counts = self.counts(known, status, PROBED[0])
        if min(counts.values()) == PROBED[0]:
            counts = self.counts(known, status, PROBED[1])
        return sorted(groups, key=lambda group: sum(counts[term] for term in group))

    def vocabulary(self) -> list[str] | None:
        """All the words that may be misheard; None for more than `MOST_COMPARED`."""
        query = select(words.c.word).where(words.c.owner_id == self._owner).limit(MOST_COMPARED + 1)
        found = list(self._connection.execute(query).scalars())
        return found if len(found) <= MOST_COMPARED else None

    def words_near(self, word: str) -> list[str]:
        """Words of about that length, those with the same first letter first; at most `MOST_COMPARED`."""
        mine = (
            words.c.owner_id == self._owner,
            words.c.length.between(max(4, len(word) - _REACH), len(word) + _REACH),
        )
        first, after = word[0], chr(min(ord(word[0]) + 1, 0x10FFFF))
        same = select(words.c.word).where(*mine, words.c.word >= first, words.c.word < after).limit(MOST_COMPARED)
        found = list(self._connection.execute(same).scalars())
        if len(found) < MOST_COMPARED:
            rest = select(words.c.word).where(*mine).limit(MOST_COMPARED)
            found = list(dict.fromkeys([*found, *self._connection.execute(rest).scalars()]))[:MOST_COMPARED]
        return found
