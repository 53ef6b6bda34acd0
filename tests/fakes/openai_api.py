"""OpenAI's chat completions, transcription and speech as LiveKit's plugin uses them.

Source: platform.openai.com/docs/api-reference. Also every OpenAI-compatible server: Ollama, LM Studio, vLLM.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.fakes.chat import Call, Chat, Model, Script
from tests.fakes.faults import NONE, Fault
from tests.fakes.server import KEY, FakeServer, drop
from tests.fakes.sound import speech_like

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

SPEECH_RATE = 24000
"""Hertz, of OpenAI's `pcm`."""


class FakeOpenAI(FakeServer):
    """A model, ears and a voice.

    Args:
        model: the turns of the model in order, or a function that is given each `Chat`.
        hears: what each recording says, in order.
        models: what `GET /models` lists; None: any model is known, and the list names one.
        key: the key it accepts; None: any, and none.
        allow: requests before it answers 429; None: all. `GET /models` does not count.
    """

    def __init__(
        self,
        model: Script = (),
        *,
        hears: Iterable[str] = (),
        models: tuple[str, ...] | None = None,
        key: str | None = KEY,
        allow: int | None = None,
    ) -> None:
        super().__init__(key=key, allow=allow)
        self.model = Model(model)
        self.models = models
        self.listing = NONE
        """What goes wrong with `GET /models`, which no other fault touches."""
        self.listed = asyncio.Event()
        """Set once the models were asked for."""
        self.complaints: list[str] = []
        """What was wrong with requests that were answered 400, and turns that the script did not have."""
        self._hears = deque(hears)
        self._ids = itertools.count(1)

    @property
    def base_url(self) -> str:
        """`http://127.0.0.1:PORT/v1`."""
        return f"{self.url}/v1"

    @property
    def chats(self) -> list[Chat]:
        """All that the model was asked, in order."""
        return [Chat(r.body) for r in self.requests if r.path == "/v1/chat/completions" and r.body is not None]

    def hear(self, *recordings: str) -> None:
        """Add to what the next recordings say."""
        self._hears.extend(recordings)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/models", self._list),
            web.post("/v1/chat/completions", self._chat),
            web.post("/v1/audio/transcriptions", self._transcribe),
            web.post("/v1/audio/speech", self._speech),
        ]

    def key_in(self, headers: Mapping[str, str]) -> str | None:
        return headers.get("Authorization", "").removeprefix("Bearer ")

    def error_body(self, status: int, code: str | None) -> Any:
        # The real one repeats a part of the key: what is told to people must not.
        wrong = f"Incorrect API key provided: {self.key}" if status == web.HTTPUnauthorized.status_code else "refused"
        return {"error": {"message": wrong, "type": code or "fake_error", "param": None, "code": code}}

    async def _list(self, http: web.Request) -> web.StreamResponse:
        self.listed.set()
        await self.suffer(self.listing)
        if self.key is not None and self.key_in(http.headers) != self.key:
            raise web.HTTPUnauthorized(text=json.dumps(self.error_body(401, "invalid_api_key")))
        names = ("fake-model",) if self.models is None else self.models
        return web.json_response({"object": "list", "data": [{"id": name, "object": "model"} for name in names]})

    async def _chat(self, http: web.Request) -> web.StreamResponse:
        request, fault = await self.admit(http)
        request.body = await http.json()
        await self.note()
        chat = Chat(request.body)
        if self.models is not None and request.body["model"] not in self.models:
            return self._complain(404, f"no model {request.body['model']}", "model_not_found")
        if mistake := chat.mistake():
            return self._complain(400, mistake, "invalid_request_error")
        try:
            turn = self.model.turn_for(chat)
        except IndexError:
            return self._complain(500, f"the script has no turn for {chat.user!r}", "script_ended")
        if isinstance(turn, Fault):
            await self.suffer(turn)
            fault, turn = turn, "This turn was a fault."
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(http)

        async def send(chunk: Mapping[str, Any] | None) -> None:
            await answer.write(b"data: {\n\n" if chunk is None else b"data: " + json.dumps(chunk).encode() + b"\n\n")

        await self.paced(fault, self._chunks(chat, turn), send, lambda: drop(http, fault))
        await answer.write(b"data: [DONE]\n\n")
        request.is_over = True
        await self.note()
        return answer

    async def _chunks(self, chat: Chat, turn: str | Call | tuple[Call, ...]) -> AsyncIterator[Mapping[str, Any]]:
        """`chat.completion.chunk` objects: a word each, or a call in three pieces; usage at the end."""
        base = {
            "id": f"chatcmpl-{next(self._ids)}",
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": chat.body["model"],
        }

        def chunk(delta: Mapping[str, Any], reason: str | None = None) -> Mapping[str, Any]:
            return {**base, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}

        if isinstance(turn, str):
            for n, word in enumerate(turn.split(" ")):
                yield chunk({"role": "assistant", "content": word} if n == 0 else {"content": f" {word}"})
            yield chunk({}, "stop")
        else:
            for n, call in enumerate((turn,) if isinstance(turn, Call) else turn):
                head = {"name": call.name, "arguments": ""}
                identity = {"index": n, "id": f"call_{next(self._ids)}", "type": "function"}
                yield chunk({"role": "assistant", "content": None, "tool_calls": [{**identity, "function": head}]})
                half = len(call.as_json) // 2
                for piece in (call.as_json[:half], call.as_json[half:]):
                    yield chunk({"tool_calls": [{"index": n, "function": {"arguments": piece}}]})
            yield chunk({}, "tool_calls")
        if chat.body.get("stream_options", {}).get("include_usage"):
            usage = {"prompt_tokens": 20, "completion_tokens": 7, "total_tokens": 27}
            yield {**base, "choices": [], "usage": usage}

    async def _transcribe(self, http: web.Request) -> web.StreamResponse:
        request, _ = await self.admit(http)
        form = await http.post()
        request.body = {name: value for name, value in form.items() if isinstance(value, str)}
        sound = form["file"]
        assert isinstance(sound, web.FileField)
        request.audio += sound.file.read()
        await self.note()
        return web.json_response({"text": self._hears.popleft() if self._hears else ""})

    async def _speech(self, http: web.Request) -> web.StreamResponse:
        request, fault = await self.admit(http)
        request.body = await http.json()
        await self.note()
        if request.body.get("response_format") != "pcm":
            return self._complain(400, "this stand-in speaks nothing but pcm", "invalid_request_error")
        answer = web.StreamResponse(headers={"Content-Type": "audio/pcm"})
        await answer.prepare(http)
        sound = speech_like(request.body["input"], SPEECH_RATE, float(request.body.get("speed", 1.0)))
        await self.paced(fault, _pieces(sound), lambda piece: answer.write(piece or b""), lambda: drop(http, fault))
        return answer

    def _complain(self, status: int, message: str, code: str) -> web.Response:
        self.complaints.append(message)
        return web.json_response({"error": {"message": message, "type": code, "code": code}}, status=status)


async def _pieces(sound: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(sound), 4800):
        yield sound[start : start + 4800]
