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


def read_create(text: str, *, bare: bool = True) -> Wish | None:
    """A wish for a new task; `CLARIFY` where the words do not say what it is.

    `bare` also takes a need or a thing (“I need to…”, “add eggs”), which another tool might mean too.
    """
    rest, due = times.split(text)
    for pattern in _FORMS:
        if match := pattern.match(rest):
            return _created(match["t"] or "", text, due, explicit=True)
    if bare:
        for pattern in _NEED:
            if match := pattern.match(rest):
                return _created(match["t"], text, due, explicit=False)
    return None


def read_bare_task(text: str) -> Wish | None:
    """Something to do that is said without any word of asking (“buy milk tomorrow”)."""
    rest, due = times.split(text)
    words = rest.split()
    if (
        starts_with_verb(rest)
        and 2 <= len(words) <= 8
        and words[1].lower() not in {"it", "that", "me", "this", "them", "to", "you"}
        and (due or len(words) <= 5)
    ):
        return _created(rest, text, due, explicit=False)
    return None


def _created(title: str, text: str, due: str | None, *, explicit: bool) -> Wish:
    priority = tag = notes = None
    if match := _NOTED.search(title):
        notes, title = match["n"], title[: match.start()]
    if match := _TAGGED.search(title):
        tag, title = match["tag"].strip(), title[: match.start()]
    if match := _PRIORITY.search(title):
        level = (match["p"] or match["u"] or match["f"]).lower()
        priority = "low" if "low" in level else "high" if re.search("high|top|urgent|important", level) else "normal"
        title = (title[: match.start()] + title[match.end() :]).strip()
    title = re.sub(
        r"^(?:one more (?:thing|task|item)|another (?:thing|task|one)|something else|the following|this)[:,]? (?=\w)",
        "",
        title,
        flags=re.IGNORECASE,
    )
    title = re.sub(r"^(?:me )?(?:to )?(?:remind me (?:to |about |of )?)?(?:add |put )?(?=.+LIST)", "", title)
    title = re.sub(r"^(?:please )?(?:remind|tell) me (?:to|about|of) ", "", tidy(title))
    title = re.sub(r"^(?:that )?(?:i|we) (?:need|have|want|should|must|ought|got)(?: to)? ", "", tidy(title))
    title = re.sub(r"(?: (?:and|on|at|by|for|to|due|in|the))+$", "", title, flags=re.IGNORECASE) or title
    title = (re.sub(r"(?: (?:is|it's|due))+$", "", title, flags=re.IGNORECASE) or title) if due else title
    if is_nothing(title):
        return Wish(Action.CLARIFY, due=due, priority=priority, tag=tag, is_explicit=explicit)
    return Wish(Action.CREATE, several(title), due=due, priority=priority, notes=notes, tag=tag, is_explicit=explicit)
