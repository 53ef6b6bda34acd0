"""Quantities, money and codes as they are written made into words as they are said. Pure, English."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_AMOUNT = r"\d+(?:,\d{3})*(?:\.\d+)?"
_CURRENCIES = {
    "USD": ("dollar", "dollars", "cent", "cents"), "EUR": ("euro", "euros", "cent", "cents"),
    "GBP": ("pound", "pounds", "penny", "pence"), "CHF": ("Swiss franc", "Swiss francs", "", ""),
    "JPY": ("yen", "yen", "", ""), "CNY": ("yuan", "yuan", "", ""), "INR": ("rupee", "rupees", "", ""),
    "CAD": ("Canadian dollar", "Canadian dollars", "cent", "cents"),
    "AUD": ("Australian dollar", "Australian dollars", "cent", "cents"),
    "SEK": ("Swedish krona", "Swedish kronor", "", ""), "NOK": ("Norwegian krone", "Norwegian kroner", "", ""),
    "DKK": ("Danish krone", "Danish kroner", "", ""), "PLN": ("zloty", "zlotys", "", ""),
    "CZK": ("Czech crown", "Czech crowns", "", ""), "BRL": ("real", "reais", "", ""),
}  # fmt: skip
_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR"}
_SCALES = {"k": "thousand", "m": "million", "bn": "billion"}
_UNITS = {
    "kg": "kilogram", "g": "gram", "mg": "milligram", "lb": "pound", "lbs": "pound", "oz": "ounce",
    "km": "kilometre", "m": "metre", "cm": "centimetre", "mm": "millimetre", "mi": "mile",
    "km²": "square kilometre", "m²": "square metre", "cm²": "square centimetre", "m³": "cubic metre",
    "l": "litre", "L": "litre", "ml": "millilitre", "mL": "millilitre", "cl": "centilitre",
    "kB": "kilobyte", "KB": "kilobyte", "MB": "megabyte", "GB": "gigabyte", "TB": "terabyte",
    "V": "volt", "W": "watt", "kW": "kilowatt", "A": "ampere", "mA": "milliampere", "mAh": "milliampere hour",
    "Wh": "watt hour", "kWh": "kilowatt hour", "hPa": "hectopascal", "kcal": "kilocalorie",
    "MiB": "mebibyte", "GiB": "gibibyte", "TiB": "tebibyte", "kPa": "kilopascal", "bar": "bar", "J": "joule",
    "kJ": "kilojoule", "kN": "kilonewton", "MW": "megawatt", "GW": "gigawatt", "MWh": "megawatt hour", "kV": "kilovolt",
    "µm": "micrometre", "μm": "micrometre", "nm": "nanometre", "µg": "microgram", "μg": "microgram", "ha": "hectare",
    "km³": "cubic kilometre", "cm³": "cubic centimetre", "tbsp": "tablespoon", "tsp": "teaspoon", "yd": "yard",
    "px": "pixel", "ms": "millisecond", "µs": "microsecond", "s": "second", "sec": "second", "min": "minute",
    "mins": "minute", "h": "hour", "hr": "hour", "hrs": "hour", "wk": "week", "yrs": "year",
}  # fmt: skip
_PERIODS = {"mo": "month", "yr": "year", "d": "day", "day": "day", "week": "week", "month": "month", "year": "year"}
_EACH = (*_PERIODS, "night", "hour", "minute", "second", "person", "user", "seat", "item", "piece", "unit", "share")
_UNCHANGED = {
    "km/h": "kilometres an hour", "m/s": "metres a second", "mph": "miles an hour", "ft": "feet",
    "bpm": "beats a minute", "Hz": "hertz", "kHz": "kilohertz", "MHz": "megahertz", "GHz": "gigahertz",
    "ppm": "parts per million", "mmHg": "millimetres of mercury",
    "Mbit/s": "megabits a second", "Gbit/s": "gigabits a second", "Mbps": "megabits a second",
    "Gbps": "gigabits a second", "kB/s": "kilobytes a second", "MB/s": "megabytes a second",
    "GB/s": "gigabytes a second", "fps": "frames a second", "rpm": "turns a minute", "dB": "decibels",
    "psi": "pounds a square inch",
}  # fmt: skip
_APART = {"m", "g", "l", "L", "A", "V", "W", "s"}
"""Units that stand for something else where no space is before them: “5m” may be five million or five minutes."""
_SPELT = re.compile(r"\b[A-Z\d],? $")
"""Before what belongs to a code that is said sign by sign."""
_FRACTIONS = {
    "1/2": "one half", "1/3": "one third", "2/3": "two thirds", "1/4": "one quarter", "3/4": "three quarters",
    "½": "one half", "⅓": "one third", "⅔": "two thirds", "¼": "one quarter", "¾": "three quarters",
}  # fmt: skip
_OF_NONE = re.compile(r"0*1(?:\.0+)?")


def _plural(number: str, unit: str) -> str:
    return unit if _OF_NONE.fullmatch(number) else f"{unit[:-1]}ies" if unit.endswith("y") else f"{unit}s"


def _unit(match: re.Match[str]) -> str:
    number, gap, unit = match[1], match[2], match[3]
    if unit in _APART and (not gap or _SPELT.search(match.string[: match.start()])):
        return match[0]
    return f"{number} {_UNCHANGED.get(unit) or _plural(number, _UNITS[unit])}"


def _degrees(match: re.Match[str]) -> str:
    return f"{match[1]} degrees{ {'C': ' Celsius', 'F': ' Fahrenheit'}.get(match[2] or '', '') }"


def _money(amount: str, code: str) -> str:
    one, many, part, parts = _CURRENCIES[code]
    whole, _, rest = amount.replace(",", "").partition(".")
    if rest.strip("0") and (len(rest) > 2 or not part):  # noqa: PLR2004 - no such coins
        return f"{whole}.{rest} {many}"
    cents = int(f"{rest:0<2}" or 0)
    words = [f"{int(whole)} {one if int(whole) == 1 else many}"] if int(whole) or not cents else []
    return " and ".join([*words, *([f"{cents} {part if cents == 1 else parts}"] if cents else [])])


def _signed_money(match: re.Match[str]) -> str:
    minus, sign, amount, scale = match.groups()
    lead, code = "minus " if minus else "", _SIGNS[sign]
    if scale:
        return f"{lead}{amount} {_SCALES.get(scale.lower(), scale)} {_CURRENCIES[code][1]}"
    return lead + _money(amount, code)


def _from_to(match: re.Match[str]) -> str:
    return f"{match[1]} to {match.string[match.start() - 1]}"


def _below(unit: str) -> str:
    return _UNITS.get(unit) or _PERIODS.get(unit, unit)


def _rate(match: re.Match[str]) -> str:
    return f"{match[1]} {_plural(match[1], _UNITS[match[2]])} per {_below(match[3])}"


def _fraction(match: re.Match[str]) -> str:
    whole, text = match[1], match[2]
    said = _FRACTIONS[text]
    if not whole:
        return said
    return f"{whole} and {said.replace('one ', 'a ', 1)}"


def _any(*words: str) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_SINGLE, _FIXED, _BELOW = _any(*_UNITS), _any(*_UNCHANGED), _any(*_UNITS, *_EACH)
_COINS = _any(*{word for coins in _CURRENCIES.values() for word in coins if word}, "thousand", "million", "billion")
_CODES = "|".join(_CURRENCIES)
_SIGN = "[$€£¥₹]"
_DECIMAL = rf"(?= ?(?:{_SINGLE}|{_FIXED}|{_CODES}|{_SIGN}|%|°)(?![\w²³]))"
_Rule = tuple[re.Pattern[str], "str | Callable[[re.Match[str]], str]"]
FIRST: tuple[_Rule, ...] = (
    (re.compile(r"(?<=\d)[\u00a0\u202f](?=\d{3}(?!\d))|(?<=\d)['\u2019](?=\d{3}(?:[.,']|\b))"), ","),
    (
        re.compile(r"(?<![\w.,])(\d{1,3}(?:[.,]\d{3})+),(\d{1,2})(?![\d,])"),
        lambda match: f"{match[1].replace('.', ',')}.{match[2]}",
    ),
    (re.compile(r"(?<![\w.,])\d{1,3}(?:\.\d{3}){2,}(?![\w.,])"), lambda match: match[0].replace(".", ",")),
    (
        re.compile(rf"(?<![\w.,])(\d{{1,3}}(?: \d{{3}})+)(?:[.,](\d{{1,2}}))?{_DECIMAL}"),
        lambda match: match[1].replace(" ", ",") + (f".{match[2]}" if match[2] else ""),
    ),
    (re.compile(rf"(?<![\w.,])(\d+),(\d{{1,2}}){_DECIMAL}|(?<={_SIGN})(\d+),(\d{{1,2}})(?![\d,])"),
     lambda match: f"{match[1] or match[3]}.{match[2] or match[4]}"),
)  # fmt: skip
"""Before all else: figures as other countries write them, where that is certain."""
MONEY: tuple[_Rule, ...] = (
    (re.compile(rf"(?<={_SIGN})({_AMOUNT}) ?[-\u2013] ?{_SIGN}?(?=\d)"), _from_to),
    (
        re.compile(rf"([-\u2212]?)({_SIGN}) ?({_AMOUNT})(?: ?(thousand|million|billion|trillion|bn|[kKmM])\b)?"),
        _signed_money,
    ),
    (
        re.compile(rf"(?<![\w.,])({_AMOUNT}) ?({_SIGN})(?!\d)"),
        lambda match: _money(match[1], _SIGNS[match[2]]),
    ),
    (re.compile(rf"\b({_CODES}) ?({_AMOUNT})(?!\d)"), lambda match: _money(match[2], match[1])),
    (re.compile(rf"(?<![\w.])({_AMOUNT}) ?({_CODES})\b"), lambda match: _money(match[1], match[2])),
)
"""After days and times are told."""
FIGURES: tuple[_Rule, ...] = (
    (re.compile(r"\b(\d(?:\.\d+)?)[eE]\+?(-?)0*(\d+)\b"), r"\1 times ten to the \2\3"),
    (re.compile(r"(?<=\d)\^(?=-?\d)"), " to the power of "),
    (re.compile(r" ?(?:>=|≥) ?(?=[-+]?[\d$€£])"), " at least "),
    (re.compile(r" ?(?:<=|≤) ?(?=[-+]?[\d$€£])"), " at most "),
    (re.compile(r" ?(?<![-=<>])> ?(?=[-+]?[\d$€£])"), " more than "),
    (re.compile(r" ?(?<![-=<>])< ?(?=[-+]?[\d$€£])"), " less than "),
    (re.compile(r" ?± ?(?=\d)"), " plus or minus "),
    (re.compile(r"(?<![\w\d)])[-\u2212](?=\d)"), "minus "),
    (re.compile(r"(?<![\w)+])\+(?=\d)"), "plus "),
    (re.compile(r"\b([Pp]age|[Pp]art|[Ss]tep|[Cc]hapter|[Rr]ound) (\d+)/(\d+)\b"), r"\1 \2 of \3"),
    (re.compile(r"(?<![\d/.,])(?:(\d+) ?)?([½¼¾⅓⅔])"), _fraction),
    (
        re.compile(
            r"(?<!\b[Oo]n )(?<!\b[Bb]y )(?<!\bdue )(?<!\bdate )(?<![\d/.,-])(?:(\d+) )?"
            r"(1/2|1/3|2/3|1/4|3/4)(?![\d/]|[.,]\d)"
        ),
        _fraction,
    ),
    (re.compile(r"\b(\d+\.\d)/(\d+)\b"), r"\1 out of \2"),
    (re.compile(r"(?<=\d) ?[★⭐]\ufe0f?"), " stars"),
    (re.compile(r"(\d)'(\d{1,2})(?:\"|''|\u2033)"), r"\1 foot \2"),
    (re.compile(r"(\d)\s*°\s*([CF])?(?!\w)"), _degrees),
    (re.compile(rf"(?<![\w.])({_AMOUNT})( ?)({_FIXED})(?![\w²³])"), _unit),
    (re.compile(rf"(?<![\w.])({_AMOUNT}) ?({_SINGLE})/({_BELOW})(?![\w²³])"), _rate),
    (re.compile(rf"(?<![\w.])({_AMOUNT})( ?)({_SINGLE})(?![\w/²³])"), _unit),
    (re.compile(rf"\b({_COINS})/({_BELOW})(?![\w²³])"), lambda match: f"{match[1]} per {_below(match[2])}"),
    (re.compile(rf"(?<!/)\b(\d+)/({_any(*_EACH)})\b"), lambda match: f"{match[1]} per {_below(match[2])}"),
    (re.compile(r"(\d feet \d+) in\b"), r"\1 inches"),
    (re.compile(r"(?<![\w/])(?:km/h|m/s|[kM]B/s)(?![\w/])"), lambda match: _UNCHANGED[match[0]]),
    (re.compile(r"(?<=\d) ?%"), " percent"),
    (re.compile(r"\b(\d+(?:\.\d+)?)x(?!\w)"), r"\1 times"),
    (re.compile(r"(?<=\d) ?\* ?(?=\d)"), " times "),
    (re.compile(r"\b(\d+(?:\.\d+)?)k\b"), r"\1 thousand"),
    (re.compile(r"(?<=\w) < (?=\w)"), " less than "),
    (re.compile(r"(?<=\d) ×(?= \d+ =)"), " times"),  # noqa: RUF001 - the sign of multiplication
    (re.compile(r"(?<=[\ds]) [x×] (?=\d)"), " by "),  # noqa: RUF001 - the sign of multiplication
    (re.compile(r"[~≈] ?(?=[\d$€£])"), "about "),
    (re.compile(r" ?(?:→|[-=]>) ?(?=\S)"), " to "),
)
"""After money, telephone numbers and codes are told, before ranges."""
