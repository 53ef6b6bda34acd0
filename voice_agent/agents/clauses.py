"""What the user has said, in clauses (pure)."""

from __future__ import annotations

import re

from voice_agent.agents.time_words import CALENDAR
from voice_agent.agents.told import PLACES
from voice_agent.agents.word_forms import LITTLE, split
from voice_agent.bridge.find.text import words

_CLAUSE = re.compile(r"[?!;\n]+|[.,:]+(?!\d)|\b(?:and|then|but|so)\b", re.IGNORECASE)
_LEAD = frozenset(words("ok okay well um uh hey so please oh now yes yeah sorry and also then hi hello just"))
_ASKING = frozenset(
    words(
        "what whats who whos whom whose when whens where wheres why which how hows did do does is are was were am has"
        " had have didnt isnt arent wasnt hasnt"
    )
)
_POLITE = (
    *("why dont you", "how about", "what about", "what if you", "did the", "did my"),
    *("were out", "were low", "were running"),
)
"""What begins like a question and is none."""
NOT = frozenset(words("dont not never no without stop didnt havent hasnt wont cannot cant"))
HEADS = split("add create remind rename complete delete remove mark undo reschedule postpone move put")
"""Verbs that begin another wish, though no sign of a pause is before them."""
IDLE = (
    LITTLE
    | CALENDAR
    | HEADS
    | PLACES.keys()
    | split(
        """
        actually also another assistant dont forget item items like list lists make mind named new no
        note ok okay please remember reminder reminders said same saying set so sorry sure task tasks thank
        thanks thing things title titled todo um uh want way yes
        """
    )
)
"""Words that are about no thing."""
_SAYING = split("tell text message write mail email say ask send let inform note remember remind")
"""Verbs after which “I” goes on with what was begun: “tell Anna I will be late”."""
_STUCK = IDLE | _LEAD | NOT | {"called"}
"""Words after which a verb goes on with what was begun."""


def clauses(text: str) -> list[str]:
    """Return the clauses of what was said, also where no pause was heard between two wishes."""
    found: list[str] = []
    for clause in (one for one in _CLAUSE.split(text) if words(one)):
        start = 0
        for at in re.finditer(rf"\b(?:{'|'.join(sorted(HEADS))}|i|ive|i've|we|we've)\b", clause, re.IGNORECASE):
            before = words(clause[start : at.start()])
            if not before or before[-1] in _STUCK or not words(clause[at.end() :]):
                continue
            if at[0].lower() in HEADS or _SAYING.isdisjoint(before):
                found.append(clause[start : at.start()])
                start = at.start()
        found.append(clause[start:])
    return found


def wish(clause: str) -> str:
    """Return a clause as plain words; empty where it asks a question."""
    plain = words(clause)
    while plain and plain[0] in _LEAD:
        del plain[0]
    text = " ".join(plain).removeprefix("by the way ")
    plain = text.split()
    if plain and plain[0] in _ASKING and not text.startswith(_POLITE):
        return ""
    return text
