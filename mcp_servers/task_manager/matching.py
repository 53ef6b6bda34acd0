"""Finding titles by the words that people use for them: "taking out the trash" is "take out trash".

Pure. Five kinds of match, best first, and only the best kind that finds anything counts: letter for letter; the same
words in any form; all the words that were said; all the words of the title and one more; with slips of ear or pen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SLIP = 84
"""How alike (0 to 100) two words of four letters or more are that count as one misheard; numbers never do."""
RESEMBLANCE = 60
"""How alike a title is that is worth suggesting."""


def _pairs(lines: str) -> dict[str, str]:
    """`verb: form form` lines, as form to verb."""
    split = (line.partition(":") for line in lines.strip().splitlines())
    return {form: verb.strip() for verb, _, forms in split for form in forms.split()}


_IGNORED = frozenset(
    re.findall(
        r"\w+",
        "a an the my our your his her their its this that these those some any to of for in on at with and about "
        "please i me we you it is are was be been am will would should need needs have has had do does did task "
        "tasks todo item items reminder reminders one thing out up from into",
    )
)
_IRREGULAR = _pairs("""
    begin: began begun
    bring: brought
    build: built
    buy: bought
    catch: caught
    child: children
    choose: chose chosen
    draw: drew drawn
    drive: drove driven
    eat: ate eaten
    feed: fed
    find: found
    get: got gotten
    give: gave given
    go: went gone
    hang: hung
    keep: kept
    leave: left
    lend: lent
    make: made
    meet: met
    pay: paid
    run: ran
    sell: sold
    send: sent
    sew: sewn
    speak: spoke spoken
    sweep: swept
    take: took taken
    teach: taught
    tell: told
    throw: threw thrown
    write: wrote written
""")


NOTHING = 5
"""The rank of no match at all."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the words mean."""

    rank: int
    """The kind of match, 0 the best; `NOTHING` for none."""
    ids: tuple[int, ...]


def find(words: str, titles: Mapping[int, str], *, slips: bool = False) -> Found:
    """The titles that the words mean, in the order of `titles`; `slips`: also those that they mean if misheard."""
    literal = tuple(number for number, title in titles.items() if plain(title) == plain(words))
    if literal:
        return Found(0, literal)
    said = stems(words)
    if not said:
        return Found(NOTHING, ())
    kinds = (_same, _all_said, _one_more_said, _with_slips) if slips else (_same, _all_said, _one_more_said)
    for rank, fits in enumerate(kinds, start=1):
        ids = tuple(number for number, title in titles.items() if fits(said, stems(title)))
        if ids:
            return Found(rank, ids)
    return Found(NOTHING, ())


def plain(words: str) -> str:
    """Letter for letter, but for case and blanks."""
    return " ".join(words.casefold().split())


@lru_cache(maxsize=4096)
def stems(words: str) -> tuple[str, ...]:
    """The words that matter, without their endings."""
    found = re.findall(r"[^\W_]+", re.sub(r"['’](s\b)?", "", words.casefold()))  # noqa: RUF001 - people type it
    kept = [word for word in found if word not in _IGNORED] or found
    return tuple(_stem(word) for word in kept)


def _stem(word: str) -> str:
    """One form for "cleaning", "cleaned", "cleans"; rough, but the same for title and words."""
    word = _IRREGULAR.get(word, word)
    for ending, least in (("ings", 4), ("ing", 4), ("ied", 2), ("ies", 2), ("ed", 3), ("es", 3), ("s", 3)):
        if word.endswith(ending) and len(word) - len(ending) >= least - 1 and not word.endswith("ss"):
            word = word[: -len(ending)] + ("y" if ending.startswith("ie") else "")
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":  # noqa: PLR2004 - "egg" stays
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word[-1] == "e" else word  # noqa: PLR2004 - "tie" stays


def _same(said: tuple[str, ...], title: tuple[str, ...]) -> bool:
    return set(said) == set(title) or "".join(said) == "".join(title)


def _all_said(said: tuple[str, ...], title: tuple[str, ...]) -> bool:
    return set(said) <= set(title)


def _one_more_said(said: tuple[str, ...], title: tuple[str, ...]) -> bool:
    return bool(title) and set(title) <= set(said) and len(set(said)) == len(set(title)) + 1


def _with_slips(said: tuple[str, ...], title: tuple[str, ...]) -> bool:
    heard_apart = any(_alike("".join(said), other) for other in title)  # "pass port"
    return heard_apart or all(any(_alike(word, other) for other in title) for word in said)


def _alike(word: str, other: str) -> bool:
    from rapidfuzz import fuzz

    if word == other:
        return True
    return mistakable(word) and mistakable(other) and fuzz.ratio(word, other) >= SLIP


def mistakable(word: str) -> bool:
    """Whether it can be another word misheard: short ones and numbers differ by a letter or a digit."""
    return len(word) >= 4 and word.isalpha()  # noqa: PLR2004 - letters


def lengths(word: str, least: int) -> range:
    """How long words can be that are so much (0 to 100) like this one."""
    shortest = -(-len(word) * least // (200 - least))
    return range(max(4, shortest), len(word) * (200 - least) // least + 1)


def alike(word: str, known: Sequence[str], least: int) -> list[str]:
    """Those of the known words that are so much (0 to 100) like this one, best first, after itself."""
    from rapidfuzz import fuzz, process

    found = process.extract(word, known, scorer=fuzz.ratio, processor=None, limit=21, score_cutoff=least)
    return [word, *(one for one, _, _ in found if one != word)]


def resembling(said: tuple[str, ...], titles: Mapping[int, str], limit: int) -> tuple[int, ...]:
    """The titles that are most like what was said, best first."""
    from rapidfuzz import fuzz, process

    joined = {number: " ".join(stems(title)) for number, title in titles.items()}
    best = process.extract(
        " ".join(said), joined, scorer=fuzz.token_set_ratio, processor=None, limit=limit, score_cutoff=RESEMBLANCE
    )
    return tuple(number for _, _, number in best)
