"""Times of day that are named by what people do then: meals, work, bedtime, early and late. Pure.

Breakfast is at 8:00, lunch at 12:00, dinner at 19:00, and what comes after one of them is an hour later. Work is from
9:00 to 18:00, school until 16:00, bedtime at 22:00.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mcp_servers.task_manager.times.rules import Clock, Fill, in_seconds

if TYPE_CHECKING:
    from mcp_servers.task_manager.times.rules import Parts

_MEALS = {"breakfast": 8, "lunch": 12, "dinner": 19, "supper": 19}
_EARLY_AND_LATE = {
    ("early", "morning"): 7, ("mid", "morning"): 10, ("late", "morning"): 11,
    ("early", "afternoon"): 13, ("mid", "afternoon"): 15, ("late", "afternoon"): 17,
    ("early", "evening"): 18, ("mid", "evening"): 19, ("late", "evening"): 21,
    ("early", "night"): 20, ("mid", "night"): 22, ("late", "night"): 22,
}  # fmt: skip


def _meal(match: re.Match[str], parts: Parts) -> None:
    hour = _MEALS[match[2]]
    parts.put("clock", Clock(hour + (match[1] == "after") - (match[1] == "before" and match[2] != "lunch")))


def _work(match: re.Match[str], parts: Parts) -> None:
    hours = {"before work": 9, "before school": 8, "after work": 18, "after school": 16}
    parts.put("clock", Clock(hours[f"{match[1]} {match[2]}"]))


def _bed(_match: re.Match[str], parts: Parts) -> None:
    parts.put("clock", Clock(22))


def _early_or_late(match: re.Match[str], parts: Parts) -> None:
    if match[2] == "tonight":
        parts.put("date", parts.today)
    named = {"tonight": "night", "morning": "morning"}.get(match[2], match[2])
    which = {"middle": "mid"}.get(match[1], match[1])
    parts.put("clock", Clock(_EARLY_AND_LATE[which, named]))


def _noon(_match: re.Match[str], parts: Parts) -> None:
    parts.put("clock", Clock(12))


def _morning(_match: re.Match[str], parts: Parts) -> None:
    parts.put("part", "morning")


def _late(_match: re.Match[str], parts: Parts) -> None:
    parts.end_of_day = True


def _now(_match: re.Match[str], parts: Parts) -> None:
    parts.put("moment", in_seconds(parts.now, 0))


_TABLE: tuple[tuple[str, Fill], ...] = (
    (
        r"(?:(before|after|at|by|over|during|around) )?(?:my |the )?(breakfast|lunch|dinner|supper)(?: ?time| break)?",
        _meal,
    ),
    (r"(before|after) (?:i (?:finish|start) )?(work|school)", _work),
    (r"(?:before |at |by )?(?:i go to )?bed(?: ?time)?|last thing(?: at night)?|before i (?:go to )?sleep", _bed),
    (
        r"(?:in the )?(early|mid|middle|late)(?: of| in| at)?(?: the)? (morning|afternoon|evening|night|tonight)",
        _early_or_late,
    ),
    (r"(?:in )?(?:the )?middle of the day", _noon),
    (r"(?:bright and )?early(?: on| in the day)?", _morning),
    (r"late(?: in the day)?(?: on)?", _late),
    (r"as ?soon ?as (?:possible|i can)|asap|at once", _now),
)
ROUTINE_RULES = tuple((re.compile(rf"(?:{pattern})(?![^ ])"), fill) for pattern, fill in _TABLE)
