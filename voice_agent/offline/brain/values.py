"""Values in spoken words: numbers, places' time zones, clock times, days, paths, addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from voice_agent.offline.brain.phrases import load

_UNITS = {
    word: number
    for number, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
_TENS = {
    word: 10 * number
    for number, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000, "billion": 1_000_000_000}
_WORD = "|".join([*_UNITS, *_TENS, *_SCALES])
_NUMBER = re.compile(
    rf"(?<![\w./:-])(?:(?:minus |negative |-)?\d[\d,]*(?:\.\d+)?(?![\w:/-]|\.\d)|(?:minus |negative )?(?:a (?=hundred|thousand|million))?(?:{_WORD})(?:(?:[ -]| and )(?:{_WORD}))*(?: point (?:(?:{_WORD})\s?)+)?\b)",
    re.IGNORECASE,
)


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
            value = _in_words(whole)
            if fraction:
                value = float(f"{value}." + "".join(str(_UNITS.get(digit, 0)) for digit in fraction.split()))
            found.append(Number(-value if negative else value, at, match.end()))
    return found


def _in_words(text: str) -> int:
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


_CLOCK = re.compile(
    rf"\b(?:(?P<named>noon|midday|midnight)|(?P<rel>half past|quarter past|quarter to) (?P<relhour>\d{{1,2}}|{_WORD})|(?P<hour>\d{{1,2}}|{_WORD})(?:[:.h ](?P<minute>\d{{2}}|thirty|fifteen|forty[- ]five))?\s*(?P<half>[ap]\.?\s?m\b\.?|o'?\s?clock)?)",
    re.IGNORECASE,
)


def clock_time(text: str) -> str | None:
    """The first time of day in `text` as `HH:MM`; None where there is none."""
    best: str | None = None
    for match in _CLOCK.finditer(text):
        if match["named"]:
            return "00:00" if match["named"].lower() == "midnight" else "12:00"
        half = (match["half"] or "").lower().replace(".", "").replace(" ", "")
        hour_word = (match["hour"] or match["relhour"]).lower()
        hour = int(hour_word) if hour_word.isdigit() else _in_words(hour_word)
        minute_word = (match["minute"] or "0").lower()
        minute = int(minute_word) if minute_word.isdigit() else _in_words(minute_word)
        if match["rel"]:
            hour, minute = {"half past": (hour, 30), "quarter past": (hour, 15), "quarter to": ((hour - 1) % 24, 45)}[
                match["rel"].lower()
            ]
        if half == "pm" and hour < 12:  # noqa: PLR2004 - noon
            hour += 12
        if half == "am" and hour == 12:  # noqa: PLR2004 - midnight
            hour = 0
        if hour > 23 or minute > 59:  # noqa: PLR2004 - no time of day
            continue
        said = f"{hour:02}:{minute:02}"
        if half or match["minute"] or match["rel"]:
            return said
        best = best or said
    return best


_MONTHS = {name: number for number, names in enumerate(["january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug", "september sep sept", "october oct", "november nov", "december dec"], start=1) for name in names.split()}  # fmt: skip
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def day(text: str, now: datetime) -> date | None:
    """The first day named in `text`; None where there is none."""
    low, today = text.lower(), now.date()
    if match := re.search(r"\b(\d{4})-(\d{2})-(\d{2})\b", low):
        return _date(int(match[1]), int(match[2]), int(match[3]))
    near = (
        ("day after tomorrow", 2),
        ("tomorrow", 1),
        ("tonight", 0),
        ("today", 0),
        ("yesterday", -1),
        ("next week", 7),
    )
    for words, ahead in near:
        if words in low:
            return today + timedelta(days=ahead)
    if match := re.search(rf"\bin (?P<n>a|an|\d+|{_WORD}) (?P<unit>day|week)s?\b", low):
        count = 1 if match["n"] in ("a", "an") else int(match["n"]) if match["n"].isdigit() else _in_words(match["n"])
        return today + timedelta(days=count * (7 if match["unit"] == "week" else 1))
    months = "|".join(_MONTHS)
    if match := re.search(
        rf"\b(?P<m>{months})\.? (?:the )?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<y>\d{{4}}))?\b|\b(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<m2>{months})(?:,? (?P<y2>\d{{4}}))?\b",
        low,
    ):
        month, number, year = (
            _MONTHS[match["m"] or match["m2"]],
            int(match["d"] or match["d2"]),
            match["y"] or match["y2"],
        )
        found = _date(int(year) if year else today.year, month, number)
        return found.replace(year=found.year + 1) if found and not year and found < today else found
    for number, name in enumerate(_WEEKDAYS):
        if re.search(rf"\b{name}\b", low):
            return today + timedelta(days=(number - today.weekday() - 1) % 7 + 1)
    return None


def _date(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:
        return None


_PATH = re.compile(
    r"(?<![\w:/])(?:~|\.{1,2})?/[\w./~@+-]*[\w/~]|\b[A-Za-z]:\\[\w\\. -]+|\b[\w./-]+/[\w./-]*\w|\b[\w-]+\.[A-Za-z][A-Za-z0-9]{0,4}\b"
)
_SPOKEN_PATH = re.compile(
    r"\b(\w+) dot (txt|md|py|json|csv|pdf|html|js|ts|toml|yaml|yml|xml|log|doc|docx|jpg|png|sh)\b", re.IGNORECASE
)
_URL = re.compile(
    r"\b(?:https?://|www\.)\S+[\w/]|\b[\w-]+\.(?:com|org|net|io|dev|gov|edu|de|co\.uk|ai)(?:/\S*)?\b", re.IGNORECASE
)
_EMAIL = re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.-]+\b")


def quoted(text: str) -> str | None:
    """The first words in quotes."""
    match = re.search(r"\"([^\"]+)\"", text) or re.search(r"(?<!\w)'([^']+)'(?!\w)", text)
    return match[1] if match else None


def path(text: str) -> str | None:
    """The first path or file name in `text` (“notes dot txt” is one)."""
    match = _PATH.search(_SPOKEN_PATH.sub(r"\1.\2", _URL.sub(" ", text) if "://" in text else text))
    return match[0] if match else None


def paths(text: str) -> list[str]:
    """All paths and file names in `text`, in order."""
    found: list[str] = []
    rest = _SPOKEN_PATH.sub(r"\1.\2", text)
    while (one := path(rest)) and one in rest:
        found.append(one)
        rest = rest[rest.index(one) + len(one) :]
    return found


def url(text: str) -> str | None:
    """The first web address in `text`, with its scheme."""
    match = _URL.search(text)
    return None if match is None else match[0] if "://" in match[0] else f"https://{match[0]}"


def email(text: str) -> str | None:
    """The first mail address in `text`."""
    match = _EMAIL.search(text)
    return match[0] if match else None
