"""A number as it is said in answer to a field: digits one by one, years, halves, dozens; never a sum of them. Pure."""

from __future__ import annotations

import re

from voice_agent.offline.brain.figures import in_words, numbers

_UNITS = "zero|oh|one|two|three|four|five|six|seven|eight|nine"
_TEENS = "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_DIGITS = re.compile(rf"(?:{_UNITS})(?: (?:{_UNITS}))+")
_PAIR = rf"(?:(?:{_TENS})(?: (?:{_UNITS}))?|{_TEENS})"
_PAIRS = re.compile(rf"(?P<first>{_PAIR}) (?P<second>{_PAIR}|(?:oh|o|zero) (?:{_UNITS}))")
_UNSUMMABLE = re.compile(
    rf"\b(?:(?:{_UNITS}|{_TEENS}) (?:{_UNITS}|{_TEENS}|{_TENS})|(?:{_TENS}) (?:{_TEENS}|{_TENS}))\b"
)
"""Number words after each other that are no one number: “nineteen ninety nine”."""
_PARTS = {"half": 0.5, "quarter": 0.25, "three quarters": 0.75}
_PART = re.compile(r"(?:^|\band )(?:an? |one )?(?P<part>half|three quarters|quarter)\b(?! (?:past|to|a dozen))")
_DOZENS = (("half a dozen", 6), ("a dozen", 12), ("one dozen", 12), ("two dozen", 24))
_HUNDRED = 100


def read_number(text: str, *, is_whole: bool) -> int | float | None:
    """Return the one number in `text`; None where there is none, or several, or where it can be read in two ways.

    Args:
        text: The user's words.
        is_whole: Only a whole number is wanted: “nineteen ninety nine” is 1999 then, and else may be a price.
    """
    low = " ".join(re.sub(r"(?<=[a-z])-(?=[a-z])", " ", text.lower()).split())
    low = low.replace("3 quarters", "three quarters")
    for words, count in _DOZENS:
        low = re.sub(rf"\b{words}\b", str(count), low)
    part = _PART.search(low)
    if part is not None:
        rest = low[: part.start()] + low[part.end() :]
        found = numbers(rest)
        if len(found) > 1 or _UNSUMMABLE.search(rest):
            return None
        return (found[0].value if found else 0) + _PARTS[part["part"]]
    if (
        (run := _DIGITS.search(low)) is not None
        and " point " not in low
        and not numbers(low[: run.start()] + low[run.end() :])
    ):
        return int("".join(str(in_words(word)) for word in run[0].split()))
    pairs = _PAIRS.search(low)
    if pairs is not None and is_whole and not numbers(low[: pairs.start()] + low[pairs.end() :]):
        return in_words(pairs["first"]) * _HUNDRED + in_words(re.sub(r"^(?:oh|o) ", "", pairs["second"]))
    found = numbers(low)
    whole = re.sub(rf"\bpoint(?: (?:{_UNITS})\b)+", "", low)
    return found[0].value if len(found) == 1 and not _UNSUMMABLE.search(whole) else None
