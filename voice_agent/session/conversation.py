"""One conversation: its parts, how it starts and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from voice_agent.agents.listen import listen

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from livekit.agents import AgentSession, SpeechCreatedEvent
    from livekit.agents.voice import SpeechHandle

    from voice_agent.agents.aloud import Aloud
    from voice_agent.agents.assistant import Assistant
    from voice_agent.agents.speech import Speech
    from voice_agent.agents.toolset import BridgeToolset
    from voice_agent.bridge.approvals import Approvals
    from voice_agent.bridge.bridge import Bridge
    from voice_agent.bridge.types import Json
    from voice_agent.config.settings import Settings
    from voice_agent.config.types import Problem
    from voice_agent.providers.build import Stack
    from voice_agent.session.briefing import Briefing
    from voice_agent.session.journal import Journal

EndReason: TypeAlias = Literal["goodbye", "input_ended", "interrupted", "left", "error"]

_CLOSING = 6.0
"""Seconds that closing may take before it is given up."""


@dataclass
class Conversation:
    """The parts of one conversation, and its end."""

    settings: Settings
    journal: Journal
    bridge: Bridge
    stack: Stack
    session: AgentSession[Any]
    toolset: BridgeToolset
    assistant: Assistant
    speech: Speech
    aloud: Aloud
    profile: str
    problems: tuple[Problem, ...] = ()
    """What is wrong in the configuration."""
    briefing: Briefing | None = None
    """Of the person who talks."""
    is_started: bool = False
    reason: EndReason | None = None
    """Why it ended; None while it goes on."""
    approvals: Approvals | None = None
    """What is held back of the servers; None where nobody is shown it."""
    is_owners: bool = False
    """It is held with the owner of this machine."""
    wav: str | None = None
    """The recording that is being played, where one is."""
    closers: list[Callable[[], Awaitable[None]]] = field(default_factory=list["Callable[[], Awaitable[None]]"])
    """Called when the conversation closes, before its parts are."""
    _over: asyncio.Event = field(default_factory=asyncio.Event)
    _speeches: set[SpeechHandle] = field(default_factory=set["SpeechHandle"])
    _beside: set[asyncio.Task[None]] = field(default_factory=set["asyncio.Task[None]"])
    _is_closing: bool = False

    def __post_init__(self) -> None:
        """Follow every speech of the session, so that its end can be waited for."""
        listen(self.session, "speech_created", self._note_speech)

    def _note_speech(self, event: SpeechCreatedEvent) -> None:
        self._speeches.add(event.speech_handle)
        event.speech_handle.add_done_callback(self._speeches.discard)

    def beside(self, doing: Coroutine[Any, Any, None], name: str) -> None:
        """Do something beside the talk, which is cancelled when the conversation closes."""
        if self._is_closing:
            doing.close()
            return
        task = asyncio.create_task(doing, name=name)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def start(self, **room: Any) -> None:
        """Start the session; the greeting follows by itself.

        `room`: LiveKit's `room`, `room_options` and `session_host`, where the conversation is held in a room.
        """
        await self.session.start(  # pyright: ignore[reportUnknownMemberType] - LiveKit leaves its type open
            agent=self.assistant, record=False, **room
        )
        self.is_started = True
        chosen = {choice.part: f"{choice.provider} {choice.model}".strip() for choice in self.stack.choices}
        self.journal.write(
            "ready",
            profile=self.profile,
            stt=chosen.get("stt"),
            llm=chosen.get("llm"),
            tts=chosen.get("tts"),
            approves=self.approves,
            servers=[
                {
                    "name": server.name,
                    "state": server.state.value,
                    "reason": server.reason,
                    "tools": server.tools,
                    "held": self.held(server.name),
                    "login": server.link,
                }
                for server in self.bridge.servers
            ]
            + [
                {"name": problem.server, "state": "failed", "reason": f"was left out: {problem}", "tools": 0}
                for problem in self.problems
                if problem.server is not None
            ],
        )

    @property
    def approves(self) -> bool:
        """Whether who talks may let tools be used that have changed."""
        return self.approvals is not None and self.is_owners

    def held(self, server: str) -> list[Json]:
        """Return which tools of `server` are held back for having changed, and how."""
        return [] if self.approvals is None else self.approvals.held(server)

    def end(self, reason: EndReason) -> None:
        """Let the conversation end; the first reason counts."""
        if self.reason is None:
            self.reason = reason
            self._over.set()

    async def wait_over(self) -> None:
        """Wait until somebody ended it."""
        await self._over.wait()

    async def or_over(self, waiting: asyncio.Future[Any]) -> bool:
        """Wait for `waiting` or the end of the conversation; False, and `waiting` cancelled, if the end came first."""
        over = asyncio.ensure_future(self._over.wait())
        try:
            await asyncio.wait({waiting, over}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
            if not waiting.done():
                waiting.cancel()
        return not self._over.is_set() or (waiting.done() and not waiting.cancelled())

    async def settle(self) -> None:
        """Wait until the agent has fallen silent, no call runs and nothing is about to be said."""
        while True:
            await self.toolset.quiet()
            if speeches := [speech for speech in self._speeches if not speech.done()]:
                await asyncio.gather(*(speech.wait_for_playout() for speech in speeches))
                continue
            await self.session.wait_for_idle()
            if all(speech.done() for speech in self._speeches):
                return

    async def aclose(self) -> None:
        """Close the session, the servers and the models; bounded, and never raises."""
        self.end("interrupted")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSING):
                await self._leave_off()
                for close in self.closers:
                    await close()
                self.toolset.cancel_running()
                await self.session.aclose()
                await self.bridge.aclose()
                await self.stack.aclose()
        self.journal.write("end", reason=self.reason)

    async def _leave_off(self) -> None:
        self._is_closing = True
        doing = list(self._beside)
        for task in doing:
            task.cancel()
        await asyncio.gather(*doing, return_exceptions=True)
