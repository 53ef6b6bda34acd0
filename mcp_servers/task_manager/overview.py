"""What is said about a list of tasks: how many there are, the first few by name, and what was perhaps meant."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mcp_servers.task_manager import spoken

if TYPE_CHECKING:
    from mcp_servers.task_manager.models import Task
    from mcp_servers.task_manager.service import Listed, Query

SAID_AT_ONCE = 5
"""How many tasks are named."""
_KINDS = {
    "open": "open ",
    "done": "finished ",
    "all": "",
    "today": "",
    "overdue": "overdue ",
    "upcoming": "upcoming ",
    "undated": "undated ",
}
_COUNTED = re.compile(
    r"(?:the )?(?:next|last|past|coming|previous) (?!(?:week|weekend|month|quarter|year|\w+day)\b)",
    re.IGNORECASE,
)
"""Such as "the next three days", which "due" does not go with alone."""


def overview(asked: Query, listed: Listed, now: datetime) -> str:
    """Such as "You have two open tasks: buy milk, due tomorrow; and call the dentist, due Friday at 3 PM."."""
    page = listed.page
    if not page.tasks:
        text = _nothing(asked, listed, now)
    else:
        named = [_phrase(task, asked, listed, now) for task in page.tasks[:SAID_AT_ONCE]]
        rest = _rest(asked, listed, len(named))
        if rest:
            named.append(rest)
        text = f"{_opening(asked, listed, now)}: {spoken.listed(named)}."
    if listed.overdue is None:
        text += " Many more are overdue."
    elif listed.overdue:
        verb = "is" if listed.overdue == 1 else "are"
        text += f" {spoken.number(listed.overdue).capitalize()} more {verb} overdue."
    return text


def _rest(asked: Query, listed: Listed, named: int) -> str:
    """Such as "three more"; "many more" where they were not counted."""
    page = listed.page
    if asked.cursor is None and page.total is None:
        return "many more"
    count = (len(page.tasks) if asked.cursor is not None else page.total or 0) - named
    return f"{spoken.number(count)} more" if count else ""


def _opening(asked: Query, listed: Listed, now: datetime) -> str:
    page = listed.page
    if asked.cursor is not None:
        return "Then there " + ("is" if len(page.tasks) == 1 else "are")
    one = page.total == 1
    count = "many" if page.total is None else spoken.number(page.total)
    tasks = f"{count} {_KINDS[asked.status]}task{'' if one else 's'}"
    when = _when(asked, listed, now)
    if asked.words:
        return f"{tasks.capitalize()} {'matches' if one else 'match'} {spoken.quoted(asked.words)}{when}"
    return f"You have {tasks}{when}{_tagged(asked)}"


def _when(asked: Query, listed: Listed, now: datetime) -> str:
    """Such as "due tomorrow"; the words as they were said where they mean more than a day."""
    day = _only_day(listed)
    if day is not None:
        return f" due {spoken.say_day(day.date(), now.date())}"
    said = (asked.due or "").strip()
    return f" due {'in ' if _COUNTED.match(said) else ''}{said}" if said else ""


def _only_day(listed: Listed) -> datetime | None:
    if listed.span is None:
        return None
    start, end = listed.span
    return start if end.date() - start.date() == timedelta(days=1) and start.time() == end.time() else None


def _tagged(asked: Query) -> str:
    return f" tagged {spoken.quoted(asked.tag)}" if asked.tag else ""


def _phrase(task: Task, asked: Query, listed: Listed, now: datetime) -> str:
    """The due day is left out where all have the same."""
    if _only_day(listed) is None or asked.status == "done":
        return spoken.task_phrase(task, now)
    if isinstance(task.due, datetime):
        return f"{task.title} at {spoken.say_time(task.due)}"
    return task.title


def _nothing(asked: Query, listed: Listed, now: datetime) -> str:
    kind = _KINDS[asked.status]
    if asked.words:
        meant = spoken.listed([spoken.quoted(title) for title in listed.close], "or")
        found = f"There is no {kind}task like {spoken.quoted(asked.words)}{_when(asked, listed, now)}."
        return found + (f" Did you mean {meant}?" if meant else "")
    if asked.tag:
        return f"There is no {kind}task{_tagged(asked)}{_when(asked, listed, now)}."
    when = _when(asked, listed, now)
    if asked.status == "done":
        return f"There are no finished tasks{when}."
    if when:
        return f"Nothing is{when}." if asked.status != "overdue" else f"Nothing is overdue{when}."
    return {
        "open": "You have no open tasks.",
        "overdue": "Nothing is overdue.",
        "upcoming": "Nothing is coming up.",
    }.get(asked.status, "You have no tasks.")
