"""Whether a server hides something, gives a model orders, or shows what should be kept (pure)."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING, cast

from voice_agent.inspect.report import Area, Finding, Level

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from voice_agent.bridge.types import Json

_INVISIBLE = {"Cc", "Cf", "Cs", "Co"}
_FINE = "\n\r\t\u200c\u200d\ufe0f"
"""Line breaks, and the joiners without which some scripts and emoji cannot be written."""
_ORDERS = re.compile(
    r"\b(?:ignore (?:all |any )?(?:previous|prior|other|earlier)|do not (?:tell|mention|inform|reveal|ask)"
    r"|without (?:asking|telling|informing) the user|(?:user|human) (?:has )?already (?:agreed|approved|confirmed)"
    r"|instead of (?:using )?(?:any )?other tools?|system prompt|you must (?:always|never|first)"
    r"|(?:always|never) (?:use|call) (?:this|the|another)|before (?:using|calling) any (?:other )?tool"
    r"|use (?:this|\w+) for everything|(?:MUST|must) be called (?:first|before)|you are (?:now )?an? \w+)",
    re.IGNORECASE,
)
_FIERCE = re.compile(
    r"ignore (?:all |any )?(?:previous|prior)|do not (?:tell|mention|inform|reveal)|without (?:asking|telling)"
    r"|already (?:agreed|approved|confirmed)|system prompt",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"</?(?:system|important|instructions?|secret|hidden)\b|<!--", re.IGNORECASE)
_SECRETS = re.compile(
    r"\b(?:sk-[A-Za-z0-9_-]{20,}|gh[pousr]_[A-Za-z0-9]{30,}|AKIA[0-9A-Z]{16}|xox[abpr]-[A-Za-z0-9-]{20,}"
    r"|AIza[0-9A-Za-z_-]{35}|eyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{10,}\.[\w-]{10,})|-----BEGIN [A-Z ]*PRIVATE KEY"
)
_KEY = re.compile(r"(?:^|_)(?:password|passwd|api_?key|access_?token|secret|private_?key|pin|cvv)$", re.IGNORECASE)


def look_at_safety(listed: Sequence[Json], instructions: str = "") -> list[Finding]:
    """Return the findings; `listed`: the tools as they were sent."""
    findings = list(_of_text(None, instructions))
    for raw in listed:
        name = str(raw.get("name"))
        findings += _of_text(name, json.dumps(raw, ensure_ascii=False, default=str))
        findings += _of_keys(name, raw)
    return findings


def holds_secret(text: str) -> bool:
    """Tell whether a text holds what looks like a key or token of a known kind."""
    return _SECRETS.search(text) is not None


def _of_text(tool: str | None, text: str) -> Iterator[Finding]:
    hidden = sorted({letter for letter in text if letter not in _FINE and unicodedata.category(letter) in _INVISIBLE})
    where = "Its texts" if tool is not None else "The server's instructions"
    if hidden:
        codes = ", ".join(f"U+{ord(letter):04X}" for letter in hidden[:4])
        what = f"{where} hold characters that nobody sees ({codes})."
        fix = "Take them out; a model reads what a person cannot. This assistant strips them."
        yield Finding(Area.SAFETY, Level.FAULT, tool, what, fix)
    if found := _ORDERS.search(text):
        level = Level.FAULT if _FIERCE.search(text) else Level.WARNING
        what = f"{where} give the model an order: “{' '.join(found[0].split())[:60]}”."
        fix = "Describe what the tool does and leave the choice to the model; hosts treat orders as an attack."
        yield Finding(Area.SAFETY, level, tool, what, fix)
    if found := _MARKUP.search(text):
        what = f"{where} hold mark-up that poses as the host's own (“{found[0]}”)."
        yield Finding(Area.SAFETY, Level.FAULT, tool, what, "Take it out.")
    if holds_secret(text):
        what = f"{where} hold what looks like a key or token."
        yield Finding(Area.SAFETY, Level.FAULT, tool, what, "Take it out, and make a new one: this one is known now.")


def _of_keys(tool: str, raw: Json) -> Iterator[Finding]:
    schema = raw.get("inputSchema")
    properties = cast("Json", schema).get("properties") if isinstance(schema, dict) else None
    named = cast("Json", properties) if isinstance(properties, dict) else {}
    names = [name for name in named if _KEY.search(name)]
    if names:
        what = f"It takes a secret as a parameter (“{names[0]}”), which then passes through the model."
        fix = "Take it from the environment or by signing in (OAuth); nobody should say it aloud."
        yield Finding(Area.SAFETY, Level.WARNING, tool, what, fix)
