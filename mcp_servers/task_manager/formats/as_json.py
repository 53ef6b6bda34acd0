"""Tasks as JSON: an object with a list `tasks`, one task a line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from mcp_servers.task_manager.errors import BadRequest
from mcp_servers.task_manager.formats.fields import FIELDS, fields_of
from mcp_servers.task_manager.formats.rows import Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mcp_servers.task_manager.models import Task

_IGNORED = {"id"}


def write(tasks: Iterable[Task]) -> str:
    """The text of a file."""
    lines = ",\n".join(json.dumps(fields_of(task), ensure_ascii=False) for task in tasks)
    return f'{{"tasks": [\n{lines}\n]}}\n'


def read(text: str) -> Iterator[Row]:
    """The tasks of a list, or of an object with a list `tasks`, as this server writes it. Raises `BadRequest`."""
    try:
        whole = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadRequest(f"That is not JSON: {error.msg} in line {error.lineno}.") from None
    except (ValueError, RecursionError):
        raise BadRequest("That is not JSON of tasks.") from None
    listed = cast("dict[str, Any]", whole).get("tasks") if isinstance(whole, dict) else whole
    if not isinstance(listed, list):
        raise BadRequest("The JSON must be a list of tasks, or an object with a list named tasks.")
    for number, one in enumerate(cast("list[Any]", listed), start=1):
        where = f"Task {number}"
        if not isinstance(one, dict):
            yield Row(where, problem="it must be an object with a title")
            continue
        given = {name: value for name, value in cast("dict[str, Any]", one).items() if name not in _IGNORED}
        unknown = sorted(given.keys() - set(FIELDS))
        problem = f"there is no field {unknown[0][:40]}" if unknown else None
        yield Row(where, given, problem)
