"""Words for the ear: lists, counts, moments, without markup, ids or machine dates."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_ISO = re.compile(r"\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?\b")
_JAVASCRIPT = re.compile(
    r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (\w{3}) (\d{1,2}) (\d{4}) (\d\d:\d\d):\d\d GMT[+-]\d{4}(?: \([^)]*\))?"
)
_UUID = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b|\b[0-9a-f]{24,64}\b", re.IGNORECASE)
_TAGS = re.compile(r"</?[A-Za-z][^<>]{0,200}>")


def number(figure: int) -> str:
    """“no”, “one”, “twelve”, “13”, “20,000”."""
    if 0 <= figure < len(_SMALL):
        return _SMALL[figure]
    return f"{figure:,}" if figure >= 10_000 else str(figure)  # noqa: PLR2004 - a year has no comma


def count(figure: int, noun: str, plural: str | None = None) -> str:
    """“no tasks”, “one task”, “14 tasks”."""
    return f"{number(figure)} {noun if figure == 1 else plural or noun + 's'}"


def listing(names: Sequence[str], *, last: str = "and") -> str:
    """“a, b and c”."""
    if len(names) < 2:  # noqa: PLR2004 - one needs no “and”
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"


def ordinal(number: int) -> str:
    """“1st”, “22nd”, “11th”."""
    suffix = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")  # noqa: PLR2004 - the teens
    return f"{number}{suffix}"


def clock(moment: time) -> str:
    """“5 pm”, “8:30 am”, “noon”."""
    if (moment.hour, moment.minute) == (12, 0):
        return "noon"
    if (moment.hour, moment.minute) == (0, 0):
        return "midnight"
    hour = moment.hour % 12 or 12
    minutes = f":{moment.minute:02}" if moment.minute else ""
    return f"{hour}{minutes} {'am' if moment.hour < 12 else 'pm'}"  # noqa: PLR2004 - noon


def day(when: date, today: date) -> str:
    """“today”, “tomorrow”, “Friday”, “December 3rd”; with “on” where it needs it."""
    ahead = (when - today).days
    near = {0: "today", 1: "tomorrow", -1: "yesterday"}
    if ahead in near:
        return near[ahead]
    if 1 < ahead < 7:  # noqa: PLR2004 - within a week the name is enough
        return f"on {when:%A}"
    year = "" if when.year == today.year or abs(ahead) < 180 else f" {when.year}"  # noqa: PLR2004 - half a year leaves no doubt
    return f"on {when:%B} {ordinal(when.day)}{year}"


def moment(text: str, now: datetime) -> str:
    """An ISO 8601 day or moment as people say it; other text as it is."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return text
    if when.tzinfo and now.tzinfo:
        when = when.astimezone(now.tzinfo)
    said = day(when.date(), now.date())
    return said if len(text) <= len("2026-11-21") else f"{said} at {clock(when.time())}"


def for_the_ear(text: str, now: datetime) -> str:
    """`text` without markup, links, ids and machine dates, in one paragraph."""
    text = re.sub(r"```[^\n]*\n?|`", "", text)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = _TAGS.sub("", text)
    text = re.sub(r"(?m)^\s*\[[A-Z]+\]\s*", "", text)
    text = re.sub(r"(?m)^\s*(?:#+|[-*+•]|\d+[.)])\s+", "", text)
    text = re.sub(r"[*~|]{1,3}(?=\S)|(?<=\S)[*~|]{1,3}|(?<!\w)_+|_+(?!\w)", "", text).replace("_", " ")
    text = re.sub(r"\b(?:https?|ftp|file)://(?:www\.)?([^\s/?#]+)\S*", r"\1", text)
    text = re.sub(
        r"(?<![\w/])(?:~|[A-Za-z]:)?(?:[/\\\\][\w.@+-]+){2,}[/\\\\]?",
        lambda path: re.split(r"[/\\\\]", path[0].rstrip("/\\"))[-1],
        text,
    )
    text = re.sub(r"\s*[(\[{](?:id|ID|uuid|sha)?[:= #]*\s*(?:[0-9a-f-]{8,}|\d+)[)\]}]", "", text)
    text = _JAVASCRIPT.sub(lambda match: f"{match[1]} {ordinal(int(match[2]))} at {match[4]}", text)
    text = _ISO.sub(lambda match: re.sub(r"^on ", "", moment(match[0], now)), _UUID.sub("", text))
    text = "".join(char if char.isprintable() else " " for char in text)
    return re.sub(r"\s+([.,;:!?])", r"\1", re.sub(r"\s+", " ", text)).strip()
