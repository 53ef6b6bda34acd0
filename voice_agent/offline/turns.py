"""How a session must take turns for the offline ears to be fast and not to cut people off."""

from __future__ import annotations

from typing import Any, Literal

VAD_SILENCE = 0.25
"""Seconds: `min_silence_duration` of the session's VAD, the least that LiveKit's turn detector accepts."""

DELAYS: dict[str, tuple[float, float]] = {
    "semantic": (0.3, 1.2),
    "vad": (0.5, 1.5),
    "stt": (0.5, 1.5),
}
"""Seconds of silence after a finished and after an unfinished sentence, by turn detection."""


def turn_handling(
    detection: Literal["semantic", "vad", "stt"] = "semantic",
    *,
    min_delay: float | None = None,
    max_delay: float | None = None,
) -> dict[str, Any]:
    """LiveKit's `TurnHandlingOptions`, without the `turn_detection` object itself.

    With `stt` the ears must be told as well: `WhisperSTT.end_after`.

    The reply is thought up and spoken into a buffer from each guess of the ears, and played when the turn is over.
    """
    shortest, longest = DELAYS[detection]
    return {
        "endpointing": {
            "mode": "fixed",
            "min_delay": shortest if min_delay is None else min_delay,
            "max_delay": longest if max_delay is None else max_delay,
        },
        "interruption": {"mode": "vad"},
        "preemptive_generation": {
            "enabled": True,
            "preemptive_tts": True,
            "max_speech_duration": 30.0,
            "max_retries": 12,
        },
    }
