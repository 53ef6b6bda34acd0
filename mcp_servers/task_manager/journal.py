"""What was done to the tasks of one owner, so that it can be watched and taken back; within one transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, insert, select, update

from mcp_servers.task_manager.tables import answers, changes, images

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import Connection

    from mcp_servers.task_manager.models import Kind
    from mcp_servers.task_manager.store import Owner

Image = tuple[int, "dict[str, Any] | None"]
KEPT = 200
"""How many changes can be taken back."""
TIDY_EVERY = 32
"""Changes between two clean-ups."""
NAMED = 50
"""How many tasks of one change are named to those who watch."""
_PART = 500
_NOTE, _KEEP = insert(changes), insert(images)
_CAN_BE_UNDONE, _UNDONE, _CANNOT_BE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Entry:
    """A change that can be taken back."""

    number: int
    kind: Kind
    title: str
    count: int


class Journal:
    """The changes of one owner."""

    def __init__(self, connection: Connection, owner: Owner, now: datetime) -> None:
        self._connection = connection
        self._owner = owner
        self._now = now
        self._parts = 0
        self._is_noted = False

    def note(self, kind: Kind, ids: Sequence[int], title: str, count: int | None = None) -> None:
        """A change is done. `ids`: the tasks concerned; what they were was told to `keep`."""
        self._number()
        state = _CANNOT_BE if kind in {"undo", "remind"} else _CAN_BE_UNDONE
        named = list(ids) if len(ids) <= NAMED else []
        values = {"owner_id": self._owner.id, "number": self._owner.version, "kind": kind, "state": state}
        values |= {"at": self._now, "title": title, "count": len(ids) if count is None else count}
        self._connection.execute(_NOTE, values | {"ids": json.dumps(named)})
        self._is_noted = True
        if self._owner.version % TIDY_EVERY == 0:
            self._tidy()

    def keep(self, before: Sequence[Image]) -> None:
        """What tasks are before the change."""
        self._number()
        for start in range(0, len(before), _PART):
            rows = json.dumps(before[start : start + _PART], ensure_ascii=False, separators=(",", ":"))
            values = {"owner_id": self._owner.id, "number": self._owner.version, "part": self._parts, "rows": rows}
            self._connection.execute(_KEEP, values)
            self._parts += 1

    def last(self) -> Entry | None:
        """The last change that is not taken back."""
        query = select(changes).where(changes.c.owner_id == self._owner.id, changes.c.state == _CAN_BE_UNDONE)
        row = self._connection.execute(query.order_by(changes.c.number.desc()).limit(1)).mappings().first()
        return Entry(row["number"], row["kind"], row["title"], row["count"]) if row else None

    def images(self, entry: Entry) -> Iterator[list[Image]]:
        """What the tasks of that change were before it, a part at a time."""
        part = 0
        while True:
            mine = (images.c.owner_id == self._owner.id, images.c.number == entry.number, images.c.part == part)
            rows = self._connection.execute(select(images.c.rows).where(*mine)).scalar_one_or_none()
            if rows is None:
                return
            yield [(number, image) for number, image in json.loads(rows)]
            part += 1

    def mark_undone(self, entry: Entry) -> None:
        """It is taken back."""
        mine = and_(changes.c.owner_id == self._owner.id, changes.c.number == entry.number)
        self._connection.execute(update(changes).where(mine).values(state=_UNDONE))
        self._connection.execute(
            delete(images).where(images.c.owner_id == self._owner.id, images.c.number == entry.number)
        )

    def _number(self) -> None:
        """Give a second change of one transaction a number of its own."""
        if self._is_noted:
            self._owner.version += 1
            self._parts, self._is_noted = 0, False

    def _tidy(self) -> None:
        for table in (changes, images):
            old = and_(table.c.owner_id == self._owner.id, table.c.number <= self._owner.version - KEPT)
            self._connection.execute(delete(table).where(old))


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered to a call with a key."""

    tool: str
    fingerprint: str
    answer: Any


class Answers:
    """The answers to calls with idempotency keys of one owner."""

    def __init__(self, connection: Connection, owner: Owner, now: datetime) -> None:
        self._connection = connection
        self._owner = owner
        self._now = now

    def get(self, key: str) -> Answer | None:
        """The answer to the call with that key, if there was one."""
        query = select(answers).where(answers.c.owner_id == self._owner.id, answers.c.key == key)
        row = self._connection.execute(query).mappings().first()
        return Answer(row["tool"], row["fingerprint"], json.loads(row["answer"])) if row else None

    def put(self, key: str, answer: Answer, kept: timedelta) -> None:
        """Keep an answer, and forget some that are older than `kept`."""
        values = {"owner_id": self._owner.id, "key": key, "tool": answer.tool, "fingerprint": answer.fingerprint}
        text = json.dumps(answer.answer, ensure_ascii=False)
        self._connection.execute(insert(answers).values(values | {"answer": text, "at": self._now}))
        if self._owner.version % TIDY_EVERY == 0:
            old = select(answers.c.at).where(answers.c.at < self._now - kept).order_by(answers.c.at)
            last = self._connection.execute(old.limit(1).offset(20 * TIDY_EVERY)).scalar_one_or_none()
            self._connection.execute(delete(answers).where(answers.c.at < min(last or self._now, self._now - kept)))
