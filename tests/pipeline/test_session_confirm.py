"""Destructive calls run only after the user's own yes, whatever the model does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from fastmcp import FastMCP
from fastmcp.exceptions import ToolError
from livekit.agents.llm import ChatMessage

from mcp_servers.task_manager.server import build_server
from tests.fakes.chat import Call, Chat, Turn
from tests.support.talk import Speeches, Talk, a_talk
from tests.support.task_manager import BERLIN, FakeClock
from voice_agent.agents.speech import Kind
from voice_agent.config.types import VoiceOptions

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.pipeline


class Notes:
    """A server that keeps notes in memory."""

    def __init__(self) -> None:
        self.notes = {"milk", "eggs", "bread"}
        self.server: FastMCP[Any] = FastMCP("notes")
        self.server.tool(self.delete_note, annotations={"destructiveHint": True})
        self.server.tool(self.list_notes, annotations={"readOnlyHint": True})

    def delete_note(self, note: str) -> str:
        """Delete a note."""
        self.notes.remove(note)
        return f"Deleted {note}."

    def list_notes(self) -> list[str]:
        """List the notes."""
        return sorted(self.notes)


def deletes(*notes: str) -> tuple[Call, ...]:
    return tuple(Call("notes_delete_note", {"note": note}) for note in notes)


async def test_a_destructive_call_waits_for_the_users_yes_and_then_runs_exactly_as_read_back(tmp_path: Path) -> None:
    notes = Notes()
    async with a_talk(tmp_path, [deletes("milk"), "It is gone."], {"notes": notes.server}) as talk:
        asked = await talk.say("delete the milk note")
        assert asked == "Delete the note “milk”? Shall I go ahead?"
        assert "milk" in notes.notes
        assert not talk.of("tool_call")
        assert await talk.say("yes") == "It is gone."
    assert notes.notes == {"eggs", "bread"}
    [confirm], [call], [result] = talk.of("confirm"), talk.of("tool_call"), talk.of("tool_result")
    assert confirm["call"] == call["call"] == result["call"]
    assert (call["server"], call["tool"], call["arguments"]) == ("notes", "delete_note", {"note": "milk"})


async def test_nobody_is_asked_about_a_call_that_could_not_be_made_and_the_model_mends_it(tmp_path: Path) -> None:
    notes = Notes()
    script: list[Turn] = [(Call("notes_delete_note", {"name": "milk"}),), deletes("milk"), "It is gone."]
    async with a_talk(tmp_path, script, {"notes": notes.server}) as talk:
        assert await talk.say("delete the milk note") == "Delete the note “milk”? Shall I go ahead?"
        told = talk.openai.chats[-1].results[-1]
        assert "“note” is required." in told
        assert "it takes: note" in told
        assert await talk.say("yes") == "It is gone."
    assert notes.notes == {"eggs", "bread"}


async def test_the_model_never_sees_the_yes_before_the_call_has_run(tmp_path: Path) -> None:
    notes = Notes()
    async with a_talk(tmp_path, [deletes("milk"), "It is gone."], {"notes": notes.server}) as talk:
        await talk.say("delete the milk note")
        await talk.say("yes, go ahead")
        asked, answered = talk.openai.chats
    assert asked.results == ()
    assert answered.results == ("Deleted milk.",)


async def test_a_model_that_calls_again_by_itself_gets_nothing_done(tmp_path: Path) -> None:
    notes = Notes()
    script: list[Turn] = [deletes("milk"), deletes("milk"), "I asked again."]
    async with a_talk(tmp_path, script, {"notes": notes.server}) as talk:
        await talk.say("delete the milk note")
        await talk.say("hurry up with it")
    assert "milk" in notes.notes
    assert not talk.of("tool_call")


@pytest.mark.parametrize("doomed", [("milk",), ("milk", "eggs")])
async def test_after_a_yes_begun_before_the_question_was_heard_the_same_calls_are_asked_about_again(
    tmp_path: Path, doomed: tuple[str, ...]
) -> None:
    notes = Notes()
    async with a_talk(tmp_path, [deletes(*doomed), "Gone."], {"notes": notes.server}) as talk:
        before = time.time()
        asked = await talk.say("delete notes")
        for _ in range(2):
            assert await speak(talk, "yes", began=before) == asked
        assert len(notes.notes) == 3
        assert [line["kind"] for line in talk.of("agent") if line["text"] == asked] == ["confirm"] * 3
        confirms = [line["call"] for line in talk.of("confirm")]
        assert confirms == confirms[: len(doomed)] * 3
        assert not talk.of("answered")
        session, confirmations = talk.conversation.session, talk.conversation.toolset.confirmations
        waiting = confirmations.waiting(session.history.items)
        assert waiting is not None
        assert [call.id for call in waiting.calls] == confirms[: len(doomed)], "The buttons of the page are not theirs."
        assert await speak(talk, "yes", began=time.time()) == "Gone."
        assert not talk.openai.complaints
        told = [item.call_id for item in session.history.items if item.type == "function_call"]
    assert len(notes.notes) == 3 - len(doomed)
    assert [line["call"] for line in talk.of("tool_call")] == confirms[: len(doomed)]
    assert len(told) == len(set(told))


async def test_what_else_is_said_is_no_question_that_a_yes_could_be_for(tmp_path: Path) -> None:
    notes = Notes()
    async with a_talk(tmp_path, [deletes("milk"), "Gone."], {"notes": notes.server}) as talk:
        # The first speech is the call, the second the question.
        Speeches(talk, (1,).__contains__)
        assert await talk.say("delete the milk note") == ""
        talk.conversation.speech.say(talk.conversation.session, "Notes is back.", Kind.ANNOUNCEMENT)
        await talk.conversation.settle()
        asked = "Delete the note “milk”? Shall I go ahead?"
        assert await speak(talk, "yes", began=time.time()) == asked
        assert "milk" in notes.notes
        assert await speak(talk, "yes", began=time.time()) == "Gone."
    assert notes.notes == {"eggs", "bread"}


async def test_an_answer_to_words_begun_before_the_question_was_heard_puts_that_question_again(tmp_path: Path) -> None:
    notes = Notes()
    async with a_talk(tmp_path, [deletes("milk"), "Gone."], {"notes": notes.server}) as talk:
        before = time.time()
        await talk.say("delete the milk note")
        again = "I haven't done anything yet. And shall I still delete the note “milk”?"
        assert await speak(talk, "what did you just do?", began=before) == again
        assert await speak(talk, "goodbye", began=before) == "Goodbye."


async def speak(talk: Talk, text: str, *, began: float) -> str:
    """Say a line aloud; return what the agent said to it. `began`: seconds since the epoch."""
    message = ChatMessage(role="user", content=[text], transcript_confidence=1.0)
    message.metrics = {"started_speaking_at": began}
    return await talk.say(message)


async def test_a_no_leaves_everything_as_it_was(tmp_path: Path) -> None:
    notes = Notes()
    async with a_talk(tmp_path, [deletes("milk"), "What else?"], {"notes": notes.server}) as talk:
        await talk.say("delete the milk note")
        assert await talk.say("no, don't") == "Okay, I left it as it was."
        await talk.say("yes")
    assert "milk" in notes.notes
    assert not talk.of("tool_call")


async def test_a_yes_with_a_change_does_not_run_what_was_read_back(tmp_path: Path) -> None:
    notes = Notes()
    script: list[Turn] = [deletes("milk"), deletes("eggs"), "Done."]
    async with a_talk(tmp_path, script, {"notes": notes.server}) as talk:
        await talk.say("delete the milk note")
        assert await talk.say("yes but take the eggs instead") == "Delete the note “eggs”? Shall I go ahead?"
        assert notes.notes == {"milk", "eggs", "bread"}
        await talk.say("yes")
    assert notes.notes == {"milk", "bread"}


async def test_a_no_with_another_wish_drops_what_was_asked_and_leaves_the_wish_to_the_model(tmp_path: Path) -> None:
    notes = Notes()
    script: list[Turn] = [deletes("milk"), "The eggs then.", "Yes what?"]
    async with a_talk(tmp_path, script, {"notes": notes.server}) as talk:
        await talk.say("delete the milk note")
        assert await talk.say("no, the eggs") == "The eggs then."
        await talk.say("yes")
    assert notes.notes == {"milk", "eggs", "bread"}


async def test_what_would_be_touched_is_looked_up_before_it_is_read_back(tmp_path: Path) -> None:
    server: FastMCP[Any] = FastMCP("shelf")
    books = {"7": "War and Peace"}

    @server.tool(annotations={"readOnlyHint": True})
    def get_book(book: str) -> dict[str, dict[str, str]]:
        """Get a book."""
        if book not in books:
            raise ToolError("There is no such book.")
        return {"book": {"id": book, "title": books[book]}}

    @server.tool(annotations={"destructiveHint": True})
    def delete_book(book: str) -> str:
        """Delete a book."""
        return f"Deleted {books.pop(book)}."

    delete, missing = (Call("shelf_delete_book", {"book": "7"}),), (Call("shelf_delete_book", {"book": "8"}),)
    script: list[Turn] = [delete, "Gone.", missing, "No such book."]
    async with a_talk(tmp_path, script, {"shelf": server}) as talk:
        assert await talk.say("delete it") == "Delete the book “War and Peace”? Shall I go ahead?"
        assert await talk.say("yes") == "Gone."
        assert await talk.say("delete the next one") == "No such book."
        assert talk.openai.chats[-1].results == ("There is no such book.",)
        [confirm] = talk.of("confirm")
    assert confirm["arguments"] == {"book": "7"}
    assert not books


async def test_a_list_that_would_be_cleared_is_counted_and_named(tmp_path: Path) -> None:
    server: FastMCP[Any] = FastMCP("shelf")

    @server.tool(annotations={"readOnlyHint": True})
    def list_books(status: str) -> dict[str, Any]:
        """List books."""
        return {"books": [{"title": f"Book {n}"} for n in range(1, 5)] if status == "read" else []}

    @server.tool(annotations={"destructiveHint": True})
    def clear_books(status: str) -> str:
        """Delete books."""
        return f"Deleted the {status} ones."

    clear, nothing = (Call("shelf_clear_books", {"status": "read"}),), (Call("shelf_clear_books", {"status": "lent"}),)
    async with a_talk(tmp_path, [clear, nothing, "None."], {"shelf": server}) as talk:
        asked = await talk.say("clear the ones I have read")
        assert "Clear all read books, 4 in all, “Book 1”, “Book 2” and “Book 3” among them?" in asked
        assert await talk.say("no, those I have lent") == "None."
        assert len(talk.of("confirm")) == 1


async def test_a_question_between_is_answered_and_the_confirmation_asked_again(tmp_path: Path) -> None:
    notes = Notes()
    script: list[Turn] = [deletes("milk"), (Call("notes_list_notes"),), "You have three notes.", "Done."]
    async with a_talk(tmp_path, script, {"notes": notes.server}) as talk:
        await talk.say("delete the milk note")
        answer = await talk.say("what notes are there?")
        assert answer == "You have three notes. And shall I still delete the note “milk”?"
        await talk.say("yes")
    assert "milk" not in notes.notes


async def test_a_confirmation_that_is_not_answered_is_dropped_and_said_to_be(tmp_path: Path) -> None:
    notes = Notes()
    script: list[Turn] = [deletes("milk"), "Sunny.", "Windy.", "Yes what?"]
    async with a_talk(tmp_path, script, {"notes": notes.server}) as talk:
        await talk.say("delete the milk note")
        await talk.say("how is the weather?")
        assert "I have not done this: delete the note “milk”." in await talk.say("and tomorrow?")
        await talk.say("yes")
    assert "milk" in notes.notes


async def test_several_calls_of_one_turn_are_read_back_as_one_list(tmp_path: Path) -> None:
    notes = Notes()
    async with a_talk(tmp_path, [deletes("milk", "eggs"), "Both are gone."], {"notes": notes.server}) as talk:
        asked = await talk.say("delete milk and eggs")
        assert asked == "Delete the notes “milk” and “eggs”? Shall I go ahead?"
        await talk.say("yes, both")
    assert notes.notes == {"bread"}


async def test_config_can_have_a_read_confirmed_and_a_deletion_not(tmp_path: Path) -> None:
    notes = Notes()
    voice = VoiceOptions(confirm=("list_*",))
    script: list[Turn] = [(Call("notes_list_notes"),), "Three notes."]
    async with a_talk(tmp_path, script, {"notes": notes.server}, voice=voice) as talk:
        assert "Shall I go ahead?" in await talk.say("list my notes")
        assert await talk.say("yes") == "Three notes."


def model_that_obeys(chat: Chat) -> Turn:
    """Call the tool for as long as it says that it has not been done."""
    if chat.results and "Not done yet" not in chat.results[-1]:
        return "Done."
    return deletes("milk") if chat.user != "hello" else "Hello."


async def test_with_the_brain_of_rules_a_no_that_names_another_reads_that_back(tmp_path: Path) -> None:
    server: Any = build_server(tmp_path / "tasks.db", BERLIN, clock=FakeClock())
    async with a_talk(tmp_path, [], {"tasks": server}, profile="offline") as talk:
        for title in ("buy milk", "buy oat milk", "call the dentist"):
            await talk.say(f"add {title}")
        await talk.say("delete call the dentist")
        assert await talk.say("no, the oat milk one") == "Delete the task “buy oat milk”? Shall I go ahead?"
        assert await talk.say("no, delete buy milk") == "Delete the task “buy milk”? Shall I go ahead?"
        assert await talk.say("yes, delete the task") == "Deleted “buy milk”."
    assert [line["arguments"] for line in talk.of("tool_call")][3:] == [{"task": "buy milk"}]


async def test_with_the_brain_of_rules_a_yes_to_another_deed_is_that_request(tmp_path: Path) -> None:
    server: Any = build_server(tmp_path / "tasks.db", BERLIN, clock=FakeClock())
    async with a_talk(tmp_path, [], {"tasks": server}, profile="offline") as talk:
        await talk.say("add buy milk")
        assert await talk.say("delete buy milk") == "Delete the task “buy milk”? Shall I go ahead?"
        told = "Marked “buy milk” as done. And shall I still delete the task “buy milk”?"
        assert await talk.say("yes, complete it") == told
    assert "delete_task" not in [line["tool"] for line in talk.of("tool_call")]


async def test_a_deed_that_was_not_asked_about_goes_to_the_model_and_the_question_is_put_again(tmp_path: Path) -> None:
    notes = Notes()
    script: list[Turn] = [deletes("milk"), "I cannot archive notes.", "Gone."]
    async with a_talk(tmp_path, script, {"notes": notes.server}) as talk:
        await talk.say("delete the milk note")
        again = "I cannot archive notes. And shall I still delete the note “milk”?"
        assert await talk.say("yes, archive it") == again
        assert "milk" in notes.notes
        assert await talk.say("go ahead and delete it") == "Gone."
    assert notes.notes == {"eggs", "bread"}


async def test_an_eager_model_cannot_talk_itself_past_the_question(tmp_path: Path) -> None:
    notes = Notes()
    async with a_talk(tmp_path, model_that_obeys, {"notes": notes.server}) as talk:
        await talk.say("delete the milk note")
        assert "milk" in notes.notes
        assert isinstance(talk, Talk)
        await talk.say("yes")
    assert "milk" not in notes.notes


async def test_a_yes_that_says_not_to_ask_again_holds_for_that_tool_where_the_configuration_permits(
    tmp_path: Path,
) -> None:
    notes = Notes()
    script: list[Turn] = [deletes("milk"), "Gone.", deletes("eggs"), "Gone, too."]
    voice = VoiceOptions(trust=True, standing_yes=True)
    async with a_talk(tmp_path, script, {"notes": notes.server}, voice=voice) as talk:
        await talk.say("delete the milk note")
        assert await talk.say("yes, and don't ask me again") == "Gone."
        assert await talk.say("delete the eggs note") == "Gone, too."
    assert notes.notes == {"bread"}


async def test_it_is_asked_again_where_the_configuration_does_not_permit_that(tmp_path: Path) -> None:
    notes = Notes()
    script: list[Turn] = [deletes("milk"), "Gone.", deletes("eggs")]
    async with a_talk(tmp_path, script, {"notes": notes.server}) as talk:
        await talk.say("delete the milk note")
        assert await talk.say("yes, and don't ask me again") == "I will still ask each time, as it is set up. Gone."
        assert await talk.say("delete the eggs note") == "Delete the note “eggs”? Shall I go ahead?"
    assert notes.notes == {"eggs", "bread"}
