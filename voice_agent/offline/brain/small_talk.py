"""Greetings, thanks, noise, other languages: what needs no tool."""

from __future__ import annotations

import re

from voice_agent.offline.brain.phrases import load

GREETING = "Hello! What can I do for you?"
_SAYS = load("small_talk")
_FOREIGN = _SAYS.words("foreign")
_REPLIES = _SAYS.replies("replies")
_HELP = _SAYS.pattern("help")
_SWEARING = _SAYS.pattern("swearing")
_REFUSAL = _SAYS.pattern("refusal")


def reply_to(said: str) -> str | None:
    """A reply to what needs no tool; None where it may need one."""
    words = said.strip(" .,!?¿¡")
    if not re.search(r"[^\W\d_]", words):
        return None if re.search(r"\d", words) else "Sorry, I didn't catch that."
    if not words.isascii() and len(re.findall(r"[A-Za-z]{2,}", words)) < len(words) / 12:
        return "Sorry, I only understand English so far."
    if sum(word in _FOREIGN for word in re.findall(r"\w+", words.lower())) > 1 + len(words.split()) // 3:
        return "Sorry, I only understand English so far."
    return next((reply for pattern, reply in _REPLIES if pattern.fullmatch(words)), None)


def asks_for_help(said: str) -> bool:
    """Whether somebody wants to know what can be done here."""
    return bool(_HELP.fullmatch(said.strip(" .,!?")))


def reply_to_anger(said: str) -> str | None:
    """A reply to swearing that asks for nothing; None where nobody swears."""
    return "Sorry about that. Tell me what you need, and I'll try to do better." if _SWEARING.match(said) else None


def is_refusal(said: str) -> bool:
    """Whether a question is waved away instead of answered."""
    return bool(_REFUSAL.fullmatch(said.strip(" .,!?")))
