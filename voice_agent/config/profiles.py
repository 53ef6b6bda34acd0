"""Profiles as data: for each part of the voice stack, who may do it and with what."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from voice_agent.config.sources import reason
from voice_agent.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from importlib.resources.abc import Traversable

    from pydantic import SecretStr

    from voice_agent.config.settings import Part, Settings

PartName: TypeAlias = Literal["stt", "llm", "tts"]
Provider: TypeAlias = Literal["deepgram", "openai", "cartesia", "openai-compatible", "offline"]
Detection: TypeAlias = Literal["semantic", "vad", "stt", "manual"]

PARTS: tuple[PartName, ...] = ("stt", "llm", "tts")
SPOKEN_PARTS: Mapping[PartName, str] = {"stt": "ears", "llm": "brain", "tts": "voice"}
"""What each part is called in sentences for people."""
TITLES: Mapping[Provider, str] = {
    "deepgram": "Deepgram",
    "openai": "OpenAI",
    "cartesia": "Cartesia",
    "openai-compatible": "the OpenAI-compatible server",
    "offline": "this machine",
}
KEYS: Mapping[Provider, str] = {
    "deepgram": "DEEPGRAM_API_KEY",
    "openai": "OPENAI_API_KEY",
    "cartesia": "CARTESIA_API_KEY",
}
"""The variable of each provider that cannot do without a key."""

_DEFAULT_MODELS: Mapping[tuple[PartName, Provider], str] = {
    ("stt", "deepgram"): "nova-3",
    ("stt", "openai"): "gpt-4o-mini-transcribe",
    ("stt", "openai-compatible"): "",
    ("stt", "offline"): "",
    ("llm", "openai"): "gpt-4.1",
    ("llm", "openai-compatible"): "",
    ("llm", "offline"): "",
    ("tts", "cartesia"): "sonic-3",
    ("tts", "deepgram"): "aura-2-andromeda-en",
    ("tts", "openai"): "gpt-4o-mini-tts",
    ("tts", "openai-compatible"): "",
    ("tts", "offline"): "",
}
"""Which provider can do which part, and its model where nothing else is said (empty: the provider's own)."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to do one part, with everything that a provider can be told."""

    part: PartName
    provider: Provider
    model: str = ""
    """Empty: the provider's own, or the first that its server lists."""
    voice: str | None = None
    language: str = "en"
    """BCP 47."""
    time_zone: str | None = None
    """IANA name; None: this machine's."""
    base_url: str | None = None
    api_key: SecretStr | None = None
    speed: float | None = None
    """1.0 is the voice's own pace."""
    temperature: float | None = None
    ports: tuple[int, ...] = ()
    """Of this machine, where an OpenAI-compatible server is looked for."""
    accept: tuple[str, ...] = ("*",)
    """Globs of the models of such a server that can do this part."""
    refuse: tuple[str, ...] = ()
    """Globs of those that cannot."""
    insisted: bool = False
    """The user asked for this provider: not to be passed over in silence."""


@dataclass(frozen=True, slots=True)
class Turns:
    """When the user's turn is over."""

    detection: Detection = "semantic"
    min_delay: float | None = None
    """Seconds of silence after which a finished sentence is answered; None: what suits the parts."""
    max_delay: float | None = None
    """Seconds of silence after which an unfinished one is."""
    preemptive: bool = True
    """Begin the reply while it is not yet sure that the turn is over."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A named stack; candidates in the order in which they are tried."""

    name: str
    about: str
    automatic: bool
    """Take per part the first candidate that can be used, rather than insist on the first."""
    stt: tuple[Candidate, ...]
    llm: tuple[Candidate, ...]
    tts: tuple[Candidate, ...]
    turn: Turns

    def candidates(self, part: PartName) -> tuple[Candidate, ...]:
        """The candidates of one part, never empty."""
        return {"stt": self.stt, "llm": self.llm, "tts": self.tts}[part]


class _CandidateFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: Provider
    model: str | None = None
    voice: str | None = None
    language: str | None = None
    base_url: str | None = None
    speed: float | None = Field(default=None, ge=0.25, le=4.0)
    temperature: float | None = Field(default=None, ge=0.0, le=2.0)
    ports: tuple[int, ...] = ()
    accept: tuple[str, ...] = ("*",)
    refuse: tuple[str, ...] = ()


class _TurnFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    detection: Detection = "semantic"
    min_delay: float | None = Field(default=None, ge=0.0, le=5.0)
    max_delay: float | None = Field(default=None, ge=0.0, le=30.0)
    preemptive: bool = True


class _ProfileFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    about: str = ""
    automatic: bool = False
    stt: tuple[_CandidateFile, ...] = Field(min_length=1)
    llm: tuple[_CandidateFile, ...] = Field(min_length=1)
    tts: tuple[_CandidateFile, ...] = Field(min_length=1)
    turn: _TurnFile = _TurnFile()


def profile_names(folders: Sequence[Path] = ()) -> tuple[str, ...]:
    """The profiles there are: the bundled ones and those of `folders`, sorted."""
    found = {Path(entry.name).stem for entry in _bundled().iterdir() if entry.name.endswith(".toml")}
    for folder in folders:
        found.update(path.stem for path in folder.glob("*.toml"))
    return tuple(sorted(found))


def load_profile(name: str, settings: Settings, *, folders: Sequence[Path] = ()) -> Profile:
    """The profile of that name: its file, narrowed by the providers that `settings` insist on.

    Language, speed and temperature of `settings` are applied to every candidate; model, voice, address and key only to
    the one that is chosen (`voice_agent.providers.choose`), since they mean nothing to another provider.

    A file `NAME.toml` in one of `folders` (the first that has it) hides the bundled one.

    Raises:
        ConfigError: there is no such profile, its file is wrong, or a part cannot be done by the provider set for it.
    """
    source = next((f / f"{name}.toml" for f in folders if (f / f"{name}.toml").is_file()), None)
    where: Path | Traversable = source or _bundled() / f"{name}.toml"
    if "/" in name or "\\" in name or not where.is_file():
        raise ConfigError(f"There is no profile “{name}”. Choose one of: {', '.join(profile_names(folders))}.")
    file = _read(where)
    turn = Turns(
        detection=file.turn.detection if settings.turn.detection == "semantic" else settings.turn.detection,
        min_delay=file.turn.min_delay if settings.turn.min_delay is None else settings.turn.min_delay,
        max_delay=file.turn.max_delay if settings.turn.max_delay is None else settings.turn.max_delay,
        preemptive=file.turn.preemptive,
    )
    return Profile(
        name=name,
        about=file.about,
        automatic=file.automatic,
        stt=_candidates("stt", file, where, settings),
        llm=_candidates("llm", file, where, settings),
        tts=_candidates("tts", file, where, settings),
        turn=turn,
    )


def _bundled() -> Traversable:
    return files("voice_agent.config") / "profiles"


def _read(where: Path | Traversable) -> _ProfileFile:
    try:
        return _ProfileFile.model_validate(tomllib.loads(where.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"{where}: this profile cannot be read: {error}. Correct the file.") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(step) for step in first["loc"])
        raise ConfigError(
            f"{where}: “{key}” is wrong: {reason(first['type'], first['msg'])} Correct it in that file."
        ) from error


def _candidates(part: PartName, file: _ProfileFile, where: object, settings: Settings) -> tuple[Candidate, ...]:
    """The candidates of the file, less those that the user's own choice of a provider or address rules out."""
    set_by_user: Part = getattr(settings, part)
    found = tuple(_candidate(part, entry, where, settings) for entry in getattr(file, part))
    wanted = set_by_user.provider
    if wanted is None and file.automatic and set_by_user.base_url is not None:
        wanted = "openai-compatible"
    if wanted is None:
        return found
    offline = tuple(c for c in found if c.provider == "offline" and file.automatic)
    if (part, wanted) not in _DEFAULT_MODELS:
        able = ", ".join(provider for name, provider in _DEFAULT_MODELS if name == part)
        raise ConfigError(f"{part}.provider: “{wanted}” cannot be the {SPOKEN_PARTS[part]}. Choose one of: {able}.")
    same = next((c for c in found if c.provider == wanted), None)
    first = same or _candidate(part, _CandidateFile.model_validate({"provider": wanted}), "settings", settings)
    first = replace(first, insisted=True)
    return (first, *offline) if first.provider != "offline" else (first,)


def _candidate(part: PartName, file: _CandidateFile, where: object, settings: Settings) -> Candidate:
    set_by_user: Part = getattr(settings, part)
    if (part, file.provider) not in _DEFAULT_MODELS:
        raise ConfigError(f"{where}: “{file.provider}” cannot be the {SPOKEN_PARTS[part]}. Name another there.")
    keys = {
        "deepgram": settings.deepgram_api_key,
        "openai": settings.openai_api_key,
        "cartesia": settings.cartesia_api_key,
    }
    return Candidate(
        part=part,
        provider=file.provider,
        model=file.model or _DEFAULT_MODELS[part, file.provider],
        voice=file.voice,
        language=set_by_user.language or file.language or settings.language,
        time_zone=settings.time_zone,
        base_url=file.base_url or (settings.openai_base_url if file.provider == "openai" else None),
        api_key=keys.get(file.provider),
        speed=file.speed if set_by_user.speed is None else set_by_user.speed,
        temperature=file.temperature if set_by_user.temperature is None else set_by_user.temperature,
        ports=file.ports,
        accept=file.accept,
        refuse=file.refuse,
    )
