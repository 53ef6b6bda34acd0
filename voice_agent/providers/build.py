"""From a profile to LiveKit's parts."""

from __future__ import annotations

import asyncio
import importlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from voice_agent.config.profiles import PARTS, PartName, Profile, load_profile
from voice_agent.errors import ConfigError, ExtraMissing
from voice_agent.providers.choose import Choice, Pick, choose, ports_to_ask, suited

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from livekit.agents import vad

    from voice_agent.config.profiles import Candidate
    from voice_agent.config.settings import Settings
    from voice_agent.providers.stack import Connections, Member, Stack
    from voice_agent.providers.standby import Switched

__all__ = ["Choice", "begin_to_load", "build"]

_LISTING_TIMEOUT = 2.0
"""Seconds to wait for the models of a server that the user named without naming a model."""


async def build(
    settings: Settings, *, profile: Profile | None = None, need: Literal["voice", "text"] = "voice"
) -> Stack:
    """Choose who does each part, and make it. Only the chosen providers' plugins are imported.

    LiveKit lets its plugins be imported on the main thread only: build there, or have imported them there before.

    Args:
        settings: what the user set.
        profile: the profile of `settings` by default.
        need: `text` for a typed conversation, which gets no ears, voice or turn detection.

    Raises:
        ConfigError: what the profile or the user insists on cannot be had; says which variable is missing.
        ExtraMissing: the packages for a part are not installed.
    """
    profile = profile or load_profile(settings.profile, settings)
    parts: tuple[PartName, ...] = ("llm",) if need == "text" else PARTS
    picks = await _pick_all(profile, settings, parts)
    if need == "voice":
        _begin_to_load_weights(picks)
    try:
        # In a thread: it takes seconds, in which servers start and weights load.
        await asyncio.to_thread(importlib.import_module, "livekit.agents")
    except ImportError as error:
        raise ExtraMissing("voice", "A conversation") from error
    return _assemble(profile, picks)


async def begin_to_load(settings: Settings) -> None:
    """Begin, in threads, to load the weights that conversations of these settings need in this process.

    Raises:
        ConfigError: what the profile or the user insists on cannot be had.
    """
    _begin_to_load_weights(await _pick_all(load_profile(settings.profile, settings), settings, PARTS))


async def _pick_all(profile: Profile, settings: Settings, parts: tuple[PartName, ...]) -> Mapping[PartName, Pick]:
    ports = ports_to_ask(profile, settings, parts)
    if not ports:
        picks = choose(profile, settings, {}, parts)
    else:
        from voice_agent.providers.local_server import find_local_servers

        picks = choose(profile, settings, await find_local_servers(ports), parts)
    return {part: replace(pick, first=await _with_model(pick.first)) for part, pick in picks.items()}


async def _with_model(candidate: Candidate) -> Candidate:
    """With the first suitable model of its server, where the user named the server alone."""
    if candidate.provider != "openai-compatible" or candidate.model:
        return candidate
    from voice_agent.providers.local_server import list_models

    assert candidate.base_url is not None
    key = candidate.api_key.get_secret_value() if candidate.api_key is not None else None
    server = await list_models(candidate.base_url, api_key=key, timeout=_LISTING_TIMEOUT)
    model = suited(server.models, candidate) if server is not None else None
    if model is None:
        raise ConfigError(
            f"The server at {candidate.part}.base_url ({candidate.base_url}) does not say which models it has. "
            f"Check that it is running, or set {candidate.part}.model."
        )
    return replace(candidate, model=model)


def _begin_to_load_weights(picks: Mapping[PartName, Pick]) -> None:
    """Whisper and Piper load in threads of their own while the imports go on."""
    ears, voice = picks["stt"].first, picks["tts"].first
    if "offline" not in (ears.provider, voice.provider):
        return
    from voice_agent.offline import models

    models.preload(
        ears=(ears.model or models.TINY_EN) if ears.provider == "offline" else None,
        voice=(voice.voice or voice.model or models.JOE) if voice.provider == "offline" else None,
    )


def _assemble(profile: Profile, picks: Mapping[PartName, Pick]) -> Stack:
    from voice_agent.providers import turns
    from voice_agent.providers.stack import Connections, Stack
    from voice_agent.providers.standby import conn_options
    from voice_agent.providers.vocabulary import Vocabulary

    connections = Connections()
    listeners: list[Callable[[Switched], None]] = []
    is_spoken = "stt" in picks
    activity = turns.voice_activity() if is_spoken else None
    made = {part: _make(pick, connections, activity, listeners) for part, pick in picks.items()}
    members = tuple(member for one in made.values() for member in one.members)
    return Stack(
        stt=made["stt"].whole if is_spoken else None,
        llm=made["llm"].whole,
        tts=made["tts"].whole if is_spoken else None,
        vad=activity,
        turn_handling=turns.turn_handling(profile.turn, picks, made["stt"].whole) if is_spoken else turns.TEXT_ONLY,
        conn_options=conn_options(members),
        choices=tuple(one.choice for one in made.values()),
        members=members,
        vocabulary=Vocabulary([member for member in members if member.candidate.part == "stt"]),
        connections=connections,
        listeners=listeners,
    )


@dataclass(frozen=True, slots=True)
class _Made:
    whole: Any
    """What the session is given."""
    members: tuple[Member, ...]
    choice: Choice


def _make(
    pick: Pick, connections: Connections, activity: vad.VAD | None, listeners: list[Callable[[Switched], None]]
) -> _Made:
    from voice_agent.providers.parts import make
    from voice_agent.providers.stack import Member

    first = Member(pick.first, make(pick.first, connections))
    choice = _choice(first, pick.why)
    if pick.standby is None:
        return _Made(first.instance, (first,), choice)
    from voice_agent.providers.standby import with_standby

    standby = Member(pick.standby, make(pick.standby, connections, wait=True))
    pair = (choice, _choice(standby, f"{choice.title} failed"))

    def tell(change: Switched) -> None:
        for listener in listeners:
            listener(change)

    return _Made(with_standby(first, standby, pair, activity, tell), (first, standby), choice)


def _choice(member: Member, why: str) -> Choice:
    candidate = member.candidate
    return Choice(candidate.part, candidate.provider, str(member.instance.model), why, candidate.base_url)
