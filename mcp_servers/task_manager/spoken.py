"""Sentences about tasks, as people say them. Pure; every time is said relative to now."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcp_servers.task_manager.models import Completed, Due, Task, Undone

SAID_AT_ONCE = 5
"""How many tasks of a list are named."""
_NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_FAR = 180
"""From this many days on the year is said."""


def quoted(words: str) -> str:
    """“buy milk”."""
    return f"“{words}”"


def number(count: int) -> str:
    """Such as "three", "14"."""
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def listed(parts: Sequence[str], last: str = "and", separator: str = ",") -> str:
    """Such as "a, b and c"; with a semicolon where the parts have commas of their own."""
    if len(parts) < 2:  # noqa: PLR2004 - one needs no list
        return "".join(parts)
    if any("," in part for part in parts):
        separator = ";"
    head = f"{separator} ".join(parts[:-1])
    return f"{head}{';' if separator == ';' else ''} {last} {parts[-1]}"


def say_due(due: Due, now: datetime, *, whole: bool = False) -> str:
    """Such as "tomorrow", "Friday at 3 PM", "Friday 4 December", "4 March 2028"; `whole`: as `say_day`."""
    if not isinstance(due, datetime):
        return say_day(due, now.date(), whole=whole)
    if due.hour == due.minute == 0:
        return f"{say_day(due.date() - timedelta(days=1), now.date(), whole=whole)} at midnight"
    return f"{say_day(due.date(), now.date(), whole=whole)} at {say_time(due)}"


def say_day(day: date, today: date, *, whole: bool = False) -> str:
    """A day as it is said today; `whole`: never by its weekday alone."""
    away = (day - today).days
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(away)
    if near:
        return near
    if 1 < away < 7 and not whole:  # noqa: PLR2004 - a week has seven days
        return f"{day:%A}"
    if -7 <= away < 0 and not whole:  # noqa: PLR2004 - a week has seven days
        return f"last {day:%A}"
    if not 0 < away < _FAR:
        return f"{day.day} {day:%B %Y}"
    monday = today - timedelta(days=today.weekday())
    following = away >= 7 and 7 <= (day - monday).days < 14  # noqa: PLR2004 - the next calendar week
    return f"{'next ' if following else ''}{day:%A} {day.day} {day:%B}"


def say_time(moment: datetime) -> str:
    """Such as "3 PM", "3:30 PM", "noon"."""
    if (moment.hour, moment.minute) == (12, 0):
        return "noon"
    minutes = f":{moment.minute:02}" if moment.minute else ""
    return f"{moment.hour % 12 or 12}{minutes} {'AM' if moment.hour < 12 else 'PM'}"  # noqa: PLR2004 - noon


def say_rule(rule: str) -> str:
    """Such as "every Monday"; nothing for a rule that nobody says."""
    from mcp_servers.task_manager.times.repeats import spoken

    said = spoken(rule)
    return "" if said == rule else said


def due_clause(due: Due, now: datetime, *, whole: bool = False) -> str:
    """Such as "due tomorrow", "was due yesterday"; `whole`: as `say_day`."""
    past = due < now if isinstance(due, datetime) else due < now.date()
    return f"{'was due' if past else 'due'} {say_due(due, now, whole=whole)}"


def task_phrase(task: Task, now: datetime) -> str:
    """Such as "buy milk, due tomorrow"."""
    return f"{task.title}, {due_clause(task.due, now)}" if task.due and task.status == "open" else task.title


def added(task: Task, now: datetime) -> str:
    """Added “water the plants”, due Monday, every week, with a reminder Monday at 8 AM."""
    due = f", {due_clause(task.due, now)}" if task.due else ""
    past = task.remind_at if task.remind_at and task.remind_at < now else None
    late = f" The time of its reminder, {say_due(past, now)}, has passed." if past else ""
    return f"Added {quoted(task.title)}{due}{''.join(f', {part}' for part in _extras(task, now))}.{late}"


def completed(done: Completed, now: datetime) -> str:
    """Marked “water the plants” as done. The next is due Monday."""
    name = quoted(done.task.title)
    if not done.changed:
        return f"{name} was already done."
    following = done.following
    return f"Marked {name} as done." + (
        f" The next is {due_clause(following.due, now)}." if following and following.due else ""
    )


def details(task: Task, now: datetime) -> str:
    """Everything worth saying about one task."""
    parts = [due_clause(task.due, now)] if task.due else []
    if task.completed:
        parts = [f"done {say_due(task.completed, now)}"]
    if task.priority != "normal":
        parts.append(f"of {task.priority} priority")
    if task.tags:
        parts.append(f"tagged {listed(task.tags)}")
    parts += _extras(task, now)
    about = f" is {listed(parts)}" if parts else " is open, with no due time"
    return f"{quoted(task.title)}{about}." + (f" Notes: {task.notes}" if task.notes else "")


def _extras(task: Task, now: datetime) -> list[str]:
    """How it repeats, where that can be said, and when its reminder is to come."""
    parts = [say_rule(task.repeat) or "repeating"] if task.repeat else []
    if task.remind_at and task.remind_at > now and task.status == "open":
        parts.append(f"with a reminder {say_due(task.remind_at, now)}")
    return parts


def changed(before: Task, after: Task, now: datetime) -> str:
    """What is different: “the dentist” is due Friday 27 November at 3 PM."""
    parts: list[str] = []
    if after.due != before.due:
        parts.append(f"is {due_clause(after.due, now, whole=True)}" if after.due else "has no due time any more")
    if after.title != before.title:
        parts.insert(0, f"is called {quoted(after.title)}")
    if after.priority != before.priority:
        parts.append(f"has {after.priority} priority")
    if after.tags != before.tags:
        parts.append(f"is tagged {listed(after.tags)}" if after.tags else "has no tags any more")
    if after.notes != before.notes:
        parts.append("has new notes" if after.notes else "has no notes any more")
    if after.repeat != before.repeat:
        repeats = f"repeats {say_rule(after.repeat)}".rstrip() if after.repeat else "does not repeat any more"
        parts.append(repeats)
    if after.remind_at != before.remind_at:
        moment = after.remind_at
        parts.append(f"has its reminder {say_due(moment, now)}" if moment else "has no reminder any more")
    return f"{quoted(before.title)} {listed(parts)}." if parts else f"{quoted(after.title)} was like that already."


def undone(what: Undone) -> str:
    """What was taken back."""
    name = quoted(what.title)
    if what.kind == "import" or (what.kind == "clear" and what.count > 1):
        tasks = f"{number(what.count)} task{'s' * (what.count != 1)}"
        return f"Took back the import of {tasks}." if what.kind == "import" else f"{tasks.capitalize()} are back."
    return {
        "create": f"Took back adding {name}.",
        "complete": f"{name} is open again.",
        "reopen": f"{name} is done again.",
        "delete": f"{name} is back.",
        "clear": f"{name} is back.",
    }.get(what.kind, f"{name} is as it was before.")


def progress(count: int, total: int) -> str:
    """500 of 1200 tasks."""
    return f"{count} of {total} tasks"


def imported(count: int) -> str:
    """Imported three tasks."""
    return f"Imported {number(count)} task{'s' * (count != 1)}."


def exported(count: int, name: str, *, more: bool) -> str:
    """Exported three tasks as CSV."""
    if not count:
        return "There are no tasks to export."
    rest = " There are more: go on with next_cursor." if more else ""
    return f"Exported {number(count)} task{'s' * (count != 1)} as {name}.{rest}"


def cleared(status: str, count: int) -> str:
    """Deleted three finished tasks."""
    kind = {"done": "finished ", "open": "open ", "overdue": "overdue "}.get(status, "")
    if not count:
        return f"There were no {kind}tasks to delete."
    return f"Deleted {number(count)} {kind}task{'s' * (count != 1)}."
