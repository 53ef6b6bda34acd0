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
    from collections.abc import Iterator, Sequence

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
        self._near: dict[tuple[str, int], list[str]] = {}

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
        missing = {word for word in said if word not in known}
        doubtful = missing or set(said)
        ids: list[int] = []
        if 0 < len(said) <= _RUN_TOGETHER:
            ids += self._index.ids([self._alike("".join(said), matching.SLIP)], number, BOUND)
        if len(said) > 1 and all(matching.mistakable(word) for word in missing):
            groups = [self._alike(word, matching.SLIP) if word in doubtful else [word] for word in said]
            rarest_first = self._index.rarest_first(groups, number)
            ids += self._index.ids(rarest_first, number, BOUND) if rarest_first else []
        return self._hits(words, list(dict.fromkeys(ids)), slips=True)

    def missing(self, words: str, status: Status) -> int:
        """How many of the words no task of that status has."""
        said = {word[:LONGEST_WORD] for word in matching.stems(words)}
        return len(said - self._index.known(said, STATUSES[status]))

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
        """Words of titles that this one may be, itself first.

        Where there are very many, it is one that begins with the same letter, as most that are misheard do, if any is.
        """
        word = word[:LONGEST_WORD]
        if (word, least) not in self._near:
            found = [word]
            for known in self._known_to(word, least):
                found = matching.alike(word, known, least)[:_ALTERNATIVES]
                if len(found) > 1:
                    break
            self._near[word, least] = found
        return self._near[word, least]

    def _known_to(self, word: str, least: int) -> Iterator[Sequence[str]]:
        """The words to compare it with, the likeliest first."""
        if not matching.mistakable(word):
            return
        if not self._is_read:
            self._vocabulary, self._is_read = self._index.vocabulary(), True
        if self._vocabulary is not None:
            yield self._vocabulary
            return
        lengths = matching.lengths(word, least)
        yield self._index.words_of(lengths, word[0])
        if least == matching.SLIP:  # what is only suggested is not worth reading all of them
            yield self._index.words_of(lengths)


def _keys(words: str, said: Sequence[str]) -> tuple[list[str], list[str]]:
    """The terms of the titles that are the same words, and of those that are these but for one."""
    same = [same_words(said or (matching.plain(words),))]
    if said:
        same += [same_letters(said), same_words(["".join(said)])]
    different = list(dict.fromkeys(said))
    fewer = [same_words([word for word in different if word != left_out]) for left_out in different]
    return list(dict.fromkeys(same)), fewer if len(different) > 1 else []
