"""Which of the things that a tool listed are meant, by what their fields say. Knows no server: it looks at the rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from voice_agent.offline.brain.catalog import split_name
from voice_agent.offline.brain.phrases import load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voice_agent.offline.brain.results import Item

_SAYS = load("which")
_FIELDS = {name: str(words).split() for name, words in _SAYS.table["fields"].items()}
_VALUES = {name: frozenset(str(words).split()) for name, words in _SAYS.table["values"].items()}


@dataclass(frozen=True, slots=True)
class Trait:
    """What one field must say."""

    field: str
    """What people call the field: `due`, `priority`, `tag`, `notes`, or any other name."""
    value: str | None = None
    """The value, or one of the list of values; None: any."""
    is_there: bool = True
    """False: the field must be empty."""


@dataclass(frozen=True, slots=True)
class Which:
    """A choice of things."""

    traits: tuple[Trait, ...] = ()
    order: str = ""
    """`newest` or `oldest`; empty: as they are listed."""
    most: int | None = None
    """How many, from the first on (from the last where negative)."""

    def __bool__(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.traits or self.order or self.most)


def sift(items: Sequence[Item], which: Which) -> list[Item] | None:
    """Those of `items` that are meant; None where their fields do not tell."""
    kept = list(items)
    for trait in which.traits:
        key = _key_for(trait.field, items)
        if key is None and items and (trait.value is not None or not trait.is_there):
            return None
        kept = [item for item in kept if _has(item.fields.get(key or ""), trait)]
    if which.order and kept:
        ordered = _by_age(kept)
        if ordered is None:
            return None
        kept = ordered if which.order == "oldest" else ordered[::-1]
    if which.most is None:
        return kept
    return kept[: which.most] if which.most > 0 else kept[which.most :]


def _key_for(field: str, items: Sequence[Item]) -> str | None:
    """The name that the rows have for a field."""
    keys = dict.fromkeys(key for item in items for key in item.fields)
    for word in _FIELDS.get(field, [field]):
        for key in keys:
            if word in split_name(key):
                return key
    return None


def value_of(item: Item, field: str) -> tuple[bool, Any]:
    """Whether a thing has such a field at all, and what it says."""
    key = _key_for(field, [item])
    return key is not None, item.fields.get(key or "")


def _has(value: Any, trait: Trait) -> bool:
    if trait.value is None:
        return (value not in (None, "", [], {}, "none")) is trait.is_there
    wanted = _VALUES.get(trait.value, frozenset({trait.value.lower()}))
    values = cast("list[Any]", value) if isinstance(value, list) else [value]
    return any(str(one).lower() in wanted for one in values if one is not None)


def _by_age(items: list[Item]) -> list[Item] | None:
    """From the oldest to the newest, by when they were made or else by number; None where neither is known."""
    key = _key_for("created", items)
    if key is not None and all(isinstance(item.fields.get(key), str) for item in items):
        return sorted(items, key=lambda item: str(item.fields[key]))
    if all(str(item.id).isdigit() for item in items):
        return sorted(items, key=lambda item: int(item.id))
    return None
