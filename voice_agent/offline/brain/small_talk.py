"""Greetings, thanks, noise, and what can be done here at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from voice_agent.offline.brain.phrases import load
from voice_agent.offline.brain.spoken import listing

if TYPE_CHECKING:
    from voice_agent.offline.brain.catalog import Catalog

GREETING = "Hello! What can I do for you?"
_SAYS = load("small_talk")
_FOREIGN = _SAYS.words("foreign")
_REPLIES = _SAYS.replies("replies")
_HELP = _SAYS.pattern("help")
_REFUSAL = _SAYS.pattern("refusal")


def reply_to(said: str, catalog: Catalog) -> str | None:
    """A reply to what needs no tool; None where it may need one."""
    words = said.strip(" .,!?¿¡")
    if not re.search(r"[^\W\d_]", words):
        return None if re.search(r"\d", words) else "Sorry, I didn't catch that."
    if not words.isascii() and len(re.findall(r"[A-Za-z]{2,}", words)) < len(words) / 12:
        return "Sorry, I only understand English so far."
    if sum(word in _FOREIGN for word in re.findall(r"\w+", words.lower())) > 1 + len(words.split()) // 3:
        return "Sorry, I only understand English so far."
    for pattern, reply in _REPLIES:
        if pattern.fullmatch(words):
            return reply
    if _HELP.fullmatch(words):
        return what_i_can(catalog)
    return None


def is_refusal(said: str) -> bool:
    """Whether a question is waved away instead of answered."""
    return bool(_REFUSAL.fullmatch(said.strip(" .,!?")))


def _deeds(catalog: Catalog) -> list[str]:
    return [server.replace("_", " ").replace("-", " ") for server in catalog.servers if server]


def what_i_can(catalog: Catalog) -> str:
    """What the tools at hand can do, in two short sentences."""
    servers = _deeds(catalog)
    if not servers:
        return "I have no tools at the moment, so there is little I can do."
    return f"I can help you with {listing(servers[:5])}. Just tell me what you need."


def cannot(catalog: Catalog) -> str:
    """That nothing fits, and what would."""
    servers = _deeds(catalog)
    if not servers:
        return "Sorry, I can't do that: I have no tools at the moment."
    return f"Sorry, I can't do that. I can help you with {listing(servers[:5])}."
