"""What came back from a tool: its prose and its data, and the things that the data lists."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any, cast

from voice_agent.offline.brain.tables import take_table

Json = dict[str, Any]

NAMES = (
    "title",
    "name",
    "summary",
    "subject",
    "label",
    "displayName",
    "display_name",
    "full_name",
    "text",
    "content",
    "task",
    "filename",
    "path",
    "key",
)
"""Fields that name a thing to people, best first."""
IDS = ("id", "uuid", "uid", "_id", "key", "number", "sha", "hash", "slug", "path", "url")
_THING = (*IDS, "status", "due", "done", "completed")
"""Fields of which one makes an object a thing of its own."""
_AWAITING = re.compile(
    r"^Not done yet: the user has been asked"
    r"|\b(?:awaits?|waiting for|needs?) (?:the |your )?(?:user's )?(?:own )?(?:yes|confirmation|approval)\b",
    re.IGNORECASE,
)


_CUT = re.compile(r" … \(the first \d+ of (\d+); the rest is left out\)$")
"""What the bridge writes behind a list that it has cut short."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing of a result."""

    name: str
    id: Any
    """What its server knows it by; its name where it gave no id."""
    fields: Json


@dataclass(frozen=True, slots=True)
class Output:
    """A tool's answer, taken apart."""

    prose: str
    data: Any
    """Parsed JSON; None where there is none."""
    whole: int | None = None
    """How many things its list had before it was cut short; None where it was not."""

    @property
    def awaits_yes(self) -> bool:
        """Whether nothing was done, because the user must agree first."""
        return bool(_AWAITING.search(self.prose))

    @property
    def total(self) -> int | None:
        """How many there are over all pages; None where it does not say."""
        data: object = self.data
        fields = cast("Json", data) if isinstance(data, dict) else {}
        total = fields.get("total")
        told = total if isinstance(total, int) and not isinstance(total, bool) else 0
        return max(told, self.whole or 0) or None

    @property
    def items(self) -> list[Item] | None:
        """The things that it lists, or the one that it is about; None where it lists none."""
        return items_in(self.data)


def read_output(text: str) -> Output:
    """Take prose and the JSON on the last line (or all of it) apart."""
    text = text.strip()
    if cut := _CUT.search(text):
        return replace(read_output(text[: cut.start()]), whole=int(cut[1]))
    for head, tail in ((text, ""), text.rpartition("\n")[::2]) if "\n" in text else ((text, ""),):
        candidate = tail or head
        if candidate[:1] in "{[" and candidate[-1:] in "}]":
            try:
                data = json.loads(candidate)
            except ValueError:
                continue
            prose = head.strip() if tail else ""
            return Output(prose if not _is_same(prose) else "", _unwrap(data))
    if "\n" in text:
        rest, rows = take_table([line.strip() for line in text.splitlines() if line.strip()])
        return Output("\n".join(rest), [_named(row) for row in rows] or None)
    return Output(text, None)


def _named(row: dict[str, str]) -> Json:
    """A row of a table, by small letters; its first cell is its name where no other is."""
    thing: Json = {key.lower(): value for key, value in row.items()}
    if name_of(thing) is None and thing:
        first = next(iter(thing))
        thing = {"name": thing.pop(first), **thing}
    return thing


def _is_same(prose: str) -> bool:
    """Whether what stands before the data is data too, not words."""
    try:
        json.loads(prose)
    except ValueError:
        return False
    return prose[:1] in "{["


def _unwrap(data: Any) -> Any:
    fields = cast("Json", data) if isinstance(data, dict) else {}
    return fields["result"] if set(fields) == {"result"} else cast("Any", data)


def name_of(thing: Json) -> str | None:
    """How people would call it; None where it has no such field."""
    for key in NAMES:
        if isinstance(value := thing.get(key), str) and value.strip():
            return value.strip()
    return next(
        (
            value
            for key, value in thing.items()
            if isinstance(value, str) and re.search(r"(?:name|title)$", key, re.IGNORECASE) and value
        ),
        None,
    )


def _item(thing: object) -> Item | None:
    if isinstance(thing, str):
        return Item(thing, thing, {})
    if not isinstance(thing, dict):
        return None
    fields = cast("Json", thing)
    name = name_of(fields)
    number = next((fields[key] for key in IDS if fields.get(key) not in (None, "")), None)
    if number is None:
        number = next((value for key, value in fields.items() if re.search(r"(?:Id|_id|ID)$", key) and value), name)
    return Item(name, number, fields) if name is not None else None


def _items(things: list[Any]) -> list[Item]:
    return [item for item in map(_item, things) if item]


def items_in(data: object) -> list[Item] | None:
    """The longest list of named things in `data`, or the single thing it is."""
    if isinstance(data, list):
        found = _items(cast("list[Any]", data))
        return found if found or not data else None
    if not isinstance(data, dict):
        return None
    fields = cast("Json", data)
    lists = [cast("list[Any]", value) for value in fields.values() if isinstance(value, list)]
    named = [_items(values) for values in lists if not values or any(isinstance(one, dict) for one in values)]
    if any(named):
        return max(named, key=len)
    parts = [cast("Json", value) for value in fields.values() if isinstance(value, dict)]
    single = next((part for part in parts if name_of(part)), None)
    is_thing = name_of(fields) is not None and any(key in fields for key in _THING)
    own = _item(single) if single is not None else _item(fields) if is_thing else None
    if own:
        return [own]
    return [] if named else None


def told_in(reply: str, items: list[Item]) -> list[Item]:
    """Those of `items` that a reply names, in their order."""
    left = reply.lower()
    named: list[Item] = []
    for item in sorted(items, key=lambda one: -len(one.name)):
        match = re.search(rf"(?<!\w){re.escape(item.name.lower())}(?!\w)", left)
        if match:
            left = f"{left[: match.start()]}\0{left[match.end() :]}"
            named.append(item)
    return [item for item in items if any(item is one for one in named)]
