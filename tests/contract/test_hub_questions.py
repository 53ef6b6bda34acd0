from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport

from tests.support.bridges import WITHIN, lines_of
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


def old_server(log: Path) -> StdioEntry:
    """A server whose questions name no call."""
    voice = VoiceOptions(trust=True, confirm="never", say="The Painter")
    return StdioEntry("old", sys.executable, ("-m", "tests.support.old_asking_server", str(log)), cwd=ROOT, voice=voice)


async def _do(bridge: Bridge, tool: str, wall: str, person: Person | None) -> str:
    async with asyncio.timeout(WITHIN):
        return (await bridge.call(bridge.resolve(f"old.{tool}"), {"wall": wall}, on_question=person)).text


async def _logged(log: Path, line: str) -> None:
    async with asyncio.timeout(WITHIN):
        while line not in lines_of(log):
            await asyncio.to_thread(log.exists)


async def test_a_question_that_names_no_call_waits_until_it_is_known_whose_it_is(tmp_path: Path) -> None:
    ada, bob, log = (
        Person(Reply("accept", {"colour": "red"})),
        Person(Reply("accept", {"colour": "blue"})),
        tmp_path / "l",
    )
    async with running_hub(tmp_path, old_server(log)) as running, running.job() as one, running.job() as other:
        for resting in (ada, None):
            rest = asyncio.create_task(_do(one, "rest", "", resting))
            await _logged(log, "rest ")
            paint = asyncio.create_task(_do(other, "paint", "south", bob))
            if resting is ada:
                # Now it asks, and both calls are under way.
                await _logged(log, "asks south")
            log.with_suffix(".go").touch()
            assert await rest == "rested"
            assert await paint == "south: accept blue"
            log.with_suffix(".go").unlink()
            log.unlink()
        assert ada.asked == []
        assert [question.text for question in bob.asked] == ["Which colour for the south?"] * 2


async def test_two_conversations_that_are_asked_at_once_are_never_asked_for_one_another(tmp_path: Path) -> None:
    ada, bob, log = (
        Person(Reply("accept", {"colour": "red"})),
        Person(Reply("accept", {"colour": "blue"})),
        tmp_path / "l",
    )
    async with running_hub(tmp_path, old_server(log)) as running, running.job() as one, running.job() as other:
        # The first time nothing tells the two apart: one of them is not asked at all.
        texts = await asyncio.gather(
            _do(one, "paint_together", "north", ada), _do(other, "paint_together", "south", bob)
        )
        assert sorted(text.partition(" ")[2] for text in texts) in (["accept blue", "cancel"], ["accept red", "cancel"])
        # From then on each has its turn.
        for _ in range(3):
            texts = await asyncio.gather(_do(one, "paint", "north", ada), _do(other, "paint", "south", bob))
            assert texts == ["north: accept red", "south: accept blue"]
        assert {question.text for question in ada.asked} <= {"Which colour for the north?"}
        assert {question.text for question in bob.asked} <= {"Which colour for the south?"}
