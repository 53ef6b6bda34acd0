"""Whatever a client sends, it is answered in words: no traceback, no name of the inside, no fault."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from fastmcp import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcp.shared.exceptions import MCPError
from mcp_types import TextContent

from mcp_servers.task_manager.server import build_server
from tests.support.task_manager import BERLIN, FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from fastmcp import FastMCP

pytestmark = pytest.mark.contract

INSIDE = re.compile(
    r"Traceback|File \"|\.py\b|mcp_servers|sqlalchemy|sqlite3|pydantic|fastmcp|NoneType|Error\b.*:|object at 0x"
    r"|SELECT |INSERT |by a fault of the Task Manager",
    re.IGNORECASE,
)
NAMES = [
    "create_task",
    "list_tasks",
    "get_task",
    "complete_task",
    "reopen_task",
    "update_task",
    "delete_task",
    "clear_tasks",
    "upcoming_deadlines",
    "undo_last_change",
    "import_tasks",
    "export_tasks",
]
PARAMETERS = [
    *("title", "due", "notes", "priority", "tags", "repeat", "remind", "idempotency_key", "status", "query", "tag"),
    *("limit", "cursor", "task", "within", "format", "text", "other"),
]
LIKELY = [
    *("1", "2", "the milk", "tomorrow", "every day", "an hour before", "none", "high", "open", "done", "all", "csv"),
    *(
        "json",
        "todo.txt",
        "title\na\n",
        "FREQ=DAILY;COUNT=-1",
        "FREQ=SECONDLY",
        "9999-12-31",
        "0001-01-01",
        "2026-02-30",
    ),
    *(
        "in 99999999999 years",
        "-1d 25:00",
        "-99999999999s",
        "\x00",
        "\ud800",
        "\u202eabc",
        "%",
        "_",
        "'; DROP TABLE tasks;--",
    ),
    *("W10", "e30", "WzAsMCwwXQ", "9" * 40, "#" * 30, "a" * 2000, "*", '"', "NEAR(", "tasks://1"),
]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.sampled_from(LIKELY),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
arguments = st.dictionaries(st.sampled_from(PARAMETERS), st.sampled_from(LIKELY) | json_values, max_size=5)


class Session:
    """A client in a loop of its own, called from plain code."""

    def __init__(self, server: FastMCP[None]) -> None:
        self._loop = asyncio.new_event_loop()
        self._client: Client[Any] = Client(server)
        self._loop.run_until_complete(self._client.__aenter__())

    def __call__(self, act: Callable[[Client[Any]], Coroutine[Any, Any, Any]]) -> Any:
        return self._loop.run_until_complete(asyncio.wait_for(act(self._client), 30))

    def close(self) -> None:
        self._loop.run_until_complete(self._client.close())
        self._loop.close()


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    found = Session(build_server(tmp_path_factory.mktemp("fuzz") / "tasks.db", BERLIN, clock=FakeClock()))
    for title in ("buy milk", "the milk", "call mom"):
        found(lambda client, title=title: client.call_tool("create_task", {"title": title, "due": "tomorrow"}))
    yield found
    found.close()


some = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@some
@given(name=st.sampled_from(NAMES), given=arguments)
def test_any_arguments_of_a_tool_are_answered_in_words(session: Session, name: str, given: dict[str, Any]) -> None:
    result = session(lambda client: client.call_tool(name, given, raise_on_error=False))
    assert isinstance(result.content[0], TextContent)
    text = result.content[0].text
    assert text.strip()
    if result.is_error:
        assert not INSIDE.search(_without(text, given)), text
    else:
        assert result.structured_content


@some
@given(uri=st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), max_size=40))
def test_any_address_is_read_or_refused_in_words(session: Session, uri: str) -> None:
    for address in (f"tasks://{uri}", uri):
        try:
            session(lambda client, address=address: client.read_resource(address))
        except (MCPError, ValueError) as error:
            told = str(error)
            assert not INSIDE.search(told.replace(uri, "")), told


@some
@given(
    name=st.sampled_from(["daily_review", "plan_my_week"]),
    given=st.dictionaries(
        st.sampled_from(["tag", "week", "other"]), st.text(max_size=30) | st.sampled_from(LIKELY), max_size=2
    ),
)
def test_any_arguments_of_a_prompt_are_answered_in_words(session: Session, name: str, given: dict[str, str]) -> None:
    try:
        session(lambda client: client.get_prompt(name, given))
    except MCPError as error:
        assert not INSIDE.search(_without(str(error), given)), str(error)  # noqa: PT017 - both ways are right


@some
@given(typed=st.text(max_size=30) | st.sampled_from(LIKELY), name=st.sampled_from(["tag", "week", "other"]))
def test_anything_typed_is_completed_or_not(session: Session, typed: str, name: str) -> None:
    from mcp_types import PromptReference, ResourceTemplateReference

    prompt = PromptReference(type="ref/prompt", name="plan_my_week")
    session(lambda client: client.complete(prompt, {"name": name, "value": typed}))
    task = ResourceTemplateReference(type="ref/resource", uri="tasks://{id}")
    session(lambda client: client.complete(task, {"name": "id", "value": typed}))


def _without(text: str, given: Any) -> str:
    """What was said but for what the client itself had sent, which may be quoted."""
    for value in sorted(_texts(given), key=len, reverse=True):
        for quoted in (value, value.strip(), " ".join(value.split()), json.dumps(value)[1:-1]):
            text = text.replace(quoted, "") if quoted else text
    return text


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():  # pyright: ignore[reportUnknownVariableType]
            yield from _texts(key)
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:  # pyright: ignore[reportUnknownVariableType]
            yield from _texts(inner)
