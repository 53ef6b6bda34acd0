"""How people ask to be reminded and put things on their list."""

from __future__ import annotations

import re

from voice_agent.offline.brain import times
from voice_agent.offline.brain.phrases import load
from voice_agent.offline.brain.wishes import Action, Wish, is_nothing, several, starts_with_verb, tidy

_SAYS = load("creating")
_FORMS = _SAYS.patterns("forms")
_NEED = _SAYS.patterns("need")
_PRIORITY = _SAYS.pattern("priority")
_TAGGED = _SAYS.pattern("tagged")
_NOTED = _SAYS.pattern("noted")

_LED_BY = _SAYS.patterns("led_by")
_TRAILING, _TRAILING_IS = _SAYS.pattern("trailing"), _SAYS.pattern("trailing_is")
_NO_OBJECT = frozenset({"it", "that", "me", "this", "them", "to", "you"})
_SHORT_TITLE, _LONG_TITLE = 5, 8
"""Words of something to do that nobody called a task: without, and with a time."""


def read_create(text: str, *, bare: bool = True) -> Wish | None:
    """A wish for a new task; `CLARIFY` where the words do not say what it is.

    `bare` also takes a need or a thing (“I need to…”, “add eggs”), which another tool might mean too.
    """
    rest, due = times.split(text)
    for pattern in _FORMS:
        if match := pattern.match(rest):
            return _created(match["t"] or "", due, is_explicit=True)
    if bare:
        for pattern in _NEED:
            if match := pattern.match(rest):
                return _created(match["t"], due, is_explicit=False)
    return None


def read_bare_task(text: str) -> Wish | None:
    """Something to do that is said without any word of asking (“buy milk tomorrow”)."""
    rest, due = times.split(text)
    words = rest.split()
    limit = _LONG_TITLE if due else _SHORT_TITLE
    if 1 < len(words) <= limit and starts_with_verb(rest) and words[1].lower() not in _NO_OBJECT:
        return _created(rest, due, is_explicit=False)
    return None


def _created(title: str, due: str | None, *, is_explicit: bool) -> Wish:
    priority = tag = notes = None
    if match := _NOTED.search(title):
        notes, title = match["n"], title[: match.start()]
    if match := _TAGGED.search(title):
        tag, title = match["tag"].strip(), title[: match.start()]
    if match := _PRIORITY.search(title):
        level = (match["p"] or match["u"] or match["f"]).lower()
        priority = "low" if "low" in level else "high" if re.search("high|top|urgent|important", level) else "normal"
        title = (title[: match.start()] + title[match.end() :]).strip()
    for pattern in _LED_BY:
        title = pattern.sub("", tidy(title))
    title = _TRAILING.sub("", title) or title
    title = (_TRAILING_IS.sub("", title) or title) if due else title
    if is_nothing(title):
        return Wish(Action.CLARIFY, due=due, priority=priority, tag=tag, is_explicit=is_explicit)
    return Wish(
        Action.CREATE, several(title), due=due, priority=priority, notes=notes, tag=tag, is_explicit=is_explicit
    )
