"""What kind of thing a parameter wants, by its name and schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from voice_agent.offline.brain.catalog import simple_schema
from voice_agent.offline.brain.phrases import load

if TYPE_CHECKING:
    from voice_agent.offline.brain.catalog import Parameter

_SAYS = load("tools")
_PATHLIKE = _SAYS.words("pathlike")
_PLACES = _SAYS.words("places")
_ID = re.compile(r"(?:^|_)(?:id|ids|uuid|uid)$|[a-z](?:Id|ID|Ids|IDs|Uuid)$")
_FITTING = frozenset({"timezone", "tz", "url", "uri", "date", "time", "email"})
"""Words in names of parameters whose values have a form of their own."""


def is_id(parameter: Parameter) -> bool:
    """Whether the parameter wants an id that nobody says aloud."""
    return bool(_ID.search(parameter.name)) and parameter.kind in ("string", "integer", "number")


def is_path(parameter: Parameter) -> bool:
    """Whether the parameter is a path of files or folders."""
    return parameter.kind == "string" and bool(_PATHLIKE & set(parameter.words))


def is_place(parameter: Parameter) -> bool:
    """Whether the parameter says where (a repository, a project, an account): it holds until another is named."""
    return parameter.kind in ("string", "integer") and bool(_PLACES & set(parameter.words))


def is_text(parameter: Parameter) -> bool:
    """Whether any words will do for the parameter, or a list of them."""
    if _FITTING & set(parameter.words) or (is_path(parameter) and "source" not in parameter.words):
        return False
    if parameter.kind == "array":
        return takes_plain_items(parameter)
    return parameter.kind == "string" and not parameter.enum and not is_id(parameter)


def item_schema(parameter: Parameter) -> dict[str, Any]:
    """The schema of an array's items; empty where it has none."""
    schema = parameter.schema or {}
    return simple_schema(schema.get("items") or {}, schema)


def takes_plain_items(parameter: Parameter) -> bool:
    """Whether an array's items are texts or numbers."""
    items = item_schema(parameter)
    return items.get("type", "string") in {"string", "integer", "number"} and "properties" not in items


def is_sayable(parameter: Parameter) -> bool:
    """Whether a person can say a value of it: no objects, no lists of them."""
    return parameter.kind != "object" and (parameter.kind != "array" or takes_plain_items(parameter))


def cast_value(value: str, parameter: Parameter) -> Any:
    """The value of an enum in the parameter's own type."""
    try:
        if parameter.kind == "integer":
            return int(value)
        return float(value) if parameter.kind == "number" else value
    except ValueError:
        return value
