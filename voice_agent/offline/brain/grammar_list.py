"""How people ask what is on their list."""

from __future__ import annotations

import re
from dataclasses import replace

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
_COMMANDS, _JUST_DONE = _SAYS.pattern("commands"), _SAYS.pattern("just_done")


_EXPLICIT = _SAYS.pattern("explicit")
_WHETHER = _SAYS.pattern("whether")


def _status(text: str) -> str | None:
    for status, pattern in _STATUS:
        if pattern.search(text) and not (status == "done" and _PLAIN_NEED.search(text)):
            return status
    return None


def _about(title: str, text: str, due: str | None) -> Wish | None:
    """A question about one task; about all where the words name none."""
    title = re.sub(r"^(?:i|we) (?:already )?(?:added|put|have|had|got) ", "", tidy(title))
    if _UNNAMED.match(title) or re.search(r"^(?:there|any) |\b(?:anything|something)\b", title):
        return _about_all(text, due, is_explicit=True)
    if re.search(r"\b(?:time is it|the time|weather|LIST)\b", title):
        return None
    asks_done = re.search(r"\b(?:done|finished?|completed?|still open)\b", text)
    return Wish(
        Action.LIST,
        (title,),
        due=due,
        status="all" if asks_done else None,
        is_whether=bool(_WHETHER.match(text)) and not asks_done,
        is_explicit=bool(re.search(r"LIST|remind|task", text)),
    )


def _about_all(text: str, due: str | None, *, is_explicit: bool | None = None) -> Wish:
    named = bool(_EXPLICIT.search(text)) if is_explicit is None else is_explicit
    status = _status(text)
    return Wish(
        Action.LIST,
        due=None if status == "done" else due,
        status=status,
        is_count=bool(_COUNT.search(text)),
        is_explicit=named,
    )


def read_list(text: str) -> Wish | None:
    """A wish to hear tasks, of which `LIST` stands for the list; None where nothing of it sounds like one."""
    if _COMMANDS.match(text) or _JUST_DONE.match(text):
        return None
    rest, due = times.split(text)
    if wish := _read_embedded(rest, due):
        return wish
    for pattern in _MEMBERS:
        if (match := pattern.match(rest)) and (wish := _about(match["q"], rest, due)):
            return wish
    if _SORTING.search(rest):
        return None
    if any(pattern.search(rest) or (due and pattern.search(text)) for pattern in _LISTING):
        return _about_all(text, due)
    return _about_all(text, due) if _is_about_everything(rest, due) else None


def _read_embedded(rest: str, due: str | None) -> Wish | None:
    """“Let me know whether X is on LIST”: the question inside the sentence."""
    embedded = _EMBEDDED.match(rest)
    if embedded is None:
        return None
    if stated := _STATED.match(embedded["rest"]):
        return _about(stated["q"], rest, due)
    inner = re.sub(r"^(there|it|i|we) (is|are|was|have|need|did|had|am) ?", r"\2 \1 ", embedded["rest"])
    found = read_list(re.sub(r"^(have|need|had) (i|we) ", r"do \2 \1 ", inner))
    return replace(found, due=due or found.due, is_explicit=True) if found else None


def _is_about_everything(rest: str, due: str | None) -> bool:
    """Whether a question names no thing at all, only that there is something to do."""
    words = re.findall(r"[a-zA-Z']+", rest.lower())
    if not words or not _ASKED.search(rest) or not all(word in _EMPTY for word in words):
        return False
    return bool(due) or any(word in _HINTS for word in words) or " to do" in rest.lower()
