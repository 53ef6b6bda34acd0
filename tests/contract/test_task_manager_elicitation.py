"""Which of several tasks is meant: the client's person is asked, in both protocol eras, where they can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import jsonschema
import pytest
from fastmcp import Client
from mcp_types import ElicitResult, InputRequiredResult

from mcp_servers.task_manager.server import build_server
from tests.support.task_manager import BERLIN, FakeClock, Tasks

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from fastmcp import FastMCP

pytestmark = pytest.mark.contract

WHICH = "There are two: “pay the dentist”; and “call the dentist”, due Friday at 3 PM. Which one?"
OFFERED = [
    {"const": "2", "title": "pay the dentist"},
    {"const": "1", "title": "call the dentist, due Friday at 3 PM"},
]


@pytest.fixture(params=["auto", "legacy"])
def era(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(tmp_path: Path) -> FastMCP[None]:
    return build_server(tmp_path / "tasks.db", BERLIN, clock=FakeClock())


class Person:
    """Answers every question with `choice`, or runs away from it."""

    def __init__(self, choice: str | None) -> None:
        self.choice = choice
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.meanwhile: Callable[[], Awaitable[Any]] | None = None

    async def __call__(self, message: str, _type: Any, params: Any, _context: Any) -> ElicitResult:
        self.asked.append((message, params.requested_schema))
        if self.meanwhile:
            await self.meanwhile()
        if self.choice is None:
            return ElicitResult(action="decline")
        return ElicitResult(action="accept", content={"task": self.choice})


def client_of(server: FastMCP[None], era: str, person: Person | None) -> Client[Any]:
    return Client(server, mode=cast("Any", era), elicitation_handler=person)


async def two_dentists(client: Client[Any]) -> Tasks:
    tasks = Tasks(client, FakeClock())
    await tasks.add("call the dentist", due="Friday at three")
    await tasks.add("pay the dentist")
    return tasks


async def test_the_person_chooses_and_that_task_is_acted_on(server: FastMCP[None], era: str) -> None:
    person = Person("1")
    async with client_of(server, era, person) as client:
        tasks = await two_dentists(client)
        done = await tasks("complete_task", task="the dentist")
        assert done["task"]["title"] == "call the dentist"
        assert tasks.said == "Marked “call the dentist” as done."
        assert await tasks.titles() == ["pay the dentist"]
    (asked,) = person.asked
    assert asked[0] == WHICH
    assert asked[1]["properties"]["task"]["oneOf"] == OFFERED
    assert asked[1]["required"] == ["task"]
    jsonschema.Draft202012Validator.check_schema(asked[1])


async def test_every_tool_that_takes_words_asks(server: FastMCP[None], era: str) -> None:
    person = Person("2")
    async with client_of(server, era, person) as client:
        tasks = await two_dentists(client)
        assert (await tasks("get_task", task="dentist"))["task"]["id"] == "2"
        assert (await tasks("update_task", task="dentist", priority="high"))["task"]["id"] == "2"
        await tasks("complete_task", task="1")
        await tasks("complete_task", task="2")
        assert (await tasks("reopen_task", task="dentist"))["task"]["id"] == "2"
        await tasks("reopen_task", task="1")
        await tasks("delete_task", task="dentist")
        assert await tasks.titles(status="all") == ["call the dentist"]
    assert len(person.asked) == 4


async def test_one_who_does_not_choose_changes_nothing(server: FastMCP[None], era: str) -> None:
    async with client_of(server, era, Person(None)) as client:
        tasks = await two_dentists(client)
        said = await tasks.refusal("delete_task", task="dentist")
        assert said == "It was not said which task is meant, so nothing was done."
        assert len(await tasks.titles()) == 2


async def test_nothing_but_what_was_offered_can_be_chosen(server: FastMCP[None], era: str) -> None:
    async with client_of(server, era, Person("3")) as client:
        tasks = await two_dentists(client)
        await tasks.add("buy milk")
        said = await tasks.refusal("delete_task", task="dentist")
        assert said == "That is not one of the tasks to choose from, so nothing was done."
        assert len(await tasks.titles()) == 3


async def test_a_task_that_goes_while_the_person_thinks_is_not_mistaken_for_the_other(
    server: FastMCP[None], era: str
) -> None:
    person = Person("2")
    async with client_of(server, era, person) as client, Client(server) as other:
        tasks = await two_dentists(client)
        person.meanwhile = lambda: other.call_tool("delete_task", {"task": "2"})
        assert await tasks.refusal("complete_task", task="dentist") == "That task is not there any more."
        assert await tasks.titles() == ["call the dentist"]


async def test_a_client_that_cannot_ask_is_told_the_choices(server: FastMCP[None], era: str) -> None:
    async with client_of(server, era, None) as client:
        tasks = await two_dentists(client)
        assert await tasks.refusal("delete_task", task="dentist") == WHICH


async def test_more_than_anyone_would_choose_from_are_not_offered(server: FastMCP[None], era: str) -> None:
    person = Person("1")
    async with client_of(server, era, person) as client:
        tasks = Tasks(client, FakeClock())
        await tasks.add(*(f"call number {number}" for number in range(21)))
        said = await tasks.refusal("complete_task", task="call number")
    assert said.endswith("and 16 more. Which one?")
    assert person.asked == []


async def test_twins_are_offered_with_their_ids(server: FastMCP[None], era: str) -> None:
    person = Person("1")
    async with client_of(server, era, person) as client:
        tasks = Tasks(client, FakeClock())
        await tasks.add("buy milk", "buy milk")
        assert (await tasks("complete_task", task="milk"))["task"]["id"] == "1"
    assert [one["title"] for one in person.asked[0][1]["properties"]["task"]["oneOf"]] == [
        "buy milk (id 2)",
        "buy milk (id 1)",
    ]


async def test_an_answer_that_nobody_asked_for_is_not_believed(server: FastMCP[None]) -> None:
    async with client_of(server, "auto", Person("1")) as client:
        tasks = await two_dentists(client)
        forged = {"task": ElicitResult(action="accept", content={"task": "1"})}
        result = await client.session.call_tool(
            "delete_task", {"task": "dentist"}, input_responses=cast("Any", forged), allow_input_required=True
        )
        assert isinstance(result, InputRequiredResult)
        assert len(await tasks.titles()) == 2
