"""Tasks as CSV (RFC 4180) with a header; tags are CSV within their cell.

A cell that a spreadsheet would take for a formula gets an apostrophe in front, which reading takes away again
(OWASP, "CSV Injection").
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

from mcp_servers.task_manager.errors import BadRequest
from mcp_servers.task_manager.formats.fields import FIELDS, fields_of
from mcp_servers.task_manager.formats.rows import Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mcp_servers.task_manager.models import Task

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_ESCAPED = re.compile(r"'+[=+\-@\t\r]")
_IGNORED = {"id"}


def write(tasks: Iterable[Task]) -> str:
    """The text of a file."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(FIELDS)
    for task in tasks:
        fields = fields_of(task)
        writer.writerow([_cell(_tags_cell(fields["tags"]) if name == "tags" else fields[name]) for name in FIELDS])
    return out.getvalue()


def read(text: str) -> Iterator[Row]:
    """The tasks below the header, whose columns may come in any order, separated by commas or semicolons.

    Raises `BadRequest` for a header that cannot be used.
    """
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ",")
    try:
        columns = [name.strip().casefold() for name in next(reader, list[str]())]
        _check(columns)
        line = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield _row(f"Line {line}", columns, cells)
            line = reader.line_num + 1
    except csv.Error as error:
        raise BadRequest(f"Line {reader.line_num} is not CSV: {error}.") from None


def _check(columns: list[str]) -> None:
    known = f"The columns are {', '.join(FIELDS)}; only title is needed."
    if "title" not in columns:
        raise BadRequest(f"The first line must name the columns, one of them title. {known}")
    if unknown := [name for name in columns if name not in FIELDS and name not in _IGNORED]:
        raise BadRequest(f"There is no column “{unknown[0][:40]}”. {known}")
    if len(set(columns)) < len(columns):
        raise BadRequest("A column is there twice.")


def _row(where: str, columns: list[str], cells: list[str]) -> Row:
    if len(cells) > len(columns):
        return Row(where, problem="it has more cells than there are columns")
    fields: dict[str, Any] = {
        name: _plain(cell) for name, cell in zip(columns, cells, strict=False) if name not in _IGNORED
    }
    if fields.get("tags"):
        parsed = next(csv.reader([fields["tags"]], skipinitialspace=True), list[str]())
        fields["tags"] = [tag.strip() for tag in parsed]
    else:
        fields.pop("tags", None)
    return Row(where, fields)


def _tags_cell(tags: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(tags)
    return out.getvalue() if tags else ""


def _cell(value: str | None) -> str:
    return f"'{value}" if value and _FORMULA.match(value) else value or ""


def _plain(cell: str) -> str:
    return cell[1:] if _ESCAPED.match(cell) else cell
