"""What the user has said, as wishes: a deed, and the words that are said of it and of no other deed (pure).

Somebody who says “add milk and complete the dentist” wants nothing done to the dentist but that it be completed. A wish
begins with the clause that names its deed and reaches to the next that names a deed, asks a question, or says that
something is so. What was said before it belongs to it only where it points back (“make it urgent”), or names nothing of
its own (“remind me”).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from voice_agent.agents.asked_for import asked_at, deed_of, goes_on, named_at, places
from voice_agent.agents.clauses import HEADS, IDLE, clauses, wish
from voice_agent.agents.time_words import without_time
from voice_agent.agents.told import PLACES
from voice_agent.agents.word_forms import split
from voice_agent.bridge.find.text import words
from voice_agent.bridge.policy import WRITES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from voice_agent.agents.asked_for import Turn

TURNS = 2
"""Turns of the user whose words count as said lately."""
_VERB = 2
"""Words of what names a deed and nothing else; in more, as in “get bread on the list”, is what it is about."""
_LOOKS = split("show list tell search find look play read google")
"""Verbs that begin a wish to be told something, at the head of a clause."""
_LEAD = split(
    "please can could would will you i id we lets let us also now just then and ok okay by the way btw oh um uh"
)
_BACK = re.compile(
    r"\b(?:it|them|those|these)\b"
    r"|\b(?:that|this)(?= (?:one|to|on|onto|as|in|off|for|un?til|till|by|at|back|again|done|too|instead|with"
    r"|from|was|is|has|down|up|high|low|normal|urgent|today|tomorrow|next)\b|$)"
)
"""How a wish points back."""
_GOES_WITH = re.compile(rf"^(?:its|thats|theyre)\b|{_BACK.pattern}")
"""How a clause says more of what was just named."""
_TELLS = re.compile(
    r"^(?:i|we|he|she|they|you|it|its|ive|im|hes|shes|theres|thats|thanks)\b|\b(?:was|were|is|are|has|had|said)\b"
)
"""How a clause says that something is so, and belongs to no list."""
_ALL = re.compile(r"\b(?:them|those|these|all|both|everything)\b")


@dataclass(frozen=True, slots=True)
class Wish:
    """One deed and what was said of it."""

    clauses: tuple[str, ...]
    about: tuple[frozenset[str], ...]
    """Of each clause, the words that say what it is about, beside the deed."""
    before: tuple[str, ...] = ()
    """What was said before and is pointed back to."""
    after: tuple[str, ...] = ()
    """What was said next and points back here: it says how or when, too."""
    added: int = 0
    """How many of the clauses, the last ones, were said in a turn of their own."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Clauses that belong together."""

    clauses: tuple[str, ...]
    deed: range | None
    """Which words of the first clause name the deed in question."""
    is_begun: bool
    """The first clause names some deed, or asks."""

    @property
    def plain(self) -> str:
        return " ".join(words(" , ".join(self.clauses)))

    @property
    def things(self) -> frozenset[str]:
        """The words that say what it is about, beside its deed."""
        return frozenset[str]().union(*self.about)

    @property
    def about(self) -> tuple[frozenset[str], ...]:
        """Those words of each clause."""
        return tuple(self._things(place, clause) for place, clause in enumerate(self.clauses))

    def _things(self, place: int, clause: str) -> frozenset[str]:
        heard = (wish(clause) or " ".join(words(clause))).split()
        if place == 0 and self.deed is not None:
            del heard[self.deed.start : self.deed.stop if len(self.deed) <= _VERB else self.deed.start + 1]
        return things_in(" ".join(heard))

    @property
    def points_back(self) -> bool:
        return not self.things or _BACK.search(self.plain) is not None


def things_in(clause: str) -> frozenset[str]:
    """Return the words of a clause that say what it is about; the verbs that begin most wishes do not."""
    return frozenset(words(without_time(clause))) - (IDLE | _LOOKS)


def wishes_for(name: str, names: Iterable[str], turns: Sequence[Turn]) -> list[Wish]:
    """Return what the user wishes of the tool called `name`.

    Args:
        name: Of the tool in question.
        names: Of all tools: where one of them is asked for, what is asked of another has ended.
        turns: Of the user, newest first.
    """
    at = asked_at(name, turns)
    if at is None:
        return []
    deeds = frozenset(word for one in names for word in deed_of(one) if word in WRITES)
    lately = max(TURNS, 1 + len(list(takewhile(lambda turn: turn.is_answer, turns))))
    said = [_parts(turn.text, name, deeds) for turn in turns[:lately]]
    if at == 0:
        return [
            _wish(part, _before(said, place), after=said[0][place + 1 :])
            for place, part in enumerate(said[0])
            if part.deed is not None
        ]
    free = _Part(tuple(clause for parts in reversed(said[:at]) for clause in _free(parts)), None, is_begun=False)
    asked = [part for part in said[at] if part.deed is not None] if at < lately else []
    if turns[at].is_served and _TELLS.search(free.plain):
        return []
    if turns[at].is_served or not asked:
        last = asked[-1].clauses if asked and free.points_back else ()
        return [_wish(free, last)] if free.clauses else []
    return [
        _wish(part, _before(said[at:], said[at].index(part)), free if _is_one(part, free, turns[0]) else None)
        for part in asked
    ]


def _wish(part: _Part, before: tuple[str, ...], more: _Part | None = None, after: Sequence[_Part] = ()) -> Wish:
    more = more or _Part((), None, is_begun=False)
    back = takewhile(lambda one: _GOES_WITH.search(one.plain), after)
    return Wish(
        (*part.clauses, *more.clauses),
        (*part.about, *more.about),
        before,
        tuple(clause for one in back for clause in one.clauses),
        len(more.clauses),
    )


def _is_one(part: _Part, free: _Part, newest: Turn) -> bool:
    """Tell whether what is said newly completes a wish of before."""
    return newest.is_answer or goes_on(newest.text) or not part.things or not free.things


def _free(parts: Sequence[_Part]) -> tuple[str, ...]:
    """Return what is said before any deed."""
    return parts[0].clauses if parts and not parts[0].is_begun else ()


def _before(said: Sequence[Sequence[_Part]], place: int) -> tuple[str, ...]:
    """Return what a part of the newest turn points back to, and what was said first of when."""
    parts = said[0]
    when = _free(parts) if place == 1 and not parts[0].things else ()
    part = parts[place]
    if not part.points_back or (not part.things and not PLACES.keys().isdisjoint(part.plain.split())):
        return when
    older = said[1] if len(said) > 1 else ()
    found: list[str] = []
    for one in reversed([one for one in parts[:place] if one.things] or [one for one in older if one.things]):
        found = [*one.clauses, *found]
        if not one.points_back and not _ALL.search(part.plain):
            break
    return (*when, *found)


def _parts(text: str, name: str, deeds: frozenset[str]) -> list[_Part]:
    found: list[_Part] = []
    for clause in clauses(text):
        plain = wish(clause)
        named = places(name, plain)
        is_begun = bool(named) or not plain or _looks(plain) or bool(named_at(deeds, plain))
        if is_begun or not found or _TELLS.search(plain):
            found.append(_Part((clause,), named[0] if named else None, is_begun))
        else:
            last = found.pop()
            found.append(_Part((*last.clauses, clause), last.deed, last.is_begun))
    return found


def _looks(plain: str) -> bool:
    """Tell whether a clause begins with a wish of some kind."""
    heard = plain.split()
    begun = heard[len(list(takewhile(lambda word: word in _LEAD, heard))) :]
    return bool(begun) and begun[0] in HEADS | _LOOKS
