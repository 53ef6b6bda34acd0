"""The index of what tasks can be found by: the tables `terms` and `words` of one owner, within one transaction."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import BigInteger, Integer, bindparam, delete, exists, func, insert, literal, or_, select, union_all
from sqlalchemy.dialects import postgresql, sqlite

from mcp_servers.task_manager.matching import stems
from mcp_servers.task_manager.tables import EXACT, tasks, terms, words
from mcp_servers.task_manager.terms import bits_of, mistakable_words, signature_of, terms_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement, CompoundSelect, Connection, Select

    from mcp_servers.task_manager.models import Task

Conditions: TypeAlias = "tuple[ColumnElement[bool], ...]"
PROBED = 200
"""Up to how many tasks of a term are counted to see which of several is the rarest."""
MOST_KNOWN = 2_000
"""Up to how many words a misheard one is compared with all."""
MOST_COMPARED = 6_000
"""How many it is compared with at most where there are more."""

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
        self._counted: dict[int, dict[str, tuple[int, int]]] = {}

    def add(self, placed: Iterable[tuple[int, int, int, Task]]) -> None:
        """Add tasks: id, status, place and what to index."""
        self._counted.clear()
        rows: list[dict[str, object]] = []
        known: set[str] = set()
        for number, status, place, task in placed:
            known |= mistakable_words(stems(task.title))
            own = terms_of(task.title, task.tags, task.priority)
            key: dict[str, object] = {"owner_id": self._owner, "status": status, "place": place, "task_id": number}
            key["signature"] = signature_of(own)
            rows += [key | {"term": term} for term in sorted(own)]
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
        self._counted.clear()

    def remove_all(self, status: int) -> None:
        """Remove all of that status."""
        self._connection.execute(delete(terms).where(terms.c.owner_id == self._owner, terms.c.status == status))
        self._counted.clear()
        self._forget(None)

    def forget(self, gone: Sequence[Task]) -> None:
        """Forget the words that no task has any more."""
        known = {word for task in gone for word in mistakable_words(stems(task.title))}
        if known:
            self._forget(known)

    def _forget(self, known: set[str] | None) -> None:
        used = exists().where(terms.c.owner_id == self._owner, terms.c.term == words.c.word)
        query = delete(words).where(words.c.owner_id == self._owner, ~used)
        if known is not None:
            query = query.where(words.c.length.in_({len(word) for word in known}), words.c.word.in_(known))
        self._connection.execute(query)

    def ids(self, groups: Sequence[Sequence[str]], status: int, limit: int) -> list[int]:
        """Tasks of that status that have a term of every group, ordered as those of `having`."""
        query = _ids(tuple(len(group) for group in groups))
        values = bound(groups, self._owner, status) | {"most": limit}
        return list(dict.fromkeys(self._connection.execute(query, values).scalars()))

    def ids_of_each(self, groups: Sequence[Sequence[str]], status: int, limit: int) -> list[list[int]]:
        """For each group the tasks of that status that have one of its terms, in no order."""
        if not groups:
            return []
        values: dict[str, Any] = {"mine": self._owner, "state": status, "most": limit}
        values |= {f"terms{number}": list(group) for number, group in enumerate(groups)}
        found: list[list[int]] = [[] for _ in groups]
        for number, task in self._connection.execute(_ids_of_each(len(groups)), values).all():
            found[number].append(task)
        return [list(dict.fromkeys(ids)) for ids in found]

    def rarest_first(self, groups: Sequence[Sequence[str]], status: int) -> list[list[str]]:
        """Groups of terms, that with the fewest tasks first; empty where there is one that no task has a term of.

        Terms that no task has are left out. How common the common ones are is only estimated: the rarer a term, the
        further on in the list is the last of its first tasks.
        """
        if len(groups) == 1:
            return [list(groups[0])]
        counts = self._counts({term for group in groups for term in group}, status)
        found = [[term for term in group if counts[term][0]] for group in groups]
        if not all(found):
            return []
        return sorted(
            found, key=lambda group: (sum(counts[term][0] for term in group), -min(counts[term][1] for term in group))
        )

    def known(self, some: Iterable[str], status: int) -> set[str]:
        """Those of these terms that a task of that status has."""
        return {term for term, (count, _) in self._counts(set(some), status).items() if count}

    def _counts(self, wanted: set[str], status: int) -> dict[str, tuple[int, int]]:
        """How many tasks of that status have each term, counted up to `PROBED`, and the place of the last counted."""
        counted = self._counted.setdefault(status, {})
        if listed := sorted(wanted - counted.keys()):
            values = {f"term{number}": term for number, term in enumerate(listed)}
            values |= {"mine": self._owner, "state": status, "most": PROBED}
            rows = self._connection.execute(_counts(len(listed)), values).all()
            counted |= {listed[number]: (count, last or 0) for number, count, last in rows}
        return {term: counted[term] for term in wanted}

    def vocabulary(self) -> list[str] | None:
        """All the words that may be misheard; None for more than `MOST_KNOWN`."""
        found = self._joined(_ALL, {"most": MOST_KNOWN + 1})
        return found if len(found) <= MOST_KNOWN else None

    def words_of(self, lengths: range, first: str | None = None) -> list[str]:
        """Words of these lengths, with that first letter; at most `MOST_COMPARED`."""
        values: dict[str, Any] = {"lengths": list(lengths), "most": MOST_COMPARED}
        if first is None:
            return self._joined(_OF_LENGTH, values)
        after = chr(min(ord(first) + 1, 0x10FFFF))
        return self._joined(_SAME_LETTER, values | {"first": first, "after": after})

    def _joined(self, query: Select[str], values: dict[str, Any]) -> list[str]:
        """The words of a query that joins them into one text, which comes much faster than as many rows."""
        text: str | None = self._connection.execute(query, values | {"mine": self._owner}).scalar_one()
        return text.split(" ") if text else []


def _joining(*conditions: ColumnElement[bool]) -> Select[str]:
    some = select(words.c.word).where(words.c.owner_id == bindparam("mine"), *conditions)
    return select(func.aggregate_strings(some.limit(bindparam("most")).subquery().c.word, " "))


_NEAR = words.c.length.in_(bindparam("lengths", expanding=True))
_ALL, _OF_LENGTH = _joining(), _joining(_NEAR)
_SAME_LETTER = _joining(_NEAR, words.c.word >= bindparam("first"), words.c.word < bindparam("after"))


def bound(groups: Sequence[Sequence[str]], owner: int, status: int) -> dict[str, Any]:
    """What to bind to the conditions of `having`."""
    values: dict[str, Any] = {"mine": owner, "state": status}
    for number, group in enumerate(groups):
        if number == 0:
            values["term0"] = group[0] if len(group) == 1 else list(group)
            continue
        for place, term in enumerate(group):
            values |= {f"term{number}_{place}": term, f"bits{number}_{place}": bits_of(term)}
    return values


@lru_cache(maxsize=256)
def having(sizes: tuple[int, ...]) -> Conditions:
    """Conditions on `terms`: the tasks of a status that have a term of every group, of which there are so many.

    They come in the order of lists where the first group, which drives the query, is a single term. The signature
    passes over most rows without looking any other up.
    """
    first = bindparam("term0", type_=EXACT, expanding=sizes[0] > 1)
    found = [
        terms.c.owner_id == bindparam("mine"),
        terms.c.term.in_(first) if sizes[0] > 1 else terms.c.term == first,
        terms.c.status == bindparam("state"),
    ]
    for number, size in enumerate(sizes[1:], start=1):
        bits = [bindparam(f"bits{number}_{place}", type_=BigInteger) for place in range(size)]
        found.append(or_(*(terms.c.signature.bitwise_and(one) == one for one in bits)))
    for number, size in enumerate(sizes[1:], start=1):
        other = terms.alias()
        these = [bindparam(f"term{number}_{place}", type_=EXACT) for place in range(size)]
        same = [other.c[name] == terms.c[name] for name in ("owner_id", "status", "place", "task_id")]
        found.append(exists().where(*same, other.c.term == these[0] if size == 1 else other.c.term.in_(these)))
    return tuple(found)


@lru_cache(maxsize=256)
def _ids(sizes: tuple[int, ...]) -> Select[int]:
    query = select(terms.c.task_id).where(*having(sizes)).limit(bindparam("most"))
    return query.order_by(terms.c.place, terms.c.task_id) if sizes[0] == 1 else query


@lru_cache(maxsize=16)
def _ids_of_each(how_many: int) -> CompoundSelect[int, int]:
    parts: list[Select[int, int]] = []
    for number in range(how_many):
        mine = (terms.c.owner_id == bindparam("mine"), terms.c.status == bindparam("state"))
        these = bindparam(f"terms{number}", type_=EXACT, expanding=True)
        some = select(terms.c.task_id).where(*mine, terms.c.term.in_(these)).limit(bindparam("most")).subquery()
        parts.append(select(literal(number, Integer), some.c.task_id))
    return union_all(*parts)


@lru_cache(maxsize=64)
def _counts(how_many: int) -> CompoundSelect[int, int, int]:
    parts: list[Select[int, int, int]] = []
    for number in range(how_many):
        mine = (terms.c.owner_id == bindparam("mine"), terms.c.status == bindparam("state"))
        some = select(terms.c.place).where(*mine, terms.c.term == bindparam(f"term{number}"))
        some = some.order_by(terms.c.place).limit(bindparam("most")).subquery()
        parts.append(select(literal(number, Integer), func.count(), func.max(some.c.place)).select_from(some))
    return union_all(*parts)
