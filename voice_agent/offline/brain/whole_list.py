"""All that a tool lists, page after page, for what it cannot choose by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from voice_agent.offline.brain.dialogue import Act, Call, Move
from voice_agent.offline.brain.results import Item, read_output

if TYPE_CHECKING:
    from collections.abc import Callable

    from voice_agent.offline.brain.catalog import Ability

_PAGES = 3
"""Pages that are read; a turn has a limited number of steps."""
_LIMITS = ("limit", "page_size", "per_page", "max_results", "count")
_CURSORS = ("cursor", "page_token", "next_cursor", "after", "token")


def read_all(ability: Ability, arguments: dict[str, Any], found: Callable[[list[Item]], Move | None]) -> Act:
    """List with `arguments` and go on with all rows; where none can be read, the tool's own words are said."""
    limit = ability.parameter(*_LIMITS, kinds=("integer", "number"))
    most = (limit.schema or {}).get("maximum") if limit else None
    given = {**arguments, limit.name: most} if limit and isinstance(most, int) else arguments
    return _page(ability, given, (), 1, found)


def _page(
    ability: Ability,
    arguments: dict[str, Any],
    before: tuple[Item, ...],
    number: int,
    found: Callable[[list[Item]], Move | None],
) -> Act:
    def then(calls: tuple[Call, ...]) -> Move | None:
        output = read_output(calls[-1].output or "")
        if calls[-1].is_error or output.items is None:
            return None
        items = (*before, *output.items)
        cursor = ability.parameter(*_CURSORS, kinds=("string", "integer"))
        following = _following(output.data)
        if cursor and following and number < _PAGES:
            return _page(ability, {**arguments, cursor.name: following}, items, number + 1, found)
        return found(list(items))

    return Act(((ability.key, arguments),), then=then, is_reading=True)


def _following(data: Any) -> Any:
    """Where the next page begins; None at the end."""
    if not isinstance(data, dict):
        return None
    fields = cast("dict[str, Any]", data)
    return next(
        (
            value
            for name in ("next_cursor", "nextCursor", "next_page_token", "nextPageToken")
            if (value := fields.get(name))
        ),
        None,
    )
