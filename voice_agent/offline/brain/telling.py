"""What is said about the tasks that were asked for, where the tool's own words are about more, or less, than that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from voice_agent.offline.brain.dialogue import Call, Move, Say
from voice_agent.offline.brain.render import render_items
from voice_agent.offline.brain.results import Item, read_output
from voice_agent.offline.brain.spoken import count, for_the_ear, listing, moment
from voice_agent.offline.brain.which import Trait, Which, value_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from voice_agent.offline.brain.wishes import Wish

_STATUS = {"done": "finished ", "overdue": "overdue ", "upcoming": "upcoming ", "all": "", "today": ""}
_FIELD = {"due": "due date", "tag": "tag", "notes": "notes", "priority": "priority"}


def briefly(wish: Wish, call: Call) -> Move | None:
    """A number, or yes or no, out of what was listed; None where the tool gave no data."""
    output = read_output(call.output or "")
    if call.is_error or output.items is None:
        return None
    if wish.is_count:
        return Say(output.prose.partition(":")[0].rstrip(".") + ".") if output.prose else None
    names = listing([item.name for item in output.items[:3]])
    return Say(f"Yes, it's there: {names}." if names else f"No, {wish.title} isn't on your list.")


def tasks(wish: Wish, items: Sequence[Item], now: datetime) -> Say:
    """How many of the tasks that were described there are, and the first of them."""
    status = _STATUS.get(wish.status or "", "open ")
    described = "".join(map(_described, wish.which.traits))
    if wish.tag:
        described += f" tagged “{wish.tag}”"
    if wish.due:
        described += f" due {wish.due}"
    if not items:
        return Say(f"You have no {status}tasks{described}.")
    if wish.which.order and wish.which.most == 1:
        last = "last" if wish.which.order == "newest" else "first"
        return Say(f"The {last} one you added is {render_items(items[:1], now)}")
    noun = f"{status}task"
    head = f"You have {count(len(items), noun)}{described}"
    return Say(f"{head}." if wish.is_count else render_items(items, now, head=head))


def _described(trait: Trait) -> str:
    field = _FIELD.get(trait.field, trait.field)
    if trait.value is not None:
        return f" of {trait.value} {field}"
    return (
        f" with a {field}" if trait.is_there and field != "notes" else f" with{'' if trait.is_there else ' no'} {field}"
    )


def untold(which: Which) -> Say:
    """That the rows do not say what was asked for."""
    fields = [_FIELD.get(trait.field, trait.field) for trait in which.traits]
    what = listing(fields, last="or") if fields else "when things were added"
    return Say(f"I can't tell: the list doesn't say anything about {what}.")


def field_of(wish: Wish, items: Sequence[Item], now: datetime) -> Move | None:
    """One field of one task; None where the tool's own words must do."""
    if len(items) != 1 or wish.asked_field is None:
        return None
    found, value = value_of(items[0], wish.asked_field)
    if not found:
        return untold(Which((Trait(wish.asked_field),)))
    name, field = for_the_ear(items[0].name, now), _FIELD.get(wish.asked_field, wish.asked_field)
    if value in (None, "", []):
        return Say(f"“{name}” has no {field}.")
    if wish.asked_field == "due":
        return Say(f"“{name}” is due {moment(str(value), now)}.")
    said = listing([str(one) for one in cast("list[Any]", value)]) if isinstance(value, list) else str(value)
    return Say(f"“{name}”, {field}: {for_the_ear(said, now)}.")
