"""Days and moments as they are said in answer to a field: ordinals and years in words, hours without their half."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from voice_agent.offline.brain.figures import in_words
from voice_agent.offline.brain.moments import clock_time, day

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_DAYS = re.findall(
    r"\w+",
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth"
    " sixteenth seventeenth eighteenth nineteenth twentieth",
)
_ORDINALS = {
    **{name: number for number, name in enumerate(_DAYS, start=1)},
    **{f"twenty {name}": 20 + number for number, name in enumerate(_DAYS[:9], start=1)},
    "thirtieth": 30,
    "thirty first": 31,
}
_ORDINAL = re.compile(rf"\b(?:{'|'.join(sorted(_ORDINALS, key=len, reverse=True))})\b")
_ONES = "one|two|three|four|five|six|seven|eight|nine"
_TEENS = "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_PAIR = rf"(?:{_TENS})(?: (?:{_ONES}))?|{_TEENS}"
_YEAR = re.compile(
    rf"\b(?:(?P<thousands>two thousand)(?: and)?(?: (?P<rest>{_PAIR}|{_ONES}))?"
    rf"|(?P<century>nineteen|twenty|eighteen) (?:(?P<hundred>hundred)|(?:oh|o) (?P<one>{_ONES})|(?P<pair>{_PAIR})))\b"
)
_SHORT_YEAR = re.compile(
    rf"(?P<day>\b\d{{1,2}} (?:of )?{_MONTH}|{_MONTH} \d{{1,2}}) (?P<year>\d\d|{_PAIR})\b"
    r"(?! ?(?:[ap]\.? ?m\b|o.?clock|[:.]\d))"
)
_SLASHED = re.compile(r"\b(\d{1,2})[/.](\d{1,2})[/.](\d{4})\b")
_DATED = re.compile(rf"\b\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{_MONTH}|{_MONTH} \d{{1,2}}|\d{{4}}-\d\d-\d\d")
_COUNT = rf"\d{{1,3}}|{_PAIR}|{_ONES}|an?"
_WEEKS_FROM = re.compile(rf"\b(?P<count>{_COUNT}) weeks? (?:from|after|on) (?P<day>\S.*)")
_AHEAD = re.compile(
    rf"\b(?P<lead>in )?(?:(?P<half>half an)|(?P<count>{_COUNT})(?P<more> and a half)?) (?P<unit>hour|minute)s?"
    r"(?P<after> and a half)?(?P<tail> from now)?\b"
)
_ALONE = re.compile(r"(?:it's |that's |make it )?(?:on |by |from )?the (?P<number>\d{1,2})")
_FEASTS = {
    "christmas eve": ("december", 24),
    "christmas": ("december", 25),
    "new year'?s eve": ("december", 31),
    "new year(?:'?s(?: day)?)?": ("january", 1),
}
_AFTER_NOON = re.compile(r"\b(?:afternoon|evening|tonight|at night)\b")
_BEFORE_NOON = re.compile(r"\b(?:a\.? ?m\b|morning|night\b|midnight|0\d[:.]\d\d)")
_NOON, _EARLIEST = 12, 7
_LAST_MONTH = 12


def read_day(text: str, now: datetime) -> date | None:
    """Return the first day that is named; None where none is."""
    low = in_figures(text, now)
    if weeks := _WEEKS_FROM.search(low):
        start = read_day(weeks["day"], now)
        count = 1 if weeks["count"] in {"a", "one"} else in_words(weeks["count"])
        return start + timedelta(weeks=count) if start is not None else None
    if alone := _ALONE.fullmatch(low.strip(" .,!?")):
        return _next(int(alone["number"]), now)
    for name, (month, number) in _FEASTS.items():
        if re.search(rf"\b{name}\b", low):
            low = f"{number} {month}"
            break
    if slashed := _SLASHED.search(low):
        return _of_slashed(*map(int, slashed.groups()))
    # “Monday the seventh of December” is the seventh, and so is “tomorrow, the seventh of December”.
    dated = _DATED.search(low)
    return day(low[dated.start() :] if dated else low, now)


def read_moment(text: str, now: datetime) -> datetime | None:
    """Return the moment that is named; None without a time of day. Without a day it is the next time it is so late."""
    low = in_figures(text, now)
    if (ahead := _ahead(low, now)) is not None:
        return ahead
    # A year or a day of a month is no hour.
    clock = clock_time(_DATED.sub(" ", re.sub(r"\b\d{4}\b", " ", low)))
    if clock is None:
        return None
    hour, minute = map(int, clock.split(":"))
    is_later = _AFTER_NOON.search(low) or (0 < hour < _EARLIEST and not _BEFORE_NOON.search(low))
    if is_later and hour < _NOON:
        hour += _NOON
    named = read_day(text, now)
    when = named or now.date()
    found = datetime(when.year, when.month, when.day, hour, minute, tzinfo=now.tzinfo)
    return found + timedelta(days=1) if named is None and found <= now else found


def _next(number: int, now: datetime) -> date | None:
    """Return the next day of this number in a month, today included."""
    year, month = now.year, now.month
    for _ in range(_LAST_MONTH):
        try:
            found = date(year, month, number)
        except ValueError:
            found = None
        if found is not None and found >= now.date():
            return found
        year, month = (year + 1, 1) if month == _LAST_MONTH else (year, month + 1)
    return None


def _ahead(low: str, now: datetime) -> datetime | None:
    """Return the moment that `in two hours`, `half an hour from now` and `now` are."""
    if re.fullmatch(r"(?:right |just )?now", low.strip(" .,!?")):
        return now.replace(second=0, microsecond=0)
    match = _AHEAD.search(low)
    if match is None or not (match["lead"] or match["tail"]):
        return None
    count = 0 if match["half"] else 1 if match["count"] in {"a", "an"} else in_words(match["count"])
    part = 0.5 if match["half"] or match["more"] or match["after"] else 0
    ahead = timedelta(hours=count + part) if match["unit"] == "hour" else timedelta(minutes=count + part)
    return (now + ahead).replace(second=0, microsecond=0)


def in_figures(text: str, now: datetime) -> str:
    """Return `text` in small letters, with ordinals and years in figures."""
    low = re.sub(r"(?<=[a-z])-(?=[a-z])", " ", text.lower())
    low = _YEAR.sub(_year, low)
    low = _ORDINAL.sub(lambda match: str(_ORDINALS[match[0]]), low)
    low = re.sub(r"\b(\d{1,2})(?:st|nd|rd|th)\b", r"\1", low)
    low = re.sub(rf"\b({_MONTH}) the (\d{{1,2}})\b", r"\1 \2", low)

    def whole(match: re.Match[str]) -> str:
        two = in_words(match["year"])
        century = now.year // 100 * 100 if two <= now.year % 100 + 10 else now.year // 100 * 100 - 100
        return f"{match['day']} {century + two}"

    return _SHORT_YEAR.sub(whole, low)


def _year(match: re.Match[str]) -> str:
    if match["thousands"]:
        return str(2000 + in_words(match["rest"] or "0"))
    century = in_words(match["century"]) * 100
    return str(century + in_words(match["one"] or match["pair"] or "0"))


def _of_slashed(one: int, two: int, year: int) -> date | None:
    """A day in figures only where it can be read one way: 25/12, 12/25, 5/5."""
    if one != two and one <= _LAST_MONTH and two <= _LAST_MONTH:
        return None
    month, number = (two, one) if one > _LAST_MONTH else (one, two)
    try:
        return date(year, month, number)
    except ValueError:
        return None
