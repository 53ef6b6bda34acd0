"""How people tick off, change, delete and clear tasks."""

from __future__ import annotations

import re

from voice_agent.offline.brain import times, verbs
from voice_agent.offline.brain.phrases import load
from voice_agent.offline.brain.wishes import Action, Wish, is_nothing, is_reference, several, tidy

_SAYS = load("changing")
_COMPLETE = _SAYS.patterns("complete")
_PAST = _SAYS.pattern("past")
_PAST_BARE = _SAYS.pattern("past_bare")
_NO_NEWS = _SAYS.pattern("no_news")
_SAME_IN_THE_PAST = _SAYS.words("same_in_the_past")
_PASSIVE = _SAYS.pattern("passive")
_NOT_DONE = _SAYS.pattern("not_done")
_REOPEN = _SAYS.patterns("reopen")
_CLEAR = _SAYS.patterns("clear")
_CLEAR_SOME = _SAYS.pattern("clear_some")
_DELETE = _SAYS.patterns("delete")
_DATE_OF = _SAYS.text("DATE_OF")
_UPDATE_TIME = _SAYS.patterns("update_time")
_RENAME = _SAYS.patterns("rename")
_SET_PRIORITY = _SAYS.patterns("set_priority")
_NOTE = _SAYS.pattern("note")
_TAG = _SAYS.pattern("tag")


def _explicit(text: str) -> bool:
    return bool(re.search(r"LIST|\b(?:tasks?|remind\w*|to-?dos?|chores?|due)\b", text, re.IGNORECASE))


def read_complete(text: str) -> Wish | None:
    """A wish to tick off tasks, or news that they are done."""
    rest, _ = times.split(text)
    if _NO_NEWS.match(text):
        return None
    for whole in (text, rest):
        for pattern in _COMPLETE:
            if match := pattern.match(whole):
                return _completed(match["q"], text, explicit=bool(re.search(r"\b(?:mark|cross|check|tick)\b", whole)))
    if _NOT_DONE.match(rest):
        return None
    if (match := _PAST.match(rest)) and match["rest"].startswith(" to "):
        return None
    match = _PAST.match(rest) or _PAST_BARE.match(rest)
    if (
        match
        and match["verb"].lower() not in (_SAME_IN_THE_PAST if not _PAST.match(rest) else ())
        and verbs.base(match["verb"])
    ):
        done = verbs.undo_past(f"{match['verb']}{match['rest']}".strip()) or ""
        return _completed(re.sub(r"\b(?:already|just|now|up and)$", "", done).strip(), text)
    if (
        (match := _PASSIVE.match(rest))
        and (verb := verbs.base(match["verb"]))
        and verb not in {"cancel", "call", "name", "schedule", "suppose", "need", "move", "change"}
    ):
        return _completed(verbs.strip_getting(f"{verb} {match['q']}"), text)
    return None


def _completed(title: str, text: str, *, explicit: bool = False) -> Wish | None:
    title = tidy(times.split(title)[0] if not is_reference(title) else title)
    title = re.sub(r"^(?:off|with|doing) ", "", title)
    whole_list = title == "LIST" or bool(re.match(r"^(?:everything|all(?: of it)?)(?: (?:on|in) LIST)?$", title))
    if title and not whole_list and verbs.undo_past(title) and not is_reference(title):
        title = verbs.undo_past(title) or title
    if re.match(r"^(?:what|how|who|why|when|where|LIST (?:with|about))\b", title):
        return None
    parts = () if whole_list or (is_nothing(title) and not is_reference(title)) else several(title)
    titles = tuple(verbs.undo_past(part) or part for part in parts)
    return Wish(Action.COMPLETE, titles, is_explicit=explicit or _explicit(text))


def read_reopen(text: str) -> Wish | None:
    """A wish to have a done task back among the open ones."""
    rest, _ = times.split(text)
    for pattern in _REOPEN:
        if match := pattern.match(rest):
            return Wish(Action.REOPEN, several(tidy(match["q"])), is_explicit=True)
    return None


def read_clear(text: str) -> Wish | None:
    """A wish to delete all tasks, or all of one kind."""
    if match := _CLEAR_SOME.match(text):
        which = (match["which"] or match["then"]).lower()
        status = (
            "overdue"
            if re.search("overdue|past due|expired|late", which)
            else "open"
            if re.search("open|unfinished|incomplete|outstanding|pending", which)
            else "done"
        )
        return Wish(
            Action.CLEAR,
            status=status,
            is_explicit=bool(re.search(r"LIST|tasks?|remind|to-?do|chore|items?|things|ones", text)),
        )
    if any(pattern.match(text) for pattern in _CLEAR):
        return Wish(
            Action.CLEAR,
            status="all",
            is_explicit=_explicit(text) or bool(re.search(r"items|things|everything|all", text)),
        )
    return None


def read_delete(text: str) -> Wish | None:
    """A wish to delete tasks."""
    rest, due = times.split(text)
    for pattern in _DELETE:
        match = pattern.match(text) or pattern.match(rest)
        if match is None:
            continue
        title = tidy(match["q"] or match.groupdict().get("r") or "")
        bare, due = times.split(title) if not is_reference(title) else (title, due)
        title = bare or title
        titles = () if is_nothing(title) and not is_reference(title) else several(title)
        return Wish(Action.DELETE, titles, is_explicit=_explicit(text))
    return None


def read_update(text: str) -> Wish | None:
    """A wish to change when a task is due, its title, priority, notes or tag."""
    if match := _NOTE.match(text):
        return Wish(Action.UPDATE, (tidy(match["q"]),), notes=match["n"].strip(), is_explicit=True)
    if match := _TAG.match(text):
        return Wish(Action.UPDATE, (tidy(match["q"]),), tag=tidy(match["tag"]), is_explicit=_explicit(text))
    for pattern in _SET_PRIORITY:
        if match := pattern.match(text):
            level = match["p"].lower()
            priority = (
                "high" if re.search("high|urgent|important|critical", level) else "low" if "low" in level else "normal"
            )
            return Wish(Action.UPDATE, (tidy(match["q"]),), priority=priority, is_explicit=_explicit(text))
    for pattern in _RENAME:
        if (
            (match := pattern.match(text))
            and not times.is_only_time(match["new"])
            and not re.match(_DATE_OF, match["q"], re.IGNORECASE)
        ):
            new = tidy(match["new"])
            if re.match(r"^(?:list|file|directory)", new) or not new or "LIST" in match["q"]:
                continue
            return Wish(
                Action.UPDATE,
                (tidy(match["q"]),),
                new_title=new,
                is_explicit=_explicit(text) or text.lower().startswith("rename"),
            )
    return _read_new_time(text)


def _read_new_time(text: str) -> Wish | None:
    target = re.search(r"^(?P<head>.+?\b(?:to|until|till|for|from .+? to)) (?P<when>.+)$", text, re.IGNORECASE)
    rest, due = times.split(text)
    if target and times.is_only_time(target["when"]) and not times.is_only_time(target["head"]):
        _, due = times.split(target["when"])
        named, _ = times.split(target["head"])
        rest = named if re.search(r"\w \w", named) else target["head"]
    if (
        due is None
        and (
            later := re.match(
                r"^(?:snooze|postpone|delay|put off|defer) .+ (?P<span>(?:for|by) (?P<words>.+))$", text, re.IGNORECASE
            )
        )
        and times.is_only_time(f"in {later['words']}")
    ):
        rest, due = text[: later.start("span")].strip(), f"in {later['words']}"
    for pattern in _UPDATE_TIME:
        match = pattern.match(rest)
        if match is None:
            continue
        strong = re.match(
            r"^(?:move|push|postpone|delay|reschedule|re-schedule|defer|snooze|bump|shift|extend|change|set) ",
            rest,
            re.IGNORECASE,
        )
        title = re.sub(rf"^{_DATE_OF} (?:the |my )?", "", tidy(match["q"]))
        if (due is None and not (strong and not re.match(r"change|set|extend|shift", strong[0]))) or (
            is_nothing(title) and not is_reference(title)
        ):
            continue
        if (
            re.match(r"^(?:make|set|put|have|schedule|plan|mark)\b", rest)
            and not is_reference(title)
            and re.match(
                r"^(?:a|an|up|me|new|reminder|some)\b|.*\b(?:reminder|alarm|timer|appointment|LIST)\b",
                match["q"],
                re.IGNORECASE,
            )
        ):
            continue
        return Wish(Action.UPDATE, (title,), due=due, is_explicit=_explicit(text))
    return None
