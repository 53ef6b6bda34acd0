"""How people tick off, change, delete and clear tasks."""

from __future__ import annotations

import re

from voice_agent.offline.brain import times, verbs
from voice_agent.offline.brain.phrases import load
from voice_agent.offline.brain.wishes import Action, Wish, is_nothing, is_reference, several, starts_with_verb, tidy

_SAYS = load("changing")
_COMPLETE = _SAYS.patterns("complete")
_PAST = _SAYS.pattern("past")
_PAST_BARE = _SAYS.pattern("past_bare")
_NO_NEWS = _SAYS.pattern("no_news")
_SAME_IN_THE_PAST = _SAYS.words("same_in_the_past")
_PASSIVE, _PARTICIPLE = _SAYS.pattern("passive"), _SAYS.pattern("participle")
_NOT_DONE = _SAYS.pattern("not_done")
_REOPEN = _SAYS.patterns("reopen")
_CLEAR = _SAYS.patterns("clear")
_CLEAR_THOSE = _SAYS.pattern("clear_those")
_CLEAR_SOME = _SAYS.pattern("clear_some")
_DELETE = _SAYS.patterns("delete")
_DATE_OF = _SAYS.text("DATE_OF")
_UPDATE_TIME = _SAYS.patterns("update_time")
_RENAME = _SAYS.patterns("rename")
_SET_PRIORITY = _SAYS.patterns("set_priority")
_NOTE = _SAYS.pattern("note")
_TAG = _SAYS.pattern("tag")
_NO_DATE, _NOT_IMPORTANT = _SAYS.pattern("no_date"), _SAYS.pattern("not_important")

_TICKING = _SAYS.pattern("ticking")
_TARGET, _FOR_A_WHILE = _SAYS.pattern("target"), _SAYS.pattern("for_a_while")
_POSTPONING, _MAKING, _NEW_THING = _SAYS.pattern("postponing"), _SAYS.pattern("making"), _SAYS.pattern("new_thing")
NO_DATE = "none"
"""Stands for taking the due time away."""
_NO_DEEDS = frozenset({"cancel", "call", "name", "schedule", "suppose", "need", "move", "change"})
"""Verbs whose passive is no news of something done (“the meeting is cancelled”)."""


def _explicit(text: str) -> bool:
    return bool(re.search(r"LIST|\b(?:tasks?|remind\w*|to-?dos?|chores?|due)\b", text, re.IGNORECASE))


def read_complete(text: str) -> Wish | None:
    """A wish to tick off tasks, or news that they are done."""
    if _NO_NEWS.match(text):
        return None
    rest, _ = times.split(text)
    for whole in (text, rest):
        for pattern in _COMPLETE:
            if match := pattern.match(whole):
                return _completed(match["q"] or "that", text, is_explicit=bool(_TICKING.search(whole)))
    return None if _NOT_DONE.match(rest) else _read_news(rest, text)


def _read_news(rest: str, text: str) -> Wish | None:
    """“I bought the milk”, “the milk has been bought”."""
    own = _PAST.match(rest)
    told = own or _PAST_BARE.match(rest)
    if told and not told["rest"].startswith(" to ") and verbs.base(told["verb"]):
        if not own and told["verb"].lower() in _SAME_IN_THE_PAST:
            return None
        done = verbs.undo_past(f"{told['verb']}{told['rest']}".strip()) or ""
        return _completed(re.sub(r"\b(?:already|just|now|up and)$", "", done).strip(), text)
    bare = _PARTICIPLE.match(rest)
    passive = _PASSIVE.match(rest) or (bare if bare and not starts_with_verb(bare["q"]) else None)
    if passive and (verb := verbs.base(passive["verb"])) and verb not in _NO_DEEDS:
        return _completed(verbs.strip_getting(f"{verb} {passive['q']}"), text)
    return None


def _completed(title: str, text: str, *, is_explicit: bool = False) -> Wish | None:
    title = tidy(times.split(title)[0] if not is_reference(title) else title)
    title = re.sub(r"^(?:(?:off|with|doing) |all (?:of )?(?=the |my ))", "", title)
    if title in {"LIST", "all"} or re.match(r"^(?:everything|all(?: of it)?)(?: (?:on|in) LIST)?$", title):
        return Wish(Action.COMPLETE, ("everything",), is_explicit=is_explicit or _explicit(text))
    if title and verbs.undo_past(title) and not is_reference(title):
        title = verbs.undo_past(title) or title
    if re.match(r"^(?:what|how|who|why|when|where|LIST (?:with|about))\b", title):
        return None
    if is_reference(title):
        return Wish(Action.COMPLETE, (title,), is_explicit=is_explicit or _explicit(text))
    titles = () if is_nothing(title) else tuple(verbs.undo_past(part) or part for part in several(title))
    return Wish(Action.COMPLETE, titles, is_explicit=is_explicit or _explicit(text))


def read_reopen(text: str) -> Wish | None:
    """A wish to have a done task back among the open ones."""
    rest, _ = times.split(text)
    for pattern in _REOPEN:
        if match := pattern.match(rest):
            return Wish(Action.REOPEN, several(tidy(match["q"])), is_explicit=True)
    return None


def read_clear(text: str) -> Wish | None:
    """A wish to delete all tasks, or all of one kind."""
    if _CLEAR_THOSE.match(text):
        return Wish(Action.CLEAR, ("those",), status="all", is_explicit=True)
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
        notes = (match["n"] or match["n3"]).strip()
        return Wish(Action.UPDATE, (tidy(match["q"] or match["q3"]),), notes=notes, is_explicit=True)
    if match := _NO_DATE.match(text):
        return Wish(Action.UPDATE, (tidy(match["q"] or match["q2"]),), due=NO_DATE, is_explicit=True)
    if match := _NOT_IMPORTANT.match(text):
        return Wish(Action.UPDATE, (tidy(match["q"]),), priority="low", is_explicit=_explicit(text))
    return _read_mark(text) or _read_rename(text) or _read_new_time(text)


def _read_mark(text: str) -> Wish | None:
    """A new tag or priority."""
    if match := _TAG.match(text):
        return Wish(Action.UPDATE, (tidy(match["q"]),), tag=tidy(match["tag"]), is_explicit=_explicit(text))
    for pattern in _SET_PRIORITY:
        if match := pattern.match(text):
            level = match["p"].lower()
            priority = (
                "high" if re.search("high|urgent|important|critical", level) else "low" if "low" in level else "normal"
            )
            return Wish(Action.UPDATE, (tidy(match["q"]),), priority=priority, is_explicit=_explicit(text))
    return None


def _read_rename(text: str) -> Wish | None:
    for pattern in _RENAME:
        if (
            (match := pattern.match(text))
            and not (times.is_only_time(match["new"]) or times.is_hour(match["new"]))
            and not re.match(_DATE_OF, match["q"], re.IGNORECASE)
        ):
            new = tidy(match["new"])
            if re.match(r"^(?:list|file|directory)", new) or not new or "LIST" in match["q"]:
                continue
            return Wish(
                Action.UPDATE,
                (tidy(match["q"]),),
                new_title=new,
                is_explicit=_explicit(text)
                or (text.lower().startswith("rename") and not re.search(r"\w\.\w", match["q"])),
            )
    return None


def _read_new_time(text: str) -> Wish | None:
    rest, due = _new_time(text)
    for pattern in _UPDATE_TIME:
        match = pattern.match(rest)
        if match is None:
            continue
        title = re.sub(rf"^{_DATE_OF} (?:the |my )?", "", tidy(match["q"]))
        if (due is None and not _POSTPONING.match(rest)) or (is_nothing(title) and not is_reference(title)):
            continue
        if re.match(r"(?:everything|anything|all|what)\b", title) and not (is_reference(title) and " " in title):
            continue
        title = re.sub(r" (?:a|the)$", "", title)
        if _MAKING.match(rest) and not is_reference(title) and _NEW_THING.match(match["q"]):
            continue
        return Wish(Action.UPDATE, (title,), due=due, is_explicit=_explicit(text))
    return None


def _new_time(text: str) -> tuple[str, str | None]:
    """`text` without the time that a task is moved to, and that time; what is moved may have time words of its own."""
    rest, due = times.split(text)
    target = _TARGET.match(text)
    if target and times.is_only_time(target["when"]) and not times.is_only_time(target["head"]):
        _, due = times.split(target["when"])
        named, _ = times.split(target["head"])
        instead = " instead" if target["when"].endswith("instead") else ""
        return (named if re.search(r"\w \w", named) else target["head"]) + instead, due
    if due is None and target and times.is_hour(target["when"]):
        return target["head"], target["when"]
    later = _FOR_A_WHILE.match(text) if due is None else None
    if later and later["words"] and times.is_only_time(f"in {later['words']}"):
        return later["head"].strip(), f"in {later['words']}"
    by = (later["by"] or later["on"]) if later else None
    if later and by and times.is_only_time(f"in {by}"):
        head, forward = re.subn(r" (?:forward|earlier)$", " forward", (later["head2"] or later["head3"]).strip())
        return head, f"{'earlier ' if forward else ''}by {by}"
    return rest, due
