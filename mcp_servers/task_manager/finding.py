"""Tasks by the words that people use for them, over the index: `matching` decides, on the few titles that can fit.

Nothing here reads every title: each kind of match asks the index for its candidates, `BOUND` of them at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcp_servers.task_manager import matching
from mcp_servers.task_manager.indexing import TermIndex
from mcp_servers.task_manager.store import STATUSES
from mcp_servers.task_manager.terms import LONGEST_WORD, same_letters, same_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mcp_servers.task_manager.models import Status, Task
    from mcp_servers.task_manager.store import TaskTable

BOUND = 100
"""How many candidates of one kind are looked at."""
_ALTERNATIVES = 8
"""How many words a misheard one can stand for."""
_SUGGESTED = 3


@dataclass(frozen=True, slots=True)
class Hits:
    """What the words mean among the tasks of one status."""

    rank: int
    """The kind of match, 0 the best; `matching.NOTHING` for none."""
    tasks: tuple[Task, ...]
    is_all: bool = True
    """False where there may be more than were looked at."""


class Finder:
    """Finds among the tasks of one table."""

    def __init__(self, table: TaskTable) -> None:
        self._table = table
        self._index = TermIndex(table.connection, table.owner.id)

    def find(self, words: str, status: Status) -> Hits:
        """The best kind of match that finds anything, newest first."""
        number = STATUSES[status]
        for stage in (self._same, self._all_said, self._one_more_said, self._with_slips):
            ids = stage(words, number)
            if not ids:
                continue
            candidates = {task.id: task for task in self._table.many(ids)}
            found = matching.find(words, {one: task.title for one, task in candidates.items()})
            if found.ids:
                newest_first = sorted(found.ids, reverse=True)
                return Hits(found.rank, tuple(candidates[one] for one in newest_first), len(ids) < BOUND)
        return Hits(matching.NOTHING, ())

    def required_terms(self, words: str) -> tuple[str, ...]:
        """The terms of a title that has all the words, in any form."""
        return tuple(dict.fromkeys(word[:LONGEST_WORD] for word in matching.stems(words)))

    def close(self, words: str, statuses: Sequence[Status]) -> list[Task]:
        """Where nothing fits: what was perhaps meant, best first, at most three."""
        said = matching.stems(words)
        candidates: dict[int, Task] = {}
        for status in statuses:
            ids: list[int] = []
            for word in dict.fromkeys(said):
                near = self._alike(word, matching.RESEMBLANCE) or [word]
                ids += self._index.ids([near[:_ALTERNATIVES]], STATUSES[status], BOUND // 2)
            candidates |= {task.id: task for task in self._table.many(list(dict.fromkeys(ids))[: 2 * BOUND])}
        best = matching.resembling(said, {one: task.title for one, task in candidates.items()}, 2 * _SUGGESTED)
        titles: dict[str, Task] = {}
        for one in best:
            titles.setdefault(candidates[one].title.casefold(), candidates[one])
        return list(titles.values())[:_SUGGESTED]

    def _same(self, words: str, status: int) -> list[int]:
        said = matching.stems(words)
        keys = [same_words(said or (matching.plain(words),))]
        if said:
            keys += [same_letters(said), same_words(["".join(said)])]
        return [one for key in dict.fromkeys(keys) for one in self._index.ids([key], status, BOUND)]

    def _all_said(self, words: str, status: int) -> list[int]:
        required = self.required_terms(words)
        if not required:
            return []
        if len(required) > 1:
            counts = self._index.counts(required, status, BOUND * 30)
            required = tuple(sorted(required, key=counts.__getitem__))
            if not counts[required[0]]:
                return []
        return self._index.ids(required, status, BOUND)

    def _one_more_said(self, words: str, status: int) -> list[int]:
        said = list(dict.fromkeys(matching.stems(words)))
        keys = [same_words([word for word in said if word != left_out]) for left_out in said]
        return self._index.ids([keys], status, BOUND) if len(said) > 1 else []

    def _with_slips(self, words: str, status: int) -> list[int]:
        said = list(dict.fromkeys(matching.stems(words)))
        if not said:
            return []
        whole = self._alike("".join(said), matching.SLIP)
        ids = self._index.ids([whole], status, BOUND) if whole else []
        groups = list(_all_or_none(lambda word: self._alike(word, matching.SLIP), said))
        if groups:
            ids += self._index.ids(sorted(groups, key=len), status, BOUND)
        return list(dict.fromkeys(ids))

    def _alike(self, word: str, least: int) -> list[str]:
        """Words of titles that this one may be, itself first."""
        return matching.alike(word, self._index.words_near(word[:LONGEST_WORD]), least)[:_ALTERNATIVES]


def _all_or_none(alike: Callable[[str], list[str]], said: Sequence[str]) -> Iterator[list[str]]:
    groups: list[list[str]] = []
    for word in said:
        found = alike(word)
        if not found:
            return
        groups.append(found)
    yield from groups
