"""The task language: from a sentence to the wishes in it."""

from __future__ import annotations

import re
from dataclasses import replace

from voice_agent.offline.brain import times, verbs
from voice_agent.offline.brain.grammar_change import read_clear, read_complete, read_delete, read_reopen, read_update
from voice_agent.offline.brain.grammar_create import read_bare_task, read_create
from voice_agent.offline.brain.grammar_list import read_list
from voice_agent.offline.brain.grammar_repeat import asks_reminder, read_repeat
from voice_agent.offline.brain.grammar_which import THEM, read_which_question, set_aside
from voice_agent.offline.brain.phrases import load
from voice_agent.offline.brain.wishes import Action, Wish, is_nothing, is_pronoun, is_reference, tidy
from voice_agent.offline.brain.words import clean, name_list, strip_courtesy

_SAYS = load("joining")
_CORRECTION = _SAYS.pattern("correction")
_CLOCK_CORRECTED = _SAYS.pattern("clock_corrected")
_ASKS_WHAT = _SAYS.pattern("asks_what")
_REMINDERS = _SAYS.patterns("reminders")
_COMMAND = _SAYS.text("COMMAND")
_JOINT = _SAYS.pattern("joint")
_FIRST_CLAUSE = _SAYS.pattern("first_clause")
_THING_IS = _SAYS.pattern("thing_is")
_ADDED = _SAYS.pattern("added")
_LATER_COMMAND = _SAYS.pattern("later_command")
_TAIL = _SAYS.pattern("tail")
_OWN_LIST = _SAYS.pattern("own_list")
_LONGEST = 400
"""Characters of an utterance that are looked at."""
_STARTS = 4
"""Commands in one breath, at most."""


def understand(text: str) -> tuple[Wish, ...]:
    """The wishes about tasks in what was said, in order; one `OTHER` where it holds none."""
    plain = _CLOCK_CORRECTED.sub(r"\g<lead> \g<second>", clean(text)[:_LONGEST])
    if corrected := _corrected(plain):
        return (corrected,)
    if gapped := _gapped(plain):
        return gapped
    parts = [part for part in _JOINT.split(plain) if part.strip()]
    if 1 < len(parts) <= _STARTS and not any(_OWN_LIST.match(part) for part in (parts[0], plain)):
        wishes = [_one(part) for part in parts]
        if all(wish.action not in {Action.OTHER, Action.CLARIFY} for wish in wishes) and not any(
            map(_hangs, wishes[1:])
        ):
            return _bound(wishes)
    return (_one(plain),)


def _gapped(plain: str) -> tuple[Wish, ...]:
    """Two wishes of which the second does not repeat the verb (“add milk for Monday and eggs for Friday”), or none."""
    whens = times.find(plain)
    for joint in _AND.finditer(plain):
        head, tail = plain[: joint.start()], plain[joint.end() :]
        is_timed = any(when.end <= joint.start() for when in whens) and any(when.start >= joint.end() for when in whens)
        if not is_timed and not (_OWN_DEED.match(head) and verbs.base(tail.split(" ", 1)[0])):
            continue
        if re.match(_COMMAND, tail, re.IGNORECASE):
            return ()
        first = _one(head)
        at = plain.lower().find((first.title or "\0").lower())
        if first.action not in {Action.CREATE, Action.UPDATE, Action.COMPLETE} or at < 0 or len(first.titles) > 1:
            continue
        lead = "i " if first.action == Action.COMPLETE else plain[:at]
        second = _one(lead + re.sub(r"^(?:to|about) ", "", tail))
        if second.action == first.action and second.titles and bool(second.due) == bool(first.due):
            return first, second
    return ()


_AND = re.compile(r",? and (?:also |then )?", re.IGNORECASE)
_OWN_DEED = re.compile(r"^(?:i|we)(?:'ve| have)? \w+", re.IGNORECASE)


def _bound(wishes: list[Wish]) -> tuple[Wish, ...]:
    """The wishes with “it” standing for the task of the wish before; two changes of one task are one."""
    bound = wishes[:1]
    for wish in wishes[1:]:
        before = bound[-1]
        if not (wish.titles and before.titles and all(map(is_pronoun, wish.titles))):
            bound.append(wish)
        elif wish.action == Action.UPDATE and before.action in {Action.UPDATE, Action.CREATE}:
            bound[-1] = _merged(before, wish)
        else:
            bound.append(replace(wish, titles=before.titles))
    return tuple(bound)


def _merged(first: Wish, then: Wish) -> Wish:
    """`first` with what `then` changes of the same task."""
    told = {name: getattr(then, name) or getattr(first, name) for name in ("due", "priority", "notes", "tag")}
    if first.action == Action.CREATE and then.new_title:
        return replace(first, titles=(then.new_title,), **told)
    return replace(first, new_title=then.new_title or first.new_title, is_explicit=True, **told)


def _hangs(wish: Wish) -> bool:
    """Whether the wish only makes sense with the words before it (“put it on my list”)."""
    if wish.action == Action.LIST:
        return bool(wish.title) and is_reference(wish.titles[0])
    return wish.action in (Action.CREATE, Action.COMPLETE) and (not wish.titles or is_reference(wish.titles[0]))


def _one(text: str) -> Wish:
    """The one wish in a clause."""
    listed, tag = name_list(strip_courtesy(text))
    wish = _read(listed) or _read(name_list(text.strip(" .!?"))[0])
    if wish is None and _ADDED.match(text):
        wish = read_create(text)
    if wish is None:
        # Chatter before the command itself: "I want a fresh start delete all my to-dos".
        starts = [match.end() for match in _LATER_COMMAND.finditer(listed)][:_STARTS]
        later = (read for start in starts if (read := _read(listed[start:])))
        wish = next((read for read in later if read.is_explicit and read.action != Action.CLARIFY), None)
    if wish is None:
        bare = read_bare_task(listed)
        wish = bare if bare and bare.due else Wish(Action.OTHER)
    about_one = wish.action == Action.LIST and bool(wish.titles)
    if (
        tag
        and not wish.tag
        and not about_one
        and wish.action in {Action.CREATE, Action.LIST, Action.CLARIFY, Action.CLEAR}
    ):
        return replace(wish, tag=tag)
    return wish


def _read(text: str) -> Wish | None:
    """What the first reader makes of a clause that makes anything of it."""
    return next((wish for reader in _READERS if (wish := reader(text))), None)


def _read_first_clause(text: str) -> Wish | None:
    """“I just finished X, so cross that off LIST”: what is meant stands in the first clause."""
    match = _FIRST_CLAUSE.match(text)
    if match is None:
        return None
    if (done := read_complete(match["first"])) and done.titles:
        return replace(done, is_explicit=True)
    ticked = read_complete(text[match.start("then") :])
    thing = _THING_IS.match(match["first"])
    return replace(ticked, titles=(tidy(thing["q"]),)) if ticked and thing else None


def _read_reminder(text: str) -> Wish | None:
    """Sentences that begin by asking for a reminder or a task, before any other verb in them is heard."""
    if _ASKS_WHAT.match(text) or not any(pattern.match(text) for pattern in _REMINDERS):
        return None
    wish = read_create(text, bare=False)
    is_reminder = wish is not None and wish.due is not None and asks_reminder(text)
    return replace(wish, remind=wish.due) if wish is not None and is_reminder else wish


def _read_set(text: str) -> Wish | None:
    """A change of tasks that are described, not named: “push everything for today to tomorrow”."""
    for rest, scope in set_aside(text):
        wish = next((read for reader in _CHANGES if (read := reader(rest)) and read.titles == (THEM,)), None)
        if wish is None or (wish.action == Action.UPDATE and not wish.changes):
            continue
        if scope == Wish(Action.LIST, is_explicit=True):
            return replace(wish, titles=("everything",), is_explicit=True)
        return replace(wish, titles=(), scope=scope, is_explicit=True)
    return None


_CHANGES = (read_complete, read_reopen, read_update, read_delete)


_READERS = (
    read_repeat,
    _read_first_clause,
    _read_reminder,
    read_which_question,
    read_list,
    read_clear,
    _read_set,
    read_reopen,
    read_complete,
    read_update,
    read_delete,
    read_create,
)
"""In the order of their claims: a reminder may hold any verb, a question none that changes anything."""


def _corrected(text: str) -> Wish | None:
    """The wish of a sentence that takes something back half-way (“add milk, no wait, bread”)."""
    parts = [part for part in _CORRECTION.split(text, maxsplit=1) if part]
    if len(parts) != 2:  # noqa: PLR2004 - before and after
        return None
    first, second = _one(parts[0]), parts[1].strip(" ,.?!")
    again = _one(second)
    if re.match(_COMMAND, second, re.IGNORECASE) and again.action not in {Action.OTHER, Action.CLARIFY}:
        return again
    is_time = times.is_only_time(second)
    if first.action == Action.OTHER or (first.action == Action.LIST and not is_time):
        return None
    rest, due = times.split(second)
    return _with_second_thought(first, tidy(_TAIL.sub("", rest)), due)


def _with_second_thought(first: Wish, rest: str, due: str | None) -> Wish | None:
    """`first` with its time, its new title or its (last) title put right."""
    if due and is_nothing(rest):
        return replace(first, due=due)
    if not rest:
        return None
    if first.action == Action.UPDATE and first.new_title:
        return replace(first, new_title=rest)
    action = Action.CREATE if first.action == Action.CLARIFY else first.action
    titles = (*first.titles[:-1], tidy(name_list(rest)[0]))
    return replace(first, action=action, titles=titles, due=due or first.due)
