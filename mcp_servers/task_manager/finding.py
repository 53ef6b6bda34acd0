"""Tasks by the words that people use for them, over the index: `matching` decides, on the few titles that can fit.

Nothing here reads every title: each kind of match asks the index for its candidates, `BOUND` of them at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from mcp_servers.task_manager import matching
from mcp_servers.task_manager.selecting import STATUSES
from mcp_servers.task_manager.terms import LONGEST_WORD, same_letters, same_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcp_servers.task_manager.models import Status, Task
    from mcp_servers.task_manager.store import TaskTable

BOUND = 40
"""How many candidates of one kind are looked at."""
_ALTERNATIVES = 8
"""How many words a misheard one can stand for."""
_RUN_TOGETHER = 3
"""How many words can have been one: "pass port"."""
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
        self._index = table.index
        self._vocabulary: list[str] | None = None
        self._is_read = False
        self._near: dict[str, list[tuple[str, float]]] = {}

    def find(self, words: str, status: Status) -> Hits:
        """The best kind of match that finds anything, but for slips; newest first."""
        said, number = matching.stems(words), STATUSES[status]
        same, one_more_said = self._index.ids_of_each(_keys(words, said), number, BOUND)
        if (hits := self._hits(words, same)).tasks:
            return hits
        groups = self._index.rarest_first([[term] for term in self.required_terms(words)], number) if said else []
        all_said = self._index.ids(groups, number, BOUND) if groups else []
        hits = self._hits(words, all_said)
        return hits if hits.tasks else self._hits(words, one_more_said)

    def misheard(self, words: str, status: Status) -> Hits:
        """What the words mean with a slip of ear or pen; newest first.

        Where no task of that status has some of the words, it is those that were misheard; else it may be any of them.
        """
        said = list(dict.fromkeys(word[:LONGEST_WORD] for word in matching.stems(words)))
        number = STATUSES[status]
        known = self._index.known(said, number)
        doubtful = {word for word in said if word not in known} or set(said)
        groups = [self._alike(word, matching.SLIP) if word in doubtful else [word] for word in said]
        ids: list[int] = []
        if 0 < len(said) <= _RUN_TOGETHER:
            ids += self._index.ids([self._alike("".join(said), matching.SLIP)], number, BOUND)
        if len(said) > 1 and any(len(group) > 1 for group in groups):
            rarest_first = self._index.rarest_first(groups, number)
            ids += self._index.ids(rarest_first, number, BOUND) if rarest_first else []
        return self._hits(words, list(dict.fromkeys(ids)), slips=True)

    def _hits(self, words: str, ids: Sequence[int], *, slips: bool = False) -> Hits:
        candidates = {task.id: task for task in self._table.many(ids)}
        found = matching.find(words, {one: task.title for one, task in candidates.items()}, slips=slips)
        return Hits(found.rank, tuple(candidates[one] for one in sorted(found.ids, reverse=True)), len(ids) < BOUND)

    def required_terms(self, words: str) -> tuple[str, ...]:
        """The terms of a title that has all the words, in any form."""
        return tuple(dict.fromkeys(word[:LONGEST_WORD] for word in matching.stems(words)))

    def close(self, words: str, statuses: Sequence[Status]) -> list[Task]:
        """Where nothing fits: what was perhaps meant, best first, at most three."""
        said = matching.stems(words)
        candidates: dict[int, Task] = {}
        for status in statuses:
            groups = [self._alike(word, matching.RESEMBLANCE) for word in dict.fromkeys(said)]
            ids = list(chain.from_iterable(self._index.ids_of_each(groups, STATUSES[status], BOUND // 2)))
            candidates |= {task.id: task for task in self._table.many(list(dict.fromkeys(ids))[: 2 * BOUND])}
        best = matching.resembling(said, {one: task.title for one, task in candidates.items()}, 2 * _SUGGESTED)
        titles: dict[str, Task] = {}
        for one in best:
            titles.setdefault(candidates[one].title.casefold(), candidates[one])
        return list(titles.values())[:_SUGGESTED]

    def _alike(self, word: str, least: int) -> list[str]:
        """Words of titles that this one may be, itself first."""
        if word not in self._near:
            short = word[:LONGEST_WORD]
            self._near[word] = matching.alike(short, lambda: self._words_near(short), matching.RESEMBLANCE)
        return [one for one, score in self._near[word] if score >= least][:_ALTERNATIVES]

    def _words_near(self, word: str) -> list[str]:
        if not self._is_read:
            self._vocabulary, self._is_read = self._index.vocabulary(), True
        return self._index.words_near(word) if self._vocabulary is None else self._vocabulary


def _keys(words: str, said: Sequence[str]) -> tuple[list[str], list[str]]:
    """The terms of the titles that are the same words, and of those that are these but for one."""
    same = [same_words(said or (matching.plain(words),))]
    if said:
        same += [same_letters(said), same_words(["".join(said)])]
    different = list(dict.fromkeys(said))
    fewer = [same_words([word for word in different if word != left_out]) for left_out in different]
    return list(dict.fromkeys(same)), fewer if len(different) > 1 else []
