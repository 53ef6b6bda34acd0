"""A conversation by recordings: each file is played in real time as one turn; answers are written as files."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from voice_agent.agents.listen import listen
from voice_agent.errors import AudioError
from voice_agent.session.audio.paced import PacedInput
from voice_agent.session.audio.recording import RecordingOutput
from voice_agent.session.audio.wav import read_wav, write_wav

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from livekit.agents import ConversationItemAddedEvent, UserStateChangedEvent
    from numpy.typing import NDArray

    from voice_agent.session.audio.segments import Segment
    from voice_agent.session.conversation import Conversation

_HEARD_WITHIN = 8.0
"""Seconds after the end of a file in which its words must have become a turn."""


class Recorded:
    """The virtual microphone and speaker of a conversation by recordings."""

    def __init__(self, conversation: Conversation, out: Path | None) -> None:
        """Connect them; call before the conversation is started.

        Args:
            conversation: Not started.
            out: Folder for the answers, `001.wav` and so on; None: they are not kept.

        Raises:
            AudioError: The folder cannot be made.
        """
        self._conversation = conversation
        self._out = out
        self._written = 0
        self._writing: set[asyncio.Task[None]] = set()
        self._turn_at = 0.0
        self._heard_until = 0.0
        """When what became the newest turn was said to its end."""
        self._begun_at = 0.0
        """When somebody was last heard to begin to speak."""
        self._turned = asyncio.Event()
        if out is not None:
            try:
                out.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                why = error.strerror or "it cannot be made"
                raise AudioError(f"{out}: {why}. Name another folder for the answers with --out.") from error
        self.input = PacedInput()
        conversation.session.input.audio = self.input
        conversation.session.output.audio = RecordingOutput(on_segment=self._keep)
        listen(conversation.session, "conversation_item_added", self._note_turn)
        listen(conversation.session, "user_state_changed", self._note_state)

    async def converse(self, files: Sequence[Path]) -> int:
        """Play each file when the agent has fallen silent; return how many were not understood as a turn.

        Raises:
            AudioError: A file cannot be read; nothing was played.
        """
        clips = [(path, read_wav(path)) for path in files]
        unheard = 0
        await self._conversation.or_over(asyncio.ensure_future(self._conversation.settle()))
        for path, samples in clips:
            if self._conversation.reason is not None:
                break
            self._conversation.wav = str(path)
            turn = asyncio.ensure_future(self._play(samples))
            if await self._conversation.or_over(turn) and not turn.result():
                unheard += 1
                text = f"{path}: no words were heard in it."
                self._conversation.journal.write("error", code="nothing_heard", text=text)
        await asyncio.gather(*self._writing, return_exceptions=True)
        self._conversation.end("input_ended")
        return unheard

    async def _play(self, samples: NDArray[np.int16]) -> bool:
        self._turn_at = 0.0
        await self.input.play(samples)
        last = self.input.last_loud
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_HEARD_WITHIN):
                # What came before a pause may be a turn of its own, and what came after it not be understood yet.
                while last is not None and (self._turn_at < last.wall or self._heard_until < self._begun_at):
                    self._turned.clear()
                    await self._turned.wait()
        await self._conversation.settle()
        return self._turn_at > 0

    def _note_turn(self, event: ConversationItemAddedEvent) -> None:
        if event.item.type == "message" and event.item.role == "user":
            self._turn_at = time.time()
            self._heard_until = event.item.metrics.get("stopped_speaking_at", self._turn_at)
            self._turned.set()

    def _note_state(self, event: UserStateChangedEvent) -> None:
        if event.new_state == "speaking":
            self._begun_at = event.created_at

    def _keep(self, segment: Segment) -> None:
        if self._out is None or not segment.pcm.size:
            return
        self._written += 1
        task = asyncio.create_task(self._write(self._out / f"{self._written:03}.wav", segment))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _write(self, path: Path, segment: Segment) -> None:
        try:
            await asyncio.to_thread(write_wav, path, segment.pcm, segment.sample_rate)
        except AudioError as error:
            self._conversation.journal.write("error", code=error.code, text=str(error))
