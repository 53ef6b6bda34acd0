from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport

from tests.support.bridges import WITHIN
from tests.support.hubs import running_hub
from voice_agent.bridge.forms import Question, Reply
from voice_agent.config.types import StdioEntry, VoiceOptions

if TYPE_CHECKING:
    from voice_agent.bridge.bridge import Bridge

pytestmark = pytest.mark.contract

ROOT = Path(__file__).parents[2]
CLUB = StdioEntry(
    "club",
    sys.executable,
    ("-m", "tests.support.asking_server"),
    cwd=ROOT,
    voice=VoiceOptions(trust=True, confirm="never", say="The Club"),
    origin="a file",
)


@dataclass
class Person:
    """Gives the same reply to everything."""

    reply: Reply
    asked: list[Question] = field(default_factory=list[Question])

    @property
    def person(self) -> object:
        return self

    async def __call__(self, question: Question, /) -> Reply:
        self.asked.append(question)
        return self.reply


async def _paint(bridge: Bridge, wall: str, person: Person | None) -> str:
    async with asyncio.timeout(WITHIN):
        result = await bridge.call(bridge.resolve("club.paint"), {"wall": wall}, on_question=person)
    return result.text


async def test_a_question_reaches_the_conversation_that_it_belongs_to_and_no_other(tmp_path: Path) -> None:
    ada, bob = Person(Reply("accept", {"colour": "red"})), Person(Reply("accept", {"colour": "blue"}))
    async with running_hub(tmp_path, CLUB) as running, running.job() as one, running.job() as other:
        texts = await asyncio.gather(_paint(one, "north", ada), _paint(other, "south", bob))
        assert ["red" in texts[0], "blue" in texts[1]] == [True, True]
        for person, wall in ((ada, "north"), (bob, "south")):
            [question] = person.asked
            assert (question.server, question.say) == ("club", "The Club")
            assert question.text == f"Which colour for the {wall}?"
            assert [choice.value for choice in question.fields[0].choices] == ["red", "green", "blue"]
        assert (await _paint(one, "west", None)).startswith("cancel")


async def test_a_question_reaches_a_text_client_that_can_be_asked(tmp_path: Path) -> None:
    asked: list[str] = []

    async def answer(message: str, *_: Any) -> dict[str, str]:
        asked.append(message)
        return {"colour": "green"}

    async with running_hub(tmp_path, CLUB) as running, running.http() as url:
        transport = StreamableHttpTransport(url, auth=running.token)
        async with Client(transport, mode="legacy", elicitation_handler=answer) as client:
            result = await client.call_tool_mcp("club_paint", {"wall": "east"})
    assert asked == ["The Club asks: Which colour for the east?"]
    assert "green" in result.content[0].text  # type: ignore[union-attr]
