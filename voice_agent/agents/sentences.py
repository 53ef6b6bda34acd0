"""The spoken sentences and the prompt, read from `prompts/`."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

PROMPTS = files("voice_agent.agents") / "prompts"


@cache
def _sentences() -> dict[str, list[str]]:
    return tomllib.loads((PROMPTS / "sentences.toml").read_text("utf-8"))


class Sentences:
    """Fills in the sentences; the alternatives of one name are taken in turn."""

    def __init__(self, *, on_phone: bool = False) -> None:
        """`on_phone`: take those that are meant for a telephone (`NAME_phone`) where there are any."""
        self._on_phone = on_phone
        self._turns: dict[str, count[int]] = {}

    def __call__(self, name: str, **values: str) -> str:
        """Return the sentence `name` of `prompts/sentences.toml` with `values` filled in."""
        if self._on_phone and f"{name}_phone" in _sentences():
            name = f"{name}_phone"
        options = _sentences()[name]
        turn = next(self._turns.setdefault(name, count()))
        return options[turn % len(options)].format(**values)


def instructions(
    *,
    now: datetime,
    zone: str,
    language: str,
    name: str | None = None,
    on_phone: bool = False,
    extra: str | None = None,
) -> str:
    """Return the assistant's prompt.

    Args:
        now: The present time in the user's zone.
        zone: IANA name of the user's time zone.
        language: BCP 47.
        name: What the user is called.
        on_phone: The user is on a telephone.
        extra: The user's own addition from the settings.
    """
    text = (PROMPTS / "assistant.md").read_text("utf-8")
    filled = text.format(now=now.strftime("%A %d %B %Y, %H:%M"), zone=zone, language=language)
    if on_phone:
        filled += (PROMPTS / "phone.md").read_text("utf-8")
    if name:
        filled += f"\nThe user's name is {name}."
    return f"{filled}\n{extra}" if extra else filled
