from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from tests.contract.test_sign_in_bridge import notes
from tests.fakes.authority import Authority, browse, guarded, where_it_ends
from tests.fakes.chat import Call
from tests.fakes.openai_api import FakeOpenAI
from tests.fakes.server import KEY
from tests.support.talk import PATIENCE, Talk
from voice_agent.agents.listen import listen
from voice_agent.bridge.bridge import Bridge
from voice_agent.bridge.credentials.keeper import Credentials
from voice_agent.config.load import Config
from voice_agent.config.settings import Limits, Part, Settings
from voice_agent.config.types import HttpEntry, VoiceOptions
from voice_agent.providers.build import build
from voice_agent.session.build import build_conversation
from voice_agent.session.journal import Journal
from voice_agent.session.typed import hear_typed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from tests.fakes.chat import Chat, Script, Turn

pytestmark = pytest.mark.pipeline

WRITE = Call("notes_write_note", {"text": "buy milk"})
SIGN_IN = (
    "Notes needs you to sign in at 127.0.0.1. I have put the link on your screen, and go on by myself when you have."
)
FIRST = "Notes needs you to sign in first. The link is on your screen, and I go on by myself when you have."


@contextlib.asynccontextmanager
async def talking(tmp_path: Path, authority: Authority, model: Script) -> AsyncGenerator[Talk]:
    """A conversation with a server at which its user has to sign in."""
    async with guarded(notes(), authority) as gate, FakeOpenAI(model) as openai:
        llm = Part(base_url=openai.base_url, api_key=SecretStr(KEY))
        # However slow this machine is, no word is said to fill a silence.
        settings = Settings(profile="quality", limits=Limits(filler_after=60), llm=llm)
        voice = VoiceOptions(confirm="never", say="Notes")
        entries = (HttpEntry("notes", f"{gate.url}/mcp", "http", voice=voice, auth="oauth"),)
        config = Config(settings, entries, (), (), {}, tmp_path, None, None)
        sign_ins = Credentials(tmp_path, asks=True, keyring=False).of_person(None)
        bridge = Bridge(entries, sign_ins=sign_ins, asks=True)
        stack = await build(settings, need="text")
        journal = Journal()
        conversation = build_conversation(config, profile="quality", bridge=bridge, stack=stack, journal=journal)
        talk = Talk(conversation, openai)
        journal.listen(talk.note)
        try:
            await conversation.start()
            async with asyncio.timeout(PATIENCE):
                await bridge.settle(PATIENCE)
                await conversation.settle()
            yield talk
        finally:
            await conversation.aclose()


def newest_link(talk: Talk) -> str | None:
    told = [line for line in talk.lines if line["event"] == "server"]
    return told[-1]["login"] if told else None


def state_of(talk: Talk) -> str | None:
    told = [line for line in talk.lines if line["event"] == "server"]
    return told[-1]["state"] if told else None


async def test_what_was_asked_for_is_done_and_told_when_its_user_has_signed_in_again(tmp_path: Path) -> None:
    authority = Authority()
    model = [WRITE, "Noted: buy milk."]
    async with talking(tmp_path, authority, model) as talk:
        await talk.until(lambda: newest_link(talk))
        await browse(newest_link(talk) or "")
        await talk.until(lambda: state_of(talk) == "ready")
        authority.revoke()
        assert await talk.say("Note that I need to buy milk.") == SIGN_IN
        (question,) = talk.of("question")
        assert (question["kind"], question["server"], question["text"]) == ("link", "notes", SIGN_IN)
        assert state_of(talk) == "needs_login"
        await browse(question["url"])
        await talk.until(lambda: "Noted: buy milk." in [line["text"] for line in talk.of("agent")])
        assert [line["action"] for line in talk.of("question_closed")] == ["withdrawn"]
        (result,) = talk.of("tool_result")
        assert (result["status"], result["text"]) == ("ok", "1 noted")
        said = str([chat.messages for chat in talk.openai.chats])
        assert "access-" not in said
        assert "/authorize" not in said
        assert not talk.openai.complaints


async def test_what_was_asked_of_a_server_never_signed_in_at_is_done_afterwards(tmp_path: Path) -> None:
    model = ["That needs Notes.", WRITE, "Noted: buy milk."]
    async with talking(tmp_path, Authority(), model) as talk:
        await talk.until(lambda: newest_link(talk))
        said = await talk.say("Write down that I need to buy milk.")
        assert said == f"That needs Notes. {FIRST}"
        assert not talk.of("tool_call")
        assert "has to sign in before" in str(talk.openai.chats[0].messages)
        await browse(newest_link(talk) or "")
        await talk.until(lambda: "Noted: buy milk." in [line["text"] for line in talk.of("agent")])
        (result,) = talk.of("tool_result")
        assert (result["status"], result["text"]) == ("ok", "1 noted")
        assert len(talk.of("user")) == 1
        assert "That needs Notes." not in str(talk.openai.chats[1].messages)
        assert "has to sign in before" not in str(talk.openai.chats[1].messages)
        assert talk.openai.chats[1].messages[0] == talk.openai.chats[0].messages[0]
        assert not talk.openai.complaints


@pytest.mark.parametrize("words", ["Hello", "Never mind"])
async def test_what_waited_for_signing_in_goes_on_though_the_user_spoke_just_then_unless_to_leave_it(
    tmp_path: Path, words: str
) -> None:
    def model(chat: Chat) -> Turn:
        if chat.results:
            return "Noted: buy milk."
        if "milk" not in chat.user:
            return "Hello."
        return WRITE if chat.tools else "That needs Notes."

    async with talking(tmp_path, Authority(), model) as talk:
        await talk.until(lambda: newest_link(talk))
        await talk.say("Write down that I need to buy milk.")
        speaking: list[asyncio.Task[None]] = []

        def speak(_event: object) -> None:
            if not speaking:
                speaking.append(asyncio.create_task(hear_typed(talk.conversation, words)))

        listen(talk.conversation.session, "speech_created", speak)
        await browse(newest_link(talk) or "")
        await talk.until(lambda: words in [line["text"] for line in talk.of("user")])
        if words == "Hello":
            await talk.until(lambda: "Noted: buy milk." in [line["text"] for line in talk.of("agent")])
        await talk.conversation.settle()
        await talk.say("Hello again")
        assert len(talk.of("tool_call")) == (words == "Hello")
        assert [line["text"] for line in talk.of("agent")].count("Noted: buy milk.") == (words == "Hello")


async def test_who_no_longer_wants_what_waits_for_signing_in_is_left_alone(tmp_path: Path) -> None:
    async with talking(tmp_path, Authority(), ["That needs Notes.", "What now?"]) as talk:
        await talk.until(lambda: newest_link(talk))
        await talk.say("Write down that I need to buy milk.")
        await talk.say("Never mind")
        await browse(newest_link(talk) or "")
        await talk.until(lambda: state_of(talk) == "ready")
        await talk.say("Hello")
        assert not talk.of("tool_call")


async def test_a_user_who_would_rather_not_sign_in_hears_that_nothing_was_done(tmp_path: Path) -> None:
    authority = Authority()
    async with talking(tmp_path, authority, [WRITE, "Okay, it is not noted."]) as talk:
        await talk.until(lambda: newest_link(talk))
        await browse(newest_link(talk) or "")
        await talk.until(lambda: state_of(talk) == "ready")
        authority.revoke()
        await talk.say("Note that I need to buy milk.")
        assert await talk.say("Never mind") == "Okay, I've cancelled that. Okay, it is not noted."
        (result,) = talk.of("tool_result")
        assert (result["status"], result["text"]) == ("error", "Notes needs you to sign in.")


async def test_the_address_of_a_browser_elsewhere_is_typed_and_told_to_nobody(tmp_path: Path) -> None:
    async with talking(tmp_path, Authority(), []) as talk:
        await talk.until(lambda: newest_link(talk))
        address = await where_it_ends(newest_link(talk) or "")
        await hear_typed(talk.conversation, address)
        await talk.until(lambda: state_of(talk) == "ready")
        code = address.partition("code=")[2].partition("&")[0]
        assert code
        assert code not in str(talk.lines)
        await hear_typed(talk.conversation, address)
        assert [line["code"] for line in talk.of("error")] == ["sign_in"]
