"""Ids that nobody says are looked up and never guessed; a lost write is said to be unknown, and can be checked."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from fastmcp import FastMCP

from tests.fakes.chat import Call, Chat, Turn
from tests.support.pages import card, sees

if TYPE_CHECKING:
    from tests.support.everything import Everything

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="package")]


class Notes:
    """A server that knows its notes by ids, and never answers what adds one."""

    def __init__(self) -> None:
        self.notes = {"n-17": "Shopping, party", "n-18": "Holiday plans", "n-19": "Shopping, office"}
        self.called: list[str] = []
        self.server: FastMCP[Any] = FastMCP("notes")
        self.server.tool(self.list_notes, annotations={"readOnlyHint": True})
        self.server.tool(self.archive_note)
        self.server.tool(self.add_note)

    def list_notes(self) -> dict[str, Any]:
        """List the notes with their ids."""
        self.called.append("list")
        return {"notes": [{"id": key, "title": title} for key, title in self.notes.items()]}

    def archive_note(self, note_id: str) -> str:
        """Archive a note by its id."""
        self.called.append(note_id)
        return f"Archived {self.notes[note_id]}."

    async def add_note(self, title: str) -> str:
        """Add a note."""
        self.called.append(title)
        self.notes["n-20"] = title
        await asyncio.Event().wait()
        return ""


def archive(note: str) -> Call:
    return Call("notes_archive_note", {"note_id": note})


def model(chat: Chat) -> Turn:
    """One that makes ids up, and guesses where it is not stopped."""
    last = chat.results[-1] if chat.results else ""
    if not last:
        first: dict[str, Turn] = {
            "Archive my holiday note.": archive("n-42"),
            "Archive my shopping note.": Call("notes_list_notes"),
            "The office one.": archive("n-19"),
            "Add a note, gifts.": Call("notes_add_note", {"title": "gifts"}),
        }
        return first[chat.user]
    if "Look it up with notes_list_notes" in last:
        return Call("notes_list_notes")
    if "n-18" in last and chat.user.startswith("Archive"):
        return archive("n-18" if "holiday" in chat.user else "n-17")
    if "Ask the user which" in last:
        return "The party or the office one?"
    return "It is there." if "gifts" in last and "n-20" in last else last


async def test_ids_are_looked_up_the_user_asked_which_and_a_lost_write_checked(whole: Everything) -> None:
    notes = Notes()
    async with whole.talk(model, {"notes": notes.server}, trust=True, confirm="never", timeout=3) as talker:
        page = talker.page
        await talker.speak("Archive my holiday note.")
        await talker.hears("Archived Holiday plans.")
        assert notes.called == ["list", "n-18"]
        assert [text for text in talker.chats[1].results if "neither said by the user nor found" in text]
        await sees(card(page, "notes.archive_note", "ok"))

        await talker.speak("Archive my shopping note.")
        await talker.hears("The party or the office one?")
        told = (
            "what the user said fits “Shopping, party” and “Shopping, office” alike. Ask the user which one is meant."
        )
        assert told in talker.chats[-1].results[-1]
        assert notes.called == ["list", "n-18", "list"]
        await talker.type("The office one.")
        await talker.hears("Archived Shopping, office.")
        assert notes.called == ["list", "n-18", "list", "n-19"]

        await talker.speak("Add a note, gifts.")
        await talker.hears("I don't know whether it went through.")
        await talker.hears("Shall I check?")
        await sees(card(page, "notes.add_note", "unknown"))
        await talker.speak("Yes, please.")
        await talker.hears("It is there.")
        assert notes.called == ["list", "n-18", "list", "n-19", "gifts", "list"]
