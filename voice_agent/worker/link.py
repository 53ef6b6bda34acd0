"""The link between a conversation and the page of its one participant.

What happens goes out as JSON text streams of the topic `va.events`, each a line of docs/talk.md, to that participant
alone. Commands come in by LiveKit's RPC; those of anybody else are refused.

| method | payload | does |
|---|---|---|
| `va.snapshot` | `{}` | sends `{"event": "snapshot", "lines": […]}`, and from there on each line |
| `va.confirm` | `{"call": id, "yes": bool}` | the user's yes or no to the read-back of that call |
| `va.answer` | `{"call": id, "action": str, "content": {…}}` | answers a server's question |
| `va.filling` | `{"call": id}` | the user is busy with that form, which waits on |
| `va.approve` | `{"server": name, "held": […]}` | lets tools be used as they have changed, exactly as was shown |
| `va.cancel` | `{"call": id}` | gives up a running call, at its server too |
| `va.result` | `{"call": id}` | sends the whole of a result, images too, with the topic `va.result` |
| `va.end` | `{}` | ends the conversation |
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import logging
from typing import TYPE_CHECKING, Any, cast

from livekit import rtc

from voice_agent.session.typed import hear_typed
from voice_agent.worker.room_events import follow

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from livekit.rtc.rpc import RpcInvocationData

    from voice_agent.bridge.types import Media
    from voice_agent.session.conversation import Conversation
    from voice_agent.session.history import History
    from voice_agent.session.journal import Line

EVENTS, RESULT = "va.events", "va.result"
_TYPED = "lk.chat"
_LONGEST = 4000
"""Characters of a typed turn."""
_FORBIDDEN, _MISSING, _WRONG = 403, 404, 400
"""Codes of refusals, of the range that LiveKit leaves to applications (0 to 999)."""
_ANSWERED = "This is not waiting for an answer any more."
_NOT_OWNER = "Only who runs this assistant can approve it, with: voice-agent servers approve"
_LARGEST = 8 * 1024 * 1024
"""Bytes of one image or sound that a page is sent."""
_FLUSH = 3.0
"""Seconds that the end waits for lines that are still to be sent, or have not arrived."""

logger = logging.getLogger(__name__)


class Link:
    """Tells one participant what happens and takes this participant's commands."""

    def __init__(self, room: rtc.Room, identity: str, conversation: Conversation, history: History) -> None:
        """Take the room that the conversation is held in, connected; `identity`: whose it is."""
        self._room = room
        self._identity = identity
        self._conversation = conversation
        self._history = history
        self._is_followed = False
        self._outgoing: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self._sending: asyncio.Task[None] | None = None
        self._answering: set[asyncio.Task[None]] = set()
        self._unfollow: Callable[[], None] = _nothing

    def open(self) -> None:
        """Begin; lines are sent once the participant has asked for a snapshot."""
        commands: dict[str, Callable[[dict[str, Any]], Awaitable[None]]] = {
            "va.snapshot": self._snapshot,
            "va.confirm": self._confirm,
            "va.answer": self._answer,
            "va.filling": self._filling,
            "va.approve": self._approve,
            "va.cancel": self._cancel,
            "va.result": self._result,
            "va.end": self._end,
        }
        for method, command in commands.items():
            self._room.local_participant.register_rpc_method(method, self._guarded(command))
        self._room.register_text_stream_handler(_TYPED, self._take_typed)
        self._unfollow = follow(self._room, "participant_disconnected", self._note_leaving)
        self._conversation.journal.listen(self._note_line)
        self._sending = asyncio.create_task(self._send(), name="link")

    def _take_typed(self, reader: rtc.TextStreamReader, identity: str) -> None:
        async def read() -> None:
            text = (await reader.read_all()).strip()[:_LONGEST]
            if text:
                await hear_typed(self._conversation, text)

        if identity == self._identity:
            self._keep(read())

    async def aclose(self) -> None:
        """Send what is still to be sent, and end."""
        self._unfollow()
        self._room.unregister_text_stream_handler(_TYPED)
        for task in self._answering:
            task.cancel()
        if self._sending is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_FLUSH):
                    await self._outgoing.join()
                    await self._arrive()
            self._sending.cancel()
            await asyncio.wait({self._sending})

    def _note_line(self, line: Line) -> None:
        if self._is_followed:
            self._outgoing.put_nowait((EVENTS, self._history.shown(line)))

    def _note_leaving(self, participant: rtc.RemoteParticipant) -> None:
        if participant.identity == self._identity:
            self._is_followed = False

    async def _send(self) -> None:
        while True:
            topic, content = await self._outgoing.get()
            try:
                text = json.dumps(content, ensure_ascii=False, default=str)
                await self._room.local_participant.send_text(text, topic=topic, destination_identities=[self._identity])
            except Exception as error:  # noqa: BLE001 - whatever fails, the page asks for a snapshot when it is back
                logger.info("a line could not be sent to the page: %s", type(error).__name__)
            finally:
                self._outgoing.task_done()

    async def _arrive(self) -> None:
        """Wait until what was sent is there: a room that is left drops what it has not sent yet.

        Lines and calls share one ordered channel, so that any answer, a refusal too, comes after the lines.
        """
        if self._is_followed:
            with contextlib.suppress(rtc.RpcError):
                await self._room.local_participant.perform_rpc(
                    destination_identity=self._identity, method="va.ended", payload="{}", response_timeout=_FLUSH
                )

    def _guarded(
        self, command: Callable[[dict[str, Any]], Awaitable[None]]
    ) -> Callable[[RpcInvocationData], Awaitable[str]]:
        async def run(data: RpcInvocationData) -> str:
            if data.caller_identity != self._identity:
                raise rtc.RpcError(_FORBIDDEN, "This is somebody else's conversation.")
            await command(_read(data.payload))
            return "{}"

        return run

    async def _snapshot(self, _fields: dict[str, Any]) -> None:
        self._is_followed = True
        self._outgoing.put_nowait((EVENTS, {"event": "snapshot", "lines": self._history.lines}))

    async def _confirm(self, fields: dict[str, Any]) -> None:
        is_yes = fields.get("yes")
        if not isinstance(is_yes, bool):
            raise rtc.RpcError(_WRONG, "“yes” must be true or false.")
        await self._conversation.assistant.is_back.wait()
        toolset, history = self._conversation.toolset, self._conversation.session.history.items
        pending = toolset.confirmations.waiting(history)
        if pending is None or _call(fields) not in {call.id for call in pending.calls}:
            raise rtc.RpcError(_MISSING, _ANSWERED)
        self._hear("Yes" if is_yes else "No")

    async def _answer(self, fields: dict[str, Any]) -> None:
        action, content = fields.get("action"), fields.get("content", {})
        if action not in ("accept", "decline", "cancel") or not isinstance(content, dict):
            raise rtc.RpcError(_WRONG, "“action” must be accept, decline or cancel, and “content” an object.")
        try:
            said = self._conversation.toolset.questions.fill(_call(fields), action, cast("dict[str, Any]", content))
        except LookupError:
            raise rtc.RpcError(_MISSING, _ANSWERED) from None
        except ValueError as error:
            raise rtc.RpcError(_WRONG, str(error)) from None
        self._hear(said)

    async def _filling(self, fields: dict[str, Any]) -> None:
        self._conversation.toolset.questions.wait_on(_call(fields))

    async def _approve(self, fields: dict[str, Any]) -> None:
        server, held = fields.get("server"), fields.get("held")
        if not isinstance(server, str) or not isinstance(held, list):
            raise rtc.RpcError(_WRONG, "“server” must be a name, and “held” what was shown.")
        approvals = self._conversation.approvals
        if approvals is None or not self._conversation.approves:
            raise rtc.RpcError(_FORBIDDEN, _NOT_OWNER)
        if not approvals.approve(server, cast("list[Any]", held)):
            raise rtc.RpcError(_MISSING, "That has changed meanwhile, or is not held back any more. Look at it again.")

    def _hear(self, text: str) -> None:
        """Take `text` as the user's turn."""
        self._keep(hear_typed(self._conversation, text))

    def _keep(self, answering: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(answering)
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _cancel(self, fields: dict[str, Any]) -> None:
        if not self._conversation.toolset.cancel_running(_call(fields)):
            raise rtc.RpcError(_MISSING, "This call is not running any more.")

    async def _result(self, fields: dict[str, Any]) -> None:
        call = _call(fields)
        whole, media = self._history.result(call), self._conversation.journal.attached(call)
        if whole is None and not media:
            raise rtc.RpcError(_MISSING, "There is no more of this result.")
        shown = [_shown(one) for one in media]
        self._outgoing.put_nowait((RESULT, {"call": call, "structured": whole, "media": shown}))

    async def _end(self, _fields: dict[str, Any]) -> None:
        self._conversation.end("goodbye")


def _nothing() -> None:
    return


def _read(payload: str) -> dict[str, Any]:
    try:
        found: Any = json.loads(payload or "{}")
    except ValueError:
        raise rtc.RpcError(_WRONG, "The payload must be JSON.") from None
    if not isinstance(found, dict):
        raise rtc.RpcError(_WRONG, "The payload must be a JSON object.")
    return cast("dict[str, Any]", found)


def _shown(media: Media) -> dict[str, Any]:
    is_whole = media.data is not None and len(media.data) <= _LARGEST
    data = base64.b64encode(media.data).decode() if media.data is not None and is_whole else None
    return {"kind": media.kind, "mime_type": media.mime_type, "uri": media.uri, "data": data}


def _call(fields: dict[str, Any]) -> str:
    call = fields.get("call")
    if not isinstance(call, str):
        raise rtc.RpcError(_WRONG, "“call” must be the id of a call.")
    return call
