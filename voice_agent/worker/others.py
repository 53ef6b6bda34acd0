"""Hears who else is in the room, where that is configured (`rooms.hear_others`)."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from livekit import rtc
from livekit.agents import stt

from voice_agent.agents.overheard import name_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from livekit.agents import vad
    from livekit.rtc.room import EventTypes

_RATE = 16_000
_PEOPLE = {rtc.ParticipantKind.PARTICIPANT_KIND_STANDARD, rtc.ParticipantKind.PARTICIPANT_KIND_SIP}

logger = logging.getLogger(__name__)


class Others:
    """Recognises what everybody but the conversation's participant says; none of it is a turn."""

    def __init__(
        self,
        room: rtc.Room,
        identity: str,
        ears: stt.STT[Any],
        pauses: vad.VAD | None,
        on_heard: Callable[[str, str], None],
    ) -> None:
        """Prepare.

        Args:
            room: Connected.
            identity: The conversation's own participant.
            ears: What recognises.
            pauses: Cuts sound into utterances, where the ears do not.
            on_heard: Called with a name, which its bearer may have chosen, and what was said.
        """
        self._room, self._identity, self._on_heard = room, identity, on_heard
        cuts = not ears.capabilities.streaming and pauses is not None
        self._ears = stt.StreamAdapter(stt=ears, vad=pauses) if cuts and pauses is not None else ears
        self._listening: dict[str, asyncio.Task[None]] = {}

    def open(self) -> None:
        """Begin with who is there."""
        self._follow("track_subscribed", self._begin)
        self._follow("track_unsubscribed", self._stop)
        for participant in self._room.remote_participants.values():
            for publication in participant.track_publications.values():
                if publication.track is not None:
                    self._begin(publication.track, publication, participant)

    async def aclose(self) -> None:
        """Hear nobody any more."""
        self._room.off("track_subscribed", self._begin)  # pyright: ignore[reportUnknownMemberType] - LiveKit's
        self._room.off("track_unsubscribed", self._stop)  # pyright: ignore[reportUnknownMemberType] - LiveKit's
        for task in self._listening.values():
            task.cancel()
        if self._listening:
            await asyncio.wait(self._listening.values())

    def _follow(self, event: EventTypes, listener: Callable[..., None]) -> None:
        self._room.on(event, listener)  # pyright: ignore[reportUnknownMemberType] - LiveKit leaves its type open

    def _begin(
        self, track: rtc.Track, publication: rtc.RemoteTrackPublication, participant: rtc.RemoteParticipant
    ) -> None:
        is_speech = publication.source == rtc.TrackSource.SOURCE_MICROPHONE
        if participant.kind in _PEOPLE and participant.identity != self._identity and is_speech:
            self._stop(track, publication, participant)
            self._listening[publication.sid] = asyncio.create_task(self._listen(track, participant), name="other")

    def _stop(
        self, _track: rtc.Track, publication: rtc.RemoteTrackPublication, _participant: rtc.RemoteParticipant
    ) -> None:
        if (task := self._listening.pop(publication.sid, None)) is not None:
            task.cancel()

    async def _listen(self, track: rtc.Track, participant: rtc.RemoteParticipant) -> None:
        sound = rtc.AudioStream(track, sample_rate=_RATE, num_channels=1)
        ears = self._ears.stream()
        feeding = asyncio.create_task(_feed(sound, ears))
        try:
            async for event in ears:
                if event.type is stt.SpeechEventType.FINAL_TRANSCRIPT and (text := event.alternatives[0].text.strip()):
                    self._on_heard(name_of(participant.name), text)
        except Exception as error:  # noqa: BLE001 - whatever fails, the conversation goes on without what others say
            logger.warning("somebody else in the room is not heard any more: %s", type(error).__name__)
        finally:
            feeding.cancel()
            await asyncio.wait({feeding})
            await ears.aclose()
            await sound.aclose()


async def _feed(sound: rtc.AudioStream, ears: stt.RecognizeStream) -> None:
    async for event in sound:
        ears.push_frame(event.frame)
    ears.end_input()
