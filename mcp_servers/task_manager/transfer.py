"""Tasks as the text of a file, and back: all of a file is read, or nothing of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mcp_servers.task_manager import spoken
from mcp_servers.task_manager.errors import BadRequest, TaskError, TooMuch
from mcp_servers.task_manager.formats import NAMES, as_csv, as_json, as_todo_txt
from mcp_servers.task_manager.formats.fields import task_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from mcp_servers.task_manager.formats import Format
    from mcp_servers.task_manager.models import NewTask, Task

LONGEST_TEXT = 1_000_000
"""Letters of a text to import."""
MOST_IMPORTED = 10_000
"""Tasks in one import."""
_FORMATS: Final = {"json": as_json, "csv": as_csv, "todo.txt": as_todo_txt}
_PROBLEMS_TOLD = 3


def write(tasks: Iterable[Task], kind: Format) -> str:
    """The tasks as the text of a file."""
    return _FORMATS[kind].write(tasks)


def read(text: str, kind: Format, now: datetime) -> list[NewTask]:
    """The tasks of a file, times without a zone in that of `now`.

    Raises `BadRequest` that names the first lines that cannot be read, `TooMuch`.
    """
    if len(text) > LONGEST_TEXT:
        raise TooMuch(f"A text to import has at most {LONGEST_TEXT} letters. Import it in parts.")
    found: list[NewTask] = []
    problems: list[str] = []
    for row in _FORMATS[kind].read(text.removeprefix("\ufeff")):
        try:
            if row.problem:
                raise BadRequest(row.problem)
            found.append(task_of(row.fields, now))
        except TaskError as error:
            problems.append(f"{row.where}: {str(error).rstrip('.')}.")
        if len(found) > MOST_IMPORTED:
            raise TooMuch(f"One import takes at most {MOST_IMPORTED} tasks. Import them in parts.")
    if problems:
        raise BadRequest(f"Nothing was imported. {_told(problems)}")
    if not found:
        raise BadRequest(f"There is no task in that {NAMES[kind]} text.")
    return found


def _told(problems: list[str]) -> str:
    more = len(problems) - _PROBLEMS_TOLD
    rest = f" And {spoken.number(more)} more cannot be read." if more > 0 else ""
    return " ".join(problems[:_PROBLEMS_TOLD]) + rest
