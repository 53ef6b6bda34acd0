"""Asks the client which of several tasks is meant, in both protocol eras, where it can be asked.

Up to 2025-11-25 the question is a request of the server's own while the call waits (`elicitation/create`). From
2026-07-28 on the call ends with the question and comes again with the answer (multi round-trip requests); what may be
answered travels with it in the state that the SDK seals, so that only what was offered can be chosen.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

from fastmcp.server.dependencies import get_context
from mcp_types import ElicitRequest, ElicitRequestFormParams, ElicitResult, InputRequiredResult
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from mcp_servers.task_manager.errors import BadRequest, SeveralTasks

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping

    from fastmcp import Context

T = TypeVar("T")

FIELD = "task"
"""The name of the question, and of the one field in its form."""
TITLED_SINCE = "2025-11-25"
"""The protocol version from which on a form's choices have titles as `oneOf`; before it they were `enumNames`."""


async def with_one(words: str, act: Callable[[str | int], Awaitable[T]]) -> T | InputRequiredResult:
    """Act on the one task that is meant; where there are several, on the one that the client's person chooses.

    Raises what `act` does, among it `SeveralTasks` for a client that cannot ask, and `BadRequest` for no choice.
    """
    context = get_context()
    answered = _answer_brought(context)
    if answered is not None:
        return await act(answered)
    try:
        return await act(words)
    except SeveralTasks as several:
        if not several.choices or not _can_ask(context):
            raise
        message, schema = str(several), _schema(several.choices, context)
        numbers = list(several.choices)
    if _is_modern(context):
        question = ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))
        return InputRequiredResult(input_requests={FIELD: question}, request_state=json.dumps(numbers))
    answer = await context.session.elicit_form(message, schema, related_request_id=context.request_id)
    return await act(_chosen(answer, numbers))


def _is_modern(context: Context) -> bool:
    return _version(context) in MODERN_PROTOCOL_VERSIONS


def _version(context: Context) -> str:
    return context.session.protocol_version


def _can_ask(context: Context) -> bool:
    capabilities = context.session.client_capabilities
    asking = capabilities.elicitation if capabilities else None
    return asking is not None and (asking.form is not None or asking.url is None)


def _answer_brought(context: Context) -> int | None:
    """The id chosen, where this call brings the answer to the question that the one before ended with."""
    answer = (context.input_responses or {}).get(FIELD) if _is_modern(context) else None
    if not isinstance(answer, ElicitResult) or context.request_state is None:
        return None
    return _chosen(answer, json.loads(context.request_state))


def _chosen(answer: ElicitResult, offered: Collection[int]) -> int:
    chosen = str((answer.content or {}).get(FIELD, ""))
    if answer.action != "accept":
        raise BadRequest("It was not said which task is meant, so nothing was done.")
    if chosen not in {str(number) for number in offered}:
        raise BadRequest("That is not one of the tasks to choose from, so nothing was done.")
    return int(chosen)


def _schema(choices: Mapping[int, str], context: Context) -> dict[str, Any]:
    numbers = {str(number): title for number, title in choices.items()}
    options: dict[str, Any] = {"enum": list(numbers), "enumNames": list(numbers.values())}
    if _version(context) >= TITLED_SINCE:
        options = {"oneOf": [{"const": number, "title": title} for number, title in numbers.items()]}
    field = {"type": "string", "title": "Task", "description": "Which task is meant.", **options}
    return {"type": "object", "properties": {FIELD: field}, "required": [FIELD]}
