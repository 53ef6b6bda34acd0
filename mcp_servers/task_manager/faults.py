"""Where a fault of ours came from, told without the values that were at hand. Standard library only."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType

FRAMES = 8
"""How many of the last places are told."""
CAUSES = 4
"""How many errors are told of which one led to the next."""


def places(trace: TracebackType | None) -> list[str]:
    """File, line and function of each, the last one where it happened."""
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)[-FRAMES:]]


def fault_of(error: BaseException) -> dict[str, Any]:
    """What a log says of it: `error` and `trace`; `causes`, each with the place where it happened, where there are any.

    Types and codes only: the sentence of an error may quote a task.
    """
    told: dict[str, Any] = {"error": _name(error), "trace": places(error.__traceback__)}
    causes: list[str] = []
    cause = error.__cause__ or error.__context__
    while cause is not None and len(causes) < CAUSES:
        causes.append(" at ".join([_name(cause), *places(cause.__traceback__)[-1:]]))
        cause = cause.__cause__ or cause.__context__
    return told | ({"causes": causes} if causes else {})


def _name(error: BaseException) -> str:
    """Its type, and what a database calls it: `OperationalError SQLITE_BUSY`, `DeadlockDetected 40P01`."""
    code: object = getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__
