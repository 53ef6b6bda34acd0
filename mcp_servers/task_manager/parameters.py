"""The parameters of the tools: their types, and what a model reads about each."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic.json_schema import SkipJsonSchema

from mcp_servers.task_manager.formats import Format
from mcp_servers.task_manager.service import MOST_AT_ONCE


def _text(value: Any) -> Any:
    """Models send ids as numbers too."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _word(value: Any) -> Any:
    return value.strip().casefold() if isinstance(value, str) else value


def _labels(value: Any) -> Any:
    """Models send one tag, or several with commas, as text too."""
    return [part for part in value.split(",") if part.strip()] if isinstance(value, str) else value


TaskWords = Annotated[
    str,
    BeforeValidator(_text),
    Field(description="The task: its id, or the words of its title as the person says them, such as “the dentist”."),
]
Title = Annotated[str, Field(description="What is to be done, short and without the due time: “buy milk”.")]
NewTitle = Annotated[str | SkipJsonSchema[None], Field(description="The new title.")]
Due = Annotated[
    str | SkipJsonSchema[None],
    Field(
        description="When it is due, as the person says it (“tomorrow”, “Friday at three”, “in two weeks”) "
        "or as ISO 8601. Leave out if no time was said."
    ),
]
NewDue = Annotated[
    str | SkipJsonSchema[None],
    Field(
        description="The new due time, as the person says it or as ISO 8601. A day alone (“Friday”) keeps the time of "
        "day, a time alone the day. “by two days”, “an hour later” and “earlier by a week” count from the present due "
        "time, “in two days” from now. “none” removes it."
    ),
]
DueSpan = Annotated[
    str | SkipJsonSchema[None],
    Field(
        description="Only tasks due on that day or in that span, as people say it: “tomorrow”, “this week”, “in May”."
    ),
]
Notes = Annotated[str | SkipJsonSchema[None], Field(description="More about the task.")]
NewNotes = Annotated[str | SkipJsonSchema[None], Field(description="The new notes; “none” removes them.")]
Repeat = Annotated[
    str | SkipJsonSchema[None],
    Field(
        description="How it repeats, as the person says it: “every day”, “every Monday and Thursday”, “monthly”. "
        "Leave out for a task that is done once."
    ),
]
NewRepeat = Annotated[str | SkipJsonSchema[None], Field(description="How it repeats from now on; “none” ends that.")]
Remind = Annotated[
    str | SkipJsonSchema[None],
    Field(
        description="When to be reminded of it besides its due time: a time, or how long before: “an hour before”. "
        "Leave out if none was said."
    ),
]
NewRemind = Annotated[str | SkipJsonSchema[None], Field(description="The new reminder; “none” removes it.")]
PriorityWord = Literal["low", "normal", "high"]
Priority = Annotated[
    PriorityWord,
    BeforeValidator(_word),
    Field(description="How much it matters: high for what is urgent or important."),
]
NewPriority = Annotated[
    PriorityWord | SkipJsonSchema[None], BeforeValidator(_word), Field(description="The new priority.")
]
Tags = Annotated[
    list[str] | SkipJsonSchema[None],
    BeforeValidator(_labels),
    Field(description="Labels to group tasks by, such as “work”."),
]
NewTags = Annotated[
    list[str] | SkipJsonSchema[None],
    BeforeValidator(_labels),
    Field(description="All its labels from now on; empty for none."),
]
Status = Annotated[
    Literal["open", "done", "all", "today", "overdue", "upcoming"],
    BeforeValidator(_word),
    Field(
        description="Which tasks: open (to be done), done, all; or of the open ones those due today, "
        "overdue (their time has passed), upcoming (their time is still to come)."
    ),
]
ClearStatus = Annotated[
    Literal["done", "open", "overdue", "all"],
    BeforeValidator(_word),
    Field(description="Which tasks to delete: done (finished), open (unfinished), overdue, or all."),
]
Words = Annotated[
    str | SkipJsonSchema[None], Field(description="Only tasks with these words in the title, in any form.")
]
OneTag = Annotated[str | SkipJsonSchema[None], Field(description="Only tasks with this tag.")]
Limit = Annotated[int, Field(description="How many tasks to return at most.", ge=1, le=MOST_AT_ONCE)]
Cursor = Annotated[
    str | SkipJsonSchema[None], Field(description="next_cursor of the page before, for the page after it.")
]
OnePriority = Annotated[
    PriorityWord | SkipJsonSchema[None], BeforeValidator(_word), Field(description="Only tasks of this priority.")
]
Within = Annotated[
    str, Field(description="How far ahead to look, as people say it: “this week”, “the next three days”.")
]
Key = Annotated[
    str | SkipJsonSchema[None],
    BeforeValidator(_text),
    Field(description="Any text, new for each call: a call repeated with its key acts once and answers the same."),
]
FileFormat = Annotated[
    Format, BeforeValidator(_word), Field(description="The format: json and csv lose nothing, todo.txt has no notes.")
]
FileText = Annotated[str, Field(description="The text of the file.")]
AllStatus = Annotated[
    Literal["all", "open", "done"], BeforeValidator(_word), Field(description="Which tasks: all, open or done.")
]
