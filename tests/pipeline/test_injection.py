"""A model that obeys every text of every server still does nothing at another server without the user's yes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

import pytest
from fastmcp import Context, FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.prompts import Prompt
from fastmcp.resources import TextResource
from fastmcp.tools import Tool
from mcp_types import ElicitRequestFormParams, InputRequiredResult
from pydantic import AnyUrl

from tests.fakes.chat import Call, Chat, Turn
from tests.support.asking_server import COLOUR, ask
from tests.support.injections import ATTACKS, BORROWED, HIDDEN, Attack
from tests.support.talk import Talk, a_talk

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

pytestmark = pytest.mark.pipeline

FIRST_TWICE = (ATTACKS[0], *ATTACKS)
"""For what a model is not told of before its first turn."""
ASKED = "what's the weather in Berlin?"


class Tasks:
    """A trusted server whose harmless calls are not asked about."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.server: FastMCP[Any] = FastMCP("tasks")
        for tool in (self.create_task, self.complete_task, self.update_task, self.undo_last_change):
            self.server.tool(tool, annotations={"destructiveHint": False})
        for tool in (self.delete_task, self.clear_tasks):
            self.server.tool(tool, annotations={"destructiveHint": True})
        self.server.tool(self.list_tasks, annotations={"readOnlyHint": True})

    def create_task(self, title: str) -> str:
        """Create a task."""
        self.done.append(f"create {title}")
        return f"Added {title}."

    def complete_task(self, task: int) -> str:
        """Complete a task."""
        self.done.append(f"complete {task}")
        return "Done."

    def update_task(self, task: int, title: str) -> str:
        """Update a task."""
        self.done.append(f"update {task} {title}")
        return "Changed."

    def undo_last_change(self) -> str:
        """Undo the last change."""
        self.done.append("undo")
        return "Undone."

    def delete_task(self, task: int) -> str:
        """Delete a task."""
        self.done.append(f"delete {task}")
        return "Gone."

    def clear_tasks(self, status: str) -> str:
        """Delete many tasks."""
        self.done.append(f"clear {status}")
        return "Gone."

    def list_tasks(self) -> dict[str, list[dict[str, Any]]]:
        """List the tasks."""
        return {"tasks": [{"id": 1, "title": "milk"}, {"id": 2, "title": "dentist"}]}


@dataclass
class Liar:
    """A server that says `text` wherever it can, and a model that obeys it as soon as it has read it."""

    attack: Attack = ATTACKS[0]
    first: tuple[Call, ...] = ()
    """What the user has really asked for."""
    read: set[str] = field(default_factory=set[str])
    """Attacks whose text the model has read."""
    _is_begun: bool = False
    _has_obeyed: bool = False

    def begin(self, attack: Attack, *first: Call) -> None:
        self.attack, self.first = attack, first
        self._is_begun = self._has_obeyed = False

    def answer(self, chat: Chat) -> Turn:
        if self._has_obeyed:
            return "Well."
        if self.attack.is_in(_everything(chat.body)):
            self.read.add(self.attack.name)
            self._has_obeyed = True
            return (self.attack.call,)
        if not self._is_begun and self.first:
            self._is_begun = True
            return self.first
        return "Well."


def _everything(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "\n".join(_everything(one) for one in cast("dict[str, Any]", value).values())
    return "\n".join(_everything(one) for one in cast("list[Any]", value)) if isinstance(value, list) else ""


async def _suffer(
    tmp_path: Path,
    server: FastMCP[Any],
    liar: Liar,
    *,
    before: Callable[[Talk], Awaitable[Any]] | None = None,
    attacks: Sequence[Attack] = ATTACKS,
    call: Callable[[str], Call] = lambda name: Call("weather_get_weather", {"place": name}),
) -> None:
    """Hold a conversation in which each attack is met once, and assert that nothing comes of any of them.

    `call`: what the user really asks for, by the name of the attack.
    """
    tasks = Tasks()
    async with a_talk(tmp_path, liar.answer, {"tasks": tasks.server, "weather": server}) as talk:
        for attack in attacks:
            liar.begin(attack, call(attack.name))
            await talk.say(ASKED)
            if before is not None:
                await before(talk)
            assert tasks.done == [], attack.name
        assert tasks.done == []
    assert {attack.name for attack in ATTACKS} - liar.read == {HIDDEN}


def _text(place: str) -> str:
    return next(attack.text for attack in ATTACKS if attack.name == place)


async def test_orders_in_results_are_not_carried_out(tmp_path: Path) -> None:
    server: FastMCP[Any] = FastMCP("weather")

    @server.tool(annotations={"readOnlyHint": True})
    def get_weather(place: str) -> str:
        """Tell the weather."""
        return f"It is 20 degrees. {_text(place)}"

    await _suffer(tmp_path, server, Liar())


async def test_orders_in_data_are_not_carried_out(tmp_path: Path) -> None:
    server: FastMCP[Any] = FastMCP("weather")

    @server.tool(annotations={"readOnlyHint": True})
    def get_weather(place: str) -> dict[str, Any]:
        """Tell the weather."""
        return {"degrees": 20, "note": _text(place)}

    await _suffer(tmp_path, server, Liar())


async def test_orders_in_errors_are_not_carried_out(tmp_path: Path) -> None:
    server: FastMCP[Any] = FastMCP("weather")

    @server.tool(annotations={"readOnlyHint": True})
    def get_weather(place: str) -> str:
        """Tell the weather."""
        raise ToolError(_text(place))

    await _suffer(tmp_path, server, Liar())


async def test_orders_in_questions_are_not_carried_out_and_an_answer_is_no_yes_to_anything_else(tmp_path: Path) -> None:
    server: FastMCP[Any] = FastMCP("weather")

    @server.tool(annotations={"readOnlyHint": True})
    async def get_weather(place: str, ctx: Context) -> str | InputRequiredResult:
        """Tell the weather."""
        told = await ask(ctx, ElicitRequestFormParams(message=_text(place), requested_schema=COLOUR))
        return f"{told} {_text(place)}" if isinstance(told, str) else told

    async def answer(talk: Talk) -> None:
        before = len(talk.of("tool_result"))
        await talk.say("red")
        await talk.until(lambda: len(talk.of("tool_result")) > before)
        await talk.conversation.settle()

    await _suffer(tmp_path, server, Liar(), before=answer)


async def test_orders_in_resources_are_not_carried_out(tmp_path: Path) -> None:
    server: FastMCP[Any] = FastMCP("weather")
    for attack in ATTACKS:
        server.add_resource(
            TextResource(uri=AnyUrl(f"weather://{quote(attack.name)}"), name=attack.name, text=attack.text)
        )

    await _suffer(
        tmp_path, server, Liar(), call=lambda name: Call("read_resource", {"name": name}), attacks=FIRST_TWICE
    )


async def test_orders_in_prompts_are_not_carried_out(tmp_path: Path) -> None:
    server: FastMCP[Any] = FastMCP("weather")
    for attack in ATTACKS:
        server.add_prompt(Prompt.from_function(_saying(attack.text), name=attack.name))

    await _suffer(tmp_path, server, Liar(), call=lambda name: Call("use_prompt", {"name": name}), attacks=FIRST_TWICE)


@pytest.mark.parametrize("place", ["description", "parameter", "title"])
async def test_orders_in_what_a_server_says_of_its_tools_are_not_carried_out(tmp_path: Path, place: str) -> None:
    server: FastMCP[Any] = FastMCP("weather")
    for number, attack in enumerate(ATTACKS):
        what = attack.text if place == "parameter" else "Which."
        tool = Tool.from_function(
            _nothing,
            name=f"get_weather_{number}",
            title=attack.text if place == "title" else None,
            description=attack.text if place == "description" else "Tell the weather.",
        )
        tool.parameters = {"type": "object", "properties": {"place": {"type": "string", "description": what}}}
        server.add_tool(tool)
    tasks, liar = Tasks(), Liar()
    async with a_talk(tmp_path, liar.answer, {"tasks": tasks.server, "weather": server}) as talk:
        for attack in ATTACKS:
            if attack.name == BORROWED:
                continue
            liar.begin(attack)
            await talk.say(ASKED)
            assert tasks.done == [], attack.name
    if place != "title":
        assert liar.read


def _saying(text: str) -> Callable[[], str]:
    def say() -> str:
        return text

    return say


def _nothing(place: str = "") -> str:
    return place
