"""From what was done to what there was to do: “bought the milk” to “the milk”, “called mom” to “call mom”."""

from __future__ import annotations

import re

_IRREGULAR = {
    past: base
    for base, pasts in {
        "buy": "bought", "get": "got gotten", "do": "did done", "send": "sent", "take": "took taken", "make": "made", "feed": "fed", "write": "wrote written",
        "read": "read", "pay": "paid", "run": "ran", "go": "went gone", "give": "gave given", "tell": "told", "meet": "met", "put": "put", "bring": "brought",
        "sell": "sold", "find": "found", "do ": "did", "eat": "ate eaten", "drink": "drank drunk", "drive": "drove driven", "speak": "spoke spoken", "see": "saw seen",
        "build": "built", "cut": "cut", "hang": "hung", "leave": "left", "sweep": "swept", "wake": "woke woken", "sign": "signed", "wrap": "wrapped", "mop": "mopped",
        "plan": "planned", "drop": "dropped", "shop": "shopped", "ship": "shipped", "submit": "submitted", "pick": "picked", "book": "booked", "set": "set", "begin": "began begun",
        "teach": "taught", "catch": "caught", "draw": "drew drawn", "throw": "threw thrown", "hold": "held", "keep": "kept", "swim": "swam swum", "ride": "rode ridden",
        "grab": "grabbed", "trim": "trimmed", "scrub": "scrubbed", "hand": "handed", "lay": "laid", "fold": "folded", "water": "watered", "renew": "renewed", "order": "ordered",
        "jog": "jogged", "stop": "stopped", "chop": "chopped", "rub": "rubbed", "skip": "skipped", "fit": "fitted", "mow": "mowed mown", "freeze": "froze frozen", "shut": "shut",
        "shovel": "shoveled shovelled", "cancel": "canceled cancelled", "call": "called", "fill": "filled", "bake": "baked", "dye": "dyed", "tie": "tied", "skim": "skimmed",
    }.items()
    for past in pasts.split()
}  # fmt: skip
_GETTING = re.compile(r"^(?:buy|get|pick up|grab|purchase|fetch|order|pick)\b\s*", re.IGNORECASE)
_NOT_PAST = frozenset(
    [
        "need",
        "feed",
        "speed",
        "seed",
        "weed",
        "bed",
        "red",
        "shed",
        "bleed",
        "breed",
        "indeed",
        "hundred",
        "embed",
        "succeed",
        "proceed",
        "exceed",
    ]
)


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
