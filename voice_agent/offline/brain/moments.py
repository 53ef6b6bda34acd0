"""Times of day, days and time zones as tools want them: `HH:MM`, dates, names of the tz database."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from functools import cache
from typing import cast

from voice_agent.offline.brain.figures import in_words
from voice_agent.offline.brain.phrases import load

_SAYS = load("values")
_CLOCK = _SAYS.pattern("clock")
_AHEAD = _SAYS.pattern("ahead")
_DATE = _SAYS.pattern("date")
_MONTHS = {name: number for number, names in enumerate(_SAYS.lines("months"), start=1) for name in names.split()}
_WEEKDAYS = _SAYS.lines("weekdays")
_NEAR = cast("dict[str, int]", _SAYS.table["near"])
_NOON, _LAST_HOUR, _LAST_MINUTE = 12, 23, 59


@cache
def _places() -> dict[str, str]:
    from zoneinfo import available_timezones

    known: dict[str, str] = {}
    for zone in sorted(available_timezones()):
        area, _, city = zone.rpartition("/")
        if area and not zone.startswith(("Etc/", "posix/", "right/", "US/", "SystemV/")):
            known.setdefault(city.replace("_", " ").lower(), zone)
    for zone, cities in load("places").table["zones"].items():
        known |= dict.fromkeys(str(cities).split(", "), str(zone))
    return known


def zones(text: str) -> list[tuple[str, int]]:
    """IANA time zones of the places in `text`, and where they stand, in order."""
    found: list[tuple[str, int]] = [
        (match[0], match.start())
        for match in re.finditer(r"\b[A-Z][a-z]+/[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_]+)?\b", text)
    ]
    if found:
        return found
    words = list(re.finditer(r"[^\W\d_]+", text))
    at = 0
    while at < len(words):
        for length in (3, 2, 1):
            phrase = " ".join(word[0].lower() for word in words[at : at + length])
            if (
                at + length <= len(words)
                and (zone := _places().get(phrase))
                and not (
                    length == 1
                    and phrase
                    in {"central", "eastern", "pacific", "mountain", "center", "west", "east", "north", "south"}
                    and not re.search(rf"{phrase} (?:standard |daylight )?time", text.lower())
                )
            ):
                found.append((zone, words[at].start()))
                at += length
                break
        else:
            at += 1
    return found


def clock_time(text: str) -> str | None:
    """The first time of day in `text` as `HH:MM`; one that is plainly a time before a bare number; or None."""
    bare: str | None = None
    for match in _CLOCK.finditer(text):
        if (said := _time_of_day(match)) is None:
            continue
        if match["named"] or match["half"] or match["minute"] or match["rel"]:
            return said
        bare = bare or said
    return bare


def _time_of_day(match: re.Match[str]) -> str | None:
    if named := match["named"]:
        return "00:00" if named.lower() == "midnight" else "12:00"
    half = (match["half"] or "").lower().replace(".", "").replace(" ", "")
    hour = in_words((match["hour"] or match["relhour"]).lower())
    minute = in_words((match["minute"] or "0").lower())
    if relation := (match["rel"] or "").lower():
        minute = {"half past": 30, "quarter past": 15, "quarter to": 45}[relation]
        hour = (hour - 1) % 24 if relation == "quarter to" else hour
    if half == "pm" and hour < _NOON:
        hour += _NOON
    if half == "am" and hour == _NOON:
        hour = 0
    return f"{hour:02}:{minute:02}" if hour <= _LAST_HOUR and minute <= _LAST_MINUTE else None


def day(text: str, now: datetime) -> date | None:
    """The first day named in `text`; None where there is none."""
    low, today = text.lower(), now.date()
    if match := re.search(r"\b(\d{4})-(\d{2})-(\d{2})\b", low):
        return _date(int(match[1]), int(match[2]), int(match[3]))
    for words, ahead in _NEAR.items():
        if words in low:
            return today + timedelta(days=ahead)
    if match := _AHEAD.search(low):
        figure = 1 if match["n"] in {"a", "an"} else in_words(match["n"])
        return today + timedelta(days=min(figure, 5000) * (7 if match["unit"] == "week" else 1))
    if match := _DATE.search(low):
        return _month_day(match, today)
    for number, name in enumerate(_WEEKDAYS):
        if re.search(rf"\b{name}\b", low):
            return today + timedelta(days=(number - today.weekday() - 1) % 7 + 1)
    return None


def _month_day(match: re.Match[str], today: date) -> date | None:
    """A day of a month: in the year that is named, else the next one to come."""
    month, number = _MONTHS[match["m"] or match["m2"]], int(match["d"] or match["d2"])
    if year := match["y"] or match["y2"]:
        return _date(int(year), month, number)
    found = _date(today.year, month, number)
    return _date(today.year + 1, month, number) if found and found < today else found


def _date(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:
        return None
