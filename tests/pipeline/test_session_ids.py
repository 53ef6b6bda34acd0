"""Ids that nobody says are looked up, ambiguities asked about; what became of a lost write can be found out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from fastmcp import FastMCP
from livekit.agents import llm

from tests.fakes.chat import Call, Chat, Turn
from tests.support.talk import a_talk
from voice_agent.agents.window import LEFT, MOST
from voice_agent.config.types import VoiceOptions

if TYPE_CHECKING:
    from pathlib import Path

    from voice_agent.config.types import Confirm

pytestmark = pytest.mark.pipeline


class Notes:
    """A server whose changing tools want an id."""

    def __init__(self) -> None:
        self.notes = {"n-17": "Shopping for the party", "n-18": "Holiday plans", "n-19": "Shopping for the week"}
        self.server: FastMCP[Any] = FastMCP("notes")
        self.server.tool(self.list_notes, annotations={"readOnlyHint": True})
        self.server.tool(self.archive_note)
        self.server.tool(self.create_note)
        self.archived: list[str] = []

    async def list_notes(self) -> dict[str, Any]:
        """List the notes with their ids."""
        return {"notes": [{"id": key, "title": title} for key, title in self.notes.items()]}

    async def archive_note(self, note_id: str) -> str:
        """Archive a note by its id."""
        self.archived.append(note_id)
        return f"Archived “{self.notes[note_id]}”."

    async def create_note(self, title: str) -> str:
        """Create a note."""
        self.notes["n-20"] = title
        await asyncio.Event().wait()
        return ""


FREE = VoiceOptions(trust=True, confirm="never")


async def test_the_brain_of_rules_looks_an_id_up_and_asks_which_of_several(tmp_path: Path) -> None:
    notes = Notes()
    async with a_talk(tmp_path, [], {"notes": notes.server}, voice=FREE, profile="offline") as talk:
        assert "Archived “Holiday plans”" in await talk.say("archive the note holiday plans")
        which = await talk.say("archive the note shopping")
        assert "Shopping for the party" in which
        assert "Shopping for the week" in which
        assert notes.archived == ["n-18"]
        assert "Archived “Shopping for the week”" in await talk.say("the one for the week")
    assert notes.archived == ["n-18", "n-19"]
    assert [line["tool"] for line in talk.of("tool_call")][:2] == ["list_notes", "archive_note"]


async def test_a_model_is_told_to_look_an_id_up_and_sees_the_tool_for_it(tmp_path: Path) -> None:
    notes = Notes()

    def model(chat: Chat) -> Turn:
        if not chat.results:
            return Call("notes_list_notes")
        is_listed = len(chat.results) == 1 and "n-18" in chat.results[0]
        return Call("notes_archive_note", {"note_id": "n-18"}) if is_listed else chat.results[-1]

    async with a_talk(tmp_path, model, {"notes": notes.server}, voice=FREE) as talk:
        assert await talk.say("archive the holiday plans") == "Archived “Holiday plans”."
        chat = talk.openai.chats[0]
    assert "look it up first with the same server's list or search tools" in str(chat.messages)
    assert {"notes_list_notes", "notes_archive_note"} <= set(chat.tools)


@pytest.mark.parametrize("profile", ["quality", "offline"])
async def test_a_write_without_an_answer_is_in_doubt_and_checked_on_a_yes(tmp_path: Path, profile: str) -> None:
    notes = Notes()
    voice = VoiceOptions(trust=True, confirm="never", timeout=1.0)

    def model(chat: Chat) -> Turn:
        return chat.results[-1] if chat.results else Call("notes_create_note", {"title": "Gifts"})

    async with a_talk(tmp_path, model, {"notes": notes.server}, voice=voice, profile=profile) as talk:
        doubt = await talk.say("create a note with the title Gifts")
        assert "I don't know whether it went through" in doubt
        assert doubt.endswith("Shall I check?")
        assert talk.of("tool_result")[-1]["status"] == "unknown"
        assert "Gifts" in await talk.say("yes, check please")
    assert [line["tool"] for line in talk.of("tool_call")] == ["create_note", "list_notes"]


@pytest.mark.parametrize("confirm", ["never", None])
async def test_an_id_that_a_model_makes_up_is_not_written_with_but_looked_up(tmp_path: Path, confirm: Confirm) -> None:
    notes = Notes()

    def model(chat: Chat) -> Turn:
        if not chat.results:
            return Call("notes_archive_note", {"note_id": "n-42"})
        if "notes_list_notes" in chat.results[-1] and "n-18" not in chat.results[-1]:
            return Call("notes_list_notes")
        return Call("notes_archive_note", {"note_id": "n-18"}) if "n-18" in chat.results[-1] else chat.results[-1]

    voice = VoiceOptions(confirm=confirm)
    async with a_talk(tmp_path, model, {"notes": notes.server}, voice=voice) as talk:
        said = await talk.say("archive the holiday plans")
        if confirm is None:
            assert "n-42" not in said
            said = await talk.say("yes")
    assert notes.archived == ["n-18"]
    assert "n-42" not in str(talk.of("tool_call"))


async def test_an_id_that_the_user_says_is_taken_as_it_is(tmp_path: Path) -> None:
    notes = Notes()

    def model(chat: Chat) -> Turn:
        return chat.results[-1] if chat.results else Call("notes_archive_note", {"note_id": "n-18"})

    async with a_talk(tmp_path, model, {"notes": notes.server}, voice=FREE) as talk:
        assert "Archived" in await talk.say("archive the note n eighteen")
    assert notes.archived == ["n-18"]


async def test_an_id_that_was_given_before_a_long_conversation_was_cut_is_still_known(tmp_path: Path) -> None:
    notes = Notes()

    def model(chat: Chat) -> Turn:
        if "archive" in chat.user and not chat.results:
            return Call("notes_archive_note", {"note_id": "n-18"})
        return chat.results[-1] if chat.results else "Hello."

    async with a_talk(tmp_path, model, {"notes": notes.server}, voice=FREE) as talk:
        session, agent = talk.conversation.session, talk.conversation.assistant
        listed = llm.FunctionCallOutput(call_id="c", name="notes_list_notes", output='{"id": "n-18"}', is_error=False)
        call = llm.FunctionCall(call_id="c", name="notes_list_notes", arguments="{}")
        words = [
            llm.ChatMessage(role=role, content=["hello"]) for _ in range(MOST // 2) for role in ("user", "assistant")
        ]
        session.history.insert([call, listed, *words])
        await agent.update_chat_ctx(session.history.copy())
        assert await talk.say("hello") == "Hello."
        assert len(session.history.items) <= LEFT + 1
        assert "Archived" in await talk.say("archive the holiday plans")
        assert len(talk.openai.chats[-1].messages) <= LEFT + 4
    assert notes.archived == ["n-18"]
