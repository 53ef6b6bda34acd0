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
    "ms": "millisecond", "s": "second", "sec": "second", "min": "minute", "h": "hour", "hr": "hour", "hrs": "hour",
}  # fmt: skip
_UNCHANGED = {
    "km/h": "kilometres an hour", "m/s": "metres a second", "mph": "miles an hour", "ft": "feet",
    "bpm": "beats a minute", "Hz": "hertz", "kHz": "kilohertz", "MHz": "megahertz", "GHz": "gigahertz",
    "ppm": "parts per million", "mmHg": "millimetres of mercury",
    "Mbit/s": "megabits a second", "MB/s": "megabytes a second",
}  # fmt: skip
_APART = {"m", "g", "l", "L", "A", "V", "W", "s"}
"""Units that stand for something else where no space is before them: “5m” may be five million or five minutes."""
_OF_NONE = re.compile(r"0*1(?:\.0+)?")


def _plural(number: str, unit: str) -> str:
    return unit if _OF_NONE.fullmatch(number) else f"{unit[:-1]}ies" if unit.endswith("y") else f"{unit}s"


def _unit(match: re.Match[str]) -> str:
    number, gap, unit = match[1], match[2], match[3]
    if not gap and unit in _APART:
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


def _spelt(text: str) -> str:
    return ", ".join(" ".join(group) for group in re.split(r"[ -]", text) if group)


def _telephone(match: re.Match[str]) -> str:
    plus = "plus " if match[0].startswith("+") else ""
    return plus + _spelt(re.sub(r"[^\d -]", "", match[0]))


def _mixed(match: re.Match[str]) -> str:
    """A code where letters and digits are mixed within one part of it, or that has three parts or more."""
    parts = match[0].split("-")
    is_mixed = any(re.search(r"\d", part) and re.search(r"[A-Z]", part) for part in parts)
    return _spelt(match[0]) if is_mixed or len(parts) > 2 else match[0]  # noqa: PLR2004 - “F-16” is a word


def _address(match: re.Match[str]) -> str:
    return match[0].replace("@", " at ").replace(".", " dot ").replace("_", " underscore ").replace("-", " dash ")


_ALL_UNITS = "|".join(sorted(map(re.escape, (*_UNITS, *_UNCHANGED)), key=len, reverse=True))
_CODES = "|".join(_CURRENCIES)
_LARGE = "thousand|million|billion|trillion|bn|[kKmM]"
FIRST: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b", re.IGNORECASE), _address),
    (re.compile(r"\b[A-Z]{2}\d\d(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b"), lambda match: _spelt(match[0])),
    (re.compile(r"(?<=\d:\d\d) ?[-\u2013] ?(?=\d{1,2}:\d\d)"), " to "),
    (re.compile(r"\b(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\b"), r"\1 dot \2 dot \3 dot \4"),
)
"""Before dates are told."""
THEN: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (
        re.compile(rf"([-\u2212]?)([$€£¥₹])({_AMOUNT})(?: ?(thousand|million|billion|trillion|bn|[kKmM])\b)?"),
        _signed_money,
    ),
    (re.compile(rf"\b({_CODES}) ?({_AMOUNT})(?!\d)"), lambda match: _money(match[2], match[1])),
    (re.compile(rf"(?<![\w.])({_AMOUNT}) ?({_CODES})\b"), lambda match: _money(match[1], match[2])),
    (re.compile(r"\+\d{1,3}(?:[ -]\(?\d{2,}\)?)+|\b\d{3}[ -]\d{3}[ -]\d{4}\b|\b\d{3}-\d{4}\b"), _telephone),
    (re.compile(r"(?<![\d.,])0\d{3,}\b(?![.,]\d)"), lambda match: _spelt(match[0])),
    (re.compile(r"\b(?=[A-Z-]*\d)(?=[\d-]*[A-Z])[A-Z0-9]{1,4}(?:-[A-Z0-9]{1,4})+\b"), _mixed),
    (re.compile(r"#?\b(?=[A-Z0-9]{5,9}\b)((?:[A-Z]+\d+){2,}[A-Z]*)\b"), lambda match: _spelt(match[1])),
    (re.compile(r"\b(\d(?:\.\d+)?)[eE]\+?(-?)0*(\d+)\b"), r"\1 times ten to the \2\3"),
    (re.compile(r"(?<![\w\d)])[-\u2212](?=\d)"), "minus "),
    (re.compile(r"(\d)\s*°\s*([CF])?(?!\w)"), _degrees),
    (re.compile(rf"(?<![\w.])({_AMOUNT})( ?)({_ALL_UNITS})(?![\w/²³])"), _unit),
    (re.compile(r"(?<=\d) ?%"), " percent"),
    (re.compile(r"(?<=[\ds]) [x×] (?=\d)"), " by "),  # noqa: RUF001 - the sign of multiplication
    (re.compile(r"[~≈] ?(?=[\d$€£])"), "about "),
    (re.compile(r"≥ ?(?=\d)"), "at least "),
    (re.compile(r"≤ ?(?=\d)"), "at most "),
    (re.compile(r" ?± ?(?=\d)"), " plus or minus "),
    (re.compile(r"(?<=\S) ?→ ?(?=\S)"), " to "),
)
"""After dates and times are told, before ranges."""
