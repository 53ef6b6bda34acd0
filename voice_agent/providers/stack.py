"""What a conversation hears, thinks and speaks with: LiveKit's parts, and what can be changed while they run."""

from __future__ import annotations

import contextlib
import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from voice_agent.providers.parts import has_pace, within

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import aiohttp
    from livekit.agents.llm import LLM
    from livekit.agents.stt import STT
    from livekit.agents.tts import TTS
    from livekit.agents.vad import VAD
    from livekit.agents.voice.agent_session import SessionConnectOptions

    from voice_agent.config.profiles import Candidate
    from voice_agent.providers.choose import Choice
    from voice_agent.providers.standby import Switched
    from voice_agent.providers.vocabulary import Vocabulary


class Connections:
    """The HTTP connections of plugins that do not open their own; opened when the first of them asks."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    def __call__(self) -> aiohttp.ClientSession:
        """The one session of this stack."""
        if self._session is None:
            import aiohttp

            # aiohttp's own 15 s would close the connection between two turns.
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(keepalive_timeout=120))
        return self._session

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()


@dataclass(frozen=True, slots=True)
class Member:
    """One provider's part, and what it was made from."""

    candidate: Candidate
    instance: Any


@dataclass(frozen=True)
class Stack:
    """LiveKit's objects for one conversation. Give the session all of `session_options()`; close it when done."""

    stt: STT[Any] | None
    llm: LLM[Any]
    tts: TTS[Any] | None
    vad: VAD | None
    turn_handling: Any
    """LiveKit's `TurnHandlingOptions`."""
    conn_options: SessionConnectOptions
    """How long and how often a provider is tried before the user is told."""
    choices: tuple[Choice, ...]
    """Who does each part, and why."""
    members: tuple[Member, ...] = field(repr=False)
    """Everything that was made, those that stand in too."""
    vocabulary: Vocabulary = field(repr=False)
    connections: Connections = field(repr=False)
    listeners: list[Callable[[Switched], None]] = field(repr=False)

    def session_options(self) -> dict[str, Any]:
        """The arguments of `AgentSession` that are the stack's to say."""
        return {
            "stt": self.stt,
            "llm": self.llm,
            "tts": self.tts,
            "vad": self.vad,
            "turn_handling": self.turn_handling,
            "conn_options": self.conn_options,
        }

    def set_speed(self, factor: float) -> bool:
        """Speak `factor` times as fast as configured from the next sentence on, as far as the provider goes.

        Returns:
            Whether the voice in use has a pace that can be changed.
        """
        voices = [member for member in self.members if member.candidate.part == "tts"]
        for voice in voices:
            if has_pace(voice.candidate):
                pace = factor * (voice.candidate.speed or 1.0)
                voice.instance.update_options(speed=within(voice.candidate.provider, pace))
        return bool(voices) and has_pace(voices[0].candidate)

    def set_language(self, language: str) -> None:
        """Hear and speak `language` (BCP 47) from the next turn on, as far as the providers go."""
        for member in self.members:
            update = getattr(member.instance, "update_options", None)
            if member.candidate.part != "llm" and update and "language" in inspect.signature(update).parameters:
                update(language=language)

    def set_vocabulary(self, words: Sequence[str]) -> None:
        """Tell the ears what can be said now, the likeliest first."""
        self.vocabulary.set(words)

    def on_switch(self, listener: Callable[[Switched], None]) -> None:
        """Be told when a part failed and its stand-in took over, or when it is back."""
        self.listeners.append(listener)

    async def aclose(self) -> None:
        """Close all parts and connections; one that cannot be closed does not keep the others open."""
        self.vocabulary.close()
        whole: list[Any] = [part for part in (self.stt, self.llm, self.tts) if part is not None]
        alone: list[Any] = [m.instance for m in self.members if all(m.instance is not part for part in whole)]
        for part in (*whole, *alone):
            with contextlib.suppress(Exception):
                await part.aclose()
        await self.connections.aclose()
