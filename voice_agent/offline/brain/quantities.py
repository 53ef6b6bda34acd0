"""Figures of a result as people write them: money with its sign, what a field's name says of its unit, durations."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from voice_agent.offline.brain.results import Json

_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}
_CURRENCY = re.compile(r"(?:^|_)currency(?:_?code)?$|^iso_?currency", re.IGNORECASE)
_CODE = re.compile(r"[A-Z]{3}")
_MONEY = re.compile(
    r"(?:^|_)(?:amount|price|cost|fare|fee|total|sub_?total|sum|balance|tax|salary|budget|budgeted|paid|due|spent|owed)$",
    re.IGNORECASE,
)
_OF_CURRENCY = {"usd": "USD", "eur": "EUR", "gbp": "GBP", "jpy": "JPY"}
_UNITS = {
    "c": "°C", "celsius": "°C", "f": "°F", "fahrenheit": "°F", "percent": "%", "percentage": "%", "pct": "%",
    "kmh": "km/h", "kph": "km/h", "mph": "mph", "km": "km", "m": "m", "meters": "m", "metres": "m", "cm": "cm",
    "mm": "mm", "kg": "kg", "grams": "g", "lb": "lb", "lbs": "lb", "ml": "ml", "liters": "litres", "litres": "litres",
    "hpa": "hPa", "kwh": "kWh", "watts": "W", "volts": "V", "bpm": "bpm", "kcal": "kcal", "mb": "MB", "gb": "GB",
    "ms": "ms",
}  # fmt: skip
_SECONDS = {
    "s": 1, "sec": 1, "secs": 1, "seconds": 1, "min": 60, "mins": 60, "minutes": 60, "h": 3600, "hrs": 3600,
    "hours": 3600,
}  # fmt: skip
_SMALLEST, _LARGE = 0.0001, 10_000


def figure(value: float) -> str:
    """“7”, “12,500”, “3.1416”, “0.000012”; never an exponent."""
    if math.isfinite(value) and value == int(value):
        return f"{int(value):,}" if abs(value) >= _LARGE else str(int(value))
    if not math.isfinite(value):
        return "an unknown number"
    if abs(value) < _SMALLEST:
        places = 1 - math.floor(math.log10(abs(value)))
        return f"{value:.{places}f}"
    return f"{value:,.4f}".rstrip("0").rstrip(".")


def money(value: float, code: str) -> str:
    """“€1,234.50”, “-$5”, “12.30 CHF”."""
    amount = f"{abs(value):,.2f}".removesuffix(".00")
    sign = _SIGNS.get(code)
    return f"{'-' if value < 0 else ''}{f'{sign}{amount}' if sign else f'{amount} {code}'}"


def duration(seconds: float) -> str:
    """“1 hour and 2 minutes”, “45 seconds”: its two largest parts."""
    whole = round(seconds)
    parts: list[str] = []
    for name, size in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, whole = divmod(whole, size)
        if count or (name == "second" and not parts):
            parts.append(f"{count} {name}{'' if count == 1 else 's'}")
        elif parts:
            break
    return " and ".join(parts[:2])


def currency_of(fields: Json) -> str | None:
    """The code of the currency that all amounts of one thing are in."""
    for key, value in fields.items():
        if isinstance(value, str) and _CURRENCY.search(key) and _CODE.fullmatch(code := value.strip().upper()):
            return code
    return None


def is_currency(key: str, value: Any) -> bool:
    """Whether a field does nothing but name the currency."""
    return isinstance(value, str) and bool(_CURRENCY.search(key))


def price_of(fields: Json) -> str | None:
    """What one thing costs or holds, where its fields say in which currency."""
    code = currency_of(fields)
    for key, value in fields.items():
        if code and _MONEY.search(_snake(key)) and isinstance(value, int | float) and not isinstance(value, bool):
            return money(value, code)
    return None


def measured(key: str, value: float, currency: str | None) -> tuple[str, str]:
    """The name and the value of a field in words: (“wind”, “12 km/h”), (“total”, “€5”), (“duration”, “1 hour”)."""
    snake = _snake(key)
    name, _, unit = snake.rpartition("_")
    if currency and _MONEY.search(snake):
        return snake.replace("_", " "), money(value, currency)
    if name and unit in _OF_CURRENCY:
        return name.replace("_", " "), money(value, _OF_CURRENCY[unit])
    if name and unit in _SECONDS:
        return name.replace("_", " "), duration(value * _SECONDS[unit])
    if name and unit in _UNITS:
        gap = "" if _UNITS[unit][0] in "°%" else " "
        return name.replace("_", " "), f"{figure(value)}{gap}{_UNITS[unit]}"
    return snake.replace("_", " "), figure(value)


def _snake(key: str) -> str:
    return re.sub(r"[\s-]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key)).lower()
