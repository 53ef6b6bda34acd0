"""Numbers in digits and in words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from voice_agent.offline.brain.phrases import load

_SAYS = load("values")
_UNITS = {word: number for number, word in enumerate(_SAYS.lines("units"))}
_TENS = {word: 10 * number for number, word in enumerate(_SAYS.lines("tens"), start=2)}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000, "billion": 1_000_000_000}
_NUMBER = _SAYS.pattern("number")


@dataclass(frozen=True, slots=True)
class Number:
    """A number, and where it stands."""

    value: int | float
    start: int
    end: int


def numbers(text: str) -> list[Number]:
    """The numbers in `text`, as digits or in words, in order; “two and three” are two."""
    found: list[Number] = []
    for match in _NUMBER.finditer(text):
        words = match[0].lower()
        negative = words.startswith(("minus", "negative", "-"))
        plain = re.sub(r"^(?:minus |negative |-)", "", words)
        if plain[0].isdigit():
            value: int | float = (
                float(plain.replace(",", "")) if "." in plain else int(plain.replace(",", "").rstrip(".") or 0)
            )
            found.append(Number(-value if negative else value, match.start(), match.end()))
            continue
        at = match.start()
        for part in re.split(r"(?<!hundred)(?<!thousand)(?<!million) and ", plain):
            whole, _, fraction = part.partition(" point ")
            value = in_words(whole)
            if fraction:
                value = float(f"{value}." + "".join(str(_UNITS.get(digit, 0)) for digit in fraction.split()))
            found.append(Number(-value if negative else value, at, match.end()))
    return found


def in_words(text: str) -> int:
    """A whole number in words or digits; 0 for what is none."""
    if text.isdigit():
        return int(text)
    total = current = 0
    for word in re.split(r"[\s-]+", text):
        if word in _UNITS:
            current += _UNITS[word]
        elif word in _TENS:
            current += _TENS[word]
        elif word == "hundred":
            current = max(current, 1) * 100
        elif word in _SCALES:
            total, current = total + max(current, 1) * _SCALES[word], 0
    return total + current
