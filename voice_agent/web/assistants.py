"""What the web part does in rooms by way of the LiveKit server: calls an assistant, and tells what a person chose."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp
from livekit import api

from voice_agent.session.calling import call_assistant

if TYPE_CHECKING:
    from voice_agent.session.dispatch import Dispatch

_TROUBLES = (api.TwirpError, aiohttp.ClientError, TimeoutError)


class Assistants:
    """The LiveKit server's jobs of one key."""

    def __init__(self, url: str, api_key: str, api_secret: str) -> None:
        self._arguments = (url, api_key, api_secret)
        self._opened: api.LiveKitAPI | None = None
        self._calling: dict[str, asyncio.Task[bool]] = {}

    async def call(self, room: str, dispatch: Dispatch) -> bool:
        """Call an assistant to `room` unless one is there or on its way; False where that cannot be done now."""
        calling = self._calling.get(room)
        if calling is None:
            # Of two that looked at the same moment, each would find nobody.
            calling = self._calling[room] = asyncio.create_task(self._call(room, dispatch), name="call")
            calling.add_done_callback(lambda _: self._calling.pop(room, None))
        return await asyncio.shield(calling)

    async def tell(self, room: str, identity: str, attributes: dict[str, str]) -> bool:
        """Set attributes of a participant, which may not do so itself; False where it is not there."""
        change = api.UpdateParticipantRequest(room=room, identity=identity, attributes=attributes)
        try:
            await self._server.room.update_participant(change)
        except _TROUBLES:
            return False
        return True

    async def aclose(self) -> None:
        """Close the connection."""
        calling = list(self._calling.values())
        for one in calling:
            one.cancel()
        await asyncio.gather(*calling, return_exceptions=True)
        if self._opened is not None:
            await self._opened.aclose()  # pyright: ignore[reportUnknownMemberType] - LiveKit leaves its type open

    @property
    def _server(self) -> api.LiveKitAPI:
        # It can be made only where an event loop runs.
        self._opened = self._opened or api.LiveKitAPI(*self._arguments)
        return self._opened

    async def _call(self, room: str, dispatch: Dispatch) -> bool:
        try:
            await call_assistant(self._server, room, dispatch.to_json())
        except _TROUBLES:
            return False
        return True
