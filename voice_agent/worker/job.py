"""One conversation in a room, from its job's begin to the end of its record.

LiveKit gives a job three functions: `prepare` runs once in each process before a job is known, `hold` begins the
conversation and returns, `finish` runs however the job ends, while the room is still connected. Both are given the
configuration by `functools.partial`, because they are pickled on their way into the process.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from livekit import rtc
from livekit.agents import AutoSubscribe
from livekit.agents.voice.room_io import AudioInputOptions, RoomOptions

from voice_agent.bridge.approvals import Approvals
from voice_agent.bridge.bridge import PINS
from voice_agent.errors import VoiceAgentError
from voice_agent.providers.build import begin_to_load, build
from voice_agent.session.build import build_conversation
from voice_agent.session.dispatch import read_dispatch
from voice_agent.session.history import History
from voice_agent.session.resume import Resumption
from voice_agent.worker.book import Book
from voice_agent.worker.drain import follow_end
from voice_agent.worker.elder import follow_elders, has_elder
from voice_agent.worker.link import Link
from voice_agent.worker.others import Others
from voice_agent.worker.person import Person
from voice_agent.worker.presence import Presence
from voice_agent.worker.rescue import Rescue
from voice_agent.worker.room_events import follow
from voice_agent.worker.servers import bridge_of_job

if TYPE_CHECKING:
    from collections.abc import Callable

    from livekit.agents import JobContext, JobProcess

    from voice_agent.bridge.bridge import Bridge
    from voice_agent.config.load import Config
    from voice_agent.providers.stack import Stack
    from voice_agent.session.conversation import Conversation
    from voice_agent.session.dispatch import Dispatch
    from voice_agent.session.resume import Story
    from voice_agent.worker.source import Source

_COMES_WITHIN = 30.0
"""Seconds in which the participant must have joined."""
_LEAVES_WITHIN = 3.0
"""Seconds that a job whose worker has died may take to leave its room."""
_HELD = "voice_agent"
_LOST = {
    rtc.DisconnectReason.UNKNOWN_REASON,
    rtc.DisconnectReason.SERVER_SHUTDOWN,
    rtc.DisconnectReason.STATE_MISMATCH,
    rtc.DisconnectReason.SIGNAL_CLOSE,
    rtc.DisconnectReason.CONNECTION_TIMEOUT,
    rtc.DisconnectReason.MEDIA_FAILURE,
}
"""Reasons that nobody wanted."""

logger = logging.getLogger(__name__)


@dataclass
class _Held:
    """The parts of a running job."""

    conversation: Conversation
    link: Link
    presence: Presence
    person: Person
    book: Book
    ending: asyncio.Task[None]
    unfollow: tuple[Callable[[], None], ...]
    elsewhere: asyncio.Event
    """Set when the conversation goes on with another assistant, or with the next that comes."""
    others: Others | None = None


def prepare(config: Config, process: JobProcess) -> None:
    """Load the weights of the worker's own profile into this process."""
    del process

    def load() -> None:
        with contextlib.suppress(VoiceAgentError):
            asyncio.run(begin_to_load(config.settings))

    # What loads is a daemon where this is one: a forked process ends without tidying up under native code, and need not
    # wait until that has loaded what nobody will use.
    beginning = threading.Thread(target=load, name="prepare", daemon=sys.platform == "linux")
    beginning.start()
    beginning.join()


async def hold(source: Source, ctx: JobContext) -> None:
    """Begin the conversation; it goes on when this has returned."""
    dispatch = read_dispatch(ctx.job.metadata)
    found, watch = await source.now()
    config = _as_told(found, dispatch)
    book = Book(config, ctx.room.name)
    gathered = await _gather(config, ctx, dispatch, book)
    if gathered is None:
        return
    bridge, stack, participant = gathered
    identity = participant.identity
    journal, story = book.begin(identity), book.story
    conversation = build_conversation(
        config,
        profile=config.settings.profile,
        bridge=bridge,
        stack=stack,
        journal=journal,
        has_microphone=True,
        story=story,
        on_phone=participant.kind == rtc.ParticipantKind.PARTICIPANT_KIND_SIP,
    )
    conversation.toolset.before_call = book.written
    source.follow(conversation, config, watch)
    conversation.approvals = Approvals(config.home / PINS, config.servers)
    conversation.is_owners = dispatch.subject is None
    elsewhere = asyncio.Event()
    held = _Held(
        conversation,
        Link(ctx.room, identity, conversation, History(journal, book.lines)),
        Presence(ctx.room, identity, conversation, config.settings.rooms.grace),
        Person(ctx.room, participant, conversation, name=dispatch.name),
        book,
        asyncio.create_task(_end_job(ctx, conversation, Rescue(config)), name="end of the conversation"),
        (follow_end(ctx.room, conversation), *_follow_loss(ctx, conversation, elsewhere)),
        elsewhere,
    )
    ctx.proc.userdata[_HELD] = held
    await _begin(held, ctx.room, identity, story)


async def _gather(
    config: Config, ctx: JobContext, dispatch: Dispatch, book: Book
) -> tuple[Bridge, Stack, rtc.RemoteParticipant] | None:
    """Get servers, models and participant together; None where that cannot be: the job ends."""
    bridge: Bridge | None = None
    try:
        bridge = bridge_of_job(config, dispatch)
        bridge.start()
        stack, participant, _ = await asyncio.gather(
            build(config.settings), _join(ctx, dispatch), book.look(dispatch.identity)
        )
    except (VoiceAgentError, RuntimeError, TimeoutError) as error:
        logger.warning("a conversation could not begin: %s", error)
        if bridge is not None:
            await bridge.aclose()
        if isinstance(error, TimeoutError):
            await book.aclose()
        ctx.shutdown(str(error))
        return None
    return bridge, stack, participant


async def _begin(held: _Held, room: rtc.Room, identity: str, story: Story | None) -> None:
    """Let the participant in; where there is a `story`, the conversation goes on from it."""
    conversation = held.conversation
    # Words that come before everything is ready wait for it.
    conversation.assistant.is_back.clear()
    resumption = Resumption(conversation, story, now=time.time()) if story is not None else None
    if resumption is not None:
        resumption.begin()
    held.link.open()
    held.presence.open()
    await held.person.open()
    await conversation.start(room=room, room_options=_room_options(identity), session_host=False)
    if resumption is not None:
        await resumption.go_on()
    conversation.assistant.is_back.set()
    held.others = _hear_others(room, identity, conversation)


def _as_told(config: Config, dispatch: Dispatch) -> Config:
    told = {"profile": dispatch.profile, "time_zone": dispatch.zone, "language": dispatch.language}
    given = {name: value for name, value in told.items() if value is not None}
    return replace(config, settings=config.settings.model_copy(update=given))


def _hear_others(room: rtc.Room, identity: str, conversation: Conversation) -> Others | None:
    """Begin to hear who else is in the room; None where that is not wanted, or nothing recognises words."""

    def note(name: str, text: str) -> None:
        conversation.journal.write("heard", name=name, text=text)
        conversation.toolset.overheard.note(name, text)

    stack = conversation.stack
    if not conversation.settings.rooms.hear_others or stack.stt is None:
        return None
    others = Others(room, identity, stack.stt, stack.vad, note)
    others.open()
    return others


def _follow_loss(
    ctx: JobContext, conversation: Conversation, elsewhere: asyncio.Event
) -> tuple[Callable[[], None], ...]:
    """Set `elsewhere` when the room is lost, or has an older assistant; returns what ends the following.

    It must be known at once: LiveKit closes the session, which ends the conversation, before it calls `finish`.
    """

    def note_loss(reason: int) -> None:
        if reason in _LOST and conversation.reason is None:
            # The connection could not be made again. Whoever comes to the room next goes on.
            elsewhere.set()

    def leave() -> None:
        if conversation.reason is None:
            elsewhere.set()
        ctx.shutdown("an older assistant is in the room")

    return follow(ctx.room, "disconnected", note_loss), follow_elders(ctx.room, leave)


async def finish(ctx: JobContext) -> None:
    """End the conversation, tell the page, and complete the record."""
    held: _Held | None = ctx.proc.userdata.pop(_HELD, None)
    if held is None:
        return
    held.presence.close()
    held.person.close()
    if held.others is not None:
        await held.others.aclose()
    for end in held.unfollow:
        end()
    if held.elsewhere.is_set():
        await ctx.room.disconnect()
        await held.book.leave_open()
    await held.conversation.aclose()
    await held.ending
    await held.link.aclose()
    await held.book.aclose()


async def _join(ctx: JobContext, dispatch: Dispatch) -> rtc.RemoteParticipant:
    """Connect and wait for the participant.

    Raises:
        RuntimeError: The room ended first.
        TimeoutError: Nobody came.
    """
    await ctx.connect(auto_subscribe=AutoSubscribe.AUDIO_ONLY)
    if await has_elder(ctx.room):
        raise RuntimeError("another assistant is in the room already")
    async with asyncio.timeout(_COMES_WITHIN):
        return await ctx.wait_for_participant(identity=dispatch.identity)


def _room_options(identity: str) -> RoomOptions:
    return RoomOptions(
        participant_identity=identity,
        audio_input=AudioInputOptions(pre_connect_audio=False),
        # LiveKit's own input drops what is typed while it does not know the participant, as when both come back.
        text_input=False,
        close_on_disconnect=False,
    )


async def _end_job(ctx: JobContext, conversation: Conversation, rescue: Rescue) -> None:
    try:
        await conversation.wait_over()
    except asyncio.CancelledError:
        # Nobody but LiveKit cancels this, when the worker has died; it then ends the process without another word.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LEAVES_WITHIN):
                with contextlib.suppress(asyncio.CancelledError):  # The room's own tasks are cancelled too.
                    await ctx.room.disconnect()
                await rescue.call_another(ctx.job)
        raise
    ctx.shutdown(conversation.reason or "")


__all__ = ["finish", "hold", "prepare"]
