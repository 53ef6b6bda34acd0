"""Finds which of several options is meant: by place, by name, or by the words that only one of them has. Pure."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from voice_agent.agents.answers import Answer, answer_of, plain
from voice_agent.agents.ask_words import pattern, words
from voice_agent.offline.brain.figures import in_words, numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voice_agent.bridge.forms import Choice

_PLACE = re.compile(
    r"(?:the )?(?:(?:number|option|item|choice|no) )?(?P<place>\w+)(?: (?:one|option|item|choice|task|of them))*"
)
_EMPTY = {"the", "a", "an", "one", "ones", "of", "them", "with", "for", "to", "that", "is", "it", "i", "mean", "and"}
_BESIDE = {
    "just",
    "only",
    "both",
    "please",
    "also",
    "plus",
    "as",
    "well",
    "would",
    "like",
    "d",
    "s",
    "ll",
    "take",
    "want",
}
_AND = re.compile(r"\s*(?:,|&|\band\b|\bplus\b|\bas well as\b)\s*")
_CLOSE = 0.75
"""How alike a misheard word must be."""
_SURE, _ALIKE = 4, 3
"""What a word counts that an option has, and one that is only alike; half of what was heard must fit."""


def pick(choices: Sequence[Choice], text: str) -> Choice | None:
    """Return the one option that `text` means; None where it is none, or could be several."""
    said = plain(text)
    exact = [one for one in choices if said in {plain(one.title), plain(one.value)}]
    if re.fullmatch(r"\w(?: \w)+", said):
        together = said.replace(" ", "")
        exact = [one for one in choices if together in {plain(one.title), plain(one.value)}]
    if len(exact) == 1:
        return exact[0]
    if len(choices) == 1 and answer_of(text) is Answer.YES:
        return choices[0]
    if pattern("not_that").search(said):
        choices = [one for one in choices if pattern("not_that").search(plain(one.title))]
    if (place := _place(said, len(choices))) is not None:
        return choices[place]
    heard = [word for word in said.split() if word not in _EMPTY]
    scores = [_score(heard, plain(f"{one.title} {one.value}").split()) for one in choices]
    best = max(scores, default=0)
    if not best or best * 2 < _SURE * len(heard) or scores.count(best) > 1:
        return None
    return choices[scores.index(best)]


def pick_several(choices: Sequence[Choice], text: str) -> list[Choice]:
    """Return the options that `text` names, in their own order; none where a part of it names no option."""
    said = plain(text)
    if re.fullmatch(words()["spoken"]["all"], said):
        return list(choices)
    if (but := pattern("all_but").search(said)) is not None:
        left = pick_several(choices, said[but.end() :])
        return [one for one in choices if one not in left] if left else []
    if (some := pattern("first_few").fullmatch(said)) is not None:
        count = in_words(some["count"])
        few = choices[-count:] if some["end"] == "last" else choices[:count]
        return list(few) if 0 < count <= len(choices) else []
    if (one := pick(choices, text)) is not None and not _AND.search(text):
        return [one]
    named, rest = _named(choices, said)
    if named and not rest:
        return named
    parts = [pick(choices, part) for part in _AND.split(text) if part]
    found = {id(one) for one in parts if one is not None}
    return [one for one in choices if id(one) in found] if parts and all(parts) else []


def _named(choices: Sequence[Choice], said: str) -> tuple[list[Choice], list[str]]:
    """Return the options whose titles are said, in their own order, and what else is said; longer titles first."""
    found: set[int] = set()
    for place in sorted(range(len(choices)), key=lambda place: -len(choices[place].title)):
        without = re.sub(rf"\b{re.escape(plain(choices[place].title))}\b", " , ", said)
        if without != said:
            found.add(place)
            said = without
    rest = [word for word in said.replace(",", " ").split() if word not in _EMPTY | _BESIDE]
    return [choices[place] for place in sorted(found)], rest


def is_only(choice: Choice, text: str) -> bool:
    """Tell whether `text` says nothing but which option it is, apart from the first word: `take the oat milk one`."""
    first, *said = [word for word in plain(text).split() if word not in _EMPTY | _BESIDE] or [""]
    theirs = plain(f"{choice.title} {choice.value}").split()
    return not first.startswith("wh") and all(get_close_matches(word, theirs, n=1, cutoff=_CLOSE) for word in said)


def _place(said: str, count: int) -> int | None:
    """Return the index that `the second one`, `number two` or `the last` means."""
    match = _PLACE.fullmatch(said)
    if match is None:
        return None
    word = match["place"]
    if word in {"last", "latter"}:
        return count - 1
    if word == "former":
        return 0
    for index, names in enumerate(words()["spoken"]["ordinals"]):
        if word in names.split("|"):
            return index if index < count else None
    found = numbers(word)
    place = in_words(word) if len(found) == 1 else 0
    return place - 1 if 0 < place <= count else None


def _score(heard: Sequence[str], theirs: Sequence[str]) -> int:
    """Return how much of what was heard an option has; words that are only alike count less."""
    score = 0
    for word in heard:
        if word in theirs:
            score += _SURE
        elif get_close_matches(word, theirs, n=1, cutoff=_CLOSE):
            score += _ALIKE
    return score
