"""Tables in Markdown, and lines of values between commas, taken apart."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_RULE = re.compile(r"\|?(?:\s*:?-{2,}:?\s*\|)+(?:\s*:?-{2,}:?\s*)?")
_FEWEST = 2


def take_table(lines: Sequence[str]) -> tuple[list[str], list[dict[str, str]]]:
    """The lines beside the first table, and its rows, each cell by the name of its column; none where there is none."""
    commas = {line.count(",") for line in lines}
    if len(lines) > _FEWEST and len(commas) == 1 and commas != {0} and not any(", " in line for line in lines):
        first, *others = (line.split(",") for line in lines)
        return [], [dict(zip(first, cells, strict=True)) for cells in others]
    at = next((place for place, line in enumerate(lines) if place and _RULE.fullmatch(line)), None)
    if at is None or len(names := _cells(lines[at - 1])) < _FEWEST:
        return list(lines), []
    body = list(takewhile(lambda line: "|" in line, lines[at + 1 :]))
    rows = [dict(zip(names, _cells(line), strict=False)) for line in body]
    return [*lines[: at - 1], *lines[at + 1 + len(body) :]], rows


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]
