"""Pages over sections (open tasks, then done ones), each in its own order, from where the last page ended."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mcp_servers.task_manager.errors import BadRequest
from mcp_servers.task_manager.models import Page, Task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcp_servers.task_manager.store import Filter, TaskTable


async def read_page(table: TaskTable, sections: Sequence[Filter], limit: int, cursor: str | None) -> Page:
    """At most `limit` tasks. Raises `BadRequest` for a cursor that is not of this listing."""
    index, after = _decode(cursor) if cursor else (0, None)
    if index >= len(sections):
        raise _bad_cursor()
    found: list[Task] = []
    next_cursor: str | None = None
    while index < len(sections):
        wanted = limit - len(found)
        more = await table.select(sections[index], wanted + 1, after)
        found += more[:wanted]
        if len(more) > wanted:
            last = found[-1]
            next_cursor = _encode(index if wanted else index - 1, table.position(last))
            break
        index, after = index + 1, None
    total = len(found)
    if cursor or next_cursor:
        total = sum([await table.count(section) for section in sections])
    return Page(tuple(found), total, next_cursor)


def _encode(index: int, position: Sequence[Any]) -> str:
    plain = [part.astimezone(UTC).isoformat() if isinstance(part, datetime) else part for part in position]
    return base64.urlsafe_b64encode(json.dumps([index, *plain], separators=(",", ":")).encode()).decode().rstrip("=")


def _decode(cursor: str) -> tuple[int, tuple[Any, ...]]:
    try:
        index, moment, *rest = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        position = (datetime.fromisoformat(moment), *(int(part) for part in rest))
        if not isinstance(index, int) or index not in (0, 1) or position[0].tzinfo is None or len(rest) not in (1, 2):
            raise _bad_cursor()
    except (ValueError, TypeError, binascii.Error):
        raise _bad_cursor() from None
    return index, position


def _bad_cursor() -> BadRequest:
    return BadRequest("That cursor is not from this list. Ask for the list again without a cursor.")
