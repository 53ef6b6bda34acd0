"""What is known of the person who talks; what changes about it is obeyed at once."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from voice_agent.agents.sentences import instructions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from voice_agent.config.settings import Settings
    from voice_agent.session.conversation import Conversation

LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
"""How the tag of a language is written (BCP 47)."""
_LONGEST = 60
"""Characters of a name."""


@dataclass(frozen=True, slots=True)
class Briefing:
    """What the model is told of the person."""

    language: str
    """BCP 47."""
    zone: str
    """IANA name."""
    name: str | None = None
    on_phone: bool = False

    def text(self, settings: Settings) -> str:
        """Return the assistant's prompt."""
        now = datetime.now(ZoneInfo(self.zone))
        return instructions(
            now=now,
            zone=self.zone,
            language=self.language,
            name=self.name,
            on_phone=self.on_phone,
            extra=settings.instructions,
        )

    def with_attributes(self, attributes: Mapping[str, str]) -> Briefing:
        """Return this with what a participant's attributes say: `language`, `time_zone`, `name`.

        They come from the token or from the LiveKit server's own API; what is not usable is left out.
        """
        told = {
            "language": _language(attributes.get("language", "")),
            "zone": _zone(attributes.get("time_zone", "")),
            "name": _name(attributes.get("name", "")),
        }
        return replace(self, **{key: value for key, value in told.items() if value})


async def obey(conversation: Conversation, briefing: Briefing) -> None:
    """Have the conversation go on as `briefing` says."""
    if briefing == conversation.briefing:
        return
    before, conversation.briefing = conversation.briefing, briefing
    await conversation.assistant.update_instructions(briefing.text(conversation.settings))
    conversation.toolset.questions.zone = conversation.aloud.zone = ZoneInfo(briefing.zone)
    conversation.aloud.language = briefing.language
    conversation.bridge.set_zone(briefing.zone)
    if before is None or before.language != briefing.language:
        conversation.stack.set_language(briefing.language)


def _language(told: str) -> str | None:
    return told if LANGUAGE.fullmatch(told) else None


def _zone(told: str) -> str | None:
    try:
        return ZoneInfo(told).key if told else None
    except (ValueError, KeyError, OSError):
        return None


def _name(told: str) -> str:
    return " ".join(re.sub(r"[^\w '\u2019.-]", " ", told).split())[:_LONGEST]
