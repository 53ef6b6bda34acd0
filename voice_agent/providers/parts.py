"""LiveKit's STT, LLM and TTS for each provider; only the plugin that is asked for is imported."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from voice_agent.config.profiles import SPOKEN_PARTS
from voice_agent.errors import ConfigError, ExtraMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import aiohttp
    from livekit.agents.llm import LLM
    from livekit.agents.stt import STT
    from livekit.agents.tts import TTS

    from voice_agent.config.profiles import Candidate, PartName, Provider

DEEPGRAM = "https://api.deepgram.com"
OPENAI = "https://api.openai.com/v1"
CARTESIA = "https://api.cartesia.ai"

SPEEDS: Mapping[Provider, tuple[float, float]] = {
    "deepgram": (0.7, 1.5),
    "cartesia": (0.6, 2.0),
    "openai": (0.25, 4.0),
    "openai-compatible": (0.25, 4.0),
    "offline": (0.25, 4.0),
}
"""The slowest and fastest pace each provider accepts (developers.deepgram.com/docs/tts-voice-controls,
docs.cartesia.ai/api-reference/tts/bytes, platform.openai.com/docs/api-reference/audio/createSpeech)."""


def within(provider: Provider, speed: float) -> float:
    """The nearest pace that the provider accepts."""
    slowest, fastest = SPEEDS[provider]
    return min(max(speed, slowest), fastest)


def has_pace(candidate: Candidate) -> bool:
    """Whether the pace of this voice can be changed: of Deepgram's, only Aura-2's English and Spanish ones."""
    if candidate.provider != "deepgram":
        return True
    model = deepgram_voice(candidate)
    return model.startswith("aura-2-") and model.endswith(("-en", "-es"))


def make(candidate: Candidate, http: Callable[[], aiohttp.ClientSession], *, wait: bool = False) -> Any:
    """LiveKit's STT, LLM or TTS.

    Args:
        candidate: the part, who does it, and with what.
        http: gives the connections of plugins that do not open their own.
        wait: load nothing big before it is needed.

    Raises:
        ExtraMissing: the plugin is not installed.
        ConfigError: the plugin refuses one of the values.
    """
    try:
        if candidate.provider == "offline":
            return _OFFLINE[candidate.part](candidate, preload=not wait)
        return _MAKERS[candidate.part, candidate.provider](candidate, http)
    except ImportError as error:
        if (error.name or "").startswith("voice_agent"):
            raise
        extra = "offline" if candidate.provider == "offline" and candidate.part != "llm" else "voice"
        raise ExtraMissing(extra, f"The {SPOKEN_PARTS[candidate.part]} of this profile") from error
    except ValueError as error:
        raise ConfigError(f"{candidate.part}: {error}. Correct this part of the settings or of the profile.") from error


def _key(candidate: Candidate) -> str:
    """The key; servers that want none are sent a word in its place, for the client insists on one."""
    return "none" if candidate.api_key is None else candidate.api_key.get_secret_value()


def _endpoint(base_url: str | None, own: str, path: str) -> str:
    """The full address of one of Deepgram's endpoints; `base_url` may already hold it."""
    base = (base_url or own).rstrip("/")
    if base.endswith(path.rsplit("/", 1)[-1]):
        return base
    return base + (path.removeprefix("/v1") if base.endswith("/v1") else path)


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def deepgram_voice(candidate: Candidate) -> str:
    """Deepgram names model and voice in one: `aura-2-thalia-en`; `thalia` alone is enough."""
    if candidate.voice is None or candidate.voice.startswith("aura"):
        return candidate.voice or candidate.model
    return f"aura-2-{candidate.voice}-{candidate.language.split('-')[0]}"


def _deepgram_stt(c: Candidate, http: Callable[[], aiohttp.ClientSession]) -> STT[Any]:
    from livekit.plugins import deepgram

    return deepgram.STT(
        model=c.model,
        language=c.language,
        api_key=_key(c),
        base_url=_endpoint(c.base_url, DEEPGRAM, "/v1/listen"),
        http_session=http(),
    )


def _openai_stt(c: Candidate, _http: object) -> STT[Any]:
    from livekit.plugins import openai

    return openai.STT(
        model=c.model,
        language=c.language,
        api_key=_key(c),
        base_url=c.base_url or OPENAI,
        use_realtime=False,
        **_given(temperature=c.temperature),
    )


def _offline_stt(c: Candidate, *, preload: bool) -> STT[Any]:
    from voice_agent.offline.ears import WhisperSTT

    return WhisperSTT(model=c.model or None, language=c.language, preload=preload)


def _openai_llm(c: Candidate, _http: object) -> LLM[Any]:
    from livekit.plugins import openai

    return openai.LLM(
        model=c.model, api_key=_key(c), base_url=c.base_url or OPENAI, **_given(temperature=c.temperature)
    )


def _offline_llm(c: Candidate, **_: bool) -> LLM[Any]:
    from voice_agent.offline.brain.llm import RulesLLM

    if c.time_zone is None:
        return RulesLLM(language=c.language)
    zone = ZoneInfo(c.time_zone)
    return RulesLLM(language=c.language, now=lambda: datetime.now(zone))


def _cartesia_tts(c: Candidate, http: Callable[[], aiohttp.ClientSession]) -> TTS[Any]:
    from livekit.plugins import cartesia

    return cartesia.TTS(
        model=c.model,
        language=c.language,
        api_key=_key(c),
        base_url=c.base_url or CARTESIA,
        http_session=http(),
        **_given(voice=c.voice, speed=None if c.speed is None else within("cartesia", c.speed)),
    )


def _deepgram_tts(c: Candidate, http: Callable[[], aiohttp.ClientSession]) -> TTS[Any]:
    from livekit.plugins import deepgram

    return deepgram.TTS(
        model=deepgram_voice(c),
        api_key=_key(c),
        base_url=_endpoint(c.base_url, DEEPGRAM, "/v1/speak"),
        speed=within("deepgram", c.speed) if c.speed is not None and has_pace(c) else None,
        http_session=http(),
    )


def _openai_tts(c: Candidate, _http: object) -> TTS[Any]:
    from livekit.plugins import openai

    return openai.TTS(
        model=c.model,
        api_key=_key(c),
        base_url=c.base_url or OPENAI,
        # MP3 would have to be decoded before the first sound.
        response_format="pcm",
        **_given(voice=c.voice, speed=c.speed),
    )


def _offline_tts(c: Candidate, *, preload: bool) -> TTS[Any]:
    from voice_agent.offline.voice import PiperTTS

    return PiperTTS(voice=c.voice or c.model or None, speed=1.0 if c.speed is None else c.speed, preload=preload)


_MAKERS: Mapping[tuple[PartName, Provider], Callable[..., Any]] = {
    ("stt", "deepgram"): _deepgram_stt,
    ("stt", "openai"): _openai_stt,
    ("stt", "openai-compatible"): _openai_stt,
    ("llm", "openai"): _openai_llm,
    ("llm", "openai-compatible"): _openai_llm,
    ("tts", "cartesia"): _cartesia_tts,
    ("tts", "deepgram"): _deepgram_tts,
    ("tts", "openai"): _openai_tts,
    ("tts", "openai-compatible"): _openai_tts,
}
_OFFLINE: Mapping[PartName, Callable[..., Any]] = {"stt": _offline_stt, "llm": _offline_llm, "tts": _offline_tts}
