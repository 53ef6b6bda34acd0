from __future__ import annotations

from typing import Any

import pytest

from voice_agent.bridge.catalog import make_tool
from voice_agent.bridge.failures import Trace, failure, way_to_check
from voice_agent.config.types import StdioEntry, VoiceOptions

pytestmark = pytest.mark.unit

ENTRY = StdioEntry("tasks", "x")


class Refused(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def tool(name: str, *required: str, voice: VoiceOptions | None = None, server: str = "tasks") -> Any:
    entry = StdioEntry(server, "x", voice=voice or VoiceOptions())
    schema = {"type": "object", "properties": {word: {"type": "string"} for word in required}, "required": required}
    return make_tool(entry, {"name": name, "inputSchema": {**schema, "required": list(required)}}, f"{server}_{name}")


@pytest.mark.parametrize(
    ("trace", "error", "sentence", "may_have_taken_effect"),
    [
        (Trace(), Refused(-32001, "Request timed out"), "Notes did not answer within 3 seconds.", True),
        (Trace(), Refused(-32602, "No such task."), "No such task.", False),
        (Trace(), Refused(-32000, "Connection closed"), "The connection to Notes was lost.", True),
        (Trace(), ValueError("odd"), "The connection to Notes was lost.", True),
        (Trace(is_lost=True), Refused(-32603, "x"), "The connection to Notes was lost.", True),
        (Trace(is_lost=True, is_unsent=True), Refused(-32603, "x"), "Notes cannot be reached.", False),
        (
            Trace(http_status=404, is_session_gone=True),
            Refused(-1, "x"),
            "Notes has forgotten this conversation.",
            False,
        ),
        (Trace(http_status=401), Refused(-32603, "x"), "Notes asks for a login.", False),
        (Trace(http_status=429), Refused(-32603, "x"), "Notes asks to be left alone for a while.", False),
        (Trace(http_status=503), Refused(-32603, "x"), "Notes has an error of its own (503).", True),
        (Trace(http_status=302), Refused(-32600, "x"), "Notes has moved to another address.", False),
        (Trace(http_status=400), Refused(-32602, "Bad date."), "Bad date.", False),
        (
            Trace(is_too_long=True),
            Refused(-32090, "x"),
            "Notes answered with more than can be read at once; ask for less.",
            True,
        ),
        (
            Trace(http_status=200),
            Refused(-32700, "Failed to parse JSON response: x"),
            "Notes answered in a way that cannot be read.",
            True,
        ),
    ],
)
def test_a_failure_is_one_sentence_and_tells_whether_it_may_have_taken_effect(
    trace: Trace, error: Exception, sentence: str, may_have_taken_effect: bool
) -> None:
    found = failure(error, trace, say="Notes", seconds=3.0, has_ended=False)
    assert found.sentence == sentence
    assert (not found.was_refused and not found.was_answered) is may_have_taken_effect


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("create_task", {"title": "milk"}, "list_tasks"),
        ("complete_task", {"task": "milk"}, "get_task"),
        ("deleteProject", {"id": 3}, "list_projects"),
        ("send_mail", {"to": "x"}, None),
    ],
)
def test_a_lost_write_is_checked_with_the_reading_tool_about_the_same_thing(
    name: str, arguments: dict[str, Any], expected: str | None
) -> None:
    tools = [
        tool("list_tasks"),
        tool("get_task", "task"),
        tool("list_projects"),
        tool("search_tasks", "query"),
        tool("delete_task", "task"),
        tool("list_mails", server="other"),
    ]
    found = way_to_check(tool(name, *arguments), arguments, tools, trusted=False)
    assert (found.name if found else None) == expected


def test_a_tool_that_may_not_be_used_is_not_offered_for_checking() -> None:
    tools = [tool("list_tasks", voice=VoiceOptions(deny=("list_*",)))]
    assert way_to_check(tool("create_task"), {}, tools, trusted=False) is None
