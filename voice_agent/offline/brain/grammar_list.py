"""How people ask what is on their list."""

from __future__ import annotations

import re

from voice_agent.offline.brain import times
from voice_agent.offline.brain.phrases import load
from voice_agent.offline.brain.wishes import Action, Wish, tidy

_SAYS = load("listing")
_EMBEDDED = _SAYS.pattern("embedded")
_MEMBERS = _SAYS.patterns("members")
_STATED = _SAYS.pattern("stated")
_UNNAMED = _SAYS.pattern("unnamed")
_LISTING = _SAYS.patterns("listing")
_SORTING = _SAYS.pattern("sorting")
_COUNT = _SAYS.pattern("count")
_STATUS = _SAYS.named("status")
_PLAIN_NEED = _SAYS.pattern("plain_need")


_ASKED = _SAYS.pattern("asked")
_EMPTY = _SAYS.words("empty")
_HINTS = _SAYS.words("hints")
_COMMANDS = _SAYS.pattern("commands")


def _status(text: str) -> str | None:
    for status, pattern in _STATUS:
        if pattern.search(text) and not (status == "done" and _PLAIN_NEED.search(text)):
            return status
    return None


def _listing(title: str, text: str, due: str | None) -> Wish | None:
    title = re.sub(r"^(?:i|we) (?:already )?(?:added|put|have|had|got) ", "", tidy(title))
    if _UNNAMED.match(title) or re.search(r"\b(?:anything|something)\b", title):
        return Wish(Action.LIST, due=due, status=_status(text), is_count=bool(_COUNT.search(text)), is_explicit=True)
    if re.search(r"\b(?:time is it|the time|weather|LIST)\b", title):
        return None
    asks_done = re.search(r"\b(?:done|finished?|completed?|still open)\b", text)
    return Wish(
        Action.LIST,
        (title,),
        due=due,
        status="all" if asks_done else None,
        is_explicit="LIST" in text or bool(re.search(r"remind|task", text)),
    )


def read_list(text: str) -> Wish | None:
    """A wish to hear tasks, of which `LIST` stands for the list; None where nothing of it sounds like one."""
    if _COMMANDS.match(text):
        return None
    rest, due = times.split(text)
    if embedded := _EMBEDDED.match(rest):
        if stated := _STATED.match(embedded["rest"]):
            return _listing(stated["q"], rest, due)
        inner = re.sub(r"^(there|it|i|we) (is|are|was|have|need|did|had|am) ?", r"\2 \1 ", embedded["rest"])
        inner = re.sub(r"^(have|need|had) (i|we) ", r"do \2 \1 ", inner)
        if found := read_list(inner):
            return Wish(
                Action.LIST, found.titles, due or found.due, found.status, is_count=found.is_count, is_explicit=True
            )
    for pattern in _MEMBERS:
        if (match := pattern.match(rest)) and (wish := _listing(match["q"], rest, due)):
            return wish
    if _SORTING.search(rest):
        return None
    for pattern in _LISTING:
        if pattern.search(rest) or (due and pattern.search(text)):
            explicit = bool(re.search(r"LIST|task|remind|to-?do|due\b|remember|chore", text, re.IGNORECASE))
            return Wish(
                Action.LIST, due=due, status=_status(text), is_count=bool(_COUNT.search(rest)), is_explicit=explicit
            )
    if _is_about_everything(rest, due):
        return Wish(
            Action.LIST,
            due=due,
            status=_status(text),
            is_count=bool(_COUNT.search(rest)),
            is_explicit=bool(re.search(r"LIST|due|to do", rest)),
        )
    return None


def _is_about_everything(rest: str, due: str | None) -> bool:
    """Whether a question names no thing at all, only that there is something to do."""
    words = re.findall(r"[a-zA-Z']+", rest.lower())
    if not words or not _ASKED.search(rest) or not all(word in _EMPTY for word in words):
        return False
    return bool(due) or any(word in _HINTS for word in words)
