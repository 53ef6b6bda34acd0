"""When the user's turn is over, and when they interrupt: what an `AgentSession` is told for each profile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voice_agent.offline import turns as offline_turns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from livekit.agents import vad

    from voice_agent.config.profiles import PartName, Turns
    from voice_agent.providers.choose import Pick

_DELAYS = {"semantic": (0.3, 2.5), "vad": (0.5, 2.5), "stt": (0.5, 2.5), "manual": (0.5, 2.5)}
"""Seconds of silence after a finished and an unfinished sentence, by detection."""

TEXT_ONLY: dict[str, Any] = {"turn_detection": None, "interruption": {"mode": "vad"}}
"""For a conversation that is typed. `None` keeps the session from building a detector of its own."""


def turn_handling(turns: Turns, picks: Mapping[PartName, Pick], ears: Any = None) -> dict[str, Any]:
    """LiveKit's `TurnHandlingOptions`; of the offline `ears` the turn detector gets the words as well.

    `v1-mini` and interruption by VAD are named outright: left open, LiveKit's development mode would send all that is
    said to detectors in its cloud.
    """
    options: dict[str, Any]
    if picks["stt"].first.provider == "offline" and turns.detection != "manual":
        options = offline_turns.turn_handling(turns.detection, min_delay=turns.min_delay, max_delay=turns.max_delay)
    else:
        shortest, longest = _DELAYS[turns.detection]
        options = {
            "endpointing": {
                "mode": "fixed",
                "min_delay": shortest if turns.min_delay is None else turns.min_delay,
                "max_delay": longest if turns.max_delay is None else turns.max_delay,
            },
            "interruption": {"mode": "vad"},
            "preemptive_generation": {"enabled": True, "preemptive_tts": False},
        }
    if not turns.preemptive:
        options["preemptive_generation"] = {"enabled": False}
    elif any(picks[part].first.provider != "offline" for part in ("llm", "tts")):
        # A guess that is thrown away costs money or another machine's time: a few, and none of them spoken.
        options["preemptive_generation"] = {"enabled": True, "preemptive_tts": False, "max_retries": 3}
    if picks["stt"].first.provider == "offline" and ears is not None and turns.detection == "stt":
        ears.end_after(options["endpointing"]["min_delay"])
    options["turn_detection"] = _detector(turns, ears if picks["stt"].first.provider == "offline" else None)
    return options


def voice_activity() -> vad.VAD:
    """Silero, as LiveKit carries it in `livekit.local_inference`: the weights of its plugin without onnxruntime."""
    from livekit.agents import inference

    return inference.VAD(model="silero", min_silence_duration=offline_turns.VAD_SILENCE)


def _detector(turns: Turns, ears: Any) -> Any:
    if turns.detection != "semantic":
        return turns.detection
    if ears is not None:
        from voice_agent.offline.turn_detector import TurnDetector

        return TurnDetector(ears)
    from livekit.agents import inference

    return inference.TurnDetector(version="v1-mini")
