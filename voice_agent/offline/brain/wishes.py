"""What somebody wants done with their tasks, as far as the words say it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from voice_agent.offline.brain.phrases import load
from voice_agent.offline.brain.verbs import undo_past
from voice_agent.offline.brain.which import Which


class Action(StrEnum):
    """The things that can be done with tasks."""

    CREATE = "create"
    LIST = "list"
    COMPLETE = "complete"
    REOPEN = "reopen"
    UPDATE = "update"
    DELETE = "delete"
    CLEAR = "delete_all"
    CLARIFY = "clarify"
    """A task is to be created, but the words do not say which."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Wish:
    """One wish about tasks."""

    action: Action
    titles: tuple[str, ...] = ()
    """Words of the tasks meant; more than one where several are meant at once. May be a reference (“it”)."""
    due: str | None = None
    """When, in the user's own words."""
    status: str | None = None
    """`open`, `done`, `all`, `today`, `overdue` or `upcoming`; None where the words do not say."""
    new_title: str | None = None
    priority: str | None = None
    notes: str | None = None
    tag: str | None = None
    """The name of the list, where it is not just the list (“shopping”)."""
    which: Which = field(default_factory=Which)
    """Which of the tasks that are listed are meant, by what their fields say."""
    repeat: str | None = None
    """How it repeats, in the user's own words; “none”: not any more."""
    remind: str | None = None
    """When to be reminded, in the user's own words."""
    asked_field: str | None = None
    """Of a question about one task: the field that is asked for."""
    scope: Wish | None = None
    """Of a change: the tasks that it is about, where they are described and not named (“everything due today”)."""
    is_count: bool = False
    """The number is asked for, not the tasks."""
    is_whether: bool = False
    """It is asked whether a task is there, yes or no."""
    is_explicit: bool = False
    """The words name tasks, reminders or the list; if not, another tool may fit better."""

    @property
    def changes(self) -> bool:
        """Whether it says anything new about a task."""
        return bool(self.due or self.new_title or self.priority or self.notes or self.tag or self.repeat or self.remind)

    @property
    def title(self) -> str | None:
        """The first title."""
        return self.titles[0] if self.titles else None


_SAYS = load("titles")
_EDGES = _SAYS.pattern("edges")
_TAIL = _SAYS.pattern("tail")


def tidy(title: str) -> str:
    """A title without the words that only lead to it, quotes or closing marks; may be empty."""
    title = title.strip(" ,.;:!?")
    if is_reference(title):
        return title
    if len(title) > 1 and title[0] == title[-1] and title[0] in "\"'":
        return title[1:-1].strip()
    before = None
    while before != title:
        before = title
        title = _EDGES.sub("", title, count=1).strip()
        title = (_TAIL.sub("", title) or title).strip(" ,")
    if title.count('"') == 2 and not title.startswith('"'):  # noqa: PLR2004 - a pair, around a part of the title
        return title
    return title.strip("\"'") if title.count("'") != 1 else title.strip('"')


_PRONOUN = re.compile(r"^(?:it|that|this|them|those|these|they|both)$", re.IGNORECASE)
_REFERENCE = _SAYS.pattern("reference")
_NOTHING = _SAYS.pattern("nothing")


def is_reference(title: str) -> bool:
    """Whether the words point at tasks that were talked about instead of naming one."""
    return bool(_REFERENCE.match(title.strip()))


def is_pronoun(title: str) -> bool:
    """Whether the words are no more than “it”, “that”, “them”."""
    return bool(_PRONOUN.match(title.strip()))


def is_nothing(title: str) -> bool:
    """Whether the words say of no task what it is (“something”, “a reminder”)."""
    return bool(_NOTHING.match(title.strip()))


_PAIR = re.compile(rf"\b(?:{'|'.join(_SAYS.lines('pairs'))})\b", re.IGNORECASE)
_JOINER = re.compile(r"\s*,\s*(?:and )?|\s+(?:and|&|plus)(?: also| then)?(?: to)?\s+", re.IGNORECASE)
_VERBS = _SAYS.words("verbs")


def starts_with_verb(words: str) -> bool:
    """Whether the words begin like something to do (“buy milk”), not like a thing (“milk”)."""
    return words.split(" ", 1)[0].lower() in _VERBS


def several(title: str, *, most: int = 3) -> tuple[str, ...]:
    """The single titles of “milk, eggs and bread”; a title that only holds an “and” stays whole."""
    if _PAIR.fullmatch(title) or not re.search(r",| and | & | plus ", title, re.IGNORECASE):
        return (title,)
    kept = _PAIR.sub(lambda pair: pair[0].replace(" ", "\0"), title)
    parts = [part.replace("\0", " ").strip() for part in _JOINER.split(kept) if part.strip()]
    if len(parts) < 2 or any(is_nothing(part) for part in parts):  # noqa: PLR2004 - two make several
        return (title,)
    verbs = [len(part.split()) > 1 and (starts_with_verb(part) or undo_past(part) is not None) for part in parts]
    if all(verbs):
        return tuple(parts)
    linked = re.compile(r"\b(?:with|for|to|from|between|at|of|about|in|on|by)\b", re.IGNORECASE)
    if not any(verbs) and all(len(part.split()) <= most and not linked.search(part) for part in parts):
        return tuple(parts)
    return (title,)
