"""The task language: from a sentence to the wishes in it."""

from __future__ import annotations

import re
from dataclasses import replace

from voice_agent.offline.brain import times
from voice_agent.offline.brain.grammar_change import read_clear, read_complete, read_delete, read_reopen, read_update
from voice_agent.offline.brain.grammar_create import read_bare_task, read_create
from voice_agent.offline.brain.grammar_list import read_list
from voice_agent.offline.brain.phrases import load
from voice_agent.offline.brain.wishes import Action, Wish, is_nothing, is_reference, tidy
from voice_agent.offline.brain.words import clean, name_list, strip_courtesy

_SAYS = load("joining")
_CORRECTION = _SAYS.pattern("correction")
_CLOCK_CORRECTED = _SAYS.pattern("clock_corrected")
_ASKS_WHAT = _SAYS.pattern("asks_what")
_REMINDERS = _SAYS.patterns("reminders")
_COMMAND = _SAYS.text("COMMAND")
_JOINT = _SAYS.pattern("joint")


def understand(text: str) -> tuple[Wish, ...]:
    """The wishes about tasks in what was said, in order; one `OTHER` where it holds none."""
    plain = clean(text)
    plain = _CLOCK_CORRECTED.sub(r"\g<lead> \g<second>", plain)
    if corrected := _corrected(plain):
        return corrected
    parts = [part for part in _JOINT.split(plain) if part.strip()]
    if (
        len(parts) > 1
        and not re.match(r"^(?:on|to|in|into) \S.*\blist\b", parts[0], re.IGNORECASE)
        and not re.match(r"^.+,? put on ", plain)
    ):
        wishes = [_one(part) for part in parts]
        if all(wish.action not in (Action.OTHER, Action.CLARIFY) for wish in wishes) and not any(
            _hangs(wish) for wish in wishes[1:]
        ):
            return tuple(wishes)
    return (_one(plain),)


def _hangs(wish: Wish) -> bool:
    """Whether the wish only makes sense with the words before it (“put it on my list”)."""
    return wish.action in (Action.CREATE, Action.LIST, Action.COMPLETE) and (
        not wish.titles or is_reference(wish.titles[0])
    )


def _one(text: str) -> Wish:
    listed, tag = name_list(strip_courtesy(text))
    for trial in (listed, name_list(text.strip(" .!?"))[0]):
        for reader in _READERS:
            if wish := reader(trial):
                return (
                    replace(wish, tag=wish.tag or tag)
                    if tag
                    and wish.action in (Action.CREATE, Action.LIST, Action.CLARIFY)
                    and not (wish.action == Action.LIST and wish.titles)
                    else wish
                )
    if re.match(r"^(?:also|and|plus|oh and)\b", text, re.IGNORECASE) and (wish := read_create(text)):
        return wish
    for start in re.finditer(rf"(?<=\w )(?={_COMMAND})", listed, re.IGNORECASE):
        if (wish := _one(listed[start.end() :])).action not in (Action.OTHER, Action.CLARIFY) and wish.is_explicit:
            return wish
    wish = read_bare_task(listed)
    return wish if wish and wish.due else Wish(Action.OTHER)


def _read_first_clause(text: str) -> Wish | None:
    """“I just finished X, so cross that off LIST”: what is meant stands in the first clause."""
    match = re.match(
        r"^(?P<first>.+?)(?:[,.]| and| so)+ (?:so |then |please |and |can you |you can |could you )*(?P<verb>cross|check|mark|tick|take|remove|delete|scratch|strike) (?:it|that|this|them|those)(?: one)?(?: (?:off|as|from|done|out|complete|finished|of|LIST))*$",
        text,
        re.IGNORECASE,
    )
    if match is None:
        return None
    if (done := read_complete(match["first"])) and done.titles:
        return replace(done, is_explicit=True)
    return None


def _read_reminder(text: str) -> Wish | None:
    """Sentences that begin by asking for a reminder or a task, before any other verb in them is heard."""
    if _ASKS_WHAT.match(text) or not any(pattern.match(text) for pattern in _REMINDERS):
        return None
    return read_create(text, bare=False)


_READERS = (
    _read_first_clause, _read_reminder, read_list, read_clear, read_reopen, read_complete, read_update, read_delete, read_create,
)  # fmt: skip


def _corrected(text: str) -> tuple[Wish, ...]:
    """The wishes of a sentence that takes something back half-way (“add milk, no wait, bread”)."""
    parts = [part for part in _CORRECTION.split(text, maxsplit=1) if part]
    if len(parts) != 2:  # noqa: PLR2004 - before and after
        return ()
    first, second = _one(parts[0]), parts[1].strip(" ,.?!")
    again = _one(second)
    if re.match(_COMMAND, second, re.IGNORECASE) and again.action not in (Action.OTHER, Action.CLARIFY):
        return (again,)
    if first.action in (Action.OTHER, Action.LIST) and not times.is_only_time(second):
        return ()
    rest, due = times.split(second)
    rest = tidy(re.sub(r"^(?:to|for|on|at|make it)\b\s*|\b(?:instead|not .+)$", "", rest, flags=re.IGNORECASE))
    if due and is_nothing(rest):
        return (replace(first, due=due),)
    if not rest:
        return ()
    if first.action == Action.UPDATE and first.new_title:
        return (replace(first, new_title=rest),)
    action = Action.CREATE if first.action == Action.CLARIFY else first.action
    return (replace(first, action=action, titles=(*first.titles[:-1], tidy(name_list(rest)[0])), due=due or first.due),)
