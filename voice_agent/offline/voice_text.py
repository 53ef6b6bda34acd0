"""Text as it is written made into text as it is said, where a voice reads it out sign by sign. Pure, English."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from voice_agent.offline.voice_codes import IDS, LINKS, NUMBERS
from voice_agent.offline.voice_codes import LEADS as _CODE_LEADS
from voice_agent.offline.voice_dates import LEADS as _DATE_LEADS
from voice_agent.offline.voice_dates import RULES as DATES
from voice_agent.offline.voice_dates import moments
from voice_agent.offline.voice_units import FIGURES, FIRST, MONEY

if TYPE_CHECKING:
    from datetime import tzinfo

LEADS = rf"(?:{_CODE_LEADS}|{_DATE_LEADS}|(?:Dr|Mrs?)\.)"
"""Plain words that may belong to the figure after them."""


def spoken(text: str, zone: tzinfo | None = None) -> str:
    """Return `text` as a person would say it, also when it is that already.

    Dates, times, amounts, links, addresses and ids are said in words; marks that are not read are taken out.

    Args:
        text: English.
        zone: the listener's, in which moments are told; None: as they are written.
    """
    for pattern, said in _BEFORE:
        text = pattern.sub(said, text)
    text = moments(text, zone)
    for pattern, said in _AFTER:
        text = pattern.sub(said, text)
    return " ".join(text.split())


def letters(text: str) -> str:
    """Return `text` with an “A” that is spelt written as it sounds, for espeak-ng takes it for the article."""
    return _LETTER.sub("ay", text)


def _pause(gap: re.Match[str]) -> str:
    """Return what is between two words: a pause where a line ends, a longer one before a new paragraph."""
    before, lines = gap.string[max(0, gap.start() - 1) : gap.start()], gap[0].count("\n")
    if not lines or not before or before in ".,;:!?" or gap.end() == len(gap.string):
        return " "
    return ", " if lines == 1 else ". "


_LETTER = re.compile(r"\bA(?=,? [A-Z\d]\b)|(?<=\b[A-Z\d] )A\b|(?<=\b[A-Z\d], )A\b")
_BEFORE = (*LINKS, *FIRST, *IDS)
_AFTER = (
    (re.compile(r"(?<=\d:\d\d) ?[-\u2013] ?(?=\d{1,2}:\d\d)"), " to "),
    *DATES,
    *MONEY,
    *NUMBERS,
    *FIGURES,
    (re.compile(r"#(?=\d)"), "number "),
    (re.compile(r"\bNo\. ?(?=\d)"), "number "),
    (re.compile(r"(?<![\d-])(\d+) ?- ?(\d+)(?![\d-]| ?=)"), r"\1 to \2"),
    (re.compile(r"(?<=\w)\s*[\u2013\u2014]\s*(?=\d)|(?<=[AP]M)\s*-\s*(?=\d)"), " to "),
    (re.compile(r"\bDr\.(?= [A-Z])"), "Doctor"),
    (re.compile(r"\bMr\.(?= [A-Z])"), "Mister"),
    (re.compile(r"\bMrs\.(?= [A-Z])"), "Missis"),
    (re.compile(r"\be\.g\.,?"), "for example,"),
    (re.compile(r"\bi\.e\.,?"), "that is,"),
    (re.compile(r"\band/or\b"), "and or"),
    (re.compile(r"\bw/o\b"), "without"),
    (re.compile(r"(?:(?<=\w) |^)> (?=\w)"), ", "),
    (re.compile(r"[“”„«»\"*`|<>{}\[\]\ufffd]+|(?<!\w)['‘’]|['‘’](?!\w)"), " "),  # noqa: RUF001 - quotation marks as they come
    (re.compile(r"(?<=\w)_(?=\w)"), " "),
    (re.compile(r"\s+"), _pause),
    (re.compile(r" ([,.;:!?])(?!\w)"), r"\1"),
)
"""In this order: dates before times, times before ranges."""
