"""Which provider does which part, and why, in words."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

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


def ports_to_ask(profile: Profile, parts: Sequence[PartName] = PARTS) -> frozenset[int]:
    """The ports of this machine where a local server would be used if it answered."""
    ports: set[int] = set()
    for part in parts:
        for candidate in profile.candidates(part):
            if _reason(candidate, {}) is not None:
                break
            if candidate.base_url is None:
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
    lacking: list[Candidate] = []
    for part in parts:
        set_by_user: Part = getattr(settings, part)
        candidates = tuple(_claimed(c, set_by_user, first=n == 0) for n, c in enumerate(profile.candidates(part)))
        pick = _pick(profile, candidates, found, set_by_user)
        if isinstance(pick, Candidate):
            lacking.append(pick)
        else:
            picks[part] = replace(pick, first=_overridden(pick.first, set_by_user))
    if lacking:
        raise _lacking_error(profile, lacking)
    return picks


def _claimed(candidate: Candidate, part: Part, *, first: bool) -> Candidate:
    """With the address and key that the user gave to this part, where they are meant for this candidate."""
    if not first:
        return candidate
    return replace(
        candidate,
        base_url=part.base_url or candidate.base_url,
        api_key=part.api_key or candidate.api_key,
    )


def _overridden(candidate: Candidate, part: Part) -> Candidate:
    return replace(candidate, model=part.model or candidate.model, voice=part.voice or candidate.voice)


def _pick(
    profile: Profile, candidates: Sequence[Candidate], found: Mapping[int, LocalServer], part: Part
) -> Pick | Candidate:
    """The pick, or the candidate that was insisted on and cannot be used."""
    usable: list[tuple[Candidate, str]] = []
    for candidate in candidates:
        reason = _reason(candidate, found)
        if reason is None:
            if candidate.insisted or not profile.automatic:
                return candidate
            continue
        usable.append((_located(candidate, found), reason))
        if not profile.automatic or len(usable) == 2:  # noqa: PLR2004 - one, and one to stand in
            break
    if not usable:
        raise ExtraMissing("offline", f"Without a key or a local server, the {SPOKEN_PARTS[candidates[0].part]}")
    (first, reason), *rest = usable
    if part.provider is not None:
        reason = f"{first.part}.provider says so"
    elif not profile.automatic:
        reason = f"the profile “{profile.name}” says so"
    elif part.api_key is not None and first.provider in KEYS:
        reason = f"{first.part}.api_key is set"
    elif first.provider == "offline":
        reason = _nothing_better(candidates)
    return Pick(first, reason, rest[0][0] if rest else None)


def _reason(candidate: Candidate, found: Mapping[int, LocalServer]) -> str | None:
    """Why this candidate can be used, or None where it cannot."""
    if candidate.provider == "offline":
        missing = any(importlib.util.find_spec(package) is None for package in _PACKAGES[candidate.part])
        return None if missing else "it needs no key"
    if candidate.provider == "openai-compatible":
        if candidate.base_url is not None:
            return f"{candidate.part}.base_url is set"
        server = _server_for(candidate, found)
        return None if server is None else f"a model server answers at {server.base_url}"
    return f"{KEYS[candidate.provider]} is set" if candidate.api_key is not None else None


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
    if candidate.provider != "openai-compatible" or candidate.base_url is not None:
        return candidate
    server = _server_for(candidate, found)
    assert server is not None
    return replace(candidate, base_url=server.base_url, model=candidate.model or suited(server.models, candidate) or "")


def _nothing_better(candidates: Sequence[Candidate]) -> str:
    keys = [KEYS[c.provider] for c in candidates if c.provider in KEYS]
    reason = f"{_either(keys)} is not set" if len(keys) == 1 else f"none of {_either(keys)} is set"
    if not keys:
        return "nothing else can be used"
    if any(c.ports for c in candidates):
        return f"{reason} and no local model server answers"
    return reason


def _either(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _lacking_error(profile: Profile, lacking: Sequence[Candidate]) -> VoiceAgentError:
    """All that is missing in one go, with the remedy."""
    if all(c.provider == "offline" for c in lacking):
        return ExtraMissing("offline", f"The profile “{profile.name}”")
    needs: dict[str, list[str]] = {}
    for candidate in lacking:
        need = KEYS.get(candidate.provider, f"{candidate.part}.base_url")
        needs.setdefault(need, []).append(SPOKEN_PARTS[candidate.part])
    wanted = " and ".join(f"{need} (for the {' and the '.join(parts)})" for need, parts in needs.items())
    return ConfigError(
        f"The profile “{profile.name}” needs {wanted}, which is not set. "
        "Set it in the environment or in .env, or choose another profile: “offline” needs no key."
    )
