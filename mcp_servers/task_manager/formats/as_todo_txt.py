"""Tasks as todo.txt (github.com/todotxt/todo.txt): title, status, due time, priority, tags and plain repeats.

Priority A is high, B normal, any other low; tags are contexts (`@home`), and projects (`+garden`) are read as tags.
Notes, reminders and other repeats have no place in it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from mcp_servers.task_manager.formats.fields import due_text
from mcp_servers.task_manager.formats.rows import Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mcp_servers.task_manager.models import Priority, Task

_LETTERS: Final[dict[Priority, str]] = {"high": "A", "low": "C"}
_UNITS: Final = {"DAILY": "d", "WEEKLY": "w", "MONTHLY": "m", "YEARLY": "y"}
_PLAIN_RULE = re.compile(r"FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(?:;INTERVAL=(\d{1,3}))?")
_REC = re.compile(r"\+?(\d{1,3})([dwmy])")
_DATE = r"\d{4}-\d\d-\d\d"
_OPEN = re.compile(rf"(?:\((?P<priority>[A-Z])\)\s+)?(?:(?P<created>{_DATE})(?:\s+|$))?")
_DONE = re.compile(
    rf"x\s+(?:\((?P<priority>[A-Z])\)\s+)?(?:(?P<completed>{_DATE})\s+)?(?:(?P<created>{_DATE})(?:\s+|$))?"
)


def write(tasks: Iterable[Task]) -> str:
    """The text of a file. The date of creation is always there, so that no title is taken for what stands before it."""
    return "".join(f"{_line(task)}\n" for task in tasks)


def read(text: str) -> Iterator[Row]:
    """The tasks, one a line."""
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield Row(f"Line {number}", _fields(line.strip()))


def _line(task: Task) -> str:
    letter = _LETTERS.get(task.priority)
    parts: list[str] = []
    if task.completed:
        parts += ["x", task.completed.date().isoformat()]
    elif letter:
        parts.append(f"({letter})")
    parts += [task.created.date().isoformat(), task.title]
    parts += [f"@{'-'.join(tag.split())}" for tag in task.tags]
    if task.due:
        parts.append(f"due:{due_text(task.due)}")
    if rule := _PLAIN_RULE.fullmatch(task.repeat or ""):
        parts.append(f"rec:{rule[2] or 1}{_UNITS[rule[1]]}")
    if task.completed and letter:
        parts.append(f"pri:{letter}")
    return " ".join(parts)


def _fields(line: str) -> dict[str, Any]:
    head = _DONE.match(line) or _OPEN.match(line)
    assert head is not None
    fields: dict[str, Any] = {"status": "open", **head.groupdict()}
    if head.re is _DONE:
        fields["status"] = "done"
    letter = fields.pop("priority")
    words: list[str] = []
    tags: list[str] = []
    for word in line[head.end() :].split():
        name, colon, value = word.partition(":")
        if re.fullmatch(r"[@+][^\s@+]\S*", word):
            tags.append(word[1:])
        elif colon and value and name == "due":
            fields["due"] = value
        elif name == "pri" and re.fullmatch(r"[A-Z]", value):
            letter = value
        elif name == "rec" and (rule := _REC.fullmatch(value)):
            unit = next(frequency for frequency, sign in _UNITS.items() if sign == rule[2])
            fields["repeat"] = f"FREQ={unit};INTERVAL={int(rule[1])}" if int(rule[1]) > 1 else f"FREQ={unit}"
        else:
            words.append(word)
    if letter:
        fields["priority"] = {"A": "high", "B": "normal"}.get(letter, "low")
    if not words:  # a title that is nothing but marks
        return fields | {"title": line[head.end() :]}
    return fields | {"title": " ".join(words), "tags": tags}
