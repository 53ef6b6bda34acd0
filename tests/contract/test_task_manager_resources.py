"""The tasks as resources and in prompts, as clients of both protocol eras read them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import pytest
from fastmcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import PromptReference, ResourceTemplateReference, TextContent, TextResourceContents

from mcp_servers.task_manager.server import build_server
from tests.support.task_manager import BERLIN, FakeClock, Tasks

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from fastmcp import FastMCP

pytestmark = pytest.mark.contract


@pytest.fixture(params=["auto", "legacy"])
def era(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def server(tmp_path: Path, clock: FakeClock) -> FastMCP[None]:
    return build_server(tmp_path / "tasks.db", BERLIN, clock=clock)


@pytest.fixture
async def tasks(server: FastMCP[None], clock: FakeClock, era: str) -> AsyncGenerator[Tasks]:
    async with Client(server, mode=cast("Any", era)) as client:
        yield Tasks(client, clock)


async def read(tasks: Tasks, uri: str) -> dict[str, Any]:
    (content,) = await tasks.client.read_resource(uri)
    assert isinstance(content, TextResourceContents)
    assert content.mime_type == "application/json"
    return cast("dict[str, Any]", json.loads(content.text))


async def prompt(tasks: Tasks, name: str, **arguments: str) -> str:
    (message,) = (await tasks.client.get_prompt(name, arguments)).messages
    assert message.role == "user"
    assert isinstance(message.content, TextContent)
    return message.content.text


async def test_open_and_todays_tasks_are_read_as_the_tools_list_them(tasks: Tasks) -> None:
    await tasks.add("late", due="yesterday")
    await tasks.add("today", due="today")
    await tasks.add("finished")
    await tasks("complete_task", task="finished")
    assert await read(tasks, "tasks://open") == await tasks("list_tasks")
    today = await read(tasks, "tasks://today")
    assert [task["title"] for task in today["tasks"]] == ["today"]
    assert today == await tasks("list_tasks", status="today")


async def test_one_task_is_read_by_its_id_and_by_its_words(tasks: Tasks) -> None:
    await tasks.add("buy milk")
    await tasks.add("read / write ../reports")
    milk = await tasks("get_task", task="1")
    assert await read(tasks, "tasks://1") == milk
    assert await read(tasks, "tasks://buying%20milk") == milk
    assert (await read(tasks, "tasks://read%20%2F%20write%20..%2Freports"))["task"]["id"] == "2"


async def test_a_task_that_is_not_there_is_an_error_that_names_the_address(tasks: Tasks) -> None:
    with pytest.raises(MCPError) as caught:
        await tasks.client.read_resource("tasks://9")
    assert (caught.value.code, caught.value.data) == (-32602, {"uri": "tasks://9"})


async def test_words_for_several_tasks_are_an_error_that_names_them(tasks: Tasks) -> None:
    await tasks.add("call the dentist", "pay the dentist")
    with pytest.raises(MCPError, match=r"There are two: “pay the dentist” and “call the dentist”\. Which one\?"):
        await tasks.client.read_resource("tasks://dentist")


async def test_a_long_list_is_cut_and_says_how_it_goes_on(tasks: Tasks) -> None:
    await tasks.add(*(f"task number {number}" for number in range(101)))
    shown = await read(tasks, "tasks://open")
    assert (len(shown["tasks"]), shown["total"]) == (100, 101)
    rest = await tasks("list_tasks", cursor=shown["next_cursor"])
    assert [task["title"] for task in rest["tasks"]] == ["task number 100"]


async def test_the_resources_are_listed_with_titles_and_descriptions(tasks: Tasks) -> None:
    resources = await tasks.client.list_resources()
    assert {"tasks://open", "tasks://today"} <= {str(resource.uri) for resource in resources}
    templates = await tasks.client.list_resource_templates()
    assert [template.uri_template for template in templates] == ["tasks://{id}"]
    for one in (*resources, *templates):
        assert one.title
        assert one.description
        assert one.mime_type == "application/json"


async def test_the_daily_review_names_each_task_once_under_what_it_is(tasks: Tasks) -> None:
    await tasks.add("late", due="yesterday", priority="high", tags=["work"])
    await tasks.add("tonight", due="tonight")
    await tasks.add("friday", due="Friday")
    await tasks.add("finished")
    await tasks("complete_task", task="finished")
    _, today, *lists = (await prompt(tasks, "daily_review")).split("\n\n")
    assert today.startswith("Today is Saturday 21 November 2026.")
    assert lists == [
        "Overdue:\n- late, was due yesterday, high priority, tagged work (id 1)",
        "Due today:\n- tonight, due today at 8 PM (id 2)",
        "In the next seven days:\n- friday, due Friday (id 3)",
        "Done lately:\n- finished (id 4)",
    ]
    assert "late" in await prompt(tasks, "daily_review", tag="work")
    assert "tonight" not in await prompt(tasks, "daily_review", tag="work")


async def test_planning_a_week_shows_what_is_due_then_and_what_has_no_day(tasks: Tasks) -> None:
    await tasks.add("sunday", due="tomorrow")
    await tasks.add("monday", due="Monday")
    await tasks.add("someday")
    this = await prompt(tasks, "plan_my_week")
    assert "Due this week:\n- sunday, due tomorrow (id 1)" in this
    assert "Without a due time:\n- someday (id 3)" in this
    following = await prompt(tasks, "plan_my_week", week="next week")
    assert "Due next week:\n- monday, due Monday (id 2)" in following
    with pytest.raises(MCPError, match="I don't understand “the blue week” as a time"):
        await prompt(tasks, "plan_my_week", week="the blue week")


async def test_the_prompts_are_listed_with_their_arguments(tasks: Tasks) -> None:
    prompts = {one.name: one for one in await tasks.client.list_prompts()}
    assert {name: [argument.name for argument in one.arguments or []] for name, one in prompts.items()} == {
        "daily_review": ["tag"],
        "plan_my_week": ["week", "tag"],
    }
    for one in prompts.values():
        assert one.title
        assert one.description
        assert not any(argument.required or not argument.description for argument in one.arguments or [])


async def completed(tasks: Tasks, reference: Any, name: str, typed: str) -> list[str]:
    return (await tasks.client.complete(reference, {"name": name, "value": typed})).values


A_TASK = ResourceTemplateReference(type="ref/resource", uri="tasks://{id}")
REVIEW = PromptReference(type="ref/prompt", name="daily_review")
WEEK = PromptReference(type="ref/prompt", name="plan_my_week")


async def test_titles_are_completed_from_the_beginnings_of_their_words(tasks: Tasks) -> None:
    await tasks.add("buy milk", "call the dentist", "Buying a (new) bike")
    await tasks.add("pay the dentist", due="today")
    await tasks("complete_task", task="milk")
    assert await completed(tasks, A_TASK, "id", "dent") == ["pay the dentist", "call the dentist"]
    assert await completed(tasks, A_TASK, "id", "the d") == ["pay the dentist", "call the dentist"]
    assert await completed(tasks, A_TASK, "id", "call the dentis") == ["call the dentist"]
    assert await completed(tasks, A_TASK, "id", "buyin") == ["Buying a (new) bike"]
    assert await completed(tasks, A_TASK, "id", "new") == ["Buying a (new) bike"]
    assert await completed(tasks, A_TASK, "id", "") == ["pay the dentist", "call the dentist", "Buying a (new) bike"]
    assert await completed(tasks, A_TASK, "id", "xyz") == []
    assert (await read(tasks, "tasks://call%20the%20dentist"))["task"]["id"] == "2"


async def test_tags_and_weeks_are_completed_in_prompts(tasks: Tasks) -> None:
    await tasks.add("a", tags=["home", "work"])
    await tasks.add("b", tags=["homework"])
    assert await completed(tasks, REVIEW, "tag", "Ho") == ["home", "homework"]
    assert await completed(tasks, WEEK, "tag", "") == ["home", "homework", "work"]
    assert await completed(tasks, WEEK, "week", "ne") == ["next week"]
    assert await completed(tasks, REVIEW, "other", "x") == []
    assert await completed(tasks, PromptReference(type="ref/prompt", name="other"), "tag", "h") == []


async def test_a_long_completion_is_cut_and_says_so(tasks: Tasks) -> None:
    await tasks.add(*(f"call number {number}" for number in range(25)))
    found = await tasks.client.complete(A_TASK, {"name": "id", "value": "call"})
    assert (len(found.values), found.has_more) == (20, True)
