"""Brings spoken English about time into one spelling: "a Quarter to Nine" becomes "quarter to 9". Pure."""

from __future__ import annotations

import difflib
import re

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
SEASONS = ("spring", "summer", "autumn", "winter")
"""Of the northern half of the earth, each of three months: spring from 1 March."""
UNITS = ("second", "minute", "hour", "day", "week", "month", "year")

_SMALL = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50}
_ORDINALS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh"),
    *("twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"),
)
_NUMBERS = {word: str(value) for value, word in enumerate(_SMALL)}
_ORDINAL_NUMBERS = {word: value for value, word in enumerate(_ORDINALS, start=1)} | {"twentieth": 20, "thirtieth": 30}

_ALIASES = (
    {name[:3]: name for name in (*WEEKDAYS, *MONTHS)}
    | {"tues": "tuesday", "weds": "wednesday", "thur": "thursday", "thurs": "thursday", "sept": "september"}
    | {"tmrw": "tomorrow", "tmr": "tomorrow", "2morrow": "tomorrow", "tomorrows": "tomorrow", "todays": "today"}
    | {
        "2nite": "tonight",
        "2day": "today",
        "tonite": "tonight",
        "cob": "eod",
        "eob": "eod",
        "mins": "minutes",
        "min": "minutes",
    }
    | {"eow": "end of week", "eom": "end of month", "eoy": "end of year"}
    | {"hr": "hour", "hrs": "hours", "wk": "week", "wks": "weeks", "midday": "noon", "lunchtime": "noon"}
    | {"fall": "autumn", "springtime": "spring", "summertime": "summer", "wintertime": "winter"}
)
_EXACT = {"every", "daily", "weekly", "monthly", "yearly", "right", "quarters", "fortnight", "weekday", "weekdays"} | {
    *("quarterly", "fortnightly", "biweekly", "bimonthly", "annually", "nightly", "working", "business"),
}
_SPELLED = (
    *WEEKDAYS,
    *MONTHS,
    *(f"{unit}{plural}" for unit in UNITS for plural in ("", "s")),
    *("today", "tomorrow", "yesterday", "tonight", "morning", "afternoon", "evening", "night", "midnight", "weekend"),
    *("quarter", "beginning", "coming", "following"),
)
_ALIKE = 0.82
"""How alike (0 to 1) a misspelt word must be to one of `_SPELLED`; "right" and "night" are 0.80."""

_DAY = "|".join(("today", "tomorrow", *WEEKDAYS))
_UNIT = r"(seconds?|minutes?|hours?|days?|weeks?|months?|years?)"
_BEFORE_WORDS = tuple(
    (re.compile(pattern), result)
    for pattern, result in (
        (r"[’`´]", "'"),  # noqa: RUF001 - as recognisers and keyboards write it
        (r"\bo'? ?clock\b", "oclock"),
        (r"\b([ap])(?:\. ?m\b\.?| m\b)", r"\1m"),
        (r"(\d)([ap]m)\b", r"\1 \2"),
        (r"\b(new year|valentine)'?s?\b(?= (?:eve|day))", r"\1s"),
        (r"'s?\b|'", ""),
        (
            r"\b(\d{1,2}|noon|midday|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirty)-?ish\b",
            r"\1",
        ),
        (r"(?<=\d) ?-?ish\b|(?<=[ap]m)-?ish\b|\bish\b", ""),
        (
            r"(?<![\d.:/-])(\d{1,2}) ?- ?(\d{1,2})(?= (?:seconds?|minutes?|hours?|days?|weeks?|months?|years?)\b)",
            r"\1 to \2",
        ),
        (r"\bat (\d{1,2}\.\d\d)\.(?!\d)", r"at \1"),
        (r"[,;!?]|(?<!\d\.\d)(?<!\d\.\d\d)\.(?!\d)|(?<!\d)\.|(?<=[a-z])-|-(?=[a-z])", " "),
        (r"\bovermorrow\b", "day after tomorrow"),
        (r"\bto morrow\b", "tomorrow"),
        (r"\bto night\b", "tonight"),
        (r"\bto day\b", "today"),
        (r"\bweek end\b", "weekend"),
        (r"\b(?:a )?couple(?: of)?\b", "2"),
        (r"\b(?:a )?few\b", "3"),
        (r"\bwithin the hour\b", "in an hour"),
    )
)
_AFTER_WORDS = tuple(
    (re.compile(pattern), result)
    for pattern, result in (
        (r"\b(\d{1,2}) oh? (\d)\b", r"\1 0\2"),
        (r"\b(?:the )?(?:end|close) of (?:the |my )?(?:(?:work|working|business) )?(?:day|business|play)\b", "eod"),
        (
            r"(?<!\d )(?<!\ba )\b(?:the )?(day|week|month) (before|after) (?!today|tomorrow|yesterday|next\b)(?=\w)",
            r"1 \1 \2 ",
        ),
        (r"\b(?:0|oh) ?(\d) hundred(?: hours)?\b", r"0\g<1>00"),
        (r"\b(\d) hundred hours\b", r"0\g<1>00"),
        (r"\b(\d{2}) hundred(?: hours)?\b", r"\g<1>00"),
        (r"(?<!\bin )\b((?:[01]\d|2[0-3])[0-5]\d) hours\b", r"\1"),
        (rf"\b\d{{1,3}} (?:to|or) (\d{{1,3}} {_UNIT})\b", r"\1"),
        (
            rf"\b(early|mid|late) ((?:(?:next|this|on) )?(?:{_DAY})) (?=(?:morning|afternoon|evening|night)\b)",
            r"\2 \1 ",
        ),
        (r"\b(month|quarter|year) end\b", r"end of \1"),
        (r"\b(?:the )?(night|evening) before (?!noon|midnight|\d)(?=\w)", r"\1 1 day before "),
        (r"\b3 quarters of an? hour\b", "45 minutes"),
        (r"\b(?:a )?quarter (?:of )?(?:an? )?hour\b", "15 minutes"),
        (r"\bhalf (?:an? )?hour\b", "30 minutes"),
        (r"\bhalf a year\b", "6 months"),
        (r"\ban? fortnight\b", "2 weeks"),
        (rf"\b(?:an?|1) (?={_UNIT}\b)", "1 "),
        (rf"\b(\d+) and a half {_UNIT}\b", r"\1.5 \2"),
        (rf"\b(\d+) {_UNIT} and a half\b", r"\1.5 \2"),
        (r"\b(?:and )?a half\b", "half"),
        (r"\ba quarter\b", "quarter"),
    )
)


def normalise(words: str) -> str:
    """Lower case, digits for number words ("1st" for ordinals), one blank between words, slips corrected."""
    text = words.casefold()
    for pattern, result in _BEFORE_WORDS:
        text = pattern.sub(result, text)
    text = " ".join(_digits([_spelled(word) for word in text.split()]))
    for pattern, result in _AFTER_WORDS:
        text = pattern.sub(result, text)
    return text


def _spelled(word: str) -> str:
    known = _ALIASES.get(word)
    if known:
        return known
    if len(word) < 5 or not word.isalpha() or word in _EXACT or word in _SMALL or word in _ORDINAL_NUMBERS:  # noqa: PLR2004 - short words differ by a letter
        return word
    return next(iter(difflib.get_close_matches(word, _SPELLED, 1, _ALIKE)), word)


def _digits(words: list[str]) -> list[str]:
    found: list[str] = []
    tens = 0
    for word in words:
        small, ordinal = _NUMBERS.get(word), _ORDINAL_NUMBERS.get(word)
        if tens and ((small and 0 < int(small) < 10) or (ordinal and ordinal < 10)):  # noqa: PLR2004 - "twenty" + "five"
            found[-1] = str(tens + int(small or 0)) if small else _with_ending(tens + (ordinal or 0))
            tens = 0
            continue
        tens = _TENS.get(word, 0)
        if tens:
            found.append(str(tens))
        elif small:
            found.append(small)
        else:
            found.append(_with_ending(ordinal) if ordinal else word)
    return found


def _with_ending(number: int) -> str:
    ending = "th" if number in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
