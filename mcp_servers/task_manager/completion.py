"""Completion of what a person types into a client: tasks by their titles, tags, and weeks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp_types import Completion, PromptReference

from mcp_servers.task_manager.errors import TaskError
from mcp_servers.task_manager.plain import as_told
from mcp_servers.task_manager.prompts import WEEKS
from mcp_servers.task_manager.resources import ONE

if TYPE_CHECKING:
    from mcp_types import CompletionArgument, CompletionContext, ResourceTemplateReference

    from mcp_servers.task_manager.server import Parts

MOST_OFFERED = 20
_PROMPTS = {"daily_review", "plan_my_week"}


def add_completion(parts: Parts) -> None:
    """Complete the words of `tasks://{id}` and the arguments of the prompts; anything else has no completions."""

    async def complete(
        reference: PromptReference | ResourceTemplateReference,
        argument: CompletionArgument,
        _context: CompletionContext | None,
    ) -> Completion:
        try:
            found = await _found(parts, reference, argument)
        except TaskError as error:
            raise as_told(error, {}) from None
        return Completion(values=found[:MOST_OFFERED], has_more=len(found) > MOST_OFFERED)

    parts.mcp.completion(complete)


async def _found(
    parts: Parts, reference: PromptReference | ResourceTemplateReference, argument: CompletionArgument
) -> list[str]:
    """One more than is offered, where there are so many. Raises `TaskError`."""
    if isinstance(reference, PromptReference):
        if reference.name not in _PROMPTS:
            return []
        if argument.name == "week":
            return [week for week in WEEKS if week.startswith(argument.value.strip().casefold())]
        wanted = argument.name == "tag"
        return await parts.service.tags_like(parts.person(), argument.value, MOST_OFFERED + 1) if wanted else []
    if reference.uri != ONE or argument.name != "id":
        return []
    return await parts.service.titles_like(parts.person(), argument.value, MOST_OFFERED + 1)
