"""From what was done to what there was to do: “bought the milk” to “the milk”, “called mom” to “call mom”."""

from __future__ import annotations

import re

from voice_agent.offline.brain.phrases import load

_SAYS = load("verbs")
_IRREGULAR = {past: str(base) for base, pasts in _SAYS.table["past"].items() for past in str(pasts).split()}
_GETTING = _SAYS.pattern("getting")
_NOT_PAST = _SAYS.words("not_past")


def base(verb: str) -> str | None:
    """The plain form of a verb in the past; None where it is not one."""
    word = verb.lower()
    if word in _IRREGULAR:
        return _IRREGULAR[word].strip()
    if not word.endswith("ed") or len(word) < 4 or word in _NOT_PAST:  # noqa: PLR2004 - “ed” and a stem
        return None
    stem = word[:-2]
    if stem.endswith("i"):
        return stem[:-1] + "y"
    if len(stem) > 2 and stem[-1] == stem[-2] and stem[-1] not in "lsz":  # noqa: PLR2004 - a doubled last letter
        return stem[:-1]
    if re.search(r"(?:[aeiou][^aeiouwxy]|[^aeiou]l|rg|nc|ng|dg|rv|lv|[aeiou]rs|ns|uu|u)$", stem) and not re.search(
        r"(?:ee|ea|oo|ou|ai|oi|oa|au)[^aeiou]$|(?:en|er|on|it|et|op|ip|ow|el|al|il|ail|or)$", stem
    ):
        return stem + "e"
    return stem


def undo_past(words: str) -> str | None:
    """`words` that begin with a verb in the past, as a task would name them; None where they do not."""
    first, _, rest = words.partition(" ")
    plain = base(first)
    if plain is None or not rest:
        return None
    return rest if plain in ("do", "go") else strip_getting(f"{plain} {rest}")


def strip_getting(words: str) -> str:
    """What is to be bought, without the verb: “buy milk”, “get milk” and “pick up milk” are one task to people."""
    if re.match(r"^(?:pick|got?) .+ up$", words, re.IGNORECASE):
        words = words[: -len(" up")]
    shorter = _GETTING.sub("", words)
    return shorter or words
