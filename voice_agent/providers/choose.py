"""Which provider does which part, and why, in words."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal

from voice_agent.config.profiles import KEYS, PARTS, SPOKEN_PARTS, TITLES, Candidate, PartName, Profile, Provider
from voice_agent.errors import ConfigError, ExtraMissing, VoiceAgentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from voice_agent.config.settings import Part, Settings
    from voice_agent.providers.local_server import LocalServer

_PACKAGES: Mapping[PartName, tuple[str, ...]] = {
    "stt": ("faster_whisper",),
    "llm": (),
    "tts": ("piper",),
}
"""What of the extra `offline` each part needs to be done on this machine."""


_UNSET = " is not set"


@dataclass(frozen=True, slots=True)
class Choice:
    """Who does one part."""

    part: PartName
    provider: Provider
    model: str
    why: str
    """A clause: `DEEPGRAM_API_KEY is set`."""
    base_url: str | None = None
    """Where it is not the provider's own."""

    @property
    def title(self) -> str:
        """`Deepgram nova-3`, `Whisper tiny.en on this machine`."""
        if self.provider == "offline":
            return {
                "stt": f"Whisper {self.model} on this machine",
                "llm": "the built-in rules",
                "tts": f"Piper {self.model} on this machine",
            }[self.part]
        if self.provider == "openai-compatible":
            return f"{self.model} at {self.base_url}"
        return f"{TITLES[self.provider]} {self.model}"

    def __str__(self) -> str:
        return f"{SPOKEN_PARTS[self.part]}: {self.title}, because {self.why}"


@dataclass(frozen=True, slots=True)
class Pick:
    """The candidate that does a part, and the one that stands in when it fails in mid-conversation."""

    first: Candidate
    why: str
    standby: Candidate | None = None


@dataclass(frozen=True, slots=True)
class _Verdict:
    usable: bool
    reason: str
    """A clause: why, or why not."""
    missing: Literal["setting", "extra", "other"] = "other"


def ports_to_ask(profile: Profile, settings: Settings, parts: Sequence[PartName] = PARTS) -> frozenset[int]:
    """The ports of this machine where a local server would be used if it answered."""
    ports: set[int] = set()
    for part in parts:
        for candidate in _candidates(profile, settings, part):
            if _judge(candidate, {}).usable:
                break
            ports.update(candidate.ports)
    return frozenset(ports)


def choose(
    profile: Profile, settings: Settings, found: Mapping[int, LocalServer], parts: Sequence[PartName] = PARTS
) -> dict[PartName, Pick]:
    """The pick of each part, with the user's model, voice, address and key in it.

    Args:
        profile: whose candidates are tried in their order.
        settings: what the user overrides.
        found: local servers that answered, by port.
        parts: those that are needed.

    Raises:
        ConfigError: a profile or the user insists on a provider whose key or address is missing.
        ExtraMissing: only this machine could do a part, and the packages for it are not installed.
    """
    picks: dict[PartName, Pick] = {}
    lacking: list[tuple[Candidate, _Verdict]] = []
    for part in parts:
        pick = _pick(profile, _candidates(profile, settings, part), found, getattr(settings, part))
        if isinstance(pick, Pick):
            picks[part] = pick
        else:
            lacking.append(pick)
    if lacking:
        raise _lacking_error(profile, lacking)
    return picks


def _candidates(profile: Profile, settings: Settings, part: PartName) -> tuple[Candidate, ...]:
    """The candidates, the first of them with the address and key that the user gave to this part."""
    set_by_user: Part = getattr(settings, part)
    first, *others = profile.candidates(part)
    first = replace(
        first,
        base_url=set_by_user.base_url or first.base_url,
        api_key=set_by_user.api_key or first.api_key,
    )
    return (first, *others)


def _pick(
    profile: Profile, candidates: Sequence[Candidate], found: Mapping[int, LocalServer], part: Part
) -> Pick | tuple[Candidate, _Verdict]:
    """The pick, or the candidate that cannot be done without, and why it cannot be used."""
    passed: list[str] = []
    first: Candidate | None = None
    why = ""
    for candidate in candidates:
        # What the user set is meant for the one that is taken, not for the one that stands in.
        asked = replace(candidate, model=part.model or candidate.model, voice=part.voice or candidate.voice)
        verdict = _judge(candidate if first else asked, found)
        if verdict.usable and first is not None:
            return Pick(first, why, _located(candidate, found))
        if verdict.usable:
            first = _located(asked, found)
            why = _why(profile, first, verdict, part, passed)
            if not profile.automatic:
                break
        elif first is None:
            if candidate.insisted or not profile.automatic or candidate is candidates[-1]:
                return candidate, verdict
            passed.append(verdict.reason)
    assert first is not None
    return Pick(first, why)


def _why(profile: Profile, first: Candidate, verdict: _Verdict, part: Part, passed: Sequence[str]) -> str:
    if part.provider is not None:
        return f"{first.part}.provider says so"
    if not profile.automatic:
        return f"the profile “{profile.name}” says so"
    if part.api_key is not None and first.provider in KEYS:
        return f"{first.part}.api_key is set"
    if first.provider == "offline" and passed:
        unset = [reason.removesuffix(_UNSET) for reason in passed if reason.endswith(_UNSET)]
        others = [reason for reason in passed if not reason.endswith(_UNSET)]
        return _listed([f"none of {_listed(unset)} is set", *others] if len(unset) > 1 else passed)
    return verdict.reason


def _judge(candidate: Candidate, found: Mapping[int, LocalServer]) -> _Verdict:
    """Whether this candidate can be used, and why or why not."""
    if candidate.provider == "offline":
        return _judge_offline(candidate)
    if candidate.provider == "openai-compatible":
        return _judge_compatible(candidate, found)
    key = KEYS[candidate.provider]
    if candidate.api_key is None:
        return _Verdict(False, f"{key}{_UNSET}", "setting")
    return _Verdict(True, f"{key} is set")


def _judge_compatible(candidate: Candidate, found: Mapping[int, LocalServer]) -> _Verdict:
    if candidate.base_url is not None:
        return _Verdict(True, f"{candidate.part}.base_url is set")
    if not candidate.ports:
        return _Verdict(False, f"{candidate.part}.base_url{_UNSET}", "setting")
    server = _server_for(candidate, found)
    if server is None:
        return _Verdict(False, f"no model server on this machine can be the {SPOKEN_PARTS[candidate.part]}")
    return _Verdict(True, f"a model server answers at {server.base_url}")


def _judge_offline(candidate: Candidate) -> _Verdict:
    if candidate.language.split("-")[0].lower() != "en" and not (candidate.model or candidate.voice):
        return _Verdict(False, f"the {SPOKEN_PARTS[candidate.part]} of this machine know English only")
    if any(importlib.util.find_spec(package) is None for package in _PACKAGES[candidate.part]):
        return _Verdict(False, "the extra “offline” is not installed", "extra")
    return _Verdict(True, "it needs no key")


def _server_for(candidate: Candidate, found: Mapping[int, LocalServer]) -> LocalServer | None:
    return next((found[p] for p in candidate.ports if p in found and suited(found[p].models, candidate)), None)


def suited(models: Iterable[str], candidate: Candidate) -> str | None:
    """The first of the models that can do the candidate's part, by their names."""
    for model in models:
        name = model.lower()
        if any(fnmatchcase(name, glob) for glob in candidate.accept) and not any(
            fnmatchcase(name, glob) for glob in candidate.refuse
        ):
            return model
    return None


def _located(candidate: Candidate, found: Mapping[int, LocalServer]) -> Candidate:
    """With the address and a model of the local server, where that is who is meant."""
    server = _server_for(candidate, found)
    if candidate.base_url is not None or server is None:
        return candidate
    return replace(candidate, base_url=server.base_url, model=candidate.model or suited(server.models, candidate) or "")


def _listed(clauses: Sequence[str]) -> str:
    return clauses[0] if len(clauses) == 1 else f"{', '.join(clauses[:-1])} and {clauses[-1]}"


def _lacking_error(profile: Profile, lacking: Sequence[tuple[Candidate, _Verdict]]) -> VoiceAgentError:
    """All that is missing in one go, with the remedy."""
    if all(verdict.missing == "extra" for _, verdict in lacking):
        start = "With no key and no model server, a" if profile.automatic else "A"
        return ExtraMissing("offline", f"{start} spoken conversation")
    wanted: dict[str, list[str]] = {}
    for candidate, verdict in lacking:
        wanted.setdefault(verdict.reason, []).append(SPOKEN_PARTS[candidate.part])
    reasons = [f"{reason} (for the {' and the '.join(parts)})" for reason, parts in wanted.items()]
    remedy = (
        "Set it in the environment, in voice-agent.toml or in a secret file, "
        "or choose another profile: “offline” needs no key."
    )
    if all(verdict.missing != "setting" for _, verdict in lacking):
        remedy = "Set the key of a provider that can do it, such as DEEPGRAM_API_KEY or OPENAI_API_KEY."
    return ConfigError(f"The profile “{profile.name}” cannot be used: {_listed(reasons)}. {remedy}")
