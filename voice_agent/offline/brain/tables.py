"""Tables in Markdown, and lines of values between commas, taken apart."""

from __future__ import annotations

import csv
import re
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_RULE = re.compile(r"\|?(?:\s*:?-{2,}:?\s*\|)+(?:\s*:?-{2,}:?\s*)?")
_FEWEST = 2


def take_table(lines: Sequence[str]) -> tuple[list[str], list[dict[str, str]]]:
    """The lines beside the first table, and its rows, each cell by the name of its column; none where there is none."""
    rows = [row for row in csv.reader(lines) if row]
    is_prose = any(cell.startswith(" ") for row in rows for cell in row)
    if len(rows) > _FEWEST and len(rows[0]) > 1 and len({len(row) for row in rows}) == 1 and not is_prose:
        first, *others = rows
        return [], [dict(zip(first, cells, strict=True)) for cells in others]
    at = next((place for place, line in enumerate(lines) if place and _RULE.fullmatch(line)), None)
    if at is None or len(names := _cells(lines[at - 1])) < _FEWEST:
        return list(lines), []
    body = list(takewhile(lambda line: "|" in line, lines[at + 1 :]))
    rows = [dict(zip(names, _cells(line), strict=False)) for line in body]
    return [*lines[: at - 1], *lines[at + 1 + len(body) :]], rows


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]
