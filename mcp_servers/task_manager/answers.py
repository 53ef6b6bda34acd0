"""What the tools answer: a sentence to be said, and the same as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from fastmcp.tools import Tool, ToolResult
from mcp_types import ContentBlock, InputRequiredResult, TextContent, ToolAnnotations

if TYPE_CHECKING:
    from collections.abc import Callable

Answer: TypeAlias = ToolResult | InputRequiredResult
Said: TypeAlias = tuple[str, dict[str, Any]]
"""The sentence and the data."""

READS: Final = {"read_only_hint": True, "destructive_hint": False, "idempotent_hint": True}
WRITES: Final = {"read_only_hint": False, "destructive_hint": False, "idempotent_hint": False}
"""Not idempotent: the same words may mean another task the next time, and a task that repeats has a next. With the same
`idempotency_key` every one of them is.
"""
DELETES: Final = WRITES | {"destructive_hint": True}

DESCRIPTIONS: Final = {
    "create_task": "Add a task or reminder to the person's to-do list: “add buy milk”, “remind me to call mom”.",
    "list_tasks": "Say what is on the to-do list, or a part of it: “what must I do tomorrow”, “is the dentist on it”.",
    "get_task": "Tell everything about one task: when it is due, its notes, priority and tags.",
    "complete_task": "Mark a task as done: “I've bought the milk”, “check off the dentist”. It stays, among the done.",
    "reopen_task": "Mark a done task as not done after all, back onto the list of open tasks.",
    "update_task": "Change a task: move it to another time, rename it, set notes, priority or tags. The rest stays.",
    "delete_task": "Delete one task for good, done or not. To finish a task, complete it instead.",
    "clear_tasks": "Delete many tasks for good at once: all finished, all open or all overdue ones, or the whole list.",
    "upcoming_deadlines": "Say which deadlines come up in the next days, the nearest first: “what is due soon”.",
    "undo_last_change": "Take back the last change to the list: “undo that”, “I didn't mean that”.",
    "import_tasks": "Add all tasks of a file's text to the list. With one line that cannot be read, nothing is added.",
    "export_tasks": "Write the list as the text of a file, to keep it or to import it elsewhere.",
}
"""What a model chooses by."""


def answer(said: Said, *more: ContentBlock) -> ToolResult:
    """The sentence as text, the data as structured content."""
    text, content = said
    return ToolResult(content=[TextContent(type="text", text=text), *more], structured_content=content)


def tool_of(function: Callable[..., Any], title: str, schema: dict[str, Any], hints: dict[str, bool]) -> Tool:
    """The tool of a function `_name`.

    What may be left out has no default in the schema: small models would fill in the null. The functions have no
    docstrings, for FastMCP imports a parser (85 ms) where there is one.
    """
    name = function.__name__.removeprefix("_")
    tool = Tool.from_function(
        function,
        name=name,
        title=title,
        description=DESCRIPTIONS[name],
        output_schema=schema,
        annotations=ToolAnnotations(title=title, open_world_hint=False, **hints),
    )
    for parameter in tool.parameters["properties"].values():
        if parameter.get("default", "") is None:
            del parameter["default"]
    return tool
