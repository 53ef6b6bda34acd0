"""Words as they are said and written: which two are forms of one, and which carry nothing by themselves (pure)."""

from __future__ import annotations

import re
import unicodedata
from itertools import takewhile
from typing import TYPE_CHECKING

from voice_agent.bridge.find.text import stem

if TYPE_CHECKING:
    from collections.abc import Collection

STEM = 4
"""Letters in which two forms of a word agree."""
_SHARE = 0.6
"""How much of the longer of two forms that is at least."""
_TOKEN = re.compile(r"[^\W_]+")


def split(text: str) -> frozenset[str]:
    """Return the words of a list in the source."""
    return frozenset(text.split())


_ENDINGS = split("s es ies y ed d ing e er ers ly n en em es te st t r") | {""}
"""What two forms of one word may end in where they differ."""
_IRREGULAR = dict(
    pair.split("/")
    for pair in split(
        """
        ate/eat bought/buy brought/bring built/build caught/catch chose/choose did/do done/do drew/draw drove/drive
        driven/drive fed/feed felt/feel flew/fly forgot/forget found/find gave/give given/give got/get held/hold
        kept/keep left/leave lent/lend lost/lose made/make met/meet paid/pay ran/run rang/ring rode/ride sang/sing
        sent/send sold/sell spent/spend spoke/speak swam/swim swept/sweep taught/teach thought/think threw/throw
        told/tell took/take taken/take went/go gone/go woke/wake won/win wore/wear written/write wrote/write
        """
    )
)
"""Forms of verbs that are no form of their other forms by their letters: “I've paid the rent” is “pay the rent”."""
LITTLE = split(
    """
    a about after all am an and any are as at be been before but by can could did do does for from get go had has have
    he her him his how i if in into is it its just let may me my no not of off on once one or our out over re she so
    some than that the their them then there these they this those to too under up us via was we were when where which
    while who will with would you your
    """
)
"""Words that carry nothing by themselves; a model sets them as its language wants it."""


def tokens(text: str) -> set[str]:
    """Return the words of a text without accents, and each sign that is a picture."""
    plain = unicodedata.normalize("NFKD", text.replace("'", "").replace("\u2019", "").casefold())
    found = set(_TOKEN.findall("".join(one for one in plain if not unicodedata.combining(one))))
    return found | {one for one in text if unicodedata.category(one) in {"So", "Sc", "Sk", "Co", "Cf"}}


def is_among(word: str, known: Collection[str]) -> bool:
    """Tell whether a word, or another form of it, is known."""
    if word in known or not word.isalpha():
        return word in known
    return any(_is_form(word, other) for other in known)


def _is_form(one: str, other: str) -> bool:
    """Tell whether two words are forms of one, in English or not: “milk” and “milks”, “plan” and “planning”."""
    one, other = _IRREGULAR.get(one, one), _IRREGULAR.get(other, other)
    if stem(one) == stem(other):
        return True
    length = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    if length < max(STEM, _SHARE * max(len(one), len(other))):
        return False
    rests = one[length:], other[length:]
    # “planning” is “plan”, an “n” more, and an ending.
    return all(rest in _ENDINGS or (rest[0] == one[length - 1] and rest[1:] in _ENDINGS) for rest in rests)
