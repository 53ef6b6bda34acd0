"""What a person can choose on the page for the next conversation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from voice_agent.config.check import check_profile
from voice_agent.config.profiles import profile_names

if TYPE_CHECKING:
    from voice_agent.config.load import Config


@dataclass(frozen=True, slots=True)
class Choices:
    """Profiles and languages, and which of them are the usual ones."""

    profiles: tuple[str, ...] = ()
    profile: str | None = None
    languages: tuple[str, ...] = ()
    """BCP 47."""
    language: str | None = None

    def chosen_profile(self, wish: object) -> str | None:
        """Return the profile that was wished for; None where it is none of these."""
        return wish if isinstance(wish, str) and wish in self.profiles else None

    def chosen_language(self, wish: object) -> str | None:
        """Return the language that was wished for; None where it is none of these."""
        return wish if isinstance(wish, str) and wish in self.languages else None


def choices_of(config: Config, profile: str | None) -> Choices:
    """Return what there is to choose: profiles that have the keys they need, and the configured languages.

    `profile`: the usual one; None: the configured one.
    """
    settings = config.settings
    names = profile_names([config.home / "profiles"])
    able = tuple(name for name in names if _is_able(config, name))
    others = (one.strip() for one in (settings.web.languages or "").split(","))
    languages = tuple(dict.fromkeys((settings.language, *filter(None, others))))
    return Choices(able, profile or settings.profile, languages, settings.language)


def _is_able(config: Config, profile: str) -> bool:
    settings = config.settings.model_copy(update={"profile": profile})
    origins = {**config.origins, "profile": "the page"}
    return check_profile(replace(config, settings=settings, origins=origins)).status == "ok"
