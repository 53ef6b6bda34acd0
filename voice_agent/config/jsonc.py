"""JSON with comments and trailing commas, and the line of each key.

The standard library parses; before that, comments and trailing commas become blanks, so that the place of an error is
the place in the file. (The packages for this either lose the lines or take seconds for a large file.)
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from voice_agent.config.mistake import Mistake

if TYPE_CHECKING:
    from collections.abc import Mapping

KeyPath: TypeAlias = tuple[str | int, ...]

_STRING = r'"(?:[^"\\]|\\.)*"'
_COMMENT = re.compile(rf"{_STRING}|(?P<blank>//[^\n]*|/\*.*?\*/)", re.DOTALL)
_TRAILING_COMMA = re.compile(rf"{_STRING}|(?P<blank>,)(?=\s*[}}\]])", re.DOTALL)
_TOKEN = re.compile(rf"(?P<text>{_STRING})(?P<colon>\s*:)?|[\[\]{{}},]", re.DOTALL)
_KEPT_DEPTH = 5

_MEANING = {
    "Expecting property name enclosed in double quotes": "A key in double quotes is expected here.",
    "Expecting ':' delimiter": "A colon is missing here.",
    "Expecting ',' delimiter": "A comma or a closing bracket is missing before this.",
    "Expecting value": "A value is missing here, or it lacks its double quotes.",
    "Unterminated string starting at": "The text that starts here has no closing quote.",
    "Invalid control character at": "There is a line break or a tab inside a quoted text.",
    "Invalid \\escape": "A backslash in a quoted text must be doubled, or be a valid escape.",
    "Invalid \\uXXXX escape": "There is an incomplete \\u escape here.",
    "Extra data": "The file goes on after its closing bracket.",
}


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file. Numbers with a decimal point are `Decimal`, so that `1.10` can be written back as it was."""

    value: Any
    lines: Mapping[KeyPath, int]
    """The line of each key down to depth 5, counted from 1; of a repeated key the last, which counts."""
    repeated: tuple[KeyPath, ...]
    """Keys that are there twice in one object."""

    def line(self, *path: str | int) -> int:
        """The line of `path`, or of its nearest parent that has one."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def parse(text: str) -> Document:
    """Parse one JSON document.

    Raises:
        Mistake: it is not JSON even so, or nested beyond reason; with line and column.
    """
    clean = _TRAILING_COMMA.sub(_blank, _COMMENT.sub(_blank, text))
    if not clean.strip():
        raise Mistake("This file is empty.", 'Write {"mcpServers": {}} into it, or remove it.')
    try:
        value = json.loads(clean, parse_float=Decimal, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise Mistake(
            f"This is not valid JSON: {_MEANING.get(error.msg, 'something is out of place here.')}",
            "Correct that line; comments and trailing commas are fine.",
            place=f"{error.lineno}:{error.colno}",
        ) from None
    except RecursionError:
        raise Mistake("This is nested too deeply.", "Check the brackets.") from None
    except ValueError:
        raise Mistake("A number in this file is beyond reason.", "Write it shorter, or in quotes.") from None
    return Document(value, *_places(clean))


def _blank(match: re.Match[str]) -> str:
    if match["blank"] is None:
        return match[0]
    return "".join(c if c == "\n" else " " for c in match[0])


def _refuse_constant(_: str) -> NoReturn:
    raise Mistake("NaN and Infinity are not JSON.", "Write a number, or put it in quotes.")


def _places(text: str) -> tuple[dict[KeyPath, int], tuple[KeyPath, ...]]:
    """Lines of the keys of valid JSON, and the repeated ones."""
    starts = [0, *(m.end() for m in re.finditer("\n", text))]
    lines: dict[KeyPath, int] = {}
    repeated: list[KeyPath] = []
    path: list[str | int] = []
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if token["colon"]:
            path[-1] = json.loads(token["text"])
            if len(path) <= _KEPT_DEPTH:
                key = tuple(path)
                if key in lines:
                    repeated.append(key)
                lines[key] = bisect_right(starts, token.start())
        elif mark in "{[":
            path.append("" if mark == "{" else 0)
        elif mark in "}]":
            path.pop()
        elif mark == "," and isinstance(path[-1], int):
            path[-1] += 1
    return lines, tuple(repeated)
