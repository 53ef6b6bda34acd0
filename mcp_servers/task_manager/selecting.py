"""What selects tasks of one status, and the statements for it: each shape is built once, its values are bound."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from sqlalchemy import BigInteger, Date, and_, bindparam, func, or_, select, tuple_

from mcp_servers.task_manager.indexing import bound, having
from mcp_servers.task_manager.places import STEPS, UNDUE, place_of_done
from mcp_servers.task_manager.tables import Moment, tasks, terms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import ColumnElement, Select

    from mcp_servers.task_manager.models import Status

Wanted: TypeAlias = Literal["rows", "places", "count"]
"""Whole rows; ids and places alone, which an index has; how many."""

STATUSES: Final[dict[Status, int]] = {"open": 0, "done": 1}
_EPOCH = date(1970, 1, 1).toordinal()
_DAY = 86_400
_SOONEST, _LATEST = -62_135_596_800, 253_402_300_798
"""Seconds from 1970 to the first and the last second of the calendar."""


@dataclass(frozen=True, slots=True)
class Dues:
    """Due within these bounds; each may be open."""

    first_day: date | None = None
    last_day: date | None = None
    """Inclusive."""
    start: datetime | None = None
    end: datetime | None = None
    """Exclusive."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which tasks of one status; every part narrows."""

    status: Status
    dues: tuple[Dues, ...] = ()
    undue: bool = False
    """Only those without a due time."""
    finished: tuple[datetime, datetime] | None = None
    """Only those completed from the first moment until before the second."""
    terms: tuple[str, ...] = ()
    ids: frozenset[int] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it is everything of that status."""
        return self == Filter(self.status)


@dataclass(frozen=True, slots=True)
class _Shape:
    """All that a statement depends on but its values."""

    wanted: Wanted
    is_open: bool
    dues: tuple[tuple[bool, bool], ...]
    """Of each: whether it has a beginning, and an end."""
    undue: bool
    finished: bool
    terms: int
    has_ids: bool
    goes_on: bool


def before(now: datetime) -> Dues:
    """Overdue: its day or moment has passed."""
    return Dues(last_day=now.date() - timedelta(days=1), end=now)


def ahead(now: datetime) -> Dues:
    """Its day or moment has not passed."""
    return Dues(first_day=now.date(), start=now)


def statement(
    wanted: Wanted, asked: Filter, owner: int, most: int, after: tuple[int, int] | None = None
) -> tuple[Select[Any], dict[str, Any]]:
    """The statement, and what to bind to it.

    Args:
        wanted: What it brings.
        asked: Which tasks; of its terms the rarest first.
        owner: Whose.
        most: How many at most.
        after: Place and id to go on from, in the order of places.
    """
    values = bound([[term] for term in asked.terms], owner, STATUSES[asked.status]) | {"most": most}
    for number, dues in enumerate(asked.dues):
        values |= _bounds(number, dues)
    if asked.dues and asked.status == "open":
        values |= _places(asked.dues)
    if asked.finished is not None:
        values |= {"newest": place_of_done(asked.finished[1]), "oldest": place_of_done(asked.finished[0])}
    if asked.ids is not None:
        values["numbers"] = sorted(asked.ids)
    if after is not None:
        values |= {"last_place": after[0], "last_id": after[1]}
    shape = _Shape(
        *(wanted, asked.status == "open", tuple(_has(dues) for dues in asked.dues), asked.undue),
        *(asked.finished is not None, len(asked.terms), asked.ids is not None, after is not None),
    )
    return _statement(shape), values


@lru_cache(maxsize=256)
def _statement(shape: _Shape) -> Select[Any]:
    """Driven by the first of its terms, else by the index of the lists."""
    place, number = (terms.c.place, terms.c.task_id) if shape.terms else (tasks.c.place, tasks.c.id)
    columns = [tasks] if shape.wanted == "rows" else [number, place] if shape.wanted == "places" else [number]
    query: Select[Any] = select(*columns)
    if shape.terms and (shape.wanted == "rows" or shape.dues or shape.undue):
        query = query.join_from(terms, tasks, tasks.c.id == terms.c.task_id)
    query = query.where(*_conditions(shape, place, number))
    if shape.wanted == "count":
        return select(func.count()).select_from(query.limit(bindparam("most")).subquery())
    keeps_order = shape.is_open or not shape.dues or shape.terms
    order = place if keeps_order else place + 0  # the sum keeps SQLite to the index of due times
    return query.order_by(order, number).limit(bindparam("most"))


def _conditions(shape: _Shape, place: ColumnElement[int], number: ColumnElement[int]) -> Iterator[ColumnElement[bool]]:
    if shape.terms:
        yield from having((1,) * shape.terms)
    else:
        yield (tasks.c.owner_id + 0 if shape.has_ids else tasks.c.owner_id) == bindparam("mine")  # the sum: see `store`
        yield tasks.c.status == bindparam("state")
    if shape.has_ids:
        yield number.in_(bindparam("numbers", expanding=True))
    if shape.undue:
        yield place >= UNDUE if shape.is_open else tasks.c.due_at.is_(None)
    if shape.finished:
        yield place <= bindparam("oldest")
        yield place > bindparam("newest")
    for index, (begins, ends) in enumerate(shape.dues):
        yield from _due_within(index, begins=begins, ends=ends)
    if shape.dues and shape.is_open:
        yield place < bindparam("place_end")
        if any(begins for begins, _ in shape.dues):
            yield place >= bindparam("place_start")
    if shape.goes_on:
        last = bindparam("last_place", type_=BigInteger), bindparam("last_id", type_=BigInteger)
        yield tuple_(place, number) > tuple_(*last)


def _due_within(index: int, *, begins: bool, ends: bool) -> list[ColumnElement[bool]]:
    day, moment = tasks.c.due_day, tasks.c.due_at
    found: list[ColumnElement[bool]] = [moment.is_not(None)]

    def bound(name: str, *, is_day: bool = False) -> Any:
        return bindparam(f"{name}{index}", type_=Date() if is_day else Moment())

    if begins:
        found.append(moment >= bound("earliest"))
    if ends:
        found.append(moment <= bound("latest"))
    if begins:
        found.append(or_(day >= bound("first_day", is_day=True), and_(day.is_(None), moment >= bound("start"))))
    if ends:
        found.append(or_(day <= bound("last_day", is_day=True), and_(day.is_(None), moment < bound("end"))))
    return found


def _has(dues: Dues) -> tuple[bool, bool]:
    return dues.first_day is not None and dues.start is not None, dues.last_day is not None and dues.end is not None


def _bounds(index: int, dues: Dues) -> dict[str, Any]:
    earliest, latest = _rough_bounds(dues)
    found: dict[str, Any] = {}
    if earliest is not None:
        begin = datetime.fromtimestamp(earliest, UTC)
        found |= {f"earliest{index}": begin, f"first_day{index}": dues.first_day, f"start{index}": dues.start}
    if latest is not None:
        end = datetime.fromtimestamp(latest, UTC)
        found |= {f"latest{index}": end, f"last_day{index}": dues.last_day, f"end{index}": dues.end}
    return found


def _places(dues: tuple[Dues, ...]) -> dict[str, int]:
    """Bounds by which the index narrows: the exact ones, widened by how far apart the days of two zones are.

    One on each side: of several, SQLite looks only for the first.
    """
    bounds = [_rough_bounds(one) for one in dues]
    earliest = [one for one, _ in bounds if one is not None]
    found = {"place_end": min([UNDUE, *((one + 1) * STEPS for _, one in bounds if one is not None)])}
    return found | ({"place_start": max(earliest) * STEPS} if earliest else {})


def _rough_bounds(dues: Dues) -> tuple[int | None, int | None]:
    """Seconds since 1970 that `due_at` lies between, wherever a whole day was given."""
    earliest = latest = None
    if dues.first_day is not None and dues.start is not None:
        day = (dues.first_day.toordinal() - _EPOCH + 1) * _DAY - 15 * 3600
        earliest = max(_SOONEST, min(day, int(dues.start.timestamp())))
    if dues.last_day is not None and dues.end is not None:
        day = (dues.last_day.toordinal() - _EPOCH + 1) * _DAY + 13 * 3600
        latest = min(_LATEST, max(day, int(dues.end.timestamp())))
    return earliest, latest
