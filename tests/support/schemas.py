"""Function schemas as a model is given them: short to write."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
TEXT: Json = {"type": "string"}


def a_schema(name: str, description: str = "", required: tuple[str, ...] = (), **parameters: Json) -> Json:
    """Return the function schema of a tool with these parameters."""
    shape = {"type": "object", "properties": parameters, "required": list(required)}
    return {"name": name, "description": description, "parameters": shape}


def task_schemas(server: str = "tasks") -> list[Json]:
    """Return tools that look after tasks, like those of the bundled server but not taken from it."""
    status = {"type": "string", "enum": ["open", "done", "all", "today", "overdue", "upcoming"]}
    which = {"type": "string", "enum": ["done", "open", "overdue", "all"]}
    tags = {"type": "array", "items": TEXT}
    task = {"type": "string", "description": "Its id or the words of its title."}
    own = {"title": TEXT, "due": TEXT, "notes": TEXT, "priority": TEXT, "tags": tags}
    return [
        a_schema(f"{server}_create_task", "Add a task.", ("title",), **own),
        a_schema(f"{server}_list_tasks", "List tasks.", status=status, due=TEXT, query=TEXT, tag=TEXT),
        a_schema(f"{server}_complete_task", "Mark a task as done.", ("task",), task=task),
        a_schema(f"{server}_reopen_task", "Reopen a task.", ("task",), task=task),
        a_schema(f"{server}_update_task", "Change a task.", ("task",), task=task, **own),
        a_schema(f"{server}_delete_task", "Delete a task.", ("task",), task=task),
        a_schema(f"{server}_clear_tasks", "Delete many tasks.", ("status",), status=which),
    ]
