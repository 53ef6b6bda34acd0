"""Time words: where in a sentence somebody says when. Finds them; the server that gets them reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from voice_agent.offline.brain.phrases import load

_SAYS = load("times")
WHEN = _SAYS.pattern("when")
_HOUR = _SAYS.pattern("BARE_HOUR")
_DAYLIKE = _SAYS.pattern("daylike")
_KEPT_LEADS = ("before", "after", "until", "till", "around", "in", "at", "within")


@dataclass(frozen=True, slots=True)
class When:
    """One stretch of time words."""

    start: int
    end: int
    """Where it is in the text, its preposition included."""
    words: str
    """The user's own words, without a leading “on”, “by”, “for” or “due”."""


def find(text: str) -> list[When]:
    """Every stretch of time words in `text`, in order; neighbours (“Friday”, “at three”) are one."""
    found: list[When] = []
    for match in WHEN.finditer(text):
        lead, words = match["lead"].strip().lower(), match["words"].strip()
        kept = lead.split()[0] if lead and lead.split()[0] in _KEPT_LEADS and "some point" not in lead else ""
        now = When(match.start(), match.end(), f"{kept} {words}".strip())
        if found and re.fullmatch(r",? ?(?:and )?", text[found[-1].end : now.start]):
            last = found.pop()
            gap = text[last.start : now.end]
            trimmed = gap[gap.lower().find(last.words.split()[0].lower()) :]
            now = When(last.start, now.end, trimmed.strip())
        found.append(now)
    return found


def split(text: str) -> tuple[str, str | None]:
    """`text` without its time words, and those words (a day before a time), or None where there are none."""
    whens = find(text)
    if not whens:
        return text, None
    rest, at = "", 0
    for when in whens:
        rest += text[at : when.start].rstrip(" ,") + " "
        at = when.end
    rest = re.sub(r"\s+", " ", rest + text[at:].lstrip(" ,")).strip(" ,")
    days = [when.words for when in whens if _DAYLIKE.search(when.words)]
    hours = [when.words for when in whens if not _DAYLIKE.search(when.words)]
    return rest, " ".join([*days, *hours])


def is_only_time(text: str) -> bool:
    """Whether `text` is time words and nothing else."""
    rest, due = split(text.strip(" .,?!"))
    return (
        due is not None
        and not re.sub(r"\b(?:on|at|by|to|for|the|please|instead|then)\b", "", rest, flags=re.IGNORECASE).strip()
    )


def is_hour(text: str) -> bool:
    """Whether `text` is no more than an hour (“four”, “7”, “430”), which only some sentences mean as a time."""
    return bool(_HOUR.fullmatch(text.strip(" .,?!")))
