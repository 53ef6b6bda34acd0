"""Greetings, thanks, noise, and what can be done here at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from voice_agent.offline.brain.spoken import listing

if TYPE_CHECKING:
    from voice_agent.offline.brain.catalog import Catalog

GREETING = "Hello! What can I do for you?"
_REPLIES = (
    (
        r"(?:hi|hello|hey|hiya|howdy|good (?:morning|afternoon|evening|day)|greetings|yo|hey there|hi there|hello there)(?: (?:there|computer|assistant|again))?",
        GREETING,
    ),
    (
        r"(?:many |great |ok(?:ay)? |perfect |cool )*(?:thanks|thank you|thanks a lot|thank you (?:very|so) much|cheers|much appreciated|thanks so much|ta)(?: .{0,20})?",
        "You're welcome.",
    ),
    (
        r"how are you(?: doing)?(?: today)?|how's it going|how do you do|what's up|are you (?:ok|okay|well)",
        "I'm fine, thank you. What can I do for you?",
    ),
    (
        r"(?:who|what) are you|what(?:'s| is) your name|are you (?:a )?(?:human|robot|real|an ai|a person|alexa|siri)(?: .*)?",
        "I'm your voice assistant. Ask me what I can do.",
    ),
    (
        r"(?:ok|okay|fine|good|great|cool|nice|perfect|alright|all right|right|sure|got it|i see|awesome|wonderful|excellent|very good|well done|good job|nice one)(?: (?:then|thanks|thank you))?",
        "Okay.",
    ),
    (
        r"(?:no|nope|nah|nothing|no thanks|no thank you|not now|nothing else|never ?mind|forget it|cancel|stop)(?: (?:thanks|thank you|that's all))?",
        "Okay.",
    ),
    (r"(?:yes|yeah|yep|yup)", "What would you like me to do?"),
    (
        r"(?:good)?bye(?: bye)?|see you(?: later| soon| tomorrow)?|good night|that's all(?: thanks| thank you)?",
        "Goodbye.",
    ),
    (
        r".*\b(?:fuck|shit|damn|stupid|idiot|dumb|useless|asshole|bitch|crap|suck|hate you|shut up)\b.*",
        "Sorry about that. Tell me what you need, and I'll try to do better.",
    ),
    (r"(?:can you hear me|are you there|is anyone there|testing|test|hello\?)(?: .*)?", "Yes, I can hear you."),
    (
        r"(?:i'm|i am|im) (?:sorry|bored|tired|happy|sad|back|home|hungry|fine|good|ok)(?: .{0,20})?|i love you|i like you|sorry",
        "Thanks for telling me. What can I do for you?",
    ),
    (r"(?:tell|say|sing|know)\b.*\b(?:joke|story|song|poem)s?.*", "I'm better at getting things done than at jokes."),
)
_COMPILED = [(re.compile(f"(?:{pattern})", re.IGNORECASE), reply) for pattern, reply in _REPLIES]
_HELP = re.compile(
    r"(?:so )?(?:what (?:all )?(?:can|do|could) (?:you|i) (?:do|ask|say|help)(?: .*)?|help(?: me)?(?: please)?|what (?:are|is) (?:you|your) (?:able to do|capabilities|abilities|features|good for|skills)(?: .*)?|what are you (?:able|capable).*"
    r"|how (?:can|do) (?:you help|i use (?:you|this)|this work)(?: .*)?|what (?:tools|servers|abilities|skills|commands)(?: .*)?|(?:list|show|tell me)(?: me)? (?:your|the|all|what)? ?(?:tools|servers|abilities|capabilities|commands|you can do))",
    re.IGNORECASE,
)


def reply_to(said: str, catalog: Catalog) -> str | None:
    """A reply to what needs no tool; None where it may need one."""
    words = said.strip(" .,!?¿¡")
    if not re.search(r"[^\W\d_]", words):
        return None if re.search(r"\d", words) else "Sorry, I didn't catch that."
    if not words.isascii() and len(re.findall(r"[A-Za-z]{2,}", words)) < len(words) / 12:
        return "Sorry, I only understand English so far."
    for pattern, reply in _COMPILED:
        if pattern.fullmatch(words):
            return reply
    if _HELP.fullmatch(words):
        return what_i_can(catalog)
    return None


_REFUSAL = re.compile(r"(?:(?:no|nope|never ?mind|nothing|forget (?:it|about it)|cancel(?: that| it)?|stop|leave it|skip it|don't bother|no thanks|no thank you|none|neither|not now|drop it)[,. ]*)+", re.IGNORECASE)


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
