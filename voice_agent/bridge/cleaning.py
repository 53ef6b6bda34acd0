"""Makes texts of servers fit to be read: nothing invisible, nothing that turns lines around, nothing endless (pure)."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Any, cast

_KEPT_CONTROLS = "\n\t"
_KEPT_FORMATS = "\u200c\u200d"
"""Zero-width joiners: Persian, Hindi and emoji are not the same without them. Between other letters they go too."""
_STRIPPED_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_INVISIBLE_LETTERS = "\u115f\u1160\u3164\uffa0\u2800"
_VARIATION_SELECTORS = re.compile("[\ufe00-\ufe0d\U000e0100-\U000e01ef]")
_HIDING = re.compile("[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f\U000e0100-\U000e01ef]")
"""Tags, the selectors that no script has, and what overrides the direction of writing."""
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_JOINED = re.compile(r"(?<=[^\x00-\u05ff])[\u200c\u200d](?=[^\x00-\u05ff])")
_SPACES = re.compile(r"[ \t]+(?=\n)|[ \t]{3,}")
_LINES = re.compile(r"\n{3,}")
_ELLIPSIS = " …"


def clean(text: str, limit: int | None = None, *, one_line: bool = False) -> str:
    """Return `text` as NFC without control, invisible, bidirectional and unpaired characters, at most `limit` long.

    With `one_line`, line breaks become spaces.
    """
    if limit is not None and len(text) > 8 * limit:
        text = text[: 8 * limit] + _ELLIPSIS
    if not (text.isascii() and text.isprintable()):
        text = _ANSI.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
        text = text.replace("\u2028", "\n").replace("\u2029", "\n")
        text = unicodedata.normalize("NFC", _without_surrogates(text))
        text = _stripped(text)
    text = " ".join(text.split()) if one_line else _LINES.sub("\n\n", _SPACES.sub(" ", text)).strip()
    return shorten(text, limit) if limit is not None else text


def shorten(text: str, limit: int) -> str:
    """Return at most `limit` characters of `text`, cut between words, with an ellipsis where something is missing."""
    if len(text) <= limit:
        return text
    head = text[: max(limit - len(_ELLIPSIS), 0)]
    cut = max(head.rfind(" "), head.rfind("\n"))
    return (head[:cut] if cut > limit // 2 else head).rstrip() + _ELLIPSIS


def clean_json(value: Any, *, depth: int = 64) -> Any:
    """Return `value` with every text cleaned, NaN and infinities as None, and nothing nested deeper than `depth`."""
    match value:
        case str():
            cleaned: Any = clean_value(value)
        case float():
            cleaned = value if math.isfinite(value) else None
        case dict() | list() | tuple() if depth <= 0:
            cleaned = None
        case dict():
            items = cast("dict[Any, Any]", value).items()
            cleaned = {clean_value(str(key)): clean_json(item, depth=depth - 1) for key, item in items}
        case list() | tuple():
            cleaned = [clean_json(item, depth=depth - 1) for item in cast("list[Any]", value)]
        case _:
            cleaned = value
    return cleaned


def without_hidden(value: Any) -> Any:
    """Return data without characters that only hide text or turn it around, and otherwise as it is.

    For text clients, which may write back what they read.
    """
    match value:
        case str():
            return value if value.isascii() else _HIDING.sub("", value)
        case dict():
            return {key: without_hidden(item) for key, item in cast("dict[Any, Any]", value).items()}
        case list():
            return [without_hidden(item) for item in cast("list[Any]", value)]
        case _:
            return value


def clean_value(text: str) -> str:
    """Return a text inside data cleaned, its blanks and line breaks as they are."""
    if text.isascii() and text.isprintable():
        return text
    text = _ANSI.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return _stripped(unicodedata.normalize("NFC", _without_surrogates(text)))


def is_plain(text: str) -> bool:
    """Tell whether nothing in `text` is invisible, turns it around or controls anything; accents may be as they are."""
    return (text.isascii() and text.isprintable()) or clean_value(text) == unicodedata.normalize("NFC", text)


def _without_surrogates(text: str) -> str:
    """Pairs become the character that they stand for, single ones a replacement character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _stripped(text: str) -> str:
    joiners = {match.start() for match in _JOINED.finditer(text)}
    text = "".join(
        character
        for index, character in enumerate(text)
        if character in _KEPT_CONTROLS
        or index in joiners
        or (
            character not in _INVISIBLE_LETTERS
            and character not in _KEPT_FORMATS
            and unicodedata.category(character) not in _STRIPPED_CATEGORIES
        )
    )
    return _VARIATION_SELECTORS.sub("", text)
