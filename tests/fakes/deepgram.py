"""Deepgram's live transcription and its voice (developers.deepgram.com/reference), as LiveKit uses them."""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING, Any, TypeAlias

from aiohttp import WSMsgType, web

from tests.fakes.server import KEY, FakeServer, Request, drop
from tests.fakes.sound import loudness, speech_like

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping

    from tests.fakes.faults import Fault

    Hearing: TypeAlias = Iterable[str] | Callable[[bytes, int], str]

LOUD = 200.0
"""Root mean square of 16 bit samples from which a frame counts as speech."""
_CHUNK = 0.05
"""Seconds of sound in one message."""


class FakeDeepgram(FakeServer):
    """Ears and a voice.

    Args:
        hears: what each utterance says, in order; or a function that is given its sound (16 bit PCM, hertz).
        key: the key it accepts; None: any.
        allow: connections before it answers 429; None: all.
        silence: seconds of quiet after which an utterance is over (Deepgram's `endpointing`).
    """

    def __init__(
        self, hears: Hearing = (), *, key: str | None = KEY, allow: int | None = None, silence: float = 0.25
    ) -> None:
        super().__init__(key=key, allow=allow)
        self.silence = silence
        self._script = None if callable(hears) else deque(hears)
        self._recogniser = hears if callable(hears) else None

    @property
    def listened(self) -> list[Request]:
        """Connections to the ears, those that were refused too."""
        return [request for request in self.requests if request.path == "/v1/listen"]

    @property
    def spoke(self) -> list[Request]:
        """Connections to the voice."""
        return [request for request in self.requests if request.path == "/v1/speak"]

    @property
    def said(self) -> str:
        """All the text that was sent to be spoken over WebSockets, in order."""
        messages = [message for request in self.spoke for message in request.messages]
        return " ".join(" ".join(str(m.get("text", "")) for m in messages).split())

    def hear(self, *utterances: str) -> None:
        """Add to what the next utterances say."""
        assert self._script is not None, "the recogniser is a function"
        self._script.extend(utterances)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/listen", self._listen),
            web.get("/v1/speak", self._speak),
            web.post("/v1/speak", self._speak_at_once),
        ]

    def key_in(self, headers: Mapping[str, str]) -> str | None:
        return headers.get("Authorization", "").removeprefix("Token ")

    def error_body(self, status: int, code: str | None) -> Any:
        return {"err_code": code or f"STATUS_{status}", "err_msg": "refused", "request_id": "fake"}

    def transcript_of(self, pcm: bytes, rate: int) -> str:
        """What an utterance says: by the script, else by the recogniser; nothing once the script has ended."""
        if self._recogniser is not None:
            return self._recogniser(pcm, rate)
        return self._script.popleft() if self._script else ""

    async def _listen(self, http: web.Request) -> web.StreamResponse:
        request, fault = await self.admit(http)
        if request.asked("encoding") != "linear16" or request.asked("sample_rate") is None:
            raise web.HTTPBadRequest(text=json.dumps({"err_msg": "encoding and sample_rate are needed"}))
        socket = web.WebSocketResponse()
        await socket.prepare(http)
        hearing = _Hearing(self, request, fault, http, socket)
        try:
            async for message in socket:
                if message.type is WSMsgType.BINARY:
                    await hearing.take(message.data)
                elif message.type is WSMsgType.TEXT:
                    request.messages.append(json.loads(message.data))
                    await hearing.obey(request.messages[-1]["type"])
                await self.note()
        finally:
            request.is_over = True
            await self.note()
        return socket

    async def _speak(self, http: web.Request) -> web.StreamResponse:
        request, fault = await self.admit(http)
        socket = web.WebSocketResponse()
        await socket.prepare(http)
        text = ""
        async for message in socket:
            order = json.loads(message.data)
            request.messages.append(order)
            await self.note()
            if order["type"] == "Speak":
                text += order["text"]
            elif order["type"] == "Flush":
                await self.paced(
                    fault,
                    _sound_of(text, request),
                    lambda chunk: socket.send_str("{") if chunk is None else socket.send_bytes(chunk),
                    lambda: drop(http, fault, socket),
                )
                await socket.send_json({"type": "Flushed", "sequence_id": 0})
                text = ""
            elif order["type"] == "Clear":
                text = ""
                await socket.send_json({"type": "Cleared", "sequence_id": 0})
            elif order["type"] == "Close":
                await socket.close()
        request.is_over = True
        await self.note()
        return socket

    async def _speak_at_once(self, http: web.Request) -> web.StreamResponse:
        request, _ = await self.admit(http)
        request.body = await http.json()
        sound = [chunk async for chunk in _sound_of(request.body["text"], request)]
        return web.Response(body=b"".join(sound), content_type="audio/l16")


class _Hearing:
    """One connection to the ears: cuts the sound into utterances by its loudness, as real endpointing does."""

    def __init__(
        self, ears: FakeDeepgram, request: Request, fault: Fault, http: web.Request, socket: web.WebSocketResponse
    ) -> None:
        self._ears, self._request, self._fault, self._http, self._socket = ears, request, fault, http, socket
        self._rate = int(request.asked("sample_rate") or 0)
        self._utterance = bytearray()
        self._quiet = 0.0
        self._told = 0
        self._sent = 0

    async def take(self, pcm: bytes) -> None:
        self._request.audio += pcm
        is_loud = loudness(pcm) > LOUD
        if not self._utterance and not is_loud:
            return
        if not self._utterance:
            await self._send({"type": "SpeechStarted", "channel": [0], "timestamp": self._seconds()})
        self._utterance += pcm
        self._quiet = 0.0 if is_loud else self._quiet + len(pcm) / 2 / self._rate
        if self._quiet >= self._ears.silence:
            await self._finish(by_finalize=False)

    async def obey(self, order: str) -> None:
        if order in ("Finalize", "CloseStream"):
            await self._finish(by_finalize=True)
        if order == "CloseStream":
            await self._send({"type": "Metadata", "request_id": "fake", "duration": self._seconds(), "channels": 1})
            await self._socket.close()

    def _seconds(self) -> float:
        return len(self._request.audio) / 2 / self._rate

    async def _finish(self, *, by_finalize: bool) -> None:
        text = self._ears.transcript_of(bytes(self._utterance), self._rate) if self._utterance else ""
        words = text.split()
        self._utterance.clear()
        self._quiet = 0.0
        if len(words) > 1:
            await self._result(" ".join(words[: len(words) // 2]), is_final=False)
        await self._result(text, is_final=True, by_finalize=by_finalize)

    async def _result(self, text: str, *, is_final: bool, by_finalize: bool = False) -> None:
        start = self._seconds()
        words = [
            {
                "word": word.lower().strip(".,?!"),
                "punctuated_word": word,
                "start": start + 0.1 * n,
                "end": start + 0.1 * n + 0.09,
                "confidence": 0.98,
            }
            for n, word in enumerate(text.split())
        ]
        alternative = {"transcript": text, "confidence": 0.98 if text else 0.0, "words": words}
        await self._send(
            {
                "type": "Results",
                "channel_index": [0, 1],
                "start": start,
                "duration": 0.1 * len(words),
                "is_final": is_final,
                "speech_final": is_final and not by_finalize,
                "from_finalize": by_finalize,
                "channel": {"alternatives": [alternative]},
                "metadata": {"request_id": "fake", "model_info": {"name": self._request.asked("model")}},
            }
        )

    async def _send(self, message: Mapping[str, Any]) -> None:
        fault = self._fault
        if message["type"] == "Results":
            await self._ears.pause(fault.first_delay if self._sent == 0 else fault.between_delay)
            if fault.drop_after is not None and self._sent >= fault.drop_after:
                await drop(self._http, fault, self._socket)
            if fault.garbage_after is not None and self._sent == fault.garbage_after:
                await self._socket.send_str('{"type": "Resul')
            self._sent += 1
        await self._socket.send_json(message)


async def _sound_of(text: str, request: Request) -> AsyncIterator[bytes]:
    rate = int(request.asked("sample_rate") or 24000)
    sound = speech_like(text.strip(), rate, float(request.asked("speed") or 1.0))
    step = 2 * int(rate * _CHUNK)
    for start in range(0, len(sound), step):
        yield sound[start : start + step]
