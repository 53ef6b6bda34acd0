"""Words of requests and tools, reduced to what can be compared."""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_APOSTROPHES = re.compile("['\u2019]")
_JOINTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_\-./]+")
_ENDINGS = (("ies", "y"), ("sses", "ss"), ("ing", ""), ("edly", ""), ("ed", ""), ("es", ""), ("s", ""), ("ly", ""))
_SHORTEST = 3
"""Letters that a stem has at least."""

_EMPTY_WORDS = (
    "a about after all am an and any are as at be been before but by can could did do does doing done dont for from get"
    " give go going got had has have he her here him his how i id if im in into is it its ive just know let make made"
    " may me might my need new no not of off on one or our out over please put set shall she should show so some tell"
    " than that the their them then there these they this those to up us want was we were what whats when where which"
    " who whom whose why will with would you your"
)
_EMPTY = frozenset(_EMPTY_WORDS.split())
"""Words that say nothing of what is wanted."""


def words(text: str) -> list[str]:
    """Return the words of `text` in lower case; `listTasks` and `list_tasks` are two words each."""
    return _WORD.findall(_APOSTROPHES.sub("", spaced(text)).lower())


def spaced(name: str) -> str:
    """Return a name as people would write it, its words apart."""
    return _JOINTS.sub(" ", name)


def squeezed(text: str) -> str:
    """Return the letters and digits alone, in lower case: identifiers are compared so."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Return what is left of an English word in lower case without its endings: `stopped`, `stops` are `stop`."""
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST:
            word = word[: -len(ending)] + instead
            break
    if len(word) > _SHORTEST and word[-1] == word[-2] and word[-1] not in "ls":
        word = word[:-1]
    if len(word) > _SHORTEST and word.endswith("e"):
        word = word[:-1]
    if len(word) > _SHORTEST and word.endswith("y"):
        word = word[:-1] + "i"
    return word


def stems(text: str) -> list[str]:
    """Return the stem of every word."""
    return [stem(word) for word in words(text)]


def content(text: str) -> list[str]:
    """Return the stems of the words that say what is wanted, in order."""
    return [stem(word) for word in words(text) if word not in _EMPTY]
