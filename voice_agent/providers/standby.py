"""One provider standing in for another that fails in mid-conversation, and saying so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from voice_agent.providers.errors import Failure, translate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from livekit.agents import vad
    from livekit.agents.voice.agent_session import SessionConnectOptions

    from voice_agent.config.profiles import PartName
    from voice_agent.providers.choose import Choice
    from voice_agent.providers.stack import Member

LOCAL_PATIENCE = 20.0
"""Seconds: a model on this machine may have to be loaded first."""
PATIENCE = 6.0
"""Seconds of silence of a provider after which it counts as failed."""


@dataclass(frozen=True, slots=True)
class Switched:
    """Another provider does a part from here on."""

    part: PartName
    now: Choice
    failure: Failure | None
    """What happened to the one before; None when the first is back."""
    spoken: str
    text: str


def with_standby(
    first: Member, standby: Member, choices: Sequence[Choice], ears: vad.VAD | None, told: Callable[[Switched], None]
) -> Any:
    """LiveKit's fall-back adapter of the part, which tells `told` whenever the provider changes.

    Args:
        first: does the part as long as it can.
        standby: does it while the first cannot.
        choices: of the first and the standby, for the sentences.
        ears: finds the speech for recognisers that are given whole utterances.
        told: is given each change.
    """
    part = first.candidate.part
    instances = [first.instance, standby.instance]
    patience = patience_with(first)
    if part == "llm":
        from livekit.agents import llm

        adapter: Any = llm.FallbackAdapter(instances, attempt_timeout=patience, max_retry_per_llm=1)
    elif part == "stt":
        from livekit.agents import stt

        adapter = stt.FallbackAdapter(
            instances, vad=ears, attempt_timeout=patience, max_retry_per_stt=1, retry_interval=1.0
        )
    else:
        from livekit.agents import tts

        adapter = tts.FallbackAdapter(instances, max_retry_per_tts=1)
    failures: list[Failure] = []

    def failed(error: object) -> None:
        failures.append(translate(error))

    first.instance.on("error", failed)

    def changed(event: Any) -> None:
        if getattr(event, part) is not first.instance:
            return
        failure = None if event.available else (failures[-1] if failures else None)
        told(_sentence(part, choices[0] if event.available else choices[1], failure, back=event.available))
        failures.clear()

    adapter.on(f"{part}_availability_changed", changed)
    return adapter


def conn_options(members: Sequence[Member]) -> SessionConnectOptions:
    """How often and how long the session itself tries each part.

    LiveKit's defaults (four attempts of 10 s) leave up to 44 s of silence before anybody can apologise. Where another
    stands in, its adapter has done the trying.
    """
    from livekit.agents.types import APIConnectOptions
    from livekit.agents.voice.agent_session import SessionConnectOptions

    def of(part: PartName) -> APIConnectOptions:
        these = [member for member in members if member.candidate.part == part]
        if len(these) > 1:
            return APIConnectOptions(max_retry=0, timeout=patience_with(these[0]))
        patience = patience_with(these[0]) if these else PATIENCE
        return APIConnectOptions(max_retry=2, retry_interval=1.0, timeout=patience)

    return SessionConnectOptions(stt_conn_options=of("stt"), llm_conn_options=of("llm"), tts_conn_options=of("tts"))


def patience_with(member: Member) -> float:
    """Seconds that this provider may be silent."""
    return LOCAL_PATIENCE if member.candidate.provider == "openai-compatible" else PATIENCE


def _sentence(part: PartName, now: Choice, failure: Failure | None, *, back: bool) -> Switched:
    title = now.title[0].upper() + now.title[1:]
    if back:
        return Switched(part, now, None, f"{title} works again.", f"{title} works again.")
    what = "It does not answer" if failure is None else failure.what
    text = "" if failure is None else f"{failure.text} "
    return Switched(part, now, failure, f"{what}, so I go on with {now.title}.", f"{text}Going on with {now.title}.")
