"""Cartesia's voice over its WebSocket (docs.cartesia.ai/api-reference/tts/websocket), as LiveKit uses it."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.fakes.server import FakeServer, drop
from tests.fakes.sound import SYLLABLE, speech_like

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

_CHUNK = 0.05
"""Seconds of sound in one message."""


class FakeCartesia(FakeServer):
    """A voice. `key` and `allow` as of `FakeServer`."""

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/tts/websocket", self._socket), web.post("/tts/bytes", self._bytes)]

    def key_in(self, headers: Mapping[str, str]) -> str | None:
        return headers.get("X-API-Key")

    def error_body(self, status: int, code: str | None) -> Any:
        return {"error": code or f"status {status}"}

    @property
    def said(self) -> str:
        """All the text that was sent to be spoken over WebSockets, in order."""
        messages = [message for request in self.requests for message in request.messages]
        return " ".join(" ".join(str(m.get("transcript", "")) for m in messages).split())

    async def _socket(self, http: web.Request) -> web.StreamResponse:
        request, fault = await self.admit(http)
        if request.asked("cartesia_version") is None:
            raise web.HTTPBadRequest(text="cartesia_version is needed")
        socket = web.WebSocketResponse()
        await socket.prepare(http)
        async for frame in socket:
            order = json.loads(frame.data)
            request.messages.append(order)
            await self.note()
            if order.get("cancel"):
                continue
            context = order.get("context_id")
            if wrong := _what_is_wrong(order):
                error = {"type": "error", "context_id": context, "status_code": 400, "done": True, "error": wrong}
                await socket.send_json(error)
                continue
            if order["transcript"].strip():
                await self.paced(
                    fault,
                    _frames(order),
                    lambda item: socket.send_str("{") if item is None else socket.send_json(item),
                    lambda: drop(http, fault, socket),
                )
            if not order.get("continue"):
                await socket.send_json({"type": "done", "context_id": context, "done": True, "status_code": 200})
        request.is_over = True
        return socket

    async def _bytes(self, http: web.Request) -> web.StreamResponse:
        request, _ = await self.admit(http)
        request.body = await http.json()
        if wrong := _what_is_wrong(request.body):
            raise web.HTTPBadRequest(text=wrong)
        return web.Response(body=_sound_of(request.body), content_type="audio/l16")


def _what_is_wrong(order: Mapping[str, Any]) -> str | None:
    for name in ("model_id", "voice", "output_format"):
        if not order.get(name):
            return f"{name} is needed"
    if order["output_format"].get("encoding") != "pcm_s16le":
        return "this stand-in has no other encoding than pcm_s16le"
    return None


def _speed(order: Mapping[str, Any]) -> float:
    return float(order.get("generation_config", {}).get("speed") or 1.0)


def _sound_of(order: Mapping[str, Any]) -> bytes:
    return speech_like(order["transcript"].strip(), order["output_format"]["sample_rate"], _speed(order))


async def _frames(order: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
    context = order.get("context_id")
    words = order["transcript"].split()
    step = SYLLABLE / _speed(order)
    if order.get("add_timestamps"):
        times = {
            "words": words,
            "start": [step * n for n in range(len(words))],
            "end": [step * (n + 1) for n in range(len(words))],
        }
        yield {"type": "timestamps", "context_id": context, "status_code": 206, "done": False, "word_timestamps": times}
    sound = _sound_of(order)
    size = 2 * int(order["output_format"]["sample_rate"] * _CHUNK)
    for start in range(0, len(sound), size):
        data = base64.b64encode(sound[start : start + size]).decode()
        yield {
            "type": "chunk",
            "context_id": context,
            "status_code": 206,
            "done": False,
            "data": data,
            "step_time": 1.0,
        }
