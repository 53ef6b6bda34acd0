"""What goes wrong on purpose. Every message is one or two plain sentences that can be said aloud and acted on.

TaskError
├── DateNotUnderstood   the words name no time, or no single one
├── TaskNotFound        no task matches
├── SeveralTasks        more than one task matches, or one only if it was misheard; the message names them
├── BadRequest          an argument cannot be used
│   └── TooMuch         an argument, or the list, is over a limit
├── NothingToUndo       no change is left that can be taken back
├── KeyUsed             the idempotency key belongs to another call
└── StoreUnavailable    the database cannot be read or written; nothing was changed
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ELSEWHERE = (
    "name another file in TASK_MANAGER_DATABASE_URL (or with --database where you start task-manager-mcp yourself)"
)
"""What to do about a file that cannot be used, as the end of a sentence."""


class TaskError(Exception):
    """Base of the tree."""


class DateNotUnderstood(TaskError):
    """The words name no time, or no single one."""


class TaskNotFound(TaskError):
    """No task matches; close misses are suggested."""


class SeveralTasks(TaskError):
    """More than one task matches, or one only if it was misheard, and choosing is not ours. The message names them."""

    def __init__(self, message: str, choices: Mapping[int, str]) -> None:
        super().__init__(message)
        self.choices = choices
        """All that match, by id, each as it is said; none where they are too many to choose from."""


class BadRequest(TaskError):
    """An argument cannot be used; the message says what can."""


class TooMuch(BadRequest):
    """An argument, or the list, is over a limit."""


class NothingToUndo(TaskError):
    """No change is left that can be taken back."""


class KeyUsed(TaskError):
    """The idempotency key belongs to a call with other arguments."""


class StoreUnavailable(TaskError):
    """The database cannot be read or written. Nothing was changed."""
