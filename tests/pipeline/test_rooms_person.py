"""Who is in the room: what attributes say, and what changes of them do; somebody on a telephone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal, TypeAlias

import pytest
from livekit import api

from tests.fakes.stacks import KEY, cloud
from tests.support.livekit import Guest, a_guest_with, a_place, a_worker
from voice_agent.session.dispatch import AGENT, Dispatch

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.chat import Chat
    from tests.fakes.stacks import Cloud
    from voice_agent.cli.livekit_server import Address
    from voice_agent.web.tokens import Place

pytestmark = [pytest.mark.pipeline, pytest.mark.timeout(240)]

Kind: TypeAlias = Literal["standard", "sip"]
CODE = "Your code is 4915550123."


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


async def test_attributes_are_obeyed_and_so_is_every_change_and_a_telephone_has_no_screen(
    livekit: Address, tmp_path: Path
) -> None:
    place, caller = a_place(), a_place()

    def model(_chat: Chat) -> str:
        return CODE

    async with cloud(model=model) as stand_ins:
        variables = {
            "DEEPGRAM_API_KEY": KEY,
            "OPENAI_API_KEY": KEY,
            "CARTESIA_API_KEY": KEY,
            "VOICE_AGENT_STT__BASE_URL": stand_ins.deepgram.url,
            "VOICE_AGENT_LLM__BASE_URL": stand_ins.openai.base_url,
            "VOICE_AGENT_TTS__BASE_URL": stand_ins.cartesia.url,
            "VOICE_AGENT_PROFILE": "quality",
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
                await guest.command("va.end")
                await guest.line("end")
            async with a_guest_with(livekit.url, token(livekit, caller, "sip")) as phone:
                await phone.follow()
                prompt = await answered(phone, stand_ins, "What is my code?")
                assert "The user is on a telephone" in prompt
                assert "Your code is 4 9 1, 5 5 5, 0 1 2, 3." in stand_ins.cartesia.said
        finally:
            await asyncio.to_thread(worker.__exit__, None, None, None)
