"""What is said unasked is said again where nobody has heard a word of it, once where it was heard, and only if true."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import pytest
from fastmcp import FastMCP
from livekit import rtc

from tests.fakes.chat import Call
from tests.support.bridges import QUICK
from tests.support.talk import PATIENCE, Away, Speeches, Talk, a_talk
from voice_agent.agents.sentences import Sentences
from voice_agent.bridge.bridge import Bridge
from voice_agent.bridge.hub.proposals import Proposal
from voice_agent.bridge.types import News, Resource, Result, ServerChanged, State, Status
from voice_agent.config.again import read_again
from voice_agent.config.load import load
from voice_agent.config.types import HttpEntry
from voice_agent.session.announce import Announcer
from voice_agent.session.proposals import Proposals
from voice_agent.session.returns import Returns
from voice_agent.session.servers import Mistakes
from voice_agent.worker.drain import follow_end

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.pipeline

HEARD_OR_NOT = pytest.mark.parametrize("cut_off", [(), (0,), (0, 1)], ids=["heard", "unheard", "unheard-twice"])
BROKEN = "There is a mistake in your servers' file, so I keep what I had."
QUESTION = "Let Desk Top delete the note “milk”? Shall I go ahead?"
TAKEN_BACK = "Desk Top has taken that back."


class Notes:
    """A server that keeps notes, and deletes one when it is let."""

    def __init__(self) -> None:
        self.notes = {"milk", "eggs"}
        self.begun = asyncio.Event()
        self.go = asyncio.Event()
        self.go.set()
        self.server: FastMCP[Any] = FastMCP("notes")
        self.server.tool(self.delete_note, annotations={"destructiveHint": True})

    async def delete_note(self, note: str) -> str:
        """Delete a note."""
        self.begun.set()
        await self.go.wait()
        self.notes.discard(note)
        return f"Deleted {note}."


def proposal(talk: Talk, client: str = "Desk Top") -> Proposal:
    [tool] = talk.conversation.bridge.tools
    return Proposal(client, tool.key, tool.pin, {"note": "milk"})


def board(*lines: str) -> Result:
    """What a resource holds: one thing a line."""
    return Result(Status.OK, "", structured={"lines": [{"id": line, "title": line} for line in lines]})


def news(before: Result | None, after: Result) -> News:
    return News("Board", Resource("board", "board://news", "", ""), before, after)


@HEARD_OR_NOT
async def test_news_are_said_until_they_are_heard(tmp_path: Path, cut_off: tuple[int, ...]) -> None:
    async with a_talk(tmp_path, [], {}) as talk:
        speeches = Speeches(talk, cut_off.__contains__)
        Announcer(talk.conversation).note(news(board("rain"), board("rain", "snow")))
        await talk.until(lambda: talk.said("announcement"))
        await talk.all_told("news")
        assert talk.said("announcement") == ["Board: snow."]
        assert speeches.count == len(cut_off) + 1


async def test_of_news_that_wait_only_what_still_is_so_is_said_and_once(tmp_path: Path) -> None:
    async with a_talk(tmp_path, [], {}) as talk:
        announcer = Announcer(talk.conversation)
        announcer.note(news(board(), board("rain")))
        announcer.note(news(board("rain"), board("rain", "snow")))
        announcer.note(news(board("rain", "snow"), board("snow", "fog")))
        await talk.until(lambda: talk.said("announcement"))
        announcer.note(news(board("snow", "fog"), board("snow", "fog", "hail")))
        announcer.note(news(board("snow", "fog", "hail"), board("snow", "fog")))
        announcer.note(news(board("snow", "fog"), board("snow", "fog", "sun")))
        await talk.until(lambda: len(talk.said("announcement")) == 2)
        await talk.all_told("news")
        assert talk.said("announcement") == ["Board: snow and fog.", "Board: sun."]


@pytest.mark.parametrize(
    ("cut_off", "told"), [((), ["Board: rain.", "Board: snow."]), ((0,), ["Board: rain and snow."])]
)
async def test_news_that_come_while_others_are_said_are_told_with_what_was_not_heard_of_those(
    tmp_path: Path, cut_off: tuple[int, ...], told: list[str]
) -> None:
    async with a_talk(tmp_path, [], {}) as talk:
        announcer = Announcer(talk.conversation)
        Speeches(talk, cut_off.__contains__, lambda: announcer.note(news(board("rain"), board("rain", "snow"))))
        announcer.note(news(board(), board("rain")))
        await talk.until(lambda: "snow" in str(talk.said("announcement")))
        await talk.all_told("news")
        assert talk.said("announcement") == told


def edit_file(talk: Talk, folder: Path, *texts: str) -> None:
    """Write one after the other where no server was named, with nothing said in between."""
    file = folder / "mcp.json"
    file.write_text('{"mcpServers": {}}')
    read = partial(load, config=file, environ={"VOICE_AGENT_HOME": str(folder)}, cwd=folder)
    config = read()
    mistakes = Mistakes(talk.conversation, config)
    for text in texts:
        file.write_text(text)
        mistakes.note(read_again(config, read))


@HEARD_OR_NOT
async def test_a_mistake_in_the_servers_file_is_told_until_that_is_heard(
    tmp_path: Path, cut_off: tuple[int, ...]
) -> None:
    async with a_talk(tmp_path, [], {}) as talk:
        speeches = Speeches(talk, cut_off.__contains__)
        edit_file(talk, tmp_path, "{")
        await talk.until(lambda: talk.said("announcement"))
        await talk.all_told("edit")
        assert talk.said("announcement") == [BROKEN]
        assert speeches.count == len(cut_off) + 1


async def test_a_mistake_that_is_mended_before_it_could_be_told_is_not_told(tmp_path: Path) -> None:
    async with a_talk(tmp_path, [], {}) as talk:
        speeches = Speeches(talk, ().__contains__)
        # An entry of no kind is a mistake in the part; what is no JSON, in the whole.
        part = '{"mcpServers": {"one": {}}}'
        edit_file(talk, tmp_path, "{", part, '{"mcpServers": {}}', "{", part)
        await talk.until(lambda: talk.said("announcement"))
        await talk.all_told("edit")
        assert talk.said("announcement") == [BROKEN]
        assert speeches.count == 1


async def test_a_server_that_is_gone_again_before_its_return_was_told_is_told_of_when_it_is_back(
    tmp_path: Path,
) -> None:
    away = Away(Notes().server)
    bridge = Bridge([HttpEntry("notes", "http://notes.invalid/mcp")], make_transport=lambda _: away, pace=QUICK)
    async with a_talk(tmp_path, [], {}, bridge=bridge, settle=False) as talk:
        await talk.until(lambda: "failed" in str(talk.of("server")))
        await talk.conversation.settle()
        talk.conversation.assistant.missed.add("notes")
        [status] = bridge.servers
        Returns(talk.conversation, Sentences()).note_server(ServerChanged(replace(status, state=State.READY)))
        away.is_back = True
        await talk.until(lambda: talk.said("announcement"))
        assert await bridge.settle(PATIENCE)
        await talk.all_told("return of a server")
        assert talk.said("announcement") == ["Notes is back."]


async def test_a_server_that_came_back_twice_before_that_could_be_told_is_told_of_once(tmp_path: Path) -> None:
    async with a_talk(tmp_path, [], {"notes": Notes().server}) as talk:
        returns, missed = Returns(talk.conversation, Sentences()), talk.conversation.assistant.missed
        [status] = talk.conversation.bridge.servers
        for _ in range(2):
            missed.add("notes")
            returns.note_server(ServerChanged(replace(status)))
        await talk.until(lambda: talk.said("announcement"))
        await talk.all_told("return of a server")
        assert talk.said("announcement") == ["Notes is back."]


@HEARD_OR_NOT
async def test_what_another_agent_wants_done_is_asked_until_that_is_heard(
    tmp_path: Path, cut_off: tuple[int, ...]
) -> None:
    notes = Notes()
    async with a_talk(tmp_path, ["Gone."], {"notes": notes.server}) as talk:
        speeches = Speeches(talk, cut_off.__contains__)
        proposed = asyncio.create_task(Proposals(talk.conversation).put(proposal(talk)))
        await talk.until(lambda: talk.said("confirm"))
        await talk.conversation.settle()
        assert talk.said("confirm") == [QUESTION]
        assert speeches.count == len(cut_off) + 1
        assert {line["call"] for line in talk.of("confirm")} == {"proposal_1"}
        assert not talk.of("answered")
        assert await talk.say("yes") == "Gone."
        result = await proposed
    assert result is not None
    assert result.status is Status.OK
    assert notes.notes == {"eggs"}


@HEARD_OR_NOT
async def test_that_another_agent_has_taken_back_what_it_wanted_is_told_until_that_is_heard(
    tmp_path: Path, cut_off: tuple[int, ...]
) -> None:
    async with a_talk(tmp_path, [], {"notes": Notes().server}) as talk:
        proposed = asyncio.create_task(Proposals(talk.conversation).put(proposal(talk)))
        await talk.until(lambda: talk.said("confirm"))
        speeches = Speeches(talk, cut_off.__contains__)
        proposed.cancel()
        await talk.until(lambda: talk.said("announcement"))
        await talk.all_told("taken back")
        assert talk.said("announcement") == [TAKEN_BACK]
        assert speeches.count == len(cut_off) + 1
        assert [line["answer"] for line in talk.of("answered")] == ["dropped"]


async def test_what_the_user_has_agreed_to_is_not_said_to_be_taken_back(tmp_path: Path) -> None:
    notes = Notes()
    notes.go.clear()
    async with a_talk(tmp_path, ["Gone."], {"notes": notes.server}) as talk:
        proposed = asyncio.create_task(Proposals(talk.conversation).put(proposal(talk)))
        await talk.until(lambda: talk.said("confirm"))
        turn = asyncio.create_task(talk.say("yes"))
        async with asyncio.timeout(PATIENCE):
            await notes.begun.wait()
        proposed.cancel()
        await asyncio.wait({proposed})
        notes.go.set()
        assert await turn == "Gone."
        await talk.all_told("taken back")
        assert talk.said("announcement") == []
        assert [line["answer"] for line in talk.of("answered")] == ["yes"]


async def test_an_agent_that_asks_again_after_it_has_taken_back_is_heard_to_ask_alone(tmp_path: Path) -> None:
    async with a_talk(tmp_path, ["Gone."], {"notes": Notes().server}) as talk:
        proposals = Proposals(talk.conversation)
        first = asyncio.create_task(proposals.put(proposal(talk)))
        await talk.until(lambda: talk.said("confirm"))
        second = asyncio.create_task(proposals.put(proposal(talk)))
        Speeches(talk, lambda _: len(talk.of("confirm")) == 1)
        first.cancel()
        await talk.until(lambda: len(talk.said("confirm")) == 2)
        assert await talk.say("yes") == "Gone."
        result = await second
        await talk.all_told("taken back")
        assert talk.said("announcement") == []
    assert result is not None
    assert result.status is Status.OK


@HEARD_OR_NOT
async def test_the_end_of_a_worker_is_told_until_that_is_heard_though_an_answer_is_waited_for(
    tmp_path: Path, cut_off: tuple[int, ...]
) -> None:
    script = [(Call("notes_delete_note", {"note": "milk"}),)]
    async with a_talk(tmp_path, script, {"notes": Notes().server}) as talk:
        room = rtc.EventEmitter[str]()
        follow_end(cast("rtc.Room", room), talk.conversation)
        await talk.say("delete the milk note")
        assert talk.conversation.toolset.is_waiting_for_user
        speeches = Speeches(talk, cut_off.__contains__)
        told = json.dumps({"ends_in": 60.0}).encode()
        room.emit("data_received", rtc.DataPacket(told, rtc.DataPacketKind.KIND_RELIABLE, None, "va.worker"))
        await talk.until(lambda: talk.said("announcement"))
        await talk.all_told("end of the worker")
        [words] = talk.said("announcement")
        assert words.startswith("This assistant is about to be restarted.")
        assert speeches.count == len(cut_off) + 1
        assert [line["code"] for line in talk.of("error")] == ["ends_soon"]
        assert talk.conversation.toolset.is_waiting_for_user
