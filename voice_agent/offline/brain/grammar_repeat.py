"""How people say that a task repeats, and that they want to be reminded before it is due."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voice_agent.offline.brain.phrases import load
from voice_agent.offline.brain.wishes import Action, Wish, tidy

if TYPE_CHECKING:
    import re

_SAYS = load("repeating")
_IS_REPEATING, _REMINDER = _SAYS.pattern("is_repeating"), _SAYS.pattern("reminder")
_ASKS, _STOPS = _SAYS.pattern("asks_repeat"), _SAYS.pattern("stops_repeat")
_BEFORE, _OF_IT = _SAYS.pattern("reminds_before"), _SAYS.pattern("reminds_of")
NONE = "none"
"""What tools are told to take a repetition or a reminder away."""


def read_repeat(text: str) -> Wish | None:
    """A change of how a task repeats, or of when to be reminded of it."""
    for pattern, fixed in ((_STOPS, NONE), (_ASKS, None)):
        if match := pattern.match(text):
            return _change(_named(match), repeat=fixed or match["r"])
    if match := _BEFORE.match(text):
        return _change(match["a"] or match["b"] or "it", remind=match["r"])
    if match := _OF_IT.match(text):
        return _change(match["a"], remind=match["r"])
    return None


def repeats(words: str) -> bool:
    """Whether words that say when, say how often."""
    return bool(_IS_REPEATING.match(words))


def asks_reminder(text: str) -> bool:
    """Whether a new task is wanted as a reminder."""
    return bool(_REMINDER.search(text))


def _named(match: re.Match[str]) -> str:
    return next(words for words in match.groupdict().values() if words)


def _change(title: str, *, repeat: str | None = None, remind: str | None = None) -> Wish:
    return Wish(Action.UPDATE, (tidy(title),), repeat=repeat, remind=remind, is_explicit=True)
