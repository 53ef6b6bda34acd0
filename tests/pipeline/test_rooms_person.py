"""Who is in the room: what attributes say, and what changes of them do; somebody on a telephone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal, TypeAlias

import pytest
from livekit import api

from tests.fakes.chat import Call
from tests.fakes.sound import speech_like
from tests.fakes.stacks import cloud
from tests.support.livekit import Guest, a_guest_with, a_place, a_worker
from voice_agent.session.dispatch import AGENT, Dispatch
from voice_agent.web.tokens import Place, Tokens

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.chat import Chat
    from tests.fakes.stacks import Cloud
    from voice_agent.cli.livekit_server import Address

pytestmark = [pytest.mark.pipeline, pytest.mark.timeout(240)]

Kind: TypeAlias = Literal["standard", "sip"]
CODE = "Your code is 4915550123."
HEARD, ASKED = "The dentist called, call back on Friday.", "When is the dentist?"
LONG, RATE = 3.0, 24_000
"""Seconds of speech from which it is what the other person says; hertz."""


def token(livekit: Address, place: Place, kind: Kind, **attributes: str) -> str:
    """What LiveKit's own parts are given: a kind, and attributes."""
    dispatch = Dispatch(identity=place.identity).to_json()
    room = api.RoomConfiguration(agents=[api.RoomAgentDispatch(agent_name=AGENT, metadata=dispatch)])
    made = api.AccessToken(livekit.api_key, livekit.api_secret).with_identity(place.identity).with_kind(kind)
    made = made.with_grants(api.VideoGrants(room_join=True, room=place.room)).with_room_config(room)
    return made.with_attributes(attributes).to_jwt()


async def answered(guest: Guest, stand_ins: Cloud, text: str) -> str:
    """Say `text`; return the prompt that the model was given with it."""
    replies = len(guest.of("agent", kind="reply"))
    await guest.type(text)
    await guest.until(lambda: len(guest.of("agent", kind="reply")) > replies)
    return str(next(chat for chat in reversed(stand_ins.openai.chats) if chat.user == text).messages[0]["content"])


def recognised(pcm: bytes, rate: int) -> str:
    return HEARD if len(pcm) / 2 / rate > LONG else ASKED


def called_for(chat: Chat) -> Call | str:
    """What a model makes of it that does whatever anybody says."""
    is_new = chat.user == "Thanks." and chat.messages[-1]["role"] == "user"
    return Call("tasks_create_task", {"title": "call back"}) if is_new else CODE


async def a_second_person_is_heard_and_commands_nothing(
    livekit: Address, place: Place, guest: Guest, stand_ins: Cloud
) -> None:
    other = Place(place.room, "user-ben", name="Ben")
    async with a_guest_with(livekit.url, Tokens(livekit.api_key, livekit.api_secret, 60).token(other, None)) as ben:
        turns = len(guest.of("user"))
        await ben.speak(
            speech_like("nobody asked me but the dentist is on a Friday in a week or so I believe", RATE), RATE
        )
        assert await guest.line("heard") == {**(await guest.line("heard")), "name": "Ben", "text": HEARD}
        assert len(guest.of("user")) == turns
        assert not ben.lines
    replies = len(guest.of("agent", kind="reply"))
    await guest.speak(speech_like("when is the dentist", RATE), RATE)
    assert (await guest.line("user", text=ASKED))["via"] == "speech"
    await guest.until(lambda: len(guest.of("agent", kind="reply")) > replies)
    chat = next(chat for chat in reversed(stand_ins.openai.chats) if chat.user == ASKED)
    told = [str(message["content"]) for message in chat.messages if HEARD in str(message["content"])]
    assert [text.splitlines()[-1] for text in told] == [f"Ben: “{HEARD}”"]
    await guest.type("Thanks.")
    await guest.line("confirm", tool="create_task")
    assert not guest.of("tool_call")
    await guest.type("No.")
    await guest.line("answered", answer="no")


async def test_attributes_are_obeyed_others_are_heard_without_commanding_and_a_telephone_has_no_screen(
    livekit: Address, tmp_path: Path
) -> None:
    place, caller = a_place(), a_place()

    async with cloud(hears=recognised, model=called_for) as stand_ins:
        # What is recognised by its length must not be cut in two where a busy machine is late with some of it.
        stand_ins.deepgram.silence = 0.5
        variables = {
            **stand_ins.variables(),
            "VOICE_AGENT_PROFILE": "quality",
            "VOICE_AGENT_ROOMS__HEAR_OTHERS": "true",
        }
        worker = a_worker(livekit, tmp_path, "--profile", "quality", **variables)
        await asyncio.to_thread(worker.__enter__)
        try:
            seen = token(livekit, place, "standard", time_zone="Asia/Tokyo", name="Ada", language="en")
            async with a_guest_with(livekit.url, seen) as guest:
                await guest.follow()
                prompt = await answered(guest, stand_ins, "Hello.")
                assert "Time zone: Asia/Tokyo" in prompt
                assert "The user's name is Ada." in prompt
                assert "telephone" not in prompt
                async with api.LiveKitAPI(livekit.url, livekit.api_key, livekit.api_secret) as server:
                    moved = {"time_zone": "America/Lima", "language": "de"}
                    await server.room.update_participant(
                        api.UpdateParticipantRequest(room=place.room, identity=place.identity, attributes=moved)
                    )
                await guest.until(lambda: guest.room.local_participant.attributes.get("language") == "de")
                prompt = await answered(guest, stand_ins, "And now?")
                assert "Time zone: America/Lima" in prompt
                assert "(de)" in prompt
                assert CODE in stand_ins.cartesia.said
                await a_second_person_is_heard_and_commands_nothing(livekit, place, guest, stand_ins)
                await guest.command("va.end")
                await guest.line("end")
            async with a_guest_with(livekit.url, token(livekit, caller, "sip")) as phone:
                await phone.follow()
                prompt = await answered(phone, stand_ins, "What is my code?")
                assert "The user is on a telephone" in prompt
                assert "Your code is 4 9 1, 5 5 5, 0 1 2, 3." in stand_ins.cartesia.said
        finally:
            await asyncio.to_thread(worker.__exit__, None, None, None)
